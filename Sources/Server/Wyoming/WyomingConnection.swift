// One client of the Wyoming protocol: texts in, sound out, one after the other.

import Logging
import NIOCore
import Speech

struct WyomingConnection: Sendable {
    private let service: SpeechService
    private let channel: any Channel
    private let client: String

    init(_ service: SpeechService, _ channel: any Channel) {
        self.service = service
        self.channel = channel
        client = channel.remoteAddress?.ipAddress ?? "local"
    }

    func run(_ connection: NIOAsyncChannel<ByteBuffer, ByteBuffer>) async {
        do {
            try await connection.executeThenClose { inbound, _ in
                var reader = Reader(inbound.makeAsyncIterator())
                while let event = try await reader.next() { try await handle(event, &reader) }
            }
        } catch let error as WyomingEvent.Malformed {
            try? await fail(error.description, code: "malformed")
            try? await channel.close().get()
        } catch {
            service.logger.debug("connection ended", metadata: ["door": "wyoming", "error": "\(error)"])
        }
    }

    /// Events as they come.
    private struct Reader {
        private var pieces: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
        private var buffer = ByteBuffer()

        init(_ pieces: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator) {
            self.pieces = pieces
        }

        mutating func next() async throws -> WyomingEvent? {
            while true {
                if let event = try WyomingEvent.next(in: &buffer) { return event }
                guard let piece = try await pieces.next(isolation: #isolation) else { return nil }
                buffer.writeImmutableBuffer(piece)
            }
        }
    }

    /// Types that are not known are none of our business.
    private func handle(_ event: WyomingEvent, _ reader: inout Reader) async throws {
        switch event.type {
        case "describe": try await send(.info(service))
        case "ping": try await send(WyomingEvent("pong", event.data))
        case "synthesize": try await synthesize(event)
        case "synthesize-start": try await synthesizePieces(event, &reader)
        default: break
        }
    }

    private func send(_ event: WyomingEvent) async throws {
        try await channel.writeAndFlush(event.bytes).get()
    }

    /// With a payload that goes to the socket as it is.
    private func send(_ event: WyomingEvent, payload: ByteBuffer) async throws {
        channel.write(event.bytes(before: payload.readableBytes), promise: nil)
        try await channel.writeAndFlush(payload).get()
    }

    private func fail(_ message: String, code: String) async throws {
        try await send(WyomingEvent("error", ["text": .text(message), "code": .text(code)]))
    }

    // MARK: - Speaking

    private struct Voice {
        var name: String?
        var language: String

        init(_ event: WyomingEvent) {
            let voice = event.data["voice"]
            name = voice?["name"]?.text ?? voice?["speaker"]?.text
            language = WyomingEvent.language(of: voice?["language"]?.text)
        }
    }

    private func synthesize(_ event: WyomingEvent) async throws {
        guard let text = event.data["text"]?.text else {
            return try await fail("synthesize has no text.", code: "INVALID_TEXT")
        }
        var sound = Sound(self)
        if try await speak(text, Voice(event), &sound) { try await sound.finish() }
    }

    /// Speaks the sentences as they become whole, while more text comes.
    private func synthesizePieces(_ start: WyomingEvent, _ reader: inout Reader) async throws {
        let voice = Voice(start)
        let (sentences, inlet) = AsyncStream.makeStream(of: String.self)
        async let speaking: Void = speak(sentences, voice)
        do {
            try await collect(into: inlet, &reader)
        } catch {
            inlet.finish()
            throw error  // which cancels the speaking
        }
        try await speaking
    }

    private func collect(into inlet: AsyncStream<String>.Continuation, _ reader: inout Reader) async throws {
        var text = ""
        while let event = try await reader.next() {
            switch event.type {
            case "synthesize-chunk":
                text += event.data["text"]?.text ?? ""
                // The last sentence may go on in the next piece.
                let pieces = SentenceSplitter().split(text)
                for piece in pieces.dropLast() { inlet.yield(piece.text) }
                text = pieces.last?.text ?? ""
            case "synthesize-stop":
                inlet.yield(text)
                inlet.finish()
                return
            case "ping": try await send(WyomingEvent("pong", event.data))
            // "synthesize" repeats the text for servers that do not stream.
            default: break
            }
        }
        throw CancellationError()  // the client is gone
    }

    private func speak(_ sentences: AsyncStream<String>, _ voice: Voice) async throws {
        var sound = Sound(self)
        var isFine = true
        for await sentence in sentences where isFine && sentence.isSpeakable {
            isFine = try await speak(sentence, voice, &sound)
        }
        if isFine { try await sound.finish() }
        try await send(WyomingEvent("synthesize-stopped"))
    }

    /// Returns whether it was spoken; the client has been told why when it was not.
    private func speak(_ text: String, _ voice: Voice, _ sound: inout Sound) async throws -> Bool {
        do {
            let stream = try await service.speak(
                SpeakRequest(text: text, voice: voice.name, language: voice.language, client: client))
            for await event in stream {
                switch event {
                case .frame(let samples, characters: _): try await sound.send(samples, rate: stream.sampleRate)
                case .failed(let error): throw error
                case .ended, .starved: break
                }
            }
            return true
        } catch let error as SpeakError {
            try await fail(error.message, code: error.code.rawValue)
            return false
        }
    }

    /// audio-start, audio-chunk…, audio-stop.
    private struct Sound {
        private let connection: WyomingConnection
        private var hasStarted = false

        init(_ connection: WyomingConnection) {
            self.connection = connection
        }

        private static func format(_ rate: Int) -> [String: WyomingValue] {
            ["rate": .number(Double(rate)), "width": .number(2), "channels": .number(1)]
        }

        mutating func send(_ samples: [Float], rate: Int) async throws {
            if !hasStarted { try await connection.send(WyomingEvent("audio-start", Self.format(rate))) }
            hasStarted = true
            let payload = try AudioEncoding.pcm16.bytes(samples)
            try await connection.send(WyomingEvent("audio-chunk", Self.format(rate)), payload: payload)
        }

        mutating func finish() async throws {
            if !hasStarted { try await connection.send(WyomingEvent("audio-start", Self.format(24_000))) }
            try await connection.send(WyomingEvent("audio-stop"))
        }
    }
}
