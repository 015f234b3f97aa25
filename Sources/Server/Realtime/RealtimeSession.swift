// One client of `/v1/realtime`: the state machine between a WebSocket and the speech service.

import Audio
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Speech

actor RealtimeSession {
    static let sampleRate = 24_000  // Hz, of the sound as it is sent

    private nonisolated let service: SpeechService
    private let refusals: RefusalLog
    private let client: String
    private let description: RealtimeSessionDescription
    /// Why the client is let go as soon as it has come.
    private let fault: RealtimeError?
    private var machine: RealtimeStateMachine
    private let outbox = Outbox()
    private var events = 0
    /// The sound that is taken.
    private var speech: (number: RealtimeStateMachine.ResponseNumber, stream: SpeechStream)?
    private let begun: AsyncStream<Response>
    private let begin: AsyncStream<Response>.Continuation

    /// What the state machine has begun.
    private struct Response: Sendable {
        var number: RealtimeStateMachine.ResponseNumber
        var request: SpeakRequest
    }

    init(_ service: SpeechService, _ identity: HandshakeIdentity, _ refusals: RefusalLog, _ head: HTTPRequestHead) {
        self.service = service
        self.refusals = refusals
        client = identity.client
        fault = RealtimeHandshake.fault(head, identity, service)
        description = RealtimeSessionDescription(
            id: "sess_" + UUID().uuidString.lowercased(),
            model: RealtimeHandshake.model(head) ?? service.information?.name ?? "",
            defaultVoice: service.defaultVoice, defaultSpeed: service.settings.speed)
        machine = RealtimeStateMachine(textLimit: service.textLimit)
        // Of those that wait here all but the newest are cancelled.
        (begun, begin) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }
}

// MARK: - Messages

extension RealtimeSession {
    func greet() {
        if let fault { handle(.turnAway(fault)) } else { send(machine.greeting) }
    }

    func receive(_ message: WebSocketMessage) async {
        await outbox.roomForAnswers(self)
        guard case .text(let text) = message else {
            return handle(
                .invalid(RealtimeError("invalid_value", "Events are JSON in text frames; a binary frame came.")))
        }
        do throws(RealtimeError) {
            var event = try RealtimeClientEvent(text, textLimit: service.textLimit)
            do throws(RealtimeError) { try findVoice(of: &event) } catch {
                var error = error
                error.eventID = event.id
                throw error
            }
            handle(.client(event))
        } catch {
            handle(.invalid(error))
        }
    }

    private func findVoice(of event: inout RealtimeClientEvent) throws(RealtimeError) {
        switch event.kind {
        case .update(var change):
            try findVoice(of: &change, in: "session")
            event.kind = .update(change)
        case .createResponse(var request):
            try findVoice(of: &request.settings, in: "response")
            event.kind = .createResponse(request)
        default: break
        }
    }

    /// The id of a voice in place of its name.
    private func findVoice(of change: inout RealtimeSettings.Change, in place: String) throws(RealtimeError) {
        guard let name = change.voice else { return }
        guard let voice = service.voice(named: OpenAIVoices.voice(name, service) ?? "") else {
            let error = SpeakError(
                .voiceNotFound, "There is no voice \(name.prefix(80)). /v1/audio/voices lists those there are.")
            throw RealtimeError(error, param: place + ".audio.output.voice")
        }
        change.voice = voice
    }

    private func handle(_ event: RealtimeStateMachine.Event) {
        for action in machine.handle(event) {
            switch action {
            case .send(let event): send(event)
            case .sendSound: preconditionFailure("sound is sent where it is encoded")
            case .begin(let number, let text, let settings):
                begin.yield(Response(number: number, request: request(text, settings)))
            case .cancel(let number):
                outbox.drop(number)
                if speech?.number == number { speech?.stream.cancel() }
            case .close(let closure): outbox.add(closure)
            }
        }
    }

    private func send(_ event: RealtimeServerEvent) {
        outbox.add(event.json(number: nextEvent(), in: description))
        switch event {
        case .error(let error): note(error)
        case .responseDone(let response):
            if case .failed(let error) = response.status { note(error) }
        default: break
        }
    }

    private func nextEvent() -> Int {
        events += 1
        return events
    }

    /// A line in the log for what the client was refused.
    private func note(_ error: RealtimeError) {
        refusals.note(client: client, door: .realtime, code: error.code, reason: error.message)
    }

    private func request(_ text: String, _ settings: RealtimeSettings) -> SpeakRequest {
        // Models that take no instruction speak without it.
        let instruction = service.information?.takesInstructions == false ? nil : settings.instructions
        var request = SpeakRequest(text: text, voice: settings.voice, instruction: instruction, client: client)
        request.door = .realtime
        request.speed = settings.speed
        return request
    }

    /// The client has left.
    func leave() {
        handle(.disconnected)
        outbox.finish()
        begin.finish()
    }
}

// MARK: - Sound

extension RealtimeSession {
    func write(to sender: WebSocketSender) async { await outbox.write(to: sender, self) }

    /// One response after the other, as the state machine begins them.
    func takeSound() async {
        for await response in begun {
            guard machine.current == response.number else { continue }
            do throws(SpeakError) { try await take(response) } catch {
                // Such as "😀", sentence by sentence.
                if error == .nothingToSay {
                    handle(.ended(response.number, .endOfSpeech, frames: 0))
                } else {
                    handle(.failed(response.number, error))
                }
            }
            speech = nil
        }
    }

    private func take(_ response: Response) async throws(SpeakError) {
        let stream = try await service.speak(response.request)
        guard machine.current == response.number else { return stream.cancel() }
        speech = (response.number, stream)
        do {
            try await pass(stream, response.number)
        } catch let error as SpeakError {
            stream.cancel()
            throw error
        } catch {
            stream.cancel()
            throw SpeakError(.synthesisError, "The sound could not be encoded: \(error)")
        }
    }

    private func pass(_ stream: SpeechStream, _ number: RealtimeStateMachine.ResponseNumber) async throws {
        var encoder = try PCMEncoder(
            from: stream.sampleRate, to: Self.sampleRate, encoding: .pcm16, speed: stream.speed)
        for await event in stream {
            switch event {
            case .frame(let samples, let characters):
                let length = Duration.seconds(1) * samples.count / stream.sampleRate / stream.speed
                let bytes = try encoder.encode(samples)
                await outbox.roomForSound(self) { machine.current == number }
                pass(machine.handle(.sound(number, length, characters: characters)), bytes, number)
                guard machine.current == number else { return stream.cancel() }
            case .sentence, .buffering, .starved: break
            case .ended(let reason, let summary):
                let rest = try encoder.finish()
                await outbox.roomForSound(self) { machine.current == number }
                if machine.current == number { pass([.sendSound], rest, number) }
                return handle(.ended(number, reason, frames: summary.frames))
            case .failed(let error): throw error
            }
        }
    }

    private func pass(
        _ actions: [RealtimeStateMachine.Action], _ sound: ByteBuffer, _ number: RealtimeStateMachine.ResponseNumber
    ) {
        for action in actions {
            if case .send(let event) = action { send(event) }
            guard action == .sendSound, sound.readableBytes > 0, let place = machine.place else { continue }
            let text = Data(sound.readableBytesView).base64EncodedString()
            outbox.add(
                sound: RealtimeServerEvent.audioDelta(text, at: place, number: nextEvent()), of: number)
        }
    }
}

extension RealtimeSession: SpeakingSession {
    nonisolated var sessions: SessionRegistry { service.sessions }

    func shutDown() async { handle(.shutDown) }
    func cut() async { handle(.cut) }
}
