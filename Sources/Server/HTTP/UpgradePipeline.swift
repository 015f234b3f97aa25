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

/// Knows how far a request and its response are: closes a connection whose client sends nothing while we wait for it, and
/// answers a request that cannot be parsed with 400 unless an answer has begun. (NIO's own handler for the latter lets two
/// answers to one request through: its own and the endpoint's.)
private final class ExchangeWatch: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = RequestPart
    typealias InboundOut = RequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private enum Progress { case none, partial, whole }
    private var request = Progress.none
    private var response = Progress.none
    /// The request could not be parsed and the connection is being closed: an endpoint's answer to it comes too late.
    private var hasFailed = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head: request = .partial
        case .body: break
        case .end: request = .whole
        }
        settle()
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
        settle()
        context.write(data, promise: promise)
    }

    private func settle() {
        guard request == .whole, response == .whole else { return }
        request = .none
        response = .none
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        // With the whole request in hand it is for us to act.
        if request != .whole { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is HTTPParserError, !hasFailed {
            hasFailed = true
            answerBadRequest(context)
        }
        context.fireErrorCaught(error)
    }

    private func answerBadRequest(_ context: ChannelHandlerContext) {
        guard response == .none else { return }
        let headers: HTTPHeaders = ["connection": "close", "content-length": "0"]
        let head = HTTPResponseHead(version: .http1_1, status: .badRequest, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}

/// `accept` says which paths take WebSockets, from whom.
func configureConnection(
    _ channel: any Channel, maximumFrame: Int, accept: @escaping @Sendable (HTTPRequestHead) -> Bool
) throws -> EventLoopFuture<ConnectionKind> {
    let pipeline = channel.pipeline.syncOperations
    let encoder = HTTPResponseEncoder()
    let handlers: [any RemovableChannelHandler] = [
        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes)), HTTPServerPipelineHandler(),
        NIOHTTPResponseHeadersValidator(), UpgradeFilter(accept: accept),
        IdleStateHandler(allTimeout: .seconds(15)), ExchangeWatch(),
    ]
    let upgrader = NIOTypedWebSocketServerUpgrader<ConnectionKind>(
        maxFrameSize: maximumFrame,
        shouldUpgrade: { channel, _ in channel.eventLoop.makeSucceededFuture(HTTPHeaders()) },
        upgradePipelineHandler: { channel, head in
            channel.eventLoop.makeCompletedFuture {
                .webSocket(try NIOAsyncChannel(wrappingChannelSynchronously: channel), head)
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
