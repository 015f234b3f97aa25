// One server-side WebSocket over NIO's frame codec: control frames, reassembly, the checks of RFC 6455 that NIO's decoder
// leaves to the application, keepalive, and the closing handshake.

package import NIOCore
import NIOConcurrencyHelpers
package import NIOWebSocket
import Synchronization

package struct WebSocketLimits: Sendable {
    package var frame = 1 << 20
    package var message = 1 << 20
    package var pingEvery = Duration.seconds(15)
    package var deadAfter = Duration.seconds(45)
    package var closeWait = Duration.seconds(2)
    /// From the first to the last fragment of a message.
    package var messageWait = Duration.seconds(60)
    /// More frames than this per second that bring nothing (control frames, empty fragments) are a flood.
    package var controlFramesPerSecond = 100

    package init() {}
}

package enum WebSocketMessage: Sendable, Equatable { case text(String), binary(ByteBuffer) }

/// Why a connection is closed, as the peer is told.
package struct WebSocketClosure: Error, Sendable, Equatable {
    package var code: UInt16
    package var reason: String

    package init(_ code: UInt16, _ reason: String = "") {
        self.code = code
        self.reason = reason
    }

    package static let normal = WebSocketClosure(1000)
}

/// The sending half. `send` returns once the kernel has the bytes, so a peer that does not read holds the sender up; the
/// writer of `NIOAsyncChannel` lets a fast producer run 100 MiB ahead.
package struct WebSocketSender: Sendable {
    let channel: any Channel
    /// How long the peer may take to answer our closing frame.
    private let closeWait: Duration
    private let closeSent = NIOLockedValueBox(false)

    init(channel: any Channel, closeWait: Duration) {
        self.channel = channel
        self.closeWait = closeWait
    }

    package func send(_ text: String) async throws { try await send(.text, ByteBuffer(string: text)) }
    package func send(_ bytes: ByteBuffer) async throws { try await send(.binary, bytes) }

    /// Sends a short message without waiting, so that nobody waits for this peer; one that has stopped reading is let go.
    package func post(_ text: String) {
        guard !closeSent.withLockedValue({ $0 }) else { return }
        guard channel.isWritable else { return channel.close(promise: nil) }
        channel.writeAndFlush(
            WebSocketFrame(fin: true, opcode: .text, data: ByteBuffer(string: text)), promise: nil)
    }

    private func send(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) async throws {
        guard !closeSent.withLockedValue({ $0 }) else { throw ChannelError.ioOnClosedChannel }
        try await frame(opcode, bytes)
    }

    func frame(_ opcode: WebSocketOpcode, _ bytes: ByteBuffer) async throws {
        try await channel.writeAndFlush(WebSocketFrame(fin: true, opcode: opcode, data: bytes)).get()
    }

    /// Sends the closing frame, once, and closes the connection when the peer does not.
    package func close(_ closure: WebSocketClosure?) async throws {
        let isFirst = closeSent.withLockedValue { sent in
            defer { sent = true }
            return !sent
        }
        guard isFirst else { return }
        var bytes = ByteBuffer()
        if let closure {
            bytes.writeInteger(closure.code)
            bytes.writeString(String(closure.reason.unicodeScalars.prefix(30).map(Character.init)))
        }
        channel.eventLoop.scheduleTask(in: .init(closeWait)) { [channel] in channel.close(promise: nil) }
        try await frame(.connectionClose, bytes)
    }
}

/// The receiving half: `next` answers pings and closes by itself, and hands out whole messages.
package struct WebSocketReceiver {
    var frames: NIOAsyncChannelInboundStream<WebSocketFrame>.AsyncIterator
    let sender: WebSocketSender
    let limits: WebSocketLimits
    let liveness: NIOLockedValueBox<Liveness>
    var assembly = MessageAssembly()
    var controlFrames = 0
    var controlWindow = ContinuousClock.now
    fileprivate(set) var isClosed = false

    /// The next whole message; nil when the peer has closed.
    package mutating func next() async throws -> WebSocketMessage? {
        while !isClosed, let frame = try await frames.next(isolation: #isolation) {
            liveness.withLockedValue { $0.lastSeen = .now }
            let data = frame.unmaskedData
            // After its closing frame, good or bad, a peer sends nothing.
            if frame.opcode == .connectionClose { isClosed = true }
            let outcome = try assembly.take(frame, data, limit: limits.message)
            liveness.withLockedValue { $0.messageBegan = assembly.isPartial ? $0.messageBegan ?? .now : nil }
            switch outcome {
            case .message(let message): return message
            case .incomplete: if data.readableBytes == 0 { try countControlFrame() }
            case .ping:
                try countControlFrame()
                try await sender.frame(.pong, data)
            case .pong: try countControlFrame()
            case .close(let code):
                try await sender.close(code.map { WebSocketClosure($0) })
            }
        }
        return nil
    }

    private mutating func countControlFrame() throws(WebSocketClosure) {
        let now = ContinuousClock.now
        if now - controlWindow > .seconds(1) {
            controlWindow = now
            controlFrames = 0
        }
        controlFrames += 1
        if controlFrames > limits.controlFramesPerSecond { throw WebSocketClosure(1008, "a flood of frames") }
    }
}

/// What tells a peer that is there from one that is not.
struct Liveness {
    var lastSeen = ContinuousClock.now
    /// When the message began whose end is still to come.
    var messageBegan: ContinuousClock.Instant?
}

/// Frames into messages, with every rule checked.
package struct MessageAssembly {
    package enum Outcome: Equatable { case message(WebSocketMessage), incomplete, ping, pong, close(UInt16?) }

    private var partial: (opcode: WebSocketOpcode, data: ByteBuffer)?

    package init() {}

    /// Whether fragments wait for the rest of their message.
    var isPartial: Bool { partial != nil }

    package mutating func take(
        _ frame: WebSocketFrame, _ data: ByteBuffer, limit: Int
    ) throws(WebSocketClosure) -> Outcome {
        guard frame.maskKey != nil else { throw WebSocketClosure(1002, "frame without mask") }
        guard !frame.rsv1, !frame.rsv2, !frame.rsv3 else { throw WebSocketClosure(1002, "reserved bit set") }
        switch frame.opcode {
        case .ping: return .ping
        case .pong: return .pong
        case .connectionClose: return .close(try Self.closeCode(data))
        case .text, .binary:
            guard partial == nil else { throw WebSocketClosure(1002, "message inside a message") }
            guard data.readableBytes <= limit else { throw WebSocketClosure(1009, "message too large") }
            if frame.fin { return .message(try Self.message(frame.opcode, data)) }
            partial = (frame.opcode, data)
            return .incomplete
        case .continuation:
            guard var whole = partial else { throw WebSocketClosure(1002, "nothing to continue") }
            guard whole.data.readableBytes + data.readableBytes <= limit else {
                throw WebSocketClosure(1009, "message too large")
            }
            partial = nil
            whole.data.writeImmutableBuffer(data)
            if frame.fin { return .message(try Self.message(whole.opcode, whole.data)) }
            partial = whole
            return .incomplete
        default: throw WebSocketClosure(1002, "unknown opcode")
        }
    }

    private static func message(
        _ opcode: WebSocketOpcode, _ data: ByteBuffer
    ) throws(WebSocketClosure) -> WebSocketMessage {
        if opcode == .binary { return .binary(data) }
        guard let text = String(validating: data.readableBytesView, as: UTF8.self) else {
            throw WebSocketClosure(1007, "text is not UTF-8")
        }
        return .text(text)
    }

    private static func closeCode(_ data: ByteBuffer) throws(WebSocketClosure) -> UInt16? {
        var data = data
        if data.readableBytes == 0 { return nil }
        guard let code: UInt16 = data.readInteger() else { throw WebSocketClosure(1002, "close of one byte") }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw WebSocketClosure(1002, "close code not allowed")
        }
        guard String(validating: data.readableBytesView, as: UTF8.self) != nil else {
            throw WebSocketClosure(1007, "reason is not UTF-8")
        }
        return code
    }
}

/// Runs `handler` over a connection and closes it properly, whoever ends it.
func runWebSocket(
    _ connection: WebSocketChannel, limits: WebSocketLimits,
    handler: (inout WebSocketReceiver, WebSocketSender) async throws -> Void
) async throws {
    let channel = connection.channel
    try await connection.executeThenClose { inbound, _ in
        let sender = WebSocketSender(channel: channel, closeWait: limits.closeWait)
        let liveness = NIOLockedValueBox(Liveness())
        var receiver = WebSocketReceiver(
            frames: inbound.makeAsyncIterator(), sender: sender, limits: limits, liveness: liveness)
        let keepalive = Task { try await keepAlive(sender, limits, liveness) }
        defer { keepalive.cancel() }
        do {
            try await handler(&receiver, sender)
            try await sender.close(.normal)
        } catch let closure as WebSocketClosure {
            try await sender.close(closure)
        } catch is NIOWebSocketError {
            // NIO has told the peer (1009 for a frame that is too large, else 1002) and is closing.
            return
        }
        // Our closing frame is out: read until the peer's, or until the sender's deadline closes the connection.
        while !receiver.isClosed, let frame = try? await receiver.frames.next(isolation: #isolation),
            frame.opcode != .connectionClose
        {}
    }
}

/// Pings a quiet peer, and closes the connection of a dead one and of one whose message has no end.
private func keepAlive(
    _ sender: WebSocketSender, _ limits: WebSocketLimits, _ liveness: NIOLockedValueBox<Liveness>
) async throws {
    while true {
        try await Task.sleep(for: limits.pingEvery)
        let (now, state) = (ContinuousClock.now, liveness.withLockedValue { $0 })
        let quiet = now - state.lastSeen
        if quiet > limits.deadAfter { return sender.channel.close(promise: nil) }
        if let began = state.messageBegan, now - began > limits.messageWait {
            return try await sender.close(WebSocketClosure(1008, "a message without end"))
        }
        // Not awaited: a peer that reads nothing must still be found dead.
        if quiet >= limits.pingEvery {
            sender.channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .ping, data: ByteBuffer()), promise: nil)
        }
    }
}
