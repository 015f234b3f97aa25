// One client of `/api/v1/speak`: the state machine between a WebSocket and the speech service.

import Audio
import FoundationEssentials
import Logging
import NIOCore
import Speech

package actor SpeakSession {
    package nonisolated let id = UUID().uuidString.lowercased()
    private nonisolated let service: SpeechService
    private let refusals: RefusalLog
    private let client: String
    private var machine: SpeakStateMachine
    private let outbox = Outbox()
    /// Utterances that the state machine has begun and whose sound is not taken to its end.
    private var utterances: [SpeakStateMachine.UtteranceID: Utterance] = [:]
    private var contract: String?
    /// Ends the session of a client that names no token.
    private var stranger: Task<Void, Never>?
    private var wasSpeaking = false
    private let begun: AsyncStream<SpeakStateMachine.UtteranceID>
    private let begin: AsyncStream<SpeakStateMachine.UtteranceID>.Continuation

    /// One utterance: its text on the way to the scheduler, and its sound on the way back.
    private final class Utterance {
        let id: SpeakStateMachine.UtteranceID
        let request: SpeakRequest
        let settings: StartMessage
        /// What came before there was a stream, in order.
        private var early: [Early] = []
        private var earlyCharacters = 0
        /// Puts characters together that the client cut in two.
        private var joiner = SurrogateHalves.Joiner()
        private(set) var stream: SpeechStream?
        /// Chunks of sound sent as JSON.
        var sequence = 0

        init(
            _ id: SpeakStateMachine.UtteranceID, _ message: SpeakMessage, _ settings: StartMessage, client: String
        ) {
            self.id = id
            self.settings = settings
            let isOpen = message.append && !message.flush
            var request = SpeakRequest(
                text: joiner.join(message.text, isLast: !isOpen), voice: settings.voice, language: settings.language,
                instruction: settings.instruction, priority: message.priority,
                isOpen: isOpen, client: client)
            request.door = .speak
            request.format = settings.textFormat
            request.normalizes = settings.normalize
            request.speed = settings.speed
            request.tellsSentences = settings.sentences
            request.options.seed = settings.seed
            request.isForKeeping = settings.keep
            request.whenSlow = settings.buffer == .auto ? .wait : .stream
            self.request = request
        }

        /// The next piece of its text as text.
        func join(_ piece: String, isLast: Bool) -> String { joiner.join(piece, isLast: isLast) }

        /// Keeps text until there is a stream.
        func keep(_ text: String, isLast: Bool, limit: Int) throws(SpeakError) {
            let waiting = request.text.unicodeScalars.count + earlyCharacters
            try TextInlet.check(text.unicodeScalars.count, after: waiting, limit: limit)
            earlyCharacters += text.unicodeScalars.count
            early.append(.text(text, isLast: isLast))
        }

        /// The same for a change of it: only the stream knows whether it comes in time.
        func keepReplacement(from: Int, _ text: String) { early.append(.replacement(from: from, text)) }

        /// Half a character that waited for its other half is gone with the text that it ended.
        func forgetHalf() { joiner = SurrogateHalves.Joiner() }

        /// Takes the stream, and gives it what came before it in one go, so that nothing comes in between.
        /// - Returns: what became of the changes.
        func take(_ stream: SpeechStream) throws(SpeakError) -> [SpeakStateMachine.Event] {
            self.stream = stream
            defer { early = [] }
            var changes: [SpeakStateMachine.Event] = []
            for piece in early {
                switch piece {
                case .text(let text, let isLast): try stream.text.add(text, isLast: isLast)
                case .replacement(let from, let text):
                    do throws(SpeakError) {
                        try stream.text.replace(from: from, with: text)
                        changes.append(.replaced(id, from: from, characters: from + text.unicodeScalars.count))
                    } catch {
                        changes.append(.refused(id, error, characters: 0))
                    }
                }
            }
            return changes
        }
    }

    private enum Early {
        case text(String, isLast: Bool)
        case replacement(from: Int, String)
    }

    init(_ service: SpeechService, _ identity: HandshakeIdentity, _ refusals: RefusalLog) {
        self.service = service
        self.refusals = refusals
        client = identity.client
        machine = SpeakStateMachine(
            isAuthorized: identity.isAuthorized, defaultVoice: service.defaultVoice, textLimit: service.textLimit)
        (begun, begin) = AsyncStream.makeStream()
    }
}

// MARK: - Messages

extension SpeakSession {
    func greet() {
        if !machine.isAuthorized { stranger = service.whenTokenIsDue { await self.handle(.tokenDue) } }
        let names = service.languages.map { $0.prefix(1).uppercased() + $0.dropFirst() }
        outbox.add(ServerMessage.ready(sessionId: id, voiceLoaded: service.defaultVoice, languages: names).json)
    }

    func receive(_ message: WebSocketMessage) async {
        await outbox.roomForAnswers(self)
        guard case .text(let text) = message else {
            let error = SpeakError(.invalidText, "Messages are JSON in text frames; a binary frame came.")
            return await handle(.invalid(error))
        }
        let parsed: ClientMessage
        do { parsed = try ClientMessage(text) } catch { return await handle(.invalid(error)) }
        switch parsed {
        case .start(let start): await receive(start)
        case .speak(let speak): await handle(.speak(speak))
        case .replace(let from, let text): await handle(.replace(from: from, text: text))
        case .cancel: await handle(.cancel)
        case .stop(let reason): await handle(.stop(reason: reason))
        case .played(let milliseconds): await handle(.played(milliseconds: milliseconds))
        }
    }

    private func receive(_ message: StartMessage) async {
        var start = message
        do throws(SpeakError) {
            start.language = try service.language(requested: start.language, voice: start.voice)
        } catch {
            return await handle(.invalid(error))
        }
        var denial: SpeakError?
        if start.authToken != nil || !machine.isAuthorized {
            do throws(SpeakError) { _ = try await service.authenticator.subject(of: start.authToken) } catch {
                denial = error
            }
        }
        var (settings, hasVoice) = (start, true)
        if let name = start.voice {
            let id = service.voice(named: name)
            hasVoice = id != nil
            settings.voice = id ?? name
        }
        machine.defaultVoice = service.defaultVoice
        await handle(.start(settings, denial: denial, hasVoice: hasVoice))
    }

    private func handle(_ event: SpeakStateMachine.Event) async {
        await perform(machine.handle(event, at: .now))
    }

    private func perform(_ actions: [SpeakStateMachine.Action]) async {
        for action in actions {
            switch action {
            case .send(let message):
                outbox.add(message.json)
                note(message)
            case .sendAudio: preconditionFailure("sound is sent where it is encoded")
            case .begin(let id, let message, let settings):
                utterances[id] = Utterance(id, message, settings, client: client)
                begin.yield(id)
            case .append(let id, let text, let isLast): await append(text, isLast: isLast, to: id)
            case .replace(let id, let from, let text): await replace(from, text, of: id)
            case .cancel(let id):
                outbox.drop(id)
                utterances[id]?.stream?.cancel()
            case .join(let contract): join(contract)
            case .close(let closure): outbox.add(closure)
            }
        }
        outbox.isHeld = machine.isHeld
        await tellListeners()
    }

    /// A line in the log for what the client was refused.
    private func note(_ message: ServerMessage) {
        guard case .error(let error, _) = message, error.code != .cancelled else { return }
        refusals.note(client: client, door: .speak, code: error.code.rawValue, reason: error.message)
    }

    private func append(_ text: String, isLast: Bool, to id: SpeakStateMachine.UtteranceID) async {
        guard let utterance = utterances[id] else { return }
        let text = utterance.join(text, isLast: isLast)
        do throws(SpeakError) {
            if let stream = utterance.stream {
                try await stream.append(text, isLast: isLast)
            } else {
                try utterance.keep(text, isLast: isLast, limit: service.textLimit)
            }
        } catch {
            // A text whose end was refused ends without it.
            if isLast { await append("", isLast: true, to: id) }
            await handle(.refused(id, error, characters: text.unicodeScalars.count))
        }
    }

    private func replace(_ from: Int, _ text: String, of id: SpeakStateMachine.UtteranceID) async {
        guard let utterance = utterances[id] else { return }
        utterance.forgetHalf()
        guard let stream = utterance.stream else { return utterance.keepReplacement(from: from, text) }
        do throws(SpeakError) { try await stream.replace(from: from, with: text) } catch {
            return await handle(.refused(id, error, characters: 0))
        }
        await handle(.replaced(id, from: from, characters: from + text.unicodeScalars.count))
    }

    /// The client has left.
    func leave() async {
        await handle(.disconnected)
        outbox.finish()
        stranger?.cancel()
        begin.finish()
        if let contract { service.contracts.remove(self, from: contract) }
    }
}

// MARK: - Sound

extension SpeakSession {
    func write(to sender: WebSocketSender) async { await outbox.write(to: sender, self) }

    /// One utterance after the other, as the state machine begins them.
    func takeSound() async {
        for await id in begun {
            defer { utterances[id] = nil }
            guard machine.currentID == id, let utterance = utterances[id] else { continue }
            do throws(SpeakError) { try await take(utterance) } catch { await handle(.failed(id, error)) }
        }
    }

    private func take(_ utterance: Utterance) async throws(SpeakError) {
        let stream = try await service.speak(utterance.request)
        guard machine.currentID == utterance.id else { return stream.cancel() }
        do {
            for change in try utterance.take(stream) { await handle(change) }
            await stream.control.textCame(for: stream.ticket)
            try await pass(stream, utterance)
        } catch let error as SpeakError {
            stream.cancel()
            throw error
        } catch {
            stream.cancel()
            throw SpeakError(.synthesisError, "The sound could not be encoded: \(error)")
        }
    }

    private func pass(_ stream: SpeechStream, _ utterance: Utterance) async throws {
        let settings = utterance.settings
        var encoder = try PCMEncoder(
            from: stream.sampleRate, to: settings.sampleRate, encoding: settings.encoding, speed: stream.speed)
        for await event in stream {
            switch event {
            case .frame(let samples, let characters):
                let length = Duration.seconds(1) * samples.count / stream.sampleRate / stream.speed
                let isWanted = await deliver(try encoder.encode(samples), length, characters, of: utterance)
                guard isWanted else { return stream.cancel() }
            case .sentence(let sentence):
                await handle(.sentence(utterance.id, SentenceMessage(sentence, speed: stream.speed)))
            case .buffering(let wait): await handle(.buffering(utterance.id, wait))
            case .starved: break
            case .ended(let reason, var summary):
                // As it is heard.
                summary.audio = summary.audio / stream.speed
                _ = await deliver(try encoder.finish(), .zero, nil, of: utterance)
                return await handle(.ended(utterance.id, reason, summary))
            case .failed(let error): throw error
            }
        }
    }

    /// Waits until there is room, and not at all for an utterance that was cancelled: then returns false. The last piece has no
    /// number of characters.
    private func deliver(
        _ bytes: ByteBuffer, _ length: Duration, _ characters: Int?, of utterance: Utterance
    ) async -> Bool {
        let id = utterance.id
        await outbox.roomForSound(self) { machine.currentID == id }
        if let characters {
            let actions = machine.handle(.audio(id, length, characters: characters), at: .now)
            guard actions == [.sendAudio] else { return false }
        }
        guard machine.currentID == id else { return false }
        let (isFinal, isEmpty) = (characters == nil, bytes.readableBytes == 0)
        switch utterance.settings.transport {
        case .binary:
            if !isEmpty { outbox.add(sound: bytes, of: id) }
        case .json:
            guard isFinal || !isEmpty else { break }
            utterance.sequence += 1
            let chunk = ServerMessage.audioChunk(
                bytes, sequenceNumber: utterance.sequence, isFinal: isFinal,
                timestampMs: Int(Date().timeIntervalSince1970 * 1000))
            outbox.add(sound: chunk, of: id)
        }
        return true
    }
}

// MARK: - Others

extension SpeakSession: SpeakingSession {
    nonisolated var sessions: SessionRegistry { service.sessions }

    package func shutDown() async { await handle(.shutDown) }
    package func cut() async { await handle(.cut) }
}

extension SpeakSession: ContractSpeaker {
    package var isSpeaking: Bool { machine.currentID != nil && !machine.isHeld }

    package func interrupt(mayResume: Bool) async -> ServerMessage.Progress? {
        guard machine.currentID != nil, !machine.isHeld else { return nil }
        let progress = machine.progress(.now)
        await handle(.interrupt(mayResume: mayResume))
        return progress
    }

    package func resume() async { await handle(.resume) }
    package func confirm() async { await handle(.confirm) }

    private func join(_ contract: String) {
        if let old = self.contract { service.contracts.remove(self, from: old) }
        self.contract = contract
        service.contracts.add(self, to: contract)
    }

    private func tellListeners() async {
        guard let contract, wasSpeaking != isSpeaking else { return }
        wasSpeaking = isSpeaking
        await service.contracts.speakingChanged(in: contract)
    }
}
