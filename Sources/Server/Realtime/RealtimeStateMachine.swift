// What a session of /v1/realtime does about each event, as a value: no sockets, no clock, no model.
//
//     idle ──response.create──▶ speaking ──its end, response.cancel──▶ idle … ──the server stops──▶ ended

import Speech

struct RealtimeStateMachine: Sendable {
    typealias ResponseNumber = Int

    enum Event: Sendable {
        /// A message of the client, whose voice has been looked for.
        case client(RealtimeClientEvent)
        /// One that could not be understood.
        case invalid(RealtimeError)
        /// The next piece of sound of a response is there.
        case sound(ResponseNumber, Duration, characters: Int)
        case ended(ResponseNumber, FinishReason, frames: Int)
        case failed(ResponseNumber, SpeakError)
        /// The server stops: finish what is being said; then, do not.
        case shutDown, cut
        case disconnected
        /// The client may not use this door.
        case turnAway(RealtimeError)
    }

    enum Action: Equatable, Sendable {
        case send(RealtimeServerEvent)
        /// Pass the piece of sound of the event on to the client.
        case sendSound
        case begin(ResponseNumber, text: String, RealtimeSettings)
        /// End a response, and drop what has not been sent of its sound.
        case cancel(ResponseNumber)
        case close(WebSocketClosure)
    }

    private enum Phase { case open, stopping, ended }

    /// The response in progress.
    private struct Speaking {
        let number: ResponseNumber
        var response: RealtimeResponse
        /// The text that is spoken, and how much of it is in the transcript.
        let text: [Unicode.Scalar]
        var told = 0
        /// Its message, once there is one.
        var item: RealtimeItem?
        var progress = SpokenProgress()

        var transcript: String { String(scalars: text[..<told]) }

        /// What the transcript gains when so many characters are said; nil for nothing.
        mutating func tell(_ characters: Int) -> String? {
            let known = told
            told = max(told, min(characters, text.count))
            return told > known ? String(scalars: text[known..<told]) : nil
        }
    }

    private var phase = Phase.open
    private var settings = RealtimeSettings()
    private var conversation: RealtimeConversation
    private var speaking: Speaking?
    private var nextNumber = 1
    private let textLimit: Int

    /// - Parameter textLimit: Unicode scalars that a text may have.
    init(textLimit: Int) {
        self.textLimit = textLimit
        conversation = RealtimeConversation(textLimit: textLimit)
    }

    // Not inlined: in functions that change `speaking` later on, the optimizer of Swift 6.3.1 loses who owns it, and stops.
    /// The response whose sound may be sent, and where it belongs.
    @inline(never) var current: ResponseNumber? { speaking?.number }
    var place: RealtimeServerEvent.Place? { speaking.flatMap { Self.place(of: $0) } }

    private static func place(of speaking: Speaking) -> RealtimeServerEvent.Place? {
        speaking.item.map { .init(response: speaking.response.id, item: $0.id) }
    }

    /// What a client is told that has just come.
    var greeting: RealtimeServerEvent { .sessionCreated(settings) }

    mutating func handle(_ event: Event) -> [Action] {
        guard phase != .ended else { return [] }
        switch event {
        case .client(let event):
            do throws(RealtimeError) { return try handle(event.kind) } catch {
                var error = error
                error.eventID = event.id
                return [.send(.error(error))]
            }
        case .invalid(let error): return [.send(.error(error))]
        case .sound(let number, let length, let characters): return sound(number, length, characters)
        case .ended(let number, let reason, let frames): return ended(number, reason, frames)
        case .failed(let number, let error):
            guard number == current else { return [] }
            return [.cancel(number)] + finish(.failed(RealtimeError(error)))
        case .shutDown:
            phase = .stopping
            return speaking == nil ? end() : []
        case .cut:
            phase = .stopping
            return speaking == nil ? end() : stop(.failed(RealtimeError(.shuttingDown)))
        case .disconnected:
            phase = .ended
            return current.map { [.cancel($0)] } ?? []
        case .turnAway(let error): return [.send(.error(error))] + end(.init(1008, error.code))
        }
    }

    private mutating func end(_ closure: WebSocketClosure = .init(1001, "server shutdown")) -> [Action] {
        phase = .ended
        return [.close(closure)]
    }
}

// MARK: - What the client wants

extension RealtimeStateMachine {
    private mutating func handle(_ event: RealtimeClientEvent.Kind) throws(RealtimeError) -> [Action] {
        switch event {
        case .update(let change):
            settings = settings.changed(by: change)
            return [.send(.sessionUpdated(settings))]
        case .createItem(let item, let previous):
            let id = try conversation.add(item, after: previous)
            return tell(of: id) { [.itemAdded($0, after: $1), .itemDone($0, after: $1)] }
        case .deleteItem(let id):
            try checkIsSpoken(id)
            try conversation.remove(id)
            return [.send(.itemDeleted(id))]
        case .retrieveItem(let id):
            guard let item = conversation[id] else { throw .noItem(id, param: "item_id") }
            return [.send(.itemRetrieved(item))]
        case .truncateItem(let id, let end): return try truncate(id, end)
        case .createResponse(let request): return try begin(request)
        case .cancelResponse(let id): return try cancel(id)
        }
    }

    private func tell(
        of id: String, _ events: (RealtimeItem, _ previous: String?) -> [RealtimeServerEvent]
    ) -> [Action] {
        guard let item = conversation[id] else { return [] }
        return events(item, conversation.predecessor(of: id)).map { .send($0) }
    }

    private func checkIsSpoken(_ id: String) throws(RealtimeError) {
        guard speaking?.item?.id == id else { return }
        throw RealtimeError(
            "item_in_progress", "\(id) is still being spoken: send response.cancel first.", param: "item_id")
    }

    private mutating func truncate(_ id: String, _ end: Duration) throws(RealtimeError) -> [Action] {
        try checkIsSpoken(id)
        guard var item = conversation[id] else { throw .noItem(id, param: "item_id") }
        guard var sound = item.sound else {
            throw RealtimeError(
                "invalid_value", "\(id) was not spoken: there is no sound to cut.", param: "item_id")
        }
        guard end <= sound.length else {
            throw RealtimeError(
                "invalid_value", "The sound of \(id) has \(sound.length.milliseconds) ms; it cannot end after that.",
                param: "audio_end_ms")
        }
        let characters = sound.cut(to: end)
        item.sound = sound
        item.parts = item.parts.map { part in
            .init(kind: part.kind, text: String(scalars: part.text.unicodeScalars.prefix(characters)))
        }
        conversation.update(item)
        return [.send(.itemTruncated(id, end: end))]
    }

    private mutating func begin(_ request: RealtimeResponseRequest) throws(RealtimeError) -> [Action] {
        guard phase == .open else { throw RealtimeError(.shuttingDown) }
        if let speaking {
            throw RealtimeError(
                "conversation_already_has_active_response",
                "\(speaking.response.id) is still being spoken: wait for its response.done, or send response.cancel.")
        }
        var own = settings.changed(by: request.settings)
        var text = RealtimeConversation.spokenText(of: try input(of: request))
        if text.isEmpty, let instructions = request.settings.instructions {
            text = instructions
            own.instructions = settings.instructions
        }
        try check(text, request)
        let number = nextNumber
        nextNumber += 1
        let response = RealtimeResponse(
            id: "resp_\(number)", settings: own, joinsConversation: request.joinsConversation,
            metadata: request.metadata)
        speaking = Speaking(number: number, response: response, text: Array(text.unicodeScalars))
        return [.send(.responseCreated(response)), .begin(number, text: text, own)]
    }

    private func check(_ text: String, _ request: RealtimeResponseRequest) throws(RealtimeError) {
        let param = request.input == nil ? "response" : "response.input"
        guard !text.trimmingWhitespace().isEmpty else {
            throw RealtimeError(
                "nothing_to_say",
                "There is nothing to say: no message of the user follows the assistant's last one, and response has no "
                    + "instructions.", param: param)
        }
        let length = text.unicodeScalars.count
        guard length <= textLimit else {
            throw RealtimeError(
                SpeakError(SynthesisError.textTooLong(characters: length, limit: textLimit)), param: param)
        }
    }

    /// The messages of which a response speaks those that nobody answered.
    private func input(of request: RealtimeResponseRequest) throws(RealtimeError) -> [RealtimeItem] {
        guard let input = request.input else { return conversation.items }
        var items: [RealtimeItem] = []
        for (index, entry) in input.enumerated() {
            switch entry {
            case .message(let item): items.append(item)
            case .reference(let id):
                guard let item = conversation[id] else { throw .noItem(id, param: "response.input[\(index)].id") }
                items.append(item)
            }
        }
        return items
    }

    private mutating func cancel(_ id: String?) throws(RealtimeError) -> [Action] {
        guard let response = speaking?.response, id == nil || id == response.id else {
            throw RealtimeError(
                "response_cancel_not_active",
                id.map { "The response \($0.prefix(80)) is not being spoken." } ?? "Nothing is being spoken.",
                param: id.map { _ in "response_id" })
        }
        return beginItem() + stop(.cancelled)
    }
}

// MARK: - Sound

extension RealtimeStateMachine {
    private mutating func sound(_ number: ResponseNumber, _ length: Duration, _ characters: Int) -> [Action] {
        guard number == current else { return [] }
        return beginItem() + hear(length, characters) + [.sendSound]
    }

    /// So much more of the response was heard, up to so many characters of its text.
    private mutating func hear(_ length: Duration, _ characters: Int) -> [Action] {
        guard var now = speaking, let place = Self.place(of: now) else { return [] }
        now.progress.add(length, characters: characters)
        let text = now.tell(characters)
        speaking = now
        return text.map { [.send(.transcriptDelta(place, $0))] } ?? []
    }

    private mutating func ended(_ number: ResponseNumber, _ reason: FinishReason, _ frames: Int) -> [Action] {
        guard number == current else { return [] }
        return beginItem() + conclude(reason, frames)
    }

    private mutating func conclude(_ reason: FinishReason, _ frames: Int) -> [Action] {
        guard var now = speaking, let place = Self.place(of: now) else { return [] }
        now.response.usage = .init(input: now.text.count, output: frames)
        var actions: [Action] = []
        let status: RealtimeResponse.Status
        switch reason {
        case .endOfSpeech:
            status = .completed
            if let text = now.tell(now.text.count) { actions.append(.send(.transcriptDelta(place, text))) }
        case .budget, .silence: status = .incomplete
        case .cancelled: status = .failed(RealtimeError(.shuttingDown))
        }
        speaking = now
        return actions + finish(status)
    }

    /// The message of a response: there is none of one that fails before its first sound, so that what it was to say is still
    /// unanswered.
    private mutating func beginItem() -> [Action] {
        guard let response = speaking?.response, let progress = speaking?.progress, speaking?.item == nil else {
            return []
        }
        var item = RealtimeItem(id: "", role: .assistant, status: .inProgress, parts: [])
        item.sound = progress
        item.id = response.joinsConversation ? conversation.append(item) : conversation.freeID()
        speaking?.item = item
        let joined = response.joinsConversation ? tell(of: item.id) { [.itemAdded($0, after: $1)] } : []
        return [.send(.outputItemAdded(item, response: response.id))] + joined
            + [.send(.partAdded(.init(response: response.id, item: item.id)))]
    }

    private mutating func stop(_ status: RealtimeResponse.Status) -> [Action] {
        guard let number = current else { return [] }
        return [.cancel(number)] + finish(status)
    }

    /// Tells the end of the response, and what has become of its message.
    private mutating func finish(_ status: RealtimeResponse.Status) -> [Action] {
        guard var now = speaking else { return [] }
        speaking = nil
        var actions: [Action] = []
        if var item = now.item, let place = Self.place(of: now) {
            item.status = status == .completed ? .completed : .incomplete
            item.parts = [.init(kind: .outputAudio, text: now.transcript)]
            item.sound = now.progress
            conversation.update(item)
            now.response.output = [item]
            actions += [
                .send(.audioDone(place)), .send(.transcriptDone(place, transcript: now.transcript)),
                .send(.partDone(place, transcript: now.transcript)),
            ]
            if now.response.joinsConversation { actions += tell(of: item.id) { [.itemDone($0, after: $1)] } }
            actions.append(.send(.outputItemDone(item, response: place.response)))
        }
        now.response.status = status
        actions.append(.send(.responseDone(now.response)))
        return phase == .stopping ? actions + end() : actions
    }
}
