// The doors for programs that people already have on their network, and the announcement that lets them be found.

import Addresses
import Logging
import NIOCore
import Speech
import ServiceLifecycle
import Synchronization

final class LocalNetwork: Sendable {
    private struct Ports {
        var http: Int?
        var wyoming: Int?
    }

    private let configuration: ServerConfiguration
    private let service: SpeechService
    private let ports = Mutex(Ports())

    init(_ configuration: ServerConfiguration, _ service: SpeechService) {
        self.configuration = configuration
        self.service = service
    }

    func httpIsOpen(on address: SocketAddress) {
        ports.withLock { $0.http = address.port }
    }

    var doors: [any Service] {
        var doors: [any Service] = []
        if configuration.wyomingPort > 0 {
            if service.authenticator.isOn {
                // The protocol has no place for a token.
                service.logger.warning("the door for Home Assistant stays shut: Wyoming cannot carry a token")
            } else {
                var wyoming = WyomingListener(host: configuration.host, port: configuration.wyomingPort, service)
                wyoming.maximumConnections = configuration.connections
                wyoming.onOpen = { [self] address in ports.withLock { $0.wyoming = address.port } }
                doors.append(wyoming)
            }
        }
        // Nobody else could use what listens to this machine alone.
        if configuration.mdns, configuration.reach() != .machine {
            let name = configuration.mdnsName.isEmpty ? nil : configuration.mdnsName
            doors.append(Announcement(name: name, logger: service.logger) { [self] in advertisements })
        }
        return doors
    }

    /// What is open now.
    private var advertisements: [Advertisement] {
        let ports = ports.withLock { $0 }
        var result: [Advertisement] = []
        if let http = ports.http {
            let model = service.information
            let details = [
                "txtvers=1", "path=/api/v1/speak", "model=\(model?.name ?? configuration.model)",
                "quant=\(model?.format ?? "")", "engine=\(service.engine.name)",
                "auth=\(service.authenticator.isOn ? 1 : 0)",
                "tls=\(configuration.certificate.isEmpty ? 0 : 1)",
            ]
            result.append(Advertisement(type: "_makima._tcp", port: http, details: details))
            let isSecure = !configuration.certificate.isEmpty
            result.append(Advertisement(type: isSecure ? "_https._tcp" : "_http._tcp", port: http, details: ["path=/"]))
        }
        if let wyoming = ports.wyoming { result.append(Advertisement(type: "_wyoming._tcp", port: wyoming)) }
        return result
    }
}
