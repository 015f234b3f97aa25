// The speaking task of a Wyoming connection.

import JSONText
import NIOCore
import Speech

/// What one `synthesize`, or all from `synthesize-start` to `synthesize-stop`, wants spoken.
struct WyomingText: Sendable {
    enum Source: Sendable {
        case whole(String)
        case pieces(TextPipe)
    }

    let source: Source
    let voice: WyomingVoice

    init(_ source: Source, _ voice: WyomingVoice) {
        self.source = source
        self.voice = voice
    }
}

extension WyomingConnection {
    /// Of sound that has no samples.
    private static let quietRate = 24_000
    /// Unicode scalars of signs before the first word.
    private static let openingLimit = 200

    /// One text after the other.
    func speakTexts() async throws {
        for await text in texts where !isEnding {
            do {
                try await speak(text)
                if case .pieces = text.source { try await say(WyomingEvent("synthesize-stopped")) }
            } catch let error as SpeakError {
                try await end(error)
            } catch is CancellationError {
                return  // the client has gone, or was told why
            }
            try await finishedText()
        }
    }

    /// audio-start, audio-chunk…, audio-stop; without a chunk when there is nothing to say.
    private func speak(_ text: WyomingText) async throws {
        var hasStarted = false
        do {
            if case .whole(let whole) = text.source, whole.unicodeScalars.count <= service.textLimit {
                try await pass(try await begin(whole, text.voice, isOpen: false), &hasStarted)
            } else {
                try await speakOpen(text, &hasStarted)
            }
        } catch let error as SpeakError where error == .nothingToSay {}
        if !hasStarted { try await say(WyomingEvent("audio-start", Self.format(Self.quietRate))) }
        try await say(WyomingEvent("audio-stop"))
    }

    /// A text that is still being written, or is too long to be given at once.
    private func speakOpen(_ text: WyomingText, _ hasStarted: inout Bool) async throws {
        defer { if case .pieces(let pipe) = text.source { pipe.abandon() } }
        let stream = try await begin("", text.voice, isOpen: true)
        // Given up when the speech has ended.
        async let _: Void = feed(stream, from: text.source)
        try await pass(stream, &hasStarted)
    }

    private func begin(
        _ text: String, _ voice: WyomingVoice, isOpen: Bool
    ) async throws(SpeakError) -> SpeechStream {
        var request = SpeakRequest(
            text: text, voice: voice.name, language: voice.language, isOpen: isOpen, client: client)
        request.door = .wyoming
        request.format = voice.format
        return try await service.speak(request)
    }

    private func feed(_ stream: SpeechStream, from source: WyomingText.Source) async throws {
        switch source {
        case .whole(let text): try await stream.feed(text)
        case .pieces(let pipe): try await feed(stream, from: pipe)
        }
        try await stream.append("", isLast: true)
    }

    /// What has nothing to say in it waits for what has: a sign may belong to the figure behind it.
    private func feed(_ stream: SpeechStream, from pipe: TextPipe) async throws {
        var opening: String? = ""
        for await piece in pipe.pieces {
            defer { pipe.took(piece) }
            let text = (opening ?? "") + piece
            if opening == nil || text.isSpeakable {
                opening = nil
                try await stream.feed(text)
            } else {
                opening = String(text.unicodeScalars.suffix(Self.openingLimit))
            }
        }
    }

    private func pass(_ stream: SpeechStream, _ hasStarted: inout Bool) async throws {
        current = stream
        defer { current = nil }
        let rate = stream.sampleRate
        var encoder = try PCMEncoder(from: rate, to: rate, encoding: .pcm16, speed: stream.speed)
        for await event in stream {
            switch event {
            case .frame(let samples, characters: _):
                try await say(try encoder.encode(samples), rate, &hasStarted)
            case .sentence, .starved, .buffering: break
            case .ended(.cancelled, _): throw SpeakError.shuttingDown
            case .ended: return try await say(try encoder.finish(), rate, &hasStarted)
            case .failed(let error): throw error
            }
        }
        throw CancellationError()
    }

    private func say(_ sound: ByteBuffer, _ rate: Int, _ hasStarted: inout Bool) async throws {
        guard sound.readableBytes > 0 else { return }
        if !hasStarted { try await say(WyomingEvent("audio-start", Self.format(rate))) }
        hasStarted = true
        try await say(WyomingEvent("audio-chunk", Self.format(rate)), payload: sound)
    }

    private static func format(_ rate: Int) -> [String: JSONValue] {
        ["rate": .number(Double(rate)), "width": .number(2), "channels": .number(1)]
    }
}
