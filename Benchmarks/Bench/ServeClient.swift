// A client of `/api/v1/speak` over a real WebSocket, which notes when what arrived.

import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// One utterance as its client saw it.
struct Delivery: Sendable {
    struct Piece: Sendable {
        let at: ContinuousClock.Instant
        let audio: Duration
    }

    /// When the last byte of `speak` was on its way.
    let asked: ContinuousClock.Instant
    var pieces: [Piece] = []
    /// From `cancel` to its answer.
    var cancelTook: Duration?
}

struct SpeakClient {
    private typealias FrameChannel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>

    private var frames: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
    private let channel: any Channel

    static func connected<Value>(
        to port: Int, _ body: (inout SpeakClient) async throws -> Value
    ) async throws -> Value {
        let connection = try await connect(port)
        return try await connection.executeThenClose { inbound, _ in
            var client = SpeakClient(frames: inbound.makeAsyncIterator(), channel: connection.channel)
            return try await body(&client)
        }
    }

    private static func connect(_ port: Int) async throws -> FrameChannel {
        let upgraded = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let upgrader = NIOTypedWebSocketClientUpgrader<FrameChannel>(maxFrameSize: 1 << 20) { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try FrameChannel(wrappingChannelSynchronously: channel)
                        }
                    }
                    let head = HTTPRequestHead(
                        version: .http1_1, method: .GET, uri: "/api/v1/speak", headers: ["host": "127.0.0.1:\(port)"])
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: .init(
                            upgradeConfiguration: .init(
                                upgradeRequestHead: head, upgraders: [upgrader],
                                notUpgradingCompletionHandler: {
                                    $0.eventLoop.makeFailedFuture(BenchError(reason: "the WebSocket was refused"))
                                })))
                }
            }
        return try await upgraded.get()
    }

    /// Speaks to the end, or until `isEnough`, which is asked after each piece of sound with their number.
    mutating func speak(_ text: String, until isEnough: (Int) -> Bool) async throws -> Delivery {
        try await send(["type": "speak", "text": text])
        var delivery = Delivery(asked: .now)
        var cancelled: ContinuousClock.Instant?
        while let frame = try await frames.next(isolation: #isolation) {
            switch frame.opcode {
            case .binary:
                let audio = Duration.seconds(1) * frame.unmaskedData.readableBytes / Self.bytesPerSecond
                delivery.pieces.append(.init(at: .now, audio: audio))
                guard cancelled == nil, isEnough(delivery.pieces.count) else { break }
                cancelled = .now
                try await send(["type": "cancel"])
            case .text:
                let answer = try JSONDecoder().decode(Answer.self, from: Data(frame.unmaskedData.readableBytesView))
                switch (answer.type, answer.code) {
                case ("complete", _): return delivery
                case ("error", "CANCELLED"):
                    delivery.cancelTook = cancelled.map { .now - $0 }
                    return delivery
                case ("error", _): throw BenchError(reason: "the server answered: \(answer.message ?? "an error")")
                default: break
                }
            case .ping: try await send(.pong, frame.unmaskedData)
            default: break
            }
        }
        throw BenchError(reason: "the server closed the connection")
    }

    /// 24 kHz in 16 bits, which is what a client gets that asks for nothing else.
    private static let bytesPerSecond = 48_000

    private struct Answer: Decodable {
        let type: String
        let code, message: String?
    }

    private func send(_ message: [String: String]) async throws {
        try await send(.text, ByteBuffer(bytes: JSONEncoder().encode(message)))
    }

    private func send(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(
            WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: bytes)
        ).get()
    }
}
