import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// Where a WebSocket is, and how its server is asked for it.
package struct WebSocketTarget: Sendable {
    package var host: String
    package var port: Int
    package var path: String
    /// Whether the connection is encrypted.
    package var isSecure: Bool
    /// Sent as `Authorization: Bearer`.
    package var token: String?

    package init(host: String, port: Int, path: String, isSecure: Bool = false, token: String? = nil) {
        self.host = host
        self.port = port
        self.path = path
        self.isSecure = isSecure
        self.token = token
    }

    private enum Handshake: Sendable {
        case accepted(any Channel)
        case refused(EventLoopFuture<Refusal>)
    }

    /// How long a server may take to be reached, and then to answer.
    private static let patience = TimeAmount.seconds(10)
    /// A server pings more often than this.
    private static let longestSilence = TimeAmount.seconds(60)
    /// Bytes of a message.
    private static let messageLimit = 1 << 20

    /// Opens the WebSocket, whose frames go to `receiver`.
    func connect(_ receiver: MessageReceiver) async throws(WebSocketFailure) -> any Channel {
        let refusal: Refusal
        do {
            switch try await handshake(receiver) {
            case .accepted(let channel): return channel
            case .refused(let answer): refusal = try await answer.get()
            }
        } catch {
            throw WebSocketFailure(connecting: error)
        }
        throw .refused(refusal.status, body: refusal.body)
    }

    private func handshake(_ receiver: MessageReceiver) async throws -> Handshake {
        let handshake = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(Self.patience)
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if isSecure { try pipeline.addHandler(try encryption()) }
                    var settings = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade(receiver))
                    // The first message comes right behind the answer.
                    settings.leftOverBytesStrategy = .forwardBytes
                    let result = try pipeline.configureUpgradableHTTPClientPipeline(configuration: settings)
                    let patience = channel.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
                    result.whenComplete { _ in patience.cancel() }
                    return result
                }
            }
        return try await handshake.get()
    }

    private func upgrade(_ receiver: MessageReceiver) -> NIOTypedHTTPClientUpgradeConfiguration<Handshake> {
        let limit = Self.messageLimit
        let upgrader = NIOTypedWebSocketClientUpgrader<Handshake>(maxFrameSize: limit) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: limit))
                try pipeline.addHandler(IdleStateHandler(readTimeout: Self.longestSilence))
                try pipeline.addHandler(receiver)
                return .accepted(channel)
            }
        }
        return NIOTypedHTTPClientUpgradeConfiguration(upgradeRequestHead: request, upgraders: [upgrader]) { channel in
            channel.eventLoop.makeCompletedFuture {
                let answer = channel.eventLoop.makePromise(of: Refusal.self)
                try channel.pipeline.syncOperations.addHandler(RefusalReceiver(answer))
                return .refused(answer.futureResult)
            }
        }
    }

    private var request: HTTPRequestHead {
        let name = host.contains(":") ? "[\(host)]" : host
        var headers: HTTPHeaders = ["host": "\(name):\(port)"]
        if let token { headers.add(name: "authorization", value: "Bearer \(token)") }
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
    }

    /// A certificate is checked against the name, or against the address where there is no name.
    private func encryption() throws -> NIOSSLClientHandler {
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let isNumeric = (try? SocketAddress(ipAddress: host, port: port)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isNumeric ? nil : host)
    }
}

/// The answer of a server that opens no WebSocket.
private struct Refusal {
    var status = HTTPResponseStatus.ok
    var body = ByteBuffer()
}

private final class RefusalReceiver: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Bytes that are read of a stranger's answer.
    private static let limit = 65_536

    private let answer: EventLoopPromise<Refusal>
    private var refusal = Refusal()

    init(_ answer: EventLoopPromise<Refusal>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): refusal.status = head.status
        case .body(var bytes): refusal.body.writeBuffer(&bytes)
        case .end: context.close(promise: nil)
        }
        if refusal.body.readableBytes > Self.limit { context.close(promise: nil) }
    }

    func channelInactive(context: ChannelHandlerContext) { answer.succeed(refusal) }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
