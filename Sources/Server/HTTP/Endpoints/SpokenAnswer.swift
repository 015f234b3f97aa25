// An answer that is speech: encoded sound, or events with sound in them, sent while it is made.

import Audio
import FoundationEssentials
import JSONText
import Logging
import NIOCore
import NIOHTTP1
import Speech

struct SpokenAnswer: Sendable {
    let speech: SpeakRequest
    let format: AudioFormat
    /// OpenAI's events of a stream, with the sound in them.
    var isEvents = false
    let service: SpeechService

    /// Waits for the first sound: a failure before it is still an error with a status.
    func response() async throws(SpeakError) -> Response {
        let stream: SpeechStream
        do throws(SpeakError) { stream = try await service.speak(speech) } catch {
            guard error == .nothingToSay, !speech.text.trimmingWhitespace().isEmpty else { throw error }
            return try silence()
        }
        do throws(SpeakError) { try checkFormat(speed: stream.speed, stream.sampleRate) } catch {
            stream.cancel()
            throw error
        }
        var events = stream.makeAsyncIterator()
        var first = await events.next()
        while case .buffering = first { first = await events.next() }
        switch first {
        case .failed(let error): throw error
        case .ended(.cancelled, _): throw .shuttingDown
        case .frame, .sentence, .starved, .buffering, .ended, nil: break
        }
        return Response(
            headers: headers(stream.sampleRate),
            body: .stream { [first] writer in
                do { try await send(first, stream, to: writer) } catch {
                    stream.cancel()
                    throw error
                }
            })
    }

    /// What a HEAD is answered: as much of it as is known without speaking.
    func heading() throws(SpeakError) -> Response {
        let rate = try service.synthesizer().information.sampleRate
        let name = speech.voice ?? ""
        guard service.voice(named: name) != nil else {
            throw SpeakError(.voiceNotFound, "There is no voice \(name.prefix(80)).", field: "voice")
        }
        _ = try service.language(requested: speech.language, voice: speech.voice)
        try checkFormat(speed: speech.speed ?? 1, rate)
        return Response(headers: headers(rate), body: .stream { _ in })
    }

    /// Throws for what cannot be encoded, before anything is sent.
    private func checkFormat(speed: Double, _ sampleRate: Int) throws(SpeakError) {
        do throws(AudioError) { _ = try SpeechEncoder(format, speed: speed, sampleRate: sampleRate) } catch {
            throw Self.unusableFormat(error)
        }
    }

    private static func unusableFormat(_ error: AudioError) -> SpeakError {
        SpeakError(.invalidText, error.description, field: "format")
    }

    /// For a text with nothing in it to say, such as "😀": programs send an answer sentence by sentence, and drop the rest of it
    /// when one of them is refused.
    private func silence() throws(SpeakError) -> Response {
        let rate = service.information?.sampleRate ?? 24_000
        var sound: ByteBuffer
        do throws(AudioError) {
            var encoder = try SpeechEncoder(format, speed: 1, sampleRate: rate)
            sound = try encoder.encode([Float](repeating: 0, count: Int(Double(rate) * Self.silence)))
            sound.writeImmutableBuffer(try encoder.finish())
        } catch {
            throw Self.unusableFormat(error)
        }
        if isEvents {
            sound = Self.line(SpeechDelta(sound))
            sound.writeImmutableBuffer(Self.line(SpeechDone(input: speech.text.count, output: 0)))
        }
        return Response(headers: headers(rate), body: .bytes(sound))
    }

    /// In seconds.
    private static let silence = 0.2

    private func headers(_ sampleRate: Int) -> HTTPHeaders {
        [
            "content-type": isEvents ? "text/event-stream" : format.mediaType,
            "cache-control": "no-store", "x-sample-rate": String(sampleRate),
        ]
    }

    private func send(_ first: SpokenEvent?, _ stream: SpeechStream, to writer: ResponseWriter) async throws {
        var encoder = try SpeechEncoder(format, speed: stream.speed, sampleRate: stream.sampleRate)
        var events = stream.makeAsyncIterator()
        var frames = 0
        var event = first
        while let current = event {
            switch current {
            case .frame(let samples, characters: _):
                frames += 1
                try await send(try encoder.encode(samples), to: writer)
            case .sentence, .starved, .buffering: break
            // The connection ends before the body does, which tells the client that it has not got all of it.
            case .failed(let error): throw error
            case .ended(.cancelled, _): throw SpeakError.shuttingDown
            case .ended: event = nil
            }
            event = event == nil ? nil : await events.next()
        }
        try await send(try encoder.finish(), to: writer)
        if isEvents {
            try await writer.write(Self.line(SpeechDone(input: speech.text.count, output: frames)))
        }
    }

    private func send(_ bytes: ByteBuffer, to writer: ResponseWriter) async throws {
        guard bytes.readableBytes > 0 else { return }
        try await writer.write(isEvents ? Self.line(SpeechDelta(bytes)) : bytes)
    }

    private static func line(_ event: some Encodable) -> ByteBuffer {
        ByteBuffer(string: "data: \(JSON.encode(event))\n\n")
    }
}

private struct SpeechDelta: Encodable {
    var type = "speech.audio.delta"
    var audio: String

    init(_ sound: ByteBuffer) {
        audio = Data(sound.readableBytesView).base64EncodedString()
    }
}

private struct SpeechDone: Encodable {
    struct Usage: Encodable {
        var input_tokens, output_tokens, total_tokens: Int
    }
    var type = "speech.audio.done"
    var usage: Usage

    /// Characters in, frames out: what this model counts in.
    init(input: Int, output: Int) {
        usage = Usage(input_tokens: input, output_tokens: output, total_tokens: input + output)
    }
}

/// Stretches and encodes.
private struct SpeechEncoder: ~Copyable {
    private let format: AudioFormat
    private var stretch: TimeStretch
    private var encoder: AudioEncoder

    init(_ format: AudioFormat, speed: Double, sampleRate: Int) throws(AudioError) {
        let stretch = try TimeStretch(speed: speed, sampleRate: sampleRate)
        let encoder = try AudioEncoder(format, sampleRate: sampleRate)
        self.format = format
        self.stretch = stretch
        self.encoder = encoder
    }

    mutating func encode(_ samples: [Float]) throws(AudioError) -> ByteBuffer { try encoded(stretch.push(samples)) }

    consuming func finish() throws(AudioError) -> ByteBuffer {
        var last = try encoded(stretch.flush())
        last.writeBytes(try encoder.finish())
        return last
    }

    /// Plain samples go straight to the buffer that is sent.
    private mutating func encoded(_ stretched: [Float]) throws(AudioError) -> ByteBuffer {
        guard format != .pcm else { return try AudioEncoding.pcm16.bytes(stretched) }
        return ByteBuffer(bytes: try encoder.encode(stretched))
    }
}
