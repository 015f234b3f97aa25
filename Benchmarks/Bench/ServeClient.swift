// A client of `/api/v1/speak` over a real WebSocket, which notes when what arrived.

import Audio
import FoundationEssentials
import NIOCore
import Speech
import WebSocketClient

/// One utterance as its client saw it.
struct Delivery: Sendable {
    struct Piece: Sendable {
        let at: ContinuousClock.Instant
        let audio: Duration
        /// From its beginning to the first sound that can be heard; nil when there is none in it.
        var silence: Duration?
    }

    /// When the last byte of `speak` was on its way.
    let asked: ContinuousClock.Instant
    var pieces: [Piece] = []
    /// From `cancel` to its answer.
    var cancelTook: Duration?
}

struct SpeakClient {
    private let socket: WebSocket
    private var messages: AsyncThrowingStream<WebSocket.Message, any Error>.AsyncIterator

    static func connected<Value>(
        to port: Int, _ body: (inout SpeakClient) async throws -> Value
    ) async throws -> Value {
        let socket = try await WebSocket(to: WebSocketTarget(host: "127.0.0.1", port: port, path: "/api/v1/speak"))
        defer { socket.close() }
        var client = SpeakClient(socket: socket, messages: socket.messages.makeAsyncIterator())
        return try await body(&client)
    }

    /// Speaks to the end, or until `isEnough`, which is asked after each piece of sound with their number.
    mutating func speak(_ text: String, until isEnough: (Int) -> Bool) async throws -> Delivery {
        try await send(["type": "speak", "text": text])
        var delivery = Delivery(asked: .now)
        var cancelled: ContinuousClock.Instant?
        while let message = try await messages.next(isolation: #isolation) {
            switch message {
            case .binary(let bytes):
                let audio = Duration.seconds(1) * bytes.readableBytes / Self.bytesPerSecond
                delivery.pieces.append(.init(at: .now, audio: audio, silence: Self.silence(in: bytes)))
                guard cancelled == nil, isEnough(delivery.pieces.count) else { break }
                cancelled = .now
                try await send(["type": "cancel"])
            case .text(let text):
                let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
                switch (answer.type, answer.code) {
                case ("complete", _): return delivery
                case ("error", "CANCELLED"):
                    delivery.cancelTook = cancelled.map { .now - $0 }
                    return delivery
                case ("error", _): throw BenchError(reason: "the server answered: \(answer.message ?? "an error")")
                default: break
                }
            }
        }
        throw CancellationError()
    }

    /// 24 kHz in 16 bits, which is what a client gets that asks for nothing else.
    private static let bytesPerSecond = 48_000

    /// How long it takes to the first sound that can be heard.
    private static func silence(in bytes: ByteBuffer) -> Duration? {
        let rate = bytesPerSecond / 2
        var onset = SoundOnset(sampleRate: rate)
        let samples = PCM.samples(int16LittleEndian: Array(bytes.readableBytesView))
        return onset.take(samples).map { .seconds(1) * $0 / rate }
    }

    private struct Answer: Decodable {
        let type: String
        let code, message: String?
    }

    private func send(_ message: [String: String]) async throws {
        try await socket.send(String(decoding: JSONEncoder().encode(message), as: UTF8.self))
    }
}
