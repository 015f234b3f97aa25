package import NIOCore
import NIOHTTP1
import NIOWebSocket

/// The client's end of a WebSocket. What arrives is taken off the network at once, however slowly it is used, so that the
/// server's pings wait for nobody; they are answered here.
package struct WebSocket: Sendable {
    package enum Message: Sendable, Equatable { case text(String), binary(ByteBuffer) }

    /// Ends with a `WebSocketFailure`, or with what `fail` was told.
    package let messages: AsyncThrowingStream<Message, any Error>
    private let arrived: AsyncThrowingStream<Message, any Error>.Continuation
    private let channel: any Channel

    package init(to target: WebSocketTarget) async throws(WebSocketFailure) {
        (messages, arrived) = AsyncThrowingStream.makeStream()
        channel = try await target.connect(MessageReceiver(arrived))
    }

    /// Waits until the kernel has it.
    package func send(_ text: String) async throws {
        let frame = WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: ByteBuffer(string: text))
        try await channel.writeAndFlush(frame).get()
    }

    /// Ends `messages` for a reason of the caller's.
    package func fail(_ error: any Error) { arrived.finish(throwing: error) }

    package func close() { channel.close(promise: nil) }
}

/// Hands messages over and answers pings.
final class MessageReceiver: ChannelInboundHandler, Sendable {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let arrived: AsyncThrowingStream<WebSocket.Message, any Error>.Continuation

    init(_ arrived: AsyncThrowingStream<WebSocket.Message, any Error>.Continuation) { self.arrived = arrived }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text: arrived.yield(.text(String(buffer: frame.unmaskedData)))
        case .binary: arrived.yield(.binary(frame.unmaskedData))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        arrived.finish(throwing: WebSocketFailure.silent)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { arrived.finish(throwing: WebSocketFailure.ended) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        arrived.finish(throwing: WebSocketFailure.broken(reason: "\(error)"))
        context.close(promise: nil)
    }
}
