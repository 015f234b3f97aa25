// What all doors of the network have in common.

import Files
import Glibc
import Logging
import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Listens, serves each connection in a task of its own, and when the server stops lets those that are open finish.
struct TCPListener: Sendable {
    /// Names the door in messages.
    let protocolName: String
    let host: String
    let port: Int
    var maximumConnections: Int
    var patience = Patience()
    /// What a new connection waits for.
    var firstPhase = ConnectionPhase.open
    let logger: Logger
    /// Told the address once the port is open: `port` may have been zero.
    var onOpen: @Sendable (SocketAddress) -> Void

    /// - Parameters:
    ///   - initialize: makes of a new channel what `serve` gets.
    ///   - loop: where the connection's channel lives; its tasks run there too.
    ///   - serve: catches its own errors.
    func run<Connection: Sendable>(
        initialize: @escaping @Sendable (any Channel) throws -> Connection,
        on loop: @escaping @Sendable (Connection) -> any EventLoop,
        serve: @escaping @Sendable (Connection) async -> Void
    ) async throws {
        let quiescing = ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton)
        let connections = OpenConnections(maximum: maximumConnections)
        let server = try await open(quiescing, connections, initialize)
        if let address = server.channel.localAddress { onOpen(address) }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { tasks in
                do {
                    try await server.executeThenClose { accepted in
                        for try await connection in accepted {
                            let executor = EventLoopTaskExecutor(loop(connection))
                            tasks.addTask(executorPreference: executor) { await serve(connection) }
                        }
                    }
                } catch is CancellationError {
                    // Whoever runs this listener ends it.
                } catch {
                    logger.error("accepting failed", metadata: ["door": "\(protocolName)", "error": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
            // A client that takes no bytes would keep what is being written to it, and the server, for ever.
            MultiThreadedEventLoopGroup.singleton.any().scheduleTask(in: Self.farewell) { connections.closeAll() }
        }
    }

    /// For what is said last to reach its client, when the server stops.
    private static let farewell = TimeAmount.seconds(2)

    private func open<Connection: Sendable>(
        _ quiescing: ServerQuiescingHelper, _ connections: OpenConnections,
        _ initialize: @escaping @Sendable (any Channel) throws -> Connection
    ) async throws -> NIOAsyncChannel<Connection, Never> {
        let refusals = RefusalLog(logger)
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
                        do {
                            try connections.admit(channel)
                            try watch(channel, refusals)
                            return try initialize(channel)
                        } catch {
                            if error is OpenConnections.Reached {
                                note(channel, refusals, "CONNECTIONS", "\(maximumConnections) connections are open")
                            }
                            // NIO forgets a channel that is not initialized, without closing it.
                            channel.close(promise: nil)
                            throw error
                        }
                    }
                }
        } catch let error as IOError {
            throw ListenError(what: protocolName, host: host, port: port, errorNumber: error.errnoCode)
        }
    }
}

extension TCPListener {
    private func watch(_ channel: any Channel, _ refusals: RefusalLog) throws {
        try channel.pipeline.syncOperations.addHandler(
            ConnectionWatch(patience, firstPhase) { [self] overdue in
                // Whoever keeps a connection for a next request and sends none does nothing wrong.
                if overdue != .request { note(channel, refusals, "TIMEOUT", overdue.rawValue) }
            })
    }

    private func note(_ channel: any Channel, _ refusals: RefusalLog, _ code: String, _ reason: String) {
        let client = channel.remoteAddress?.ipAddress ?? "local"
        refusals.note(client: client, door: Door(rawValue: protocolName.lowercased()), code: code, reason: reason)
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

/// The connections of a door. More than the maximum are closed at once, so that descriptors are left for those that are open.
private final class OpenConnections: Sendable {
    private let maximum: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(maximum: Int) {
        self.maximum = maximum
    }

    struct Reached: Error {}

    func admit(_ channel: any Channel) throws {
        let id = ObjectIdentifier(channel)
        let isAdmitted = channels.withLock { channels in
            guard channels.count < maximum else { return false }
            channels[id] = channel
            return true
        }
        guard isAdmitted else { throw Reached() }
        channel.closeFuture.whenComplete { [self] _ in channels.withLock { $0[id] = nil } }
    }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
