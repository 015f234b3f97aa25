// The port that Home Assistant talks to.

package import NIOCore
import ServiceLifecycle

package struct WyomingListener: Service {
    private let host: String
    private let port: Int
    private let service: SpeechService
    package var maximumConnections = 512
    package var patience = Patience()
    package var onOpen: @Sendable (SocketAddress) -> Void = { _ in }

    package init(host: String, port: Int, _ service: SpeechService) {
        self.host = host
        self.port = port
        self.service = service
    }

    package func run() async throws {
        let listener = TCPListener(
            protocolName: "Wyoming", host: host, port: port, maximumConnections: maximumConnections,
            patience: patience, logger: service.logger, onOpen: onOpen)
        let refusals = RefusalLog(service.logger)
        try await listener.run { channel in
            // Whoever sends a text and then says that it will send no more waits for the sound.
            try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: true)
            let connection = WyomingConnection(service, channel, refusals)
            try channel.pipeline.syncOperations.addHandler(EndOfInput { try? await connection.probe() })
            return Client(
                connection: connection, channel: try NIOAsyncChannel(wrappingChannelSynchronously: channel))
        } on: {
            $0.channel.channel.eventLoop
        } serve: {
            await $0.connection.run($0.channel)
        }
    }

    private struct Client: Sendable {
        let connection: WyomingConnection
        let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    }
}

/// Tells that the client sends no more, also while nobody reads what it has sent.
private final class EndOfInput: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let tell: @Sendable () async -> Void

    init(_ tell: @escaping @Sendable () async -> Void) {
        self.tell = tell
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event { Task { [tell] in await tell() } }
        context.fireUserInboundEventTriggered(event)
    }
}
