import Speech
import Testing

@testable import Server

/// What a session of /v1/realtime does about each event.
@Suite struct RealtimeStateMachineTests {
    typealias Machine = RealtimeStateMachine

    static let conversation = RealtimeConversation.self

    /// One word for each action.
    static func words(_ actions: [Machine.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .send(let event): word(event)
            case .sendSound: "sound"
            case .begin(let number, let text, _): "begin \(number) \(text)"
            case .cancel(let number): "cancel \(number)"
            case .close(let closure): "close \(closure.code)"
            }
        }
    }

    static func word(_ event: RealtimeServerEvent) -> String {
        switch event {
        case .sessionCreated: "session.created"
        case .sessionUpdated: "session.updated"
        case .itemAdded(let item, let previous): "added \(item.id) after \(previous ?? "-")"
        case .itemDone(let item, _): "done \(item.id) \(item.status.rawValue)"
        case .itemRetrieved(let item): "retrieved \(item.id) \(item.text)"
        case .itemDeleted(let id): "deleted \(id)"
        case .itemTruncated(let id, let end): "truncated \(id) \(end.milliseconds)"
        case .responseCreated(let response): "created \(response.id)"
        case .responseDone(let response): "response.done \(status(response.status)) of \(response.output.count)"
        case .outputItemAdded(let item, _): "output \(item.id)"
        case .outputItemDone(let item, _): "output done \(item.id)"
        case .partAdded: "part"
        case .partDone(_, let transcript): "part done \(transcript)"
        case .transcriptDelta(_, let delta): "+\(delta)"
        case .transcriptDone(_, let transcript): "transcript \(transcript)"
        case .audioDone: "audio done"
        case .error(let error): "error \(error.code) \(error.param ?? "-") \(error.eventID ?? "-")"
        }
    }

    static func status(_ status: RealtimeResponse.Status) -> String {
        switch status {
        case .inProgress: "in progress"
        case .completed: "completed"
        case .cancelled: "cancelled"
        case .incomplete: "incomplete"
        case .failed(let error): "failed \(error.code)"
        }
    }

    /// A machine, and what it was told.
    struct Session {
        var machine = Machine(textLimit: 200)

        mutating func tell(_ kind: RealtimeClientEvent.Kind, id: String? = nil) -> [String] {
            words(machine.handle(.client(RealtimeClientEvent(id: id, kind: kind))))
        }

        mutating func give(_ event: Machine.Event) -> [String] { words(machine.handle(event)) }

        mutating func say(_ text: String, role: RealtimeItem.Role = .user, id: String = "") -> [String] {
            tell(.createItem(item(text, role: role, id: id), after: nil))
        }

        mutating func respond(_ request: RealtimeResponseRequest = .init()) -> [String] {
            tell(.createResponse(request))
        }
    }

    static func item(_ text: String, role: RealtimeItem.Role = .user, id: String = "") -> RealtimeItem {
        RealtimeItem(id: id, role: role, parts: [.init(kind: .inputText, text: text)])
    }

    @Test func aMessageIsSpokenWordForWord() {
        var session = Session()
        #expect(session.say("Good day.") == ["added item_1 after -", "done item_1 completed"])
        #expect(session.respond() == ["created resp_1", "begin 1 Good day."])
        #expect(
            session.give(.sound(1, .milliseconds(80), characters: 4)) == [
                "output item_2", "added item_2 after item_1", "part", "+Good", "sound",
            ])
        #expect(session.give(.sound(1, .milliseconds(80), characters: 4)) == ["sound"])
        #expect(
            session.give(.ended(1, .endOfSpeech, frames: 2)) == [
                "+ day.", "audio done", "transcript Good day.", "part done Good day.", "done item_2 completed",
                "output done item_2", "response.done completed of 1",
            ])
        #expect(session.machine.current == nil)
    }

    @Test func whatTheAssistantAnsweredIsNotSpokenAgain() {
        var session = Session()
        _ = session.say("One.")
        _ = session.say("Two.")
        #expect(session.respond().last == "begin 1 One.\nTwo.")
        _ = session.give(.ended(1, .endOfSpeech, frames: 1))
        #expect(session.respond() == ["error nothing_to_say response -"])
        _ = session.say("Three.")
        _ = session.say("Read calmly.", role: .system)
        #expect(session.respond().last == "begin 2 Three.")
    }

    @Test func aHistoryIsNotSpoken() {
        var session = Session()
        _ = session.say("What time is it?")
        _ = session.say("Noon.", role: .assistant)
        _ = session.say("Thanks.")
        #expect(session.respond().last == "begin 1 Thanks.")
    }

    @Test func whatFailsBeforeItsFirstSoundIsStillToBeSpoken() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        #expect(
            session.give(.failed(1, SpeakError(.modelLoading, "Wait."))) == [
                "cancel 1", "response.done failed model_loading of 0",
            ])
        #expect(session.respond().last == "begin 2 One.")
    }

    @Test func whatIsCancelledIsNotSpokenAgain() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        #expect(
            session.tell(.cancelResponse(nil)) == [
                "output item_2", "added item_2 after item_1", "part", "cancel 1", "audio done", "transcript ",
                "part done ", "done item_2 incomplete", "output done item_2", "response.done cancelled of 1",
            ])
        #expect(session.give(.sound(1, .milliseconds(80), characters: 1)) == [])
        #expect(session.give(.ended(1, .cancelled, frames: 0)) == [])
        _ = session.say("Two.")
        #expect(session.respond().last == "begin 2 Two.")
    }

    @Test func onlyWhatIsSpokenCanBeCancelled() {
        var session = Session()
        #expect(
            session.tell(.cancelResponse(nil), id: "mine") == ["error response_cancel_not_active - mine"])
        _ = session.say("One.")
        _ = session.respond()
        #expect(session.tell(.cancelResponse("resp_9")) == ["error response_cancel_not_active response_id -"])
        #expect(session.tell(.cancelResponse("resp_1")).last == "response.done cancelled of 1")
    }

    @Test func oneResponseAtATime() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        #expect(session.respond() == ["error conversation_already_has_active_response - -"])
        #expect(session.machine.current == 1)
    }

    @Test(arguments: [FinishReason.budget, .silence])
    func whatAGuardEndsIsIncomplete(reason: FinishReason) {
        var session = Session()
        _ = session.say("One two.")
        _ = session.respond()
        _ = session.give(.sound(1, .milliseconds(80), characters: 3))
        #expect(
            session.give(.ended(1, reason, frames: 1)) == [
                "audio done", "transcript One", "part done One", "done item_2 incomplete", "output done item_2",
                "response.done incomplete of 1",
            ])
    }

    // MARK: - Requests

    @Test func inputTakesThePlaceOfTheConversation() {
        var session = Session()
        _ = session.say("Not this.", id: "a")
        var request = RealtimeResponseRequest()
        request.input = [
            .message(Self.item("Old.")), .message(Self.item("Answered.", role: .assistant)),
            .message(Self.item("This.")), .reference("a"),
        ]
        #expect(session.respond(request).last == "begin 1 This.\nNot this.")
        _ = session.give(.ended(1, .endOfSpeech, frames: 1))
        request.input = [.message(Self.item("This.")), .reference("b")]
        #expect(session.respond(request) == ["error item_not_found response.input[1].id -"])
        request.input = []
        #expect(session.respond(request) == ["error nothing_to_say response.input -"])
    }

    @Test func instructionsAreSpokenWhereNoMessageIs() {
        var session = Session()
        var request = RealtimeResponseRequest()
        request.settings.instructions = "Say this."
        #expect(session.respond(request).last == "begin 1 Say this.")
        _ = session.give(.ended(1, .endOfSpeech, frames: 1))
        _ = session.say("Hello.")
        #expect(session.respond(request).last == "begin 2 Hello.")
    }

    @Test func outOfBandLeavesTheConversationAlone() {
        var session = Session()
        _ = session.say("Hello.")
        var request = RealtimeResponseRequest()
        request.joinsConversation = false
        _ = session.respond(request)
        #expect(
            session.give(.sound(1, .milliseconds(80), characters: 6)) == ["output item_2", "part", "+Hello.", "sound"])
        #expect(
            session.give(.ended(1, .endOfSpeech, frames: 1)).suffix(2) == [
                "output done item_2", "response.done completed of 1",
            ])
        #expect(session.tell(.retrieveItem("item_2")) == ["error item_not_found item_id -"])
        #expect(session.respond().last == "begin 2 Hello.")
    }

    @Test func aResponseHasSettingsOfItsOwn() {
        var session = Session()
        _ = session.tell(.update(.init(voice: "denji", speed: 2)))
        _ = session.say("Hello.")
        var request = RealtimeResponseRequest()
        request.settings.speed = 0.5
        let event = RealtimeClientEvent(kind: .createResponse(request))
        let begun = session.machine.handle(.client(event)).last
        #expect(begun == .begin(1, text: "Hello.", RealtimeSettings(voice: "denji", speed: 0.5)))
        #expect(session.machine.greeting == .sessionCreated(RealtimeSettings(voice: "denji", speed: 2)))
    }

    // MARK: - Messages

    @Test func truncatedIsWhatWasHeard() {
        var session = Session()
        _ = session.say("abcdef")
        _ = session.respond()
        for count in 1...6 { _ = session.give(.sound(1, .milliseconds(100), characters: count)) }
        #expect(
            session.tell(.truncateItem("item_2", end: .milliseconds(1))) == ["error item_in_progress item_id -"])
        _ = session.give(.ended(1, .endOfSpeech, frames: 6))
        #expect(
            session.tell(.truncateItem("item_2", end: .milliseconds(601))) == ["error invalid_value audio_end_ms -"])
        #expect(session.tell(.truncateItem("item_2", end: .milliseconds(250))) == ["truncated item_2 250"])
        #expect(session.tell(.retrieveItem("item_2")) == ["retrieved item_2 abc"])
        #expect(
            session.tell(.truncateItem("item_2", end: .milliseconds(300))) == ["error invalid_value audio_end_ms -"])
        #expect(session.tell(.truncateItem("item_2", end: .milliseconds(200))) == ["truncated item_2 200"])
        #expect(session.tell(.retrieveItem("item_2")) == ["retrieved item_2 ab"])
        #expect(session.tell(.truncateItem("item_2", end: .zero)) == ["truncated item_2 0"])
        #expect(session.tell(.retrieveItem("item_2")) == ["retrieved item_2 "])
    }

    @Test func onlyWhatWasSpokenIsTruncated() {
        var session = Session()
        _ = session.say("One.")
        #expect(session.tell(.truncateItem("item_1", end: .zero)) == ["error invalid_value item_id -"])
        #expect(session.tell(.truncateItem("item_7", end: .zero)) == ["error item_not_found item_id -"])
    }

    @Test func messagesHaveTheirPlace() {
        var session = Session()
        _ = session.say("b", id: "b")
        #expect(session.tell(.createItem(Self.item("a"), after: "root")).first == "added item_1 after -")
        #expect(session.tell(.createItem(Self.item("c"), after: "b")).first == "added item_2 after b")
        #expect(session.tell(.createItem(Self.item("d"), after: "x")) == ["error item_not_found previous_item_id -"])
        #expect(session.say("e", id: "b") == ["error item_exists item.id -"])
        #expect(session.respond().last == "begin 1 a\nb\nc")
        #expect(session.tell(.deleteItem("b")) == ["deleted b"])
        #expect(session.tell(.deleteItem("b")) == ["error item_not_found item_id -"])
    }

    @Test func whatIsSpokenIsNotDeleted() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        _ = session.give(.sound(1, .milliseconds(80), characters: 1))
        #expect(session.tell(.deleteItem("item_2")) == ["error item_in_progress item_id -"])
    }

    @Test func moreThanMayWaitIsRefused() {
        var session = Session()
        for _ in 0..<RealtimeConversation.waitingLimit { #expect(session.say("a").count == 2) }
        #expect(session.say("a") == ["error conversation_full item -"])
        _ = session.respond()
        _ = session.give(.sound(1, .milliseconds(80), characters: 1))
        #expect(session.say("a").count == 2)
        #expect(session.say(String(repeating: "a", count: 199)) == ["error conversation_full item -"])
    }

    @Test func theOldestIsForgotten() {
        var session = Session()
        for index in 0..<RealtimeConversation.itemLimit {
            _ = session.say("a", id: "user\(index)")
            _ = session.say("b", role: .assistant)
        }
        #expect(session.tell(.retrieveItem("user63")) == ["error item_not_found item_id -"])
        #expect(session.tell(.retrieveItem("user64")) == ["retrieved user64 a"])
    }

    @Test func longTextsAreForgottenSooner() {
        var session = Session()
        for index in 0..<5 {
            _ = session.say(String(repeating: "a", count: 200), role: .assistant, id: "\(index)")
        }
        #expect(session.tell(.retrieveItem("0")) == ["error item_not_found item_id -"])
        #expect(session.tell(.retrieveItem("1")).count == 1)
    }

    // MARK: - The end

    @Test func aServerThatStopsFinishesWhatIsSaid() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        #expect(session.give(.shutDown) == [])
        #expect(session.respond() == ["error cancelled - -"])
        #expect(session.give(.ended(1, .endOfSpeech, frames: 1)).last == "close 1001")
        #expect(session.respond() == [])
    }

    @Test func aServerThatIsInAHurryDoesNot() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        _ = session.give(.shutDown)
        #expect(session.give(.cut) == ["cancel 1", "response.done failed cancelled of 0", "close 1001"])
        #expect(session.give(.cut) == [])
    }

    @Test func whoSaysNothingIsTold() {
        var session = Session()
        #expect(session.give(.shutDown) == ["close 1001"])
    }

    @Test func whoLeavesIsNotSpokenTo() {
        var session = Session()
        _ = session.say("One.")
        _ = session.respond()
        #expect(session.give(.disconnected) == ["cancel 1"])
        #expect(session.give(.ended(1, .endOfSpeech, frames: 1)) == [])
    }

    @Test func aStrangerIsTurnedAway() {
        var session = Session()
        let error = RealtimeError(SpeakError(.unauthorized, "No."))
        #expect(session.give(.turnAway(error)) == ["error unauthorized - -", "close 1008"])
    }
}
