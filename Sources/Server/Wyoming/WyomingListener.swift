// The port that Home Assistant talks to.

package import NIOCore
import ServiceLifecycle

package struct WyomingListener: Service {
    private let host: String
    private let port: Int
    private let service: SpeechService
    package var maximumConnections = 512
    package var onOpen: @Sendable (SocketAddress) -> Void = { _ in }

    package init(host: String, port: Int, _ service: SpeechService) {
        self.host = host
        self.port = port
        self.service = service
    }

    package func run() async throws {
        let listener = TCPListener(
            protocolName: "Wyoming", host: host, port: port, maximumConnections: maximumConnections,
            logger: service.logger, onOpen: onOpen)
        try await listener.run {
            try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: $0)
        } on: {
            $0.channel.eventLoop
        } serve: {
            await WyomingConnection(service, $0.channel).run($0)
        }
    }
}
