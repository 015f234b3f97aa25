// The answer to POST /v1/audio/speech: encoded sound, or events with sound in them, sent while it is made.

import Audio
import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import Speech

struct OpenAISpeech: Sendable {
    private let wish: OpenAISpeechRequest
    private let service: SpeechService
    private let client: String

    init(_ wish: OpenAISpeechRequest, _ service: SpeechService, client: String) {
        self.wish = wish
        self.service = service
        self.client = client
    }

    /// Waits for the first sound: a failure before it is still an error with a status.
    func response() async throws(OpenAIError) -> Response {
        var order = SpeechOrder(text: wish.input, voice: wish.voice, language: wish.language, client: client)
        order.instruction = try instruction()
        order.options.seed = wish.seed
        order.normalizes = wish.normalizes
        let stream: SpeechStream
        do throws(SpeakError) { stream = try await service.speak(order) } catch { throw OpenAIError(error) }
        // Checks format and speed before anything is sent.
        do throws(AudioError) { _ = try SpeechEncoder(wish, sampleRate: stream.sampleRate) } catch {
            stream.cancel()
            throw OpenAIError(.badRequest, error.description, param: "response_format")
        }
        var events = stream.makeAsyncIterator()
        let first = await events.next()
        if case .failed(let error) = first { throw OpenAIError(error) }
        let headers: HTTPHeaders = [
            "content-type": wish.streaming == .sse ? "text/event-stream" : wish.format.mediaType,
            "cache-control": "no-store", "x-sample-rate": String(stream.sampleRate),
        ]
        return Response(
            headers: headers,
            body: .stream { writer in
                do { try await send(first, stream, to: writer) } catch {
                    stream.cancel()
                    throw error
                }
            })
    }

    /// Checkpoints that take no instruction speak without it.
    private func instruction() throws(OpenAIError) -> String? {
        service.information?.variant == "base" ? nil : wish.instructions
    }

    private func send(_ first: SpokenEvent?, _ stream: SpeechStream, to writer: ResponseWriter) async throws {
        var encoder = try SpeechEncoder(wish, sampleRate: stream.sampleRate)
        var events = stream.makeAsyncIterator()
        var frames = 0
        var event = first
        while let current = event {
            switch current {
            case .frame(let samples, characters: _):
                frames += 1
                try await send(try encoder.encode(samples), to: writer)
            case .starved: break
            case .failed(let error): throw error  // the connection ends before the body does
            case .ended: event = nil
            }
            event = event == nil ? nil : await events.next()
        }
        try await send(try encoder.finish(), to: writer)
        if wish.streaming == .sse { try await send(SpeechDone(input: wish.input.count, output: frames), to: writer) }
    }

    private func send(_ bytes: [UInt8], to writer: ResponseWriter) async throws {
        guard !bytes.isEmpty else { return }
        guard wish.streaming == .sse else { return try await writer.write(ByteBuffer(bytes: bytes)) }
        try await send(SpeechDelta(audio: Data(bytes).base64EncodedString()), to: writer)
    }

    private func send(_ event: some Encodable, to writer: ResponseWriter) async throws {
        try await writer.write(ByteBuffer(string: "data: \(JSON.encode(event))\n\n"))
    }
}

private struct SpeechDelta: Encodable {
    var type = "speech.audio.delta"
    var audio: String
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
    private var stretch: TimeStretch
    private var encoder: AudioEncoder

    init(_ wish: OpenAISpeechRequest, sampleRate: Int) throws(AudioError) {
        let stretch = try TimeStretch(speed: wish.speed, sampleRate: sampleRate)
        let encoder = try AudioEncoder(wish.format, sampleRate: sampleRate)
        self.stretch = stretch
        self.encoder = encoder
    }

    mutating func encode(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        try encoder.encode(stretch.push(samples))
    }

    consuming func finish() throws(AudioError) -> [UInt8] {
        let last = try encoder.encode(stretch.flush())
        return last + (try encoder.finish())
    }
}
