// The port that HTTP and WebSocket share.

package import Logging
package import NIOCore
import Glibc
import NIOExtras
package import NIOHTTP1
import NIOPosix
package import NIOSSL
import NIOWebSocket
import ServiceLifecycle
import Synchronization

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
        let quiescing = ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton)
        let server = try await open(quiescing)
        if let address = server.channel.localAddress { onOpen(address) }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { tasks in
                do {
                    try await server.executeThenClose { connections in
                        for try await connection in connections { tasks.addTask { await serve(connection) } }
                    }
                } catch {
                    logger.error("accepting failed", metadata: ["error": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
        }
    }

    private func open(
        _ quiescing: ServerQuiescingHelper
    ) async throws -> NIOAsyncChannel<EventLoopFuture<ConnectionKind>, Never> {
        let limit = ConnectionLimit(maximum: maximumConnections)
        let paths = Set(webSockets.keys)
        do {
            return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .serverChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHandler(
                            quiescing.makeServerChannelHandler(channel: channel))
                    }
                }
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                // The kernel's buffer is sound that a barge-in cannot take back.
                .childChannelOption(.socketOption(.so_sndbuf), value: 65_536)
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try limit.admit(channel)
                        let pipeline = channel.pipeline.syncOperations
                        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                        return try configureConnection(channel, maximumFrame: webSocketLimits.frame) { head in
                            guard let target = RequestTarget(head.uri) else { return false }
                            return paths.contains("/" + target.path.joined(separator: "/"))
                                && guardian.refusal(of: head) == nil
                        }
                    }
                }
        } catch let error as IOError {
            throw ListenError(what: "HTTP", host: host, port: port, errorNumber: error.errnoCode)
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

/// A port that could not be opened, and what to do about it.
package struct ListenError: Error, CustomStringConvertible {
    package let description: String

    package init(what: String, host: String, port: Int, errorNumber: Int32) {
        let hint =
            switch errorNumber {
            case EADDRINUSE: "Another program uses it; choose another port."
            case EACCES: "Ports below 1024 need a privilege; choose a higher one."
            case EADDRNOTAVAIL: "This machine has no such address."
            default: "Check host and port."
            }
        description = "Cannot listen for \(what) on \(host):\(port): \(systemMessage(errorNumber)). \(hint)"
    }
}

/// More connections than this are closed at once, so that descriptors are left for those that are open.
private final class ConnectionLimit: Sendable {
    private let maximum: Int
    private let open = Atomic(0)

    init(maximum: Int) {
        self.maximum = maximum
    }

    struct Reached: Error {}

    func admit(_ channel: any Channel) throws {
        guard open.add(1, ordering: .relaxed).newValue <= maximum else {
            open.subtract(1, ordering: .relaxed)
            throw Reached()
        }
        channel.closeFuture.whenComplete { [self] _ in open.subtract(1, ordering: .relaxed) }
    }
}
