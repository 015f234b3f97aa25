// What a speak session does about each event, as a value: no sockets, no clock, no model.
//
//     ready ──start──▶ started ──speak──▶ speaking ──ended──▶ started … ──stop──▶ stopped
//
// `speak` before `start` speaks with the defaults. While one utterance is spoken, others wait in the session.

package import Speech

package struct SpeakStateMachine: Sendable {
    package enum Phase: Sendable, Equatable { case ready, started, speaking, stopping, stopped }

    /// Utterances that may wait in one session.
    package static let queueLimit = 32
    /// Attempts to start without a good token before the session is closed.
    static let attempts = 5

    package typealias UtteranceID = Int

    package enum Event: Sendable {
        /// A start whose token and voice have been looked at.
        case start(StartMessage, denial: SpeakError?, hasVoice: Bool)
        case speak(SpeakMessage)
        case replace(from: Int, text: String)
        case cancel
        case stop(reason: String?)
        case played(milliseconds: Int)
        /// A message that could not be understood.
        case invalid(SpeakError)
        /// The next piece of sound of an utterance is there.
        case audio(UtteranceID, Duration, characters: Int)
        /// A sentence was said, as the client wants to be told.
        case sentence(UtteranceID, SentenceMessage)
        /// The sound of an utterance is held back, about so long.
        case buffering(UtteranceID, Duration)
        case ended(UtteranceID, FinishReason, SpeechSummary)
        case failed(UtteranceID, SpeakError)
        /// As many characters were not taken that came for an open utterance, which goes on.
        case refused(UtteranceID, SpeakError, characters: Int)
        /// From this character on an open utterance has other text; it now has so many.
        case replaced(UtteranceID, from: Int, characters: Int)
        /// The other side of the contract: somebody talks; it was a false start; it was meant.
        case interrupt(mayResume: Bool), resume, confirm
        /// The time to name a token is over.
        case tokenDue
        /// The server stops: finish what is being said; then, do not.
        case shutDown, cut
        case disconnected
    }

    package enum Action: Sendable, Equatable {
        case send(ServerMessage)
        /// Pass the piece of sound of the event on to the client.
        case sendAudio
        case begin(UtteranceID, SpeakMessage, StartMessage)
        case append(UtteranceID, String, isLast: Bool)
        case replace(UtteranceID, from: Int, text: String)
        /// End an utterance, and drop what has not been sent of it.
        case cancel(UtteranceID)
        case join(contract: String)
        case close(WebSocketClosure)
    }

    package private(set) var phase = Phase.ready
    /// While held, sound is made but not sent.
    package private(set) var isHeld = false
    /// The utterance whose sound may be sent.
    package var currentID: UtteranceID? { current?.id }

    private var settings = StartMessage()
    package private(set) var isAuthorized: Bool
    private var denials = 0
    /// Voice of those who name none: another one may be chosen while the session is open.
    package var defaultVoice: String
    private var current: Utterance?
    private var queue: [Queued] = []
    private var nextID = 1

    /// Unicode scalars that the text of an utterance may have before it is spoken.
    private let textLimit: Int

    /// `isAuthorized`: the handshake carried a good token, or none is asked for.
    package init(isAuthorized: Bool, defaultVoice: String, textLimit: Int) {
        self.isAuthorized = isAuthorized
        self.textLimit = textLimit
        self.defaultVoice = defaultVoice
    }

    private struct Queued {
        var message: SpeakMessage
        /// Unicode scalars of the text so far.
        var characters: Int
        var isOpen: Bool { message.append && !message.flush }
        /// Whether the text came, or comes, piece by piece.
        var isWritten: Bool { message.append }
    }

    /// The utterance being spoken.
    private struct Utterance {
        let id: UtteranceID
        let began: ContinuousClock.Instant
        var characters: Int
        var isOpen: Bool
        let isWritten: Bool
        var firstAudio: ContinuousClock.Instant?
        var sent = Duration.zero
        /// Sound sent so far, and the characters taken up by then; one entry a frame.
        var marks: [(sent: Duration, characters: Int)] = []
        var reported: Duration?
        /// Those that were said, where the client wants to be told.
        var sentences: [SentenceMessage]?
        /// Frozen while held.
        var heard: ServerMessage.Progress?

        /// What the client reported that it has played, else what it can have played since the first sound.
        func played(_ now: ContinuousClock.Instant) -> Duration {
            min(sent, reported ?? firstAudio.map { now - $0 } ?? .zero)
        }

        /// Two minutes of marks are enough for what has been played: an open text may go on for hours.
        mutating func forgetPlayed(_ now: ContinuousClock.Instant) {
            guard marks.count > 3000 else { return }
            let past = marks.partitionPoint { $0.sent < played(now) }
            marks.removeFirst(min(past, 1500))
        }
    }
}

extension SpeakStateMachine {
    package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> [Action] {
        guard phase != .stopped else { return [] }
        switch event {
        case .start(let message, let denial, let hasVoice): return start(message, denial, hasVoice)
        case .speak(let message): return speak(message, now)
        case .replace(let from, let text): return replace(from, text)
        case .cancel: return cancel(now)
        case .stop(let reason): return stop(reason ?? "client_requested", .normal, now)
        case .played(let milliseconds):
            current?.reported = .milliseconds(milliseconds)
            return []
        case .invalid(let error): return [.send(.error(error, nil))]
        case .audio(let id, let length, let characters): return audio(id, length, characters, now)
        case .sentence(let id, let sentence): return said(sentence, in: id)
        case .buffering(let id, let wait): return id == current?.id ? [.send(.buffering(wait))] : []
        case .ended(let id, let reason, let summary): return ended(id, reason, summary, now)
        case .failed(let id, let error): return failed(id, error, now)
        case .refused(let id, let error, let characters):
            guard id == current?.id else { return [] }
            current?.characters -= characters
            return [.send(.error(error, nil))]
        case .replaced(let id, let from, let characters):
            guard id == current?.id else { return [] }
            current?.characters = characters
            return [.send(.replaced(from: from, characters: characters))]
        case .interrupt(let mayResume): return interrupt(mayResume, now)
        case .resume:
            guard isHeld else { return [] }
            isHeld = false
            current?.heard = nil
            return [.send(.resumed)]
        case .confirm: return isHeld ? dropAll("The listener interrupted.", now) : []
        case .tokenDue:
            guard !isAuthorized else { return [] }
            return [.send(.error(.noToken, nil))] + close(WebSocketClosure(1008, "unauthorized"))
        case .shutDown: return shutDown(now)
        case .cut: return dropQueue(Self.stopping) + stop("server_shutdown", Self.goingAway, now)
        case .disconnected:
            let cancel: [Action] = current.map { [.cancel($0.id)] } ?? []
            _ = close(.normal)
            return cancel
        }
    }

    // MARK: Messages of the client

    private mutating func start(_ message: StartMessage, _ denial: SpeakError?, _ hasVoice: Bool) -> [Action] {
        if let denial {
            denials += 1
            let last: [Action] = denials < Self.attempts ? [] : close(WebSocketClosure(1008, "unauthorized"))
            return [.send(.error(denial, nil))] + last
        }
        isAuthorized = true
        settings = message
        var actions: [Action] = []
        if let voice = message.voice, !hasVoice {
            settings.voice = nil
            let error = SpeakError(
                .voiceNotFound, "There is no voice \(voice); \(defaultVoice) speaks instead. See GET /api/v1/voices.",
                field: "voice")
            actions.append(.send(.error(error, nil)))
        }
        if phase == .ready { phase = .started }
        if let contract = message.contractId { actions.append(.join(contract: contract)) }
        let started = StartedMessage(
            sampleRate: settings.sampleRate, encoding: settings.encoding, voice: settings.voice ?? defaultVoice,
            transport: settings.transport, language: settings.language)
        return actions + [.send(.started(started))]
    }

    private mutating func speak(_ message: SpeakMessage, _ now: ContinuousClock.Instant) -> [Action] {
        guard isAuthorized else { return [.send(.error(Self.noToken, nil))] }
        guard phase != .stopping else {
            return [.send(.error(Self.stopping, nil))]
        }
        if message.append || message.flush {
            if let actions = addToOpenUtterance(message) { return actions }
            if message.text.isEmpty && message.flush {
                return [.send(.error(SpeakError(.invalidText, "There is no open text to flush.", field: "flush"), nil))]
            }
        }
        guard queue.count < Self.queueLimit else {
            let error = SpeakError(
                .rateLimited, "\(queue.count) texts wait in this session already, which is the limit.",
                retryAfter: .seconds(2))
            return [.send(.error(error, nil))]
        }
        let position =
            message.priority == .high
            ? queue.firstIndex { $0.message.priority == .normal } ?? queue.endIndex : queue.endIndex
        queue.insert(Queued(message: message, characters: message.text.unicodeScalars.count), at: position)
        return current == nil ? beginNext(now) : []
    }

    /// nil when no utterance is open.
    private mutating func addToOpenUtterance(_ message: SpeakMessage) -> [Action]? {
        let count = message.text.unicodeScalars.count
        if let index = queue.lastIndex(where: \.isOpen) {
            let length = queue[index].characters + count
            guard length <= textLimit else {
                let error = SynthesisError.textTooLong(characters: length, limit: textLimit)
                return [.send(.error(SpeakError(error), nil))]
            }
            queue[index].characters = length
            queue[index].message.text += message.text
            queue[index].message.flush = message.flush
            return []
        }
        guard let utterance = current, utterance.isOpen else { return nil }
        current?.characters += count
        current?.isOpen = !message.flush
        return [.append(utterance.id, message.text, isLast: message.flush)]
    }

    /// Changes the end of the text that comes, or came last, piece by piece.
    private mutating func replace(_ from: Int, _ text: String) -> [Action] {
        guard isAuthorized else { return [.send(.error(Self.noToken, nil))] }
        if let index = queue.lastIndex(where: \.isWritten) { return replaceQueued(index, from, text) }
        guard let utterance = current, utterance.isWritten else {
            let error = SpeakError(.invalidText, "There is no text that was sent with append.", field: "type")
            return [.send(.error(error, nil))]
        }
        return [.replace(utterance.id, from: from, text: text)]
    }

    private mutating func replaceQueued(_ index: Int, _ from: Int, _ text: String) -> [Action] {
        let characters = from.addingReportingOverflow(text.unicodeScalars.count).partialValue
        do throws(SpeakError) {
            try TextInlet.check(replacingFrom: from, reached: 0, given: queue[index].characters)
            guard characters <= textLimit else {
                throw SpeakError(SynthesisError.textTooLong(characters: characters, limit: textLimit))
            }
        } catch {
            return [.send(.error(error, nil))]
        }
        queue[index].message.text = String(scalars: queue[index].message.text.unicodeScalars.prefix(from)) + text
        queue[index].characters = characters
        return [.send(.replaced(from: from, characters: characters))]
    }

    private mutating func cancel(_ now: ContinuousClock.Instant) -> [Action] {
        guard let utterance = current else {
            return [.send(.error(SpeakError(.cancelled, "Nothing was being spoken."), nil))]
        }
        return [.cancel(utterance.id), .send(cancelled("Cancelled by the client.", now))] + endCurrent(now)
    }

    private mutating func stop(
        _ reason: String, _ closure: WebSocketClosure, _ now: ContinuousClock.Instant
    ) -> [Action] {
        let progress = current.map { _ in self.progress(now) }
        let cancel: [Action] = current.map { [.cancel($0.id)] } ?? []
        return cancel + [.send(.stopped(reason: reason, progress))] + close(closure)
    }

    private mutating func close(_ closure: WebSocketClosure) -> [Action] {
        phase = .stopped
        current = nil
        queue = []
        isHeld = false
        return [.close(closure)]
    }

    // MARK: Sound

    private mutating func beginNext(_ now: ContinuousClock.Instant) -> [Action] {
        guard !queue.isEmpty else { return [] }
        let next = queue.removeFirst()
        current = Utterance(
            id: nextID, began: now, characters: next.characters, isOpen: next.isOpen, isWritten: next.isWritten)
        if settings.sentences { current?.sentences = [] }
        nextID += 1
        if phase != .stopping { phase = .speaking }
        return [.begin(nextID - 1, next.message, settings)]
    }

    private mutating func audio(
        _ id: UtteranceID, _ length: Duration, _ characters: Int, _ now: ContinuousClock.Instant
    ) -> [Action] {
        guard id == current?.id else { return [] }
        guard var utterance = current.take() else { return [] }
        utterance.firstAudio = utterance.firstAudio ?? now
        utterance.sent += length
        utterance.marks.append((utterance.sent, characters))
        utterance.forgetPlayed(now)
        current = utterance
        return [.sendAudio]
    }

    private mutating func said(_ sentence: SentenceMessage, in id: UtteranceID) -> [Action] {
        guard id == current?.id else { return [] }
        if current?.sentences == nil { current?.sentences = [] }
        let index = current?.sentences?.count ?? 0
        current?.sentences?.append(sentence)
        return [.send(.sentence(sentence, index: index))]
    }

    private mutating func ended(
        _ id: UtteranceID, _ reason: FinishReason, _ summary: SpeechSummary, _ now: ContinuousClock.Instant
    ) -> [Action] {
        guard let utterance = current, id == utterance.id else { return [] }
        guard reason != .cancelled else {
            return [.send(cancelled("The server ended the utterance.", now))] + endCurrent(now)
        }
        let complete = CompleteMessage(
            durationMs: (now - utterance.began).milliseconds, charactersProcessed: utterance.characters,
            audioLengthMs: summary.audio.milliseconds, finishReason: reason.rawValue,
            firstAudioMs: summary.firstAudio?.milliseconds, firstSoundMs: summary.firstSound?.milliseconds,
            realTimeFactor: Double(Int(summary.realTimeFactor * 1000)) / 1000, sentences: utterance.sentences)
        return [.send(.complete(complete))] + endCurrent(now)
    }

    private mutating func failed(_ id: UtteranceID, _ error: SpeakError, _ now: ContinuousClock.Instant) -> [Action] {
        guard id == current?.id else { return [] }
        return [.cancel(id), .send(.error(error, nil))] + endCurrent(now)
    }

    /// What follows when the current utterance is over.
    private mutating func endCurrent(_ now: ContinuousClock.Instant) -> [Action] {
        current = nil
        isHeld = false
        if phase == .stopping { return stop("server_shutdown", Self.goingAway, now) }
        phase = .started
        return beginNext(now)
    }

    // MARK: Interruption

    private mutating func interrupt(_ mayResume: Bool, _ now: ContinuousClock.Instant) -> [Action] {
        guard current != nil, !isHeld else { return [] }
        guard mayResume else { return dropAll("The listener interrupted.", now) }
        let progress = progress(now)
        current?.heard = progress
        isHeld = true
        return [.send(.interrupted(progress))]
    }

    /// Ends the current utterance and those that wait: they belong to the same answer.
    private mutating func dropAll(_ why: String, _ now: ContinuousClock.Instant) -> [Action] {
        guard let utterance = current else { return [] }
        var actions: [Action] = [.cancel(utterance.id), .send(cancelled(why, now))]
        actions += dropQueue(SpeakError(.cancelled, why))
        return actions + endCurrent(now)
    }

    /// Tells what becomes of the texts that wait.
    private mutating func dropQueue(_ error: SpeakError) -> [Action] {
        defer { queue = [] }
        let progress = error.code == .cancelled ? ServerMessage.Progress(playedMs: 0, spokenCharacters: 0) : nil
        return queue.map { _ in .send(.error(error, progress)) }
    }

    private mutating func shutDown(_ now: ContinuousClock.Instant) -> [Action] {
        let dropped = dropQueue(Self.stopping)
        guard current != nil else { return dropped + stop("server_shutdown", Self.goingAway, now) }
        phase = .stopping
        return dropped
    }

    private static let noToken = SpeakError(
        .unauthorized, "Send start with an authToken first.", field: "authToken")
    private static let stopping = SpeakError(.modelLoading, "The server is shutting down.")
    private static let goingAway = WebSocketClosure(1001, "server shutdown")

    private func cancelled(_ why: String, _ now: ContinuousClock.Instant) -> ServerMessage {
        .error(SpeakError(.cancelled, why), progress(now))
    }

    /// How far the listener has heard: what the client reported, else what it can have played since the first sound.
    package func progress(_ now: ContinuousClock.Instant) -> ServerMessage.Progress {
        guard let utterance = current else { return .init(playedMs: 0, spokenCharacters: 0) }
        if let heard = utterance.heard { return heard }
        let played = utterance.played(now)
        // The frame being played is the first that ends after `played`.
        let index = utterance.marks.partitionPoint { $0.sent < played }
        let characters = index < utterance.marks.count ? utterance.marks[index].characters : 0
        return .init(
            playedMs: played.milliseconds, spokenCharacters: played == .zero ? 0 : min(characters, utterance.characters)
        )
    }
}

extension Array {
    /// The first index whose element is not `before`; elements that are come first.
    func partitionPoint(_ before: (Element) -> Bool) -> Int {
        var range = startIndex..<endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            range = before(self[middle]) ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
