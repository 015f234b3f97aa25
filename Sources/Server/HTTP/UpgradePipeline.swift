// The pipeline of a connection whose first request may become a WebSocket.

import NIOCore
import NIOHTTP1
import NIOWebSocket

typealias RequestPart = HTTPServerRequestPart
typealias ResponsePart = HTTPPart<HTTPResponseHead, ByteBuffer>
typealias WebSocketChannel = NIOAsyncChannel<WebSocketFrame, WebSocketFrame>
typealias HTTPChannel = NIOAsyncChannel<RequestPart, ResponsePart>

/// What a connection turned out to be.
enum ConnectionKind: Sendable {
    case http(HTTPChannel)
    case webSocket(WebSocketChannel, HTTPRequestHead)
}

/// NIO's typed upgrade handler swallows the head of a request that asks for an upgrade which nobody accepts (curl --http2 and
/// Java's client ask for h2c on every first request), so such a request must not look like one to it.
private final class UpgradeFilter: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = RequestPart
    typealias InboundOut = RequestPart

    private let accept: (HTTPRequestHead) -> Bool

    init(accept: @escaping (HTTPRequestHead) -> Bool) {
        self.accept = accept
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(var head) = unwrapInboundIn(data), head.headers.contains(name: "upgrade") else {
            return context.fireChannelRead(data)
        }
        if isWebSocketHandshake(head) && accept(head) {
            head.headers.replaceOrAdd(name: "upgrade", value: "websocket")
        } else {
            head.headers.remove(name: "upgrade")
        }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }
}

/// RFC 6455 §4.2.1.
func isWebSocketHandshake(_ head: HTTPRequestHead) -> Bool {
    let headers = head.headers
    return head.method == .GET && head.version == .http1_1
        && headers[canonicalForm: "upgrade"].contains { $0.lowercased() == "websocket" }
        && headers[canonicalForm: "connection"].contains { $0.lowercased() == "upgrade" }
        && headers["sec-websocket-version"] == ["13"] && headers["sec-websocket-key"].count == 1
        && !headers.contains(name: "content-length") && !headers.contains(name: "transfer-encoding")
}

/// A browser that offers subprotocols gives the connection up unless one of them is chosen.
private func chosenSubprotocol(_ head: HTTPRequestHead) -> HTTPHeaders {
    let isOffered = RealtimeHandshake.offered(head.headers).contains { $0 == RealtimeHandshake.subprotocol }
    return isOffered ? ["sec-websocket-protocol": RealtimeHandshake.subprotocol] : [:]
}

/// Lets the connection write byte buffers, which are sendable, where NIO's own part is not.
private final class PartEncoder: ChannelOutboundHandler {
    typealias OutboundIn = ResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let part: HTTPServerResponsePart =
            switch unwrapOutboundIn(data) {
            case .head(let head): .head(head)
            case .body(let bytes): .body(.byteBuffer(bytes))
            case .end(let trailers): .end(trailers)
            }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}

/// Knows how far a request and its response are, and tells the watch of the connection. Answers a request that cannot be
/// parsed with 400, and one that does not end with 408, unless an answer has begun. (NIO's own handler for the former lets
/// two answers to one request through: its own and the endpoint's.) Finds out whether a client that sends no more still listens.
private final class ExchangeWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = RequestPart
    typealias InboundOut = RequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Progress { case none, partial, whole }
    private var request = Progress.none
    private var response = Progress.none
    private var version = HTTPVersion.http1_1
    /// The request could not be parsed, or did not end: an endpoint's answer to it comes too late.
    private var hasFailed = false
    private let refuse: (HTTPResponseStatus, _ reason: String) -> Void

    init(refuse: @escaping (HTTPResponseStatus, _ reason: String) -> Void) {
        self.refuse = refuse
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            request = .partial
            version = head.version
            say(.body, context)
        case .body: break
        case .end:
            request = .whole
            say(.answer, context)
        }
        settle(context)
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard !hasFailed else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        switch unwrapOutboundIn(data) {
        case .head(let head): if head.status.code >= 200 { response = .partial }
        case .body: break
        case .end: response = .whole
        }
        settle(context)
        context.write(data, promise: promise)
    }

    private func settle(_ context: ChannelHandlerContext) {
        guard request == .whole, response == .whole else { return }
        request = .none
        response = .none
        say(.request, context)
    }

    private func say(_ phase: ConnectionPhase, _ context: ChannelHandlerContext) {
        context.triggerUserOutboundEvent(phase, promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ConnectionOverdue.body: fail(.requestTimeout, ConnectionOverdue.body.rawValue, context)
        case ChannelEvent.inputClosed: probe(context)
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// A client that closed looks like one that said all it has to say and listens. An interim answer, which every client
    /// skips, tells them apart: the closed one's kernel resets the connection. HTTP/1.0 knows no interim answers, and a proxy
    /// that speaks it means its client has gone.
    private func probe(_ context: ChannelHandlerContext) {
        guard request == .whole, response == .none, !hasFailed else { return }
        guard version == .http1_1 else { return context.close(promise: nil) }
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !hasFailed { fail(.badRequest, "The request cannot be read.", context) }
        context.fireErrorCaught(error)
    }

    private func fail(_ status: HTTPResponseStatus, _ reason: String, _ context: ChannelHandlerContext) {
        hasFailed = true
        guard response == .none else { return }
        refuse(status, reason)
        let headers: HTTPHeaders = ["connection": "close", "content-length": "0"]
        let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        // Before the first whole head nobody else would close it. A client that still sends gets to read the answer.
        let channel = context.channel
        context.eventLoop.scheduleTask(in: .milliseconds(500)) { channel.close(promise: nil) }
    }
}

/// - Parameters:
///   - accept: says which paths take WebSockets, from whom.
///   - refuse: is told of a request that was answered before any endpoint saw it.
func configureConnection(
    _ channel: any Channel, maximumFrame: Int, accept: @escaping @Sendable (HTTPRequestHead) -> Bool,
    refuse: @escaping (HTTPResponseStatus, _ reason: String) -> Void
) throws -> EventLoopFuture<ConnectionKind> {
    let pipeline = channel.pipeline.syncOperations
    try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
    let encoder = HTTPResponseEncoder()
    let handlers: [any RemovableChannelHandler] = [
        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)), HTTPServerPipelineHandler(),
        NIOHTTPResponseHeadersValidator(), UpgradeFilter(accept: accept), ExchangeWatch(refuse: refuse),
    ]
    let upgrader = NIOTypedWebSocketServerUpgrader<ConnectionKind>(
        maxFrameSize: maximumFrame,
        shouldUpgrade: { channel, head in channel.eventLoop.makeSucceededFuture(chosenSubprotocol(head)) },
        upgradePipelineHandler: { channel, head in
            channel.eventLoop.makeCompletedFuture {
                // A WebSocket has a closing handshake of its own, and its own watch over a quiet peer.
                try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false)
                channel.triggerUserOutboundEvent(ConnectionPhase.open, promise: nil)
                return .webSocket(try NIOAsyncChannel(wrappingChannelSynchronously: channel), head)
            }
        })
    let gate = NIOTypedHTTPServerUpgradeHandler(
        httpEncoder: encoder, extraHTTPHandlers: handlers,
        upgradeConfiguration: .init(upgraders: [upgrader]) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHandler(PartEncoder())
                return .http(try NIOAsyncChannel(wrappingChannelSynchronously: channel))
            }
        })
    try pipeline.addHandler(encoder)
    try pipeline.addHandlers(handlers)
    try pipeline.addHandler(gate)
    return gate.upgradeResultFuture
}
