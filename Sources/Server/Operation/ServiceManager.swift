// What systemd is told (sd_notify): ready, status, that the watchdog may sleep, stopping.

import Logging
import NIOCore
import NIOPosix
import Speech
import ServiceLifecycle

/// Where the service manager listens, as it said in the environment.
package struct ServiceManager: Sendable {
    package let socket: String
    /// How often it wants to hear from us; nil when it does not.
    package let watchdog: Duration?

    /// nil when nobody asked to be notified.
    package init?(environment: [String: String]) {
        guard let socket = environment["NOTIFY_SOCKET"], socket.hasPrefix("/") else { return nil }
        self.socket = socket
        watchdog = environment["WATCHDOG_USEC"].flatMap { Int($0) }.flatMap { $0 > 0 ? .microseconds($0) : nil }
    }
}

/// Tells the service manager how the service is, until it stops.
struct Notifier: Service {
    let manager: ServiceManager
    let service: SpeechService
    /// Ends when the doors are open.
    let doorsAreOpen: AsyncStream<Never>

    func run() async throws {
        let address = try SocketAddress(unixDomainSocketPath: manager.socket)
        let channel: any Channel
        do {
            channel = try await DatagramBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(unixDomainSocketPath: manager.socket).get()
        } catch {
            service.logger.warning(
                "the service manager cannot be told anything",
                metadata: ["socket": "\(manager.socket)", "error": "\(error)"])
            return try await gracefulShutdown()
        }
        @Sendable func tell(_ state: String) {
            channel.writeAndFlush(
                AddressedEnvelope(remoteAddress: address, data: ByteBuffer(string: state)), promise: nil)
        }
        try await withGracefulShutdownHandler {
            for await _ in doorsAreOpen {}
            tell("READY=1\nSTATUS=\(status)")
            try? await cancelWhenGracefulShutdown { try await watch(tell) }
            try await channel.close()
        } onGracefulShutdown: {
            tell("STOPPING=1\nSTATUS=Finishing what is being said.")
        }
    }

    /// Feeds the watchdog while synthesis gets on, and reports what changes.
    private func watch(_ tell: @Sendable (String) -> Void) async throws {
        var last = status
        var lastProgress = -1
        while true {
            try await Task.sleep(for: (manager.watchdog ?? .seconds(10)) / 3)
            let current = status
            if current != last { tell("STATUS=\(current)") }
            last = current
            let gauges = service.gauges
            let isAlive = gauges.map { !$0.isBusy || $0.progress != lastProgress } ?? true
            lastProgress = gauges?.progress ?? -1
            if manager.watchdog != nil, isAlive { tell("WATCHDOG=1") }
        }
    }

    private var status: String {
        switch service.model.state {
        case .unloaded: "Ready; the model is loaded on first use."
        case .loading: "Loading the model."
        case .ready(let synthesizer): "Ready: \(synthesizer.information.name), \(synthesizer.information.format)."
        case .failed(let why): "No model: \(why.split(whereSeparator: \.isNewline).first ?? "")"
        case .stopping: "Finishing what is being said."
        }
    }
}
