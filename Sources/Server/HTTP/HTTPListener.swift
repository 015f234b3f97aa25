// The port that HTTP and WebSocket share.

package import Logging
package import NIOCore
package import NIOHTTP1
package import NIOSSL
import ServiceLifecycle

package struct HTTPListener: Service {
    /// Serves one WebSocket until it ends. `head` is the handshake's.
    package typealias WebSocketHandler =
        @Sendable (_ receiver: inout WebSocketReceiver, _ sender: WebSocketSender, _ head: HTTPRequestHead) async throws
        -> Void

    package var host: String
    package var port: Int
    package var tls: NIOSSLContext?
    package var maximumConnections = 512
    package var patience = Patience()
    package var router: Router
    package var requestGuard: RequestGuard
    package var webSockets: [String: WebSocketHandler]
    package var webSocketLimits = WebSocketLimits()
    /// Whether a handshake is taken now; else the router answers the request.
    package var takesWebSockets: @Sendable () -> Bool = { true }
    package var logger: Logger
    /// Told the address once the port is open: `port` may have been zero.
    package var onOpen: @Sendable (SocketAddress) -> Void = { _ in }

    package init(
        host: String, port: Int, router: Router, requestGuard: RequestGuard, webSockets: [String: WebSocketHandler],
        logger: Logger
    ) {
        self.host = host
        self.port = port
        self.router = router
        self.requestGuard = requestGuard
        self.webSockets = webSockets
        self.logger = logger
    }

    package func run() async throws {
        let paths = Set(webSockets.keys)
        let refusals = RefusalLog(logger)
        let listener = TCPListener(
            protocolName: "HTTP", host: host, port: port, maximumConnections: maximumConnections, patience: patience,
            firstPhase: .request, logger: logger, onOpen: onOpen)
        try await listener.run { channel in
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
            return try configureConnection(channel, maximumFrame: webSocketLimits.frame) { head in
                guard let target = RequestTarget(head.uri) else { return false }
                return paths.contains("/" + target.path.joined(separator: "/")) && takesWebSockets()
                    && requestGuard.refusal(of: head) == nil
            } refuse: { status, reason in
                let client = channel.remoteAddress?.ipAddress ?? "local"
                refusals.note(client: client, door: "http", code: "\(status.code)", reason: reason)
            }
        } on: {
            $0.eventLoop
        } serve: {
            await serve($0, refusals)
        }
    }

    private func serve(_ connection: EventLoopFuture<ConnectionKind>, _ refusals: RefusalLog) async {
        do {
            switch try await connection.get() {
            case .http(let channel):
                let connection = HTTPConnection(
                    router: router, requestGuard: requestGuard, logger: logger, refusals: refusals)
                try await whileOpen(channel.channel) { try await connection.run(channel) }
            case .webSocket(let channel, let head):
                guard let target = RequestTarget(head.uri),
                    let handler = webSockets["/" + target.path.joined(separator: "/")]
                else { return channel.channel.close(promise: nil) }
                try await runWebSocket(channel, limits: webSocketLimits) { receiver, sender in
                    try await handler(&receiver, sender, head)
                }
            }
        } catch {
            logger.debug("connection ended", metadata: ["error": "\(error)"])
        }
    }
}

/// Runs `body`, which ends by closing the channel, and cancels it when the channel closes before: nobody waits any more for
/// what it does.
func whileOpen(_ channel: any Channel, _ body: @escaping @Sendable () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await body() }
        group.addTask { try? await channel.closeFuture.get() }
        try await group.next()
        group.cancelAll()
        try await group.waitForAll()
    }
}
