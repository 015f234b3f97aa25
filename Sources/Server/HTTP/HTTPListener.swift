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
    package var router: Router
    package var guardian: RequestGuard
    package var webSockets: [String: WebSocketHandler]
    package var webSocketLimits = WebSocketLimits()
    package var logger: Logger
    /// Told the address once the port is open: `port` may have been zero.
    package var onOpen: @Sendable (SocketAddress) -> Void = { _ in }

    package init(
        host: String, port: Int, router: Router, guardian: RequestGuard, webSockets: [String: WebSocketHandler],
        logger: Logger
    ) {
        self.host = host
        self.port = port
        self.router = router
        self.guardian = guardian
        self.webSockets = webSockets
        self.logger = logger
    }

    package func run() async throws {
        let paths = Set(webSockets.keys)
        let listener = TCPListener(
            protocolName: "HTTP", host: host, port: port, maximumConnections: maximumConnections, logger: logger,
            onOpen: onOpen)
        try await listener.run { channel in
            if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
            return try configureConnection(channel, maximumFrame: webSocketLimits.frame) { head in
                guard let target = RequestTarget(head.uri) else { return false }
                return paths.contains("/" + target.path.joined(separator: "/")) && guardian.refusal(of: head) == nil
            }
        } serve: {
            await serve($0)
        }
    }

    private func serve(_ connection: EventLoopFuture<ConnectionKind>) async {
        do {
            switch try await connection.get() {
            case .http(let channel):
                try await HTTPConnection(router: router, guardian: guardian, logger: logger).run(channel)
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
