// A proxy that tunnels, as HTTP proxies do, whatever host is asked for, to one port of the loopback.

import NIOCore
import NIOPosix
import Synchronization

final class TunnelProxy: Sendable {
    let port: Int
    private let channel: any Channel
    private let seen: Heads

    private final class Heads: Sendable {
        let all = Mutex<[String]>([])
    }

    /// The requests for tunnels, each with its header.
    var heads: [String] { seen.all.withLock { $0 } }

    init(to target: Int) async throws {
        let seen = Heads()
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        Tunnel(target) { head in seen.all.withLock { $0.append(head) } })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress!.port!
        self.seen = seen
    }

    func stop() async { try? await channel.close() }
}

/// Takes the head of a `CONNECT`, and then hands bytes on.
private final class Tunnel: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let target: Int
    private let note: (String) -> Void
    private var waiting = ByteBuffer()
    private var isAsked = false
    private var other: (any Channel)?

    init(_ target: Int, note: @escaping (String) -> Void) {
        self.target = target
        self.note = note
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if let other { return other.writeAndFlush(unwrapInboundIn(data), promise: nil) }
        waiting.writeImmutableBuffer(unwrapInboundIn(data))
        let head = String(buffer: waiting)
        guard !isAsked, head.hasSuffix("\r\n\r\n") else { return }
        isAsked = true
        waiting.clear()
        note(head)
        open(context)
    }

    private func open(_ context: ChannelHandlerContext) {
        let client = context.channel
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Backwards(to: client))
                }
            }
            .connect(host: "127.0.0.1", port: target).whenComplete { result in
                let (tunnel, context) = bound.value
                guard case .success(let channel) = result else { return context.close(promise: nil) }
                tunnel.other = channel
                context.writeAndFlush(
                    tunnel.wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n")), promise: nil)
            }
    }

    func channelInactive(context: ChannelHandlerContext) {
        other?.close(promise: nil)
        context.fireChannelInactive()
    }
}

/// The other direction.
private final class Backwards: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let client: any Channel

    init(to client: any Channel) { self.client = client }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        client.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        client.close(promise: nil)
        context.fireChannelInactive()
    }
}
