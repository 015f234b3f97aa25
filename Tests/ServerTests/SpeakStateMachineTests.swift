import Speech
import TestSupport
import Testing

@testable import Server

/// Brings a machine into each phase, and tells what each event does there.
@Suite struct SpeakStateMachineTests {
    static let now = ContinuousClock.now
    typealias Machine = SpeakStateMachine

    static func machine(in phase: Machine.Phase) -> Machine {
        var machine = Machine(isAuthorized: true, defaultVoice: "makima", textLimit: 10_000)
        func give(_ event: Machine.Event) { _ = machine.handle(event, at: now) }
        switch phase {
        case .ready: break
        case .started: give(.start(StartMessage(), denial: nil, hasVoice: true))
        case .speaking: give(.speak(SpeakMessage(text: "one")))
        case .stopping:
            give(.speak(SpeakMessage(text: "one")))
            give(.shutDown)
        case .stopped: give(.stop(reason: nil))
        }
        #expect(machine.phase == phase)
        return machine
    }

    /// What a machine answered, in short: one word per action.
    static func words(_ actions: [Machine.Action]) -> String {
        actions.map { action in
            switch action {
            case .send(.ready): "ready"
            case .send(.started): "started"
            case .send(.sentence(let sentence, let index)): "sentence\(index)(\(sentence.endMs))"
            case .send(.complete): "complete"
            case .send(.error(let error, _)): error.code.rawValue
            case .send(.stopped(let reason, _)): "stopped(\(reason))"
            case .send(.interrupted): "interrupted"
            case .send(.resumed): "resumed"
            case .send(.buffering(let wait)): "buffering(\(wait.components.seconds))"
            case .send(.replaced(let from, let characters)): "replaced(\(from) of \(characters))"
            case .sendAudio: "audio"
            case .begin(let id, _, _): "begin\(id)"
            case .append(let id, let text, let isLast): "append\(id)(\(text)\(isLast ? "." : ""))"
            case .replace(let id, let from, let text): "replace\(id)(\(from) \(text))"
            case .cancel(let id): "cancel\(id)"
            case .join(let contract): "join(\(contract))"
            case .close(let closure): "close\(closure.code)"
            }
        }.joined(separator: " ")
    }

    @Test func sentencesAreToldAndToldAgainAtTheEnd() {
        var start = StartMessage()
        start.sentences = true
        var machine = Self.machine(in: .ready)
        func give(_ event: Machine.Event) -> [Machine.Action] { machine.handle(event, at: Self.now) }
        _ = give(.start(start, denial: nil, hasVoice: true))
        _ = give(.speak(SpeakMessage(text: "One. Two.")))
        let sentences = [(0..<4, 1.0), (5..<9, 2.0)].map {
            SentenceMessage(SpokenSentence(characters: $0.0, start: 0, end: $0.1), speed: 2)
        }
        #expect(Self.words(give(.sentence(9, sentences[0]))) == "")
        #expect(Self.words(give(.sentence(1, sentences[0]))) == "sentence0(500)")
        #expect(Self.words(give(.sentence(1, sentences[1]))) == "sentence1(1000)")
        guard case .send(.complete(let complete))? = give(.ended(1, .endOfSpeech, SpeechSummary())).first else {
            Issue.record("it did not complete")
            return
        }
        #expect(complete.sentences == sentences)
    }

    static let events: [(name: String, event: Machine.Event)] = [
        ("start", .start(StartMessage(), denial: nil, hasVoice: true)),
        ("speak", .speak(SpeakMessage(text: "two"))),
        ("replace", .replace(from: 1, text: "new")),
        ("cancel", .cancel),
        ("stop", .stop(reason: "done")),
        ("played", .played(milliseconds: 10)),
        ("invalid", .invalid(SpeakError(.invalidText, "?"))),
        ("audio", .audio(1, .milliseconds(80), characters: 1)),
        ("audio of another", .audio(9, .milliseconds(80), characters: 1)),
        ("ended", .ended(1, .endOfSpeech, SpeechSummary())),
        ("cancelled by the server", .ended(1, .cancelled, SpeechSummary())),
        ("ended of another", .ended(9, .endOfSpeech, SpeechSummary())),
        ("failed", .failed(1, SpeakError(.timeout, "?"))),
        ("failed of another", .failed(9, SpeakError(.timeout, "?"))),
        ("interrupt", .interrupt(mayResume: false)),
        ("hold", .interrupt(mayResume: true)),
        ("resume", .resume),
        ("confirm", .confirm),
        ("shutDown", .shutDown),
        ("cut", .cut),
        ("disconnected", .disconnected),
    ]

    /// Rows: events in the order above. Columns: ready, started, speaking, stopping, stopped.
    static let table: [[String]] = [
        ["started", "started", "started", "started", ""],
        ["begin1", "begin1", "", "MODEL_LOADING", ""],
        ["INVALID_TEXT", "INVALID_TEXT", "INVALID_TEXT", "INVALID_TEXT", ""],
        ["CANCELLED", "CANCELLED", "cancel1 CANCELLED", "cancel1 CANCELLED stopped(server_shutdown) close1001", ""],
        [
            "stopped(done) close1000", "stopped(done) close1000", "cancel1 stopped(done) close1000",
            "cancel1 stopped(done) close1000", "",
        ],
        ["", "", "", "", ""],
        ["INVALID_TEXT", "INVALID_TEXT", "INVALID_TEXT", "INVALID_TEXT", ""],
        ["", "", "audio", "audio", ""],
        ["", "", "", "", ""],
        ["", "", "complete", "complete stopped(server_shutdown) close1001", ""],
        ["", "", "CANCELLED", "CANCELLED stopped(server_shutdown) close1001", ""],
        ["", "", "", "", ""],
        ["", "", "cancel1 TIMEOUT", "cancel1 TIMEOUT stopped(server_shutdown) close1001", ""],
        ["", "", "", "", ""],
        ["", "", "cancel1 CANCELLED", "cancel1 CANCELLED stopped(server_shutdown) close1001", ""],
        ["", "", "interrupted", "interrupted", ""],
        ["", "", "", "", ""],
        ["", "", "", "", ""],
        ["stopped(server_shutdown) close1001", "stopped(server_shutdown) close1001", "", "", ""],
        [
            "stopped(server_shutdown) close1001", "stopped(server_shutdown) close1001",
            "cancel1 stopped(server_shutdown) close1001", "cancel1 stopped(server_shutdown) close1001", "",
        ],
        ["", "", "cancel1", "cancel1", ""],
    ]

    @Test(arguments: [Machine.Phase.ready, .started, .speaking, .stopping, .stopped])
    func everyEventInEveryPhaseAnswersAsTheTableSays(phase: Machine.Phase) {
        let column = [Machine.Phase.ready, .started, .speaking, .stopping, .stopped].firstIndex(of: phase)!
        #expect(Self.events.count == Self.table.count)
        for (row, (name, event)) in zip(Self.table, Self.events) {
            var machine = Self.machine(in: phase)
            let answer = Self.words(machine.handle(event, at: Self.now))
            #expect(answer == row[column], "\(name) in \(phase)")
        }
    }

    /// A conversation as event and expected answer, one after the other.
    private func play(_ machine: inout Machine, _ script: [(Machine.Event, String)]) {
        for (event, expected) in script { #expect(Self.words(machine.handle(event, at: Self.now)) == expected) }
    }

    @Test func textsAreSpokenInOrderAndHighOnesFirst() {
        var machine = Self.machine(in: .started)
        var high = SpeakMessage(text: "now")
        high.priority = .high
        var high2 = high
        high2.text = "then"
        play(
            &machine,
            [
                (.speak(SpeakMessage(text: "a")), "begin1"), (.speak(SpeakMessage(text: "b")), ""),
                (.speak(high), ""), (.speak(high2), ""),
            ])
        var spoken: [String] = []
        for id in 1...3 {
            for case .begin(_, let message, _) in machine.handle(
                .ended(id, .endOfSpeech, SpeechSummary()), at: Self.now)
            {
                spoken.append(message.text)
            }
        }
        #expect(spoken == ["now", "then", "b"])
        #expect(machine.phase == .speaking)
    }

    @Test func cancelDropsTheCurrentAndTheNextIsSpoken() {
        var machine = Self.machine(in: .started)
        play(
            &machine,
            [
                (.speak(SpeakMessage(text: "a")), "begin1"), (.speak(SpeakMessage(text: "b")), ""),
                (.cancel, "cancel1 CANCELLED begin2"),
                (.audio(1, .milliseconds(80), characters: 1), ""),
                (.audio(2, .milliseconds(80), characters: 1), "audio"),
                (.cancel, "cancel2 CANCELLED"), (.cancel, "CANCELLED"),
            ])
    }

    @Test func aFullQueueIsRateLimitedAndTheSessionLives() {
        var machine = Self.machine(in: .speaking)
        for _ in 0..<Machine.queueLimit { play(&machine, [(.speak(SpeakMessage(text: "x")), "")]) }
        play(
            &machine,
            [
                (.speak(SpeakMessage(text: "x")), "RATE_LIMITED"),
                (.ended(1, .endOfSpeech, SpeechSummary()), "complete begin2"),
            ])
    }

    @Test func withoutATokenNothingIsSpokenAndTheFifthDenialCloses() {
        var machine = Machine(isAuthorized: false, defaultVoice: "makima", textLimit: 10_000)
        let denied = Machine.Event.start(StartMessage(), denial: SpeakError(.unauthorized, "no"), hasVoice: true)
        play(&machine, [(.speak(SpeakMessage(text: "a")), "UNAUTHORIZED")])
        for _ in 1..<Machine.attempts { play(&machine, [(denied, "UNAUTHORIZED")]) }
        play(&machine, [(denied, "UNAUTHORIZED close1008"), (.speak(SpeakMessage(text: "a")), "")])
    }

    @Test func aStrangerIsLetGoInTimeAndAKnownClientIsNot() {
        var stranger = Machine(isAuthorized: false, defaultVoice: "makima", textLimit: 10_000)
        play(&stranger, [(.tokenDue, "UNAUTHORIZED close1008")])
        var known = Self.machine(in: .speaking)
        play(&known, [(.tokenDue, "")])
    }

    @Test func aTokenInStartLetsIn() {
        var machine = Machine(isAuthorized: false, defaultVoice: "makima", textLimit: 10_000)
        play(
            &machine,
            [
                (.start(StartMessage(), denial: nil, hasVoice: true), "started"),
                (.speak(SpeakMessage(text: "a")), "begin1"),
            ])
    }

    @Test func anUnknownVoiceIsReportedAndTheDefaultSpeaks() {
        var machine = Self.machine(in: .ready)
        var start = StartMessage()
        start.voice = "nobody"
        let actions = machine.handle(.start(start, denial: nil, hasVoice: false), at: Self.now)
        #expect(Self.words(actions) == "VOICE_NOT_FOUND started")
        guard case .send(.started(let started)) = actions.last else {
            Issue.record("no started")
            return
        }
        #expect(started.voice == "makima")
        guard case .begin(_, _, let settings) = machine.handle(.speak(SpeakMessage(text: "a")), at: Self.now).last
        else {
            Issue.record("no begin")
            return
        }
        #expect(settings.voice == nil)
    }

    @Test func textArrivesPieceByPiece() {
        func piece(_ text: String, append: Bool = true, flush: Bool = false) -> Machine.Event {
            var message = SpeakMessage(text: text)
            message.append = append
            message.flush = flush
            return .speak(message)
        }
        var machine = Self.machine(in: .started)
        play(
            &machine,
            [
                (piece("", append: false, flush: true), "INVALID_TEXT"),
                (piece("a"), "begin1"), (piece("b"), "append1(b)"),
                (piece("", append: false, flush: true), "append1(.)"),
                // The first is closed: this begins another, which waits and takes text meanwhile.
                (piece("c"), ""), (piece("d"), ""),
            ])
        let next = machine.handle(.ended(1, .endOfSpeech, SpeechSummary()), at: Self.now)
        guard case .begin(2, let message, _) = next.last else {
            Issue.record("no begin")
            return
        }
        #expect(message.text == "cd")
        #expect(message.append && !message.flush)
        play(&machine, [(piece("e", flush: true), "append2(e.)")])
    }

    @Test func openTextInTheQueueHasTheLimitOfText() {
        var machine = Self.machine(in: .speaking)
        var piece = SpeakMessage(text: String(repeating: "x", count: 6000))
        piece.append = true
        play(&machine, [(.speak(piece), ""), (.speak(piece), "INVALID_TEXT")])
    }

    @Test func theEndOfATextThatWaitsIsReplaced() {
        var machine = Self.machine(in: .speaking)
        var piece = SpeakMessage(text: "The red hat")
        piece.append = true
        play(
            &machine,
            [
                (.replace(from: 0, text: "x"), "INVALID_TEXT"), (.speak(piece), ""),
                (.replace(from: 12, text: "x"), "INVALID_TEXT"),
                (.replace(from: 4, text: "blue coat"), "replaced(4 of 13)"),
                (.replace(from: 13, text: ""), "replaced(13 of 13)"),
                (.replace(from: 4, text: String(repeating: "x", count: 9_997)), "INVALID_TEXT"),
                // What does not come piece by piece waits behind it, and is none of this.
                (.speak(SpeakMessage(text: "later")), ""), (.replace(from: 8, text: " tie"), "replaced(8 of 12)"),
            ])
        let next = machine.handle(.ended(1, .endOfSpeech, SpeechSummary()), at: Self.now)
        guard case .begin(2, let message, _) = next.last else {
            Issue.record("no begin")
            return
        }
        #expect(message.text == "The blue tie")
        // From now on it is the session's to know how far the engine is.
        play(
            &machine,
            [
                (.replace(from: 5, text: "y"), "replace2(5 y)"),
                (.replaced(2, from: 5, characters: 6), "replaced(5 of 6)"),
                (.replaced(1, from: 5, characters: 6), ""),
                (.refused(2, SpeakError(.tooLate, "?"), characters: 0), "TOO_LATE"),
            ])
        guard
            case .send(.complete(let complete)) = machine.handle(.ended(2, .endOfSpeech, SpeechSummary()), at: Self.now)
                .first
        else {
            Issue.record("it did not complete")
            return
        }
        #expect(complete.charactersProcessed == 6)
    }

    @Test func aStrangerReplacesNothing() {
        var machine = Machine(isAuthorized: false, defaultVoice: "makima", textLimit: 10_000)
        play(&machine, [(.replace(from: 0, text: "x"), "UNAUTHORIZED")])
    }

    @Test func textsThatWaitAreToldThatTheServerStops() {
        var machine = Self.machine(in: .speaking)
        play(
            &machine,
            [
                (.speak(SpeakMessage(text: "b")), ""), (.speak(SpeakMessage(text: "c")), ""),
                (.shutDown, "MODEL_LOADING MODEL_LOADING"),
                (.ended(1, .endOfSpeech, SpeechSummary()), "complete stopped(server_shutdown) close1001"),
            ])
        machine = Self.machine(in: .speaking)
        play(
            &machine,
            [
                (.speak(SpeakMessage(text: "b")), ""),
                (.cut, "MODEL_LOADING cancel1 stopped(server_shutdown) close1001"),
            ])
    }

    @Test func aPieceThatWasRefusedDoesNotCount() {
        var machine = Self.machine(in: .started)
        var piece = SpeakMessage(text: "ab")
        piece.append = true
        play(
            &machine,
            [
                (.speak(piece), "begin1"), (.speak(piece), "append1(ab)"),
                (.refused(1, SpeakError(.rateLimited, "later"), characters: 2), "RATE_LIMITED"),
                (.refused(9, SpeakError(.rateLimited, "later"), characters: 2), ""),
            ])
        let ended = machine.handle(.ended(1, .endOfSpeech, SpeechSummary()), at: Self.now)
        guard case .send(.complete(let complete)) = ended.first else {
            Issue.record("\(ended)")
            return
        }
        #expect(complete.charactersProcessed == 2)
    }

    @Test func anInterruptionDropsTheAnswerWithAllThatWaits() {
        var machine = Self.machine(in: .speaking)
        play(
            &machine,
            [
                (.speak(SpeakMessage(text: "b")), ""), (.interrupt(mayResume: false), "cancel1 CANCELLED CANCELLED"),
                (.speak(SpeakMessage(text: "c")), "begin2"),
            ])
    }

    @Test func aFalseStartResumesAndAMeantOneDrops() {
        var machine = Self.machine(in: .speaking)
        play(&machine, [(.interrupt(mayResume: true), "interrupted")])
        #expect(machine.isHeld)
        play(&machine, [(.interrupt(mayResume: true), ""), (.resume, "resumed")])
        #expect(!machine.isHeld)
        play(&machine, [(.interrupt(mayResume: true), "interrupted"), (.confirm, "cancel1 CANCELLED")])
        #expect(!machine.isHeld)
    }

    @Test func progressIsWhatCanHaveBeenPlayed() {
        var machine = Self.machine(in: .speaking)
        for frame in 1...10 {
            _ = machine.handle(.audio(1, .milliseconds(80), characters: frame * 2), at: Self.now)
        }
        // Not more than the three characters of the text, not more than was sent.
        #expect(machine.progress(Self.now) == .init(playedMs: 0, spokenCharacters: 0))
        #expect(machine.progress(Self.now + .milliseconds(70)) == .init(playedMs: 70, spokenCharacters: 2))
        #expect(machine.progress(Self.now + .seconds(9)) == .init(playedMs: 800, spokenCharacters: 3))
        _ = machine.handle(.played(milliseconds: 40), at: Self.now)
        #expect(machine.progress(Self.now + .seconds(9)) == .init(playedMs: 40, spokenCharacters: 2))
        _ = machine.handle(.played(milliseconds: 999_999), at: Self.now)
        #expect(machine.progress(Self.now + .seconds(9)).playedMs == 800)
    }

    /// Ten thousand random events: whatever comes, at most one utterance is current, a stopped session is silent, and each begun
    /// utterance is ended or cancelled before the next begins.
    @Test(arguments: [UInt64(1), 2, 3, 4]) func randomEventsKeepThePromises(seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<200 {
            var machine = Machine(isAuthorized: random.next() % 4 != 0, defaultVoice: "makima", textLimit: 10_000)
            var open: Int?
            for _ in 0..<50 {
                var (name, event) = Self.events[Int(random.next() % UInt64(Self.events.count))]
                if case .ended(1, let reason, let summary) = event { event = .ended(open ?? 1, reason, summary) }
                let wasStopped = machine.phase == .stopped
                let finishes = name == "ended" || name == "cancelled by the server"
                let actions = machine.handle(event, at: Self.now)
                if wasStopped { #expect(actions.isEmpty) }
                if finishes, open != nil, !wasStopped { open = nil }
                for action in actions {
                    if case .cancel(let id) = action {
                        #expect(id == open)
                        open = nil
                    }
                    if case .begin(let id, _, _) = action {
                        #expect(open == nil)
                        open = id
                    }
                }
                #expect(machine.currentID == open)
                name = ""
            }
        }
    }
}
