// The port that Home Assistant talks to.

import Logging
package import NIOCore
import NIOExtras
import NIOPosix
import ServiceLifecycle

package struct WyomingListener: Service {
    private let host: String
    private let port: Int
    private let service: SpeechService
    package var onOpen: @Sendable (SocketAddress) -> Void = { _ in }

    package init(host: String, port: Int, _ service: SpeechService) {
        self.host = host
        self.port = port
        self.service = service
    }

    package func run() async throws {
        let quiescing = ServerQuiescingHelper(group: MultiThreadedEventLoopGroup.singleton)
        let server = try await open(quiescing)
        if let address = server.channel.localAddress { onOpen(address) }
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { tasks in
                do {
                    try await server.executeThenClose { connections in
                        for try await connection in connections {
                            tasks.addTask { await WyomingConnection(service, connection.channel).run(connection) }
                        }
                    }
                } catch {
                    service.logger.error("accepting failed", metadata: ["door": "wyoming", "error": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            quiescing.initiateShutdown(promise: nil)
        }
    }

    private func open(
        _ quiescing: ServerQuiescingHelper
    ) async throws -> NIOAsyncChannel<NIOAsyncChannel<ByteBuffer, ByteBuffer>, Never> {
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
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                    }
                }
        } catch let error as IOError {
            throw ListenError(what: "Wyoming", host: host, port: port, errorNumber: error.errnoCode)
        }
    }
}
