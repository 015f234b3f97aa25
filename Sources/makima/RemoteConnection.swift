import Files
import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import Server

/// Where an appliance is, by its URL.
struct RemoteAddress {
    let url: String
    let host: String
    let port: Int
    let isSecure: Bool
    /// Of a proxy that the appliance stands behind, as in https://example.org/makima.
    private let prefix: String

    init(_ url: String) throws {
        guard let parts = URL(string: url), let host = parts.host(), !host.isEmpty else {
            throw Failure("\(url) is no address of an appliance. Give one as http://HOST:8012.")
        }
        self.url = url
        self.host = host
        isSecure = parts.scheme == "https"
        port = parts.port ?? (isSecure ? 443 : 80)
        prefix = parts.path().hasSuffix("/") ? String(parts.path().dropLast()) : parts.path()
    }

    /// The request that opens the WebSocket.
    fileprivate func handshake(token: String?) -> HTTPRequestHead {
        let name = host.contains(":") ? "[\(host)]" : host
        var headers: HTTPHeaders = ["host": "\(name):\(port)"]
        if let token { headers.add(name: "authorization", value: "Bearer \(token)") }
        return HTTPRequestHead(version: .http1_1, method: .GET, uri: prefix + "/api/v1/speak", headers: headers)
    }

    /// A certificate is checked against the name, or against the address where there is no name.
    fileprivate func encryption() throws -> NIOSSLClientHandler {
        let context = try NIOSSLContext(configuration: .makeClientConfiguration())
        let isNumeric = (try? SocketAddress(ipAddress: host, port: port)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isNumeric ? nil : host)
    }
}

/// The WebSocket to an appliance. What arrives is taken off the network at once, however slowly it is played, so that the
/// appliance's pings wait for no loudspeaker; a text's sound fits into memory.
struct RemoteConnection: Sendable {
    enum Message: Sendable { case text(String), sound([UInt8]) }

    private enum Handshake: Sendable {
        case accepted(any Channel)
        case refused(EventLoopFuture<Refusal>)
    }

    /// Ends with an error when the appliance leaves or falls silent.
    let messages: AsyncThrowingStream<Message, any Error>
    private let arrived: AsyncThrowingStream<Message, any Error>.Continuation
    private let channel: any Channel

    init(to address: RemoteAddress, token: String?) async throws {
        (messages, arrived) = AsyncThrowingStream.makeStream()
        let handshake: Handshake
        do { handshake = try await Self.connect(address, token, arrived) } catch {
            throw Failure("No appliance can be reached at \(address.url): \(Self.reason(error)).")
        }
        switch handshake {
        case .accepted(let channel): self.channel = channel
        case .refused(let answer): throw try await answer.get().failure(address)
        }
    }

    /// Waits until the kernel has it.
    func send(_ message: some Encodable) async throws {
        let text = ByteBuffer(string: JSON.encode(message))
        try await channel.writeAndFlush(
            WebSocketFrame(fin: true, opcode: .text, maskKey: .random(), data: text)
        ).get()
    }

    /// Ends `messages` for a reason of our own.
    func fail(_ error: any Error) { arrived.finish(throwing: error) }

    func close() { channel.close(promise: nil) }
}

// MARK: - Handshake

extension RemoteConnection {
    private static func connect(
        _ address: RemoteAddress, _ token: String?, _ arrived: AsyncThrowingStream<Message, any Error>.Continuation
    ) async throws -> Handshake {
        let handshake = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .connectTimeout(.seconds(10))
            .connect(host: address.host, port: address.port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if address.isSecure { try pipeline.addHandler(try address.encryption()) }
                    var settings = NIOUpgradableHTTPClientPipelineConfiguration(
                        upgradeConfiguration: upgrade(address.handshake(token: token), arrived))
                    // The first message comes right behind the answer.
                    settings.leftOverBytesStrategy = .forwardBytes
                    let result = try pipeline.configureUpgradableHTTPClientPipeline(configuration: settings)
                    let patience = channel.eventLoop.scheduleTask(in: .seconds(10)) { channel.close(promise: nil) }
                    result.whenComplete { _ in patience.cancel() }
                    return result
                }
            }
        return try await handshake.get()
    }

    private static func upgrade(
        _ request: HTTPRequestHead, _ arrived: AsyncThrowingStream<Message, any Error>.Continuation
    ) -> NIOTypedHTTPClientUpgradeConfiguration<Handshake> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Handshake>(maxFrameSize: 1 << 20) { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(
                    NIOWebSocketFrameAggregator(
                        minNonFinalFragmentSize: 0, maxAccumulatedFrameCount: 1024, maxAccumulatedFrameSize: 1 << 20))
                // The appliance pings every 15 seconds.
                try pipeline.addHandler(IdleStateHandler(readTimeout: .seconds(60)))
                try pipeline.addHandler(MessageReceiver(arrived))
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

    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            guard let failed = error.connectionErrors.first?.error else { return "its name is not known" }
            return reason(failed)
        case let error as IOError: return systemMessage(error.errnoCode)
        case ChannelError.connectTimeout: return "nothing answers there"
        case is HTTPParserError: return "what answers there does not speak HTTP"
        case let error as NIOSSLError: return "the encryption failed (\(error))"
        default: return "\(error)"
        }
    }
}

/// The answer of a server that opens no WebSocket.
private struct Refusal {
    var status = HTTPResponseStatus.ok
    var body = ByteBuffer()

    func failure(_ address: RemoteAddress) -> Failure {
        struct Body: Decodable {
            struct Detail: Decodable { var message: String }
            var error: Detail
        }
        let bytes = Data(body.readableBytesView)
        guard let message = (try? JSONDecoder().decode(Body.self, from: bytes))?.error.message else {
            return Failure("\(address.url) is no makima: it answers \(status.code) \(status.reasonPhrase).")
        }
        return Failure("The appliance refuses (\(status.code)): \(message)")
    }
}

private final class RefusalReceiver: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// What is read of a stranger's answer.
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

// MARK: - Messages

/// Hands messages over and answers pings.
private final class MessageReceiver: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let arrived: AsyncThrowingStream<RemoteConnection.Message, any Error>.Continuation

    init(_ arrived: AsyncThrowingStream<RemoteConnection.Message, any Error>.Continuation) { self.arrived = arrived }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        switch frame.opcode {
        case .text: arrived.yield(.text(String(buffer: frame.unmaskedData)))
        case .binary: arrived.yield(.sound(Array(frame.unmaskedData.readableBytesView)))
        case .ping:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .connectionClose: context.close(promise: nil)
        default: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        arrived.finish(throwing: Failure("The appliance has fallen silent."))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        arrived.finish(throwing: Failure("The appliance ended the connection before the end of the speech."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        arrived.finish(throwing: Failure("The connection to the appliance broke: \(error)"))
        context.close(promise: nil)
    }
}
