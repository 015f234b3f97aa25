// From settings to a running server.

package import Logging
import NIOHTTP1
import ServiceLifecycle

package func serve(
    _ configuration: ServerConfiguration, logger: Logger, loader: @escaping SpeechService.Loader, modelIdentity: String,
    manager: ServiceManager? = nil
) async throws {
    let authenticator = try await Authenticator(configuration)
    var settings = SpeechService.Settings()
    settings.scheduler.running = configuration.speakers
    settings.scheduler.waiting = configuration.queue
    settings.scheduler.deadline = .seconds(configuration.deadline)
    settings.scheduler.memoryReserve = configuration.memoryReserve << 20
    settings.requestsPerSecond = Double(configuration.requestsPerSecond)
    settings.requestBurst = Double(configuration.requestBurst)
    settings.logsText = configuration.logText
    let store = VoiceStore(
        directory: configuration.voicesDirectory, builtIn: configuration.builtInVoices,
        defaultVoice: configuration.defaultVoice)
    let library = VoiceLibrary(
        store, modelIdentity: modelIdentity,
        cacheDirectory: configuration.cacheDirectory.isEmpty ? nil : configuration.cacheDirectory,
        capacity: configuration.preparedVoices)
    store.sweep()
    await library.sweep()
    let service = SpeechService(
        voices: library, authenticator: authenticator, settings: settings, logger: logger, loader: loader)

    let guardian = RequestGuard(
        authenticator: authenticator, allowedHosts: configuration.allowedHosts,
        allowedOrigins: configuration.allowedOrigins)
    var http = HTTPListener(
        host: configuration.host, port: configuration.port,
        router: .all(service, uploadLimit: configuration.uploadLimit << 20), guardian: guardian,
        webSockets: HTTPListener.webSockets(service), logger: logger)
    http.maximumConnections = configuration.connections
    http.tls = try configuration.tlsContext()
    let lan = LocalNetwork(configuration, service)
    let (doorsAreOpen, opened) = AsyncStream.makeStream(of: Never.self)
    http.onOpen = { address in
        opened.finish()
        lan.httpIsOpen(on: address)
        logger.notice("listening", metadata: ["address": "\(address)", "auth": "\(authenticator.isOn)"])
        if !authenticator.isOn, configuration.host != "127.0.0.1" {
            logger.warning("anybody on the network may use this server: set auth-tokens-file, or host to 127.0.0.1")
        }
    }
    var timing = MakimaServer.Timing()
    timing.grace = .seconds(configuration.grace)
    var doors: [any Service] = [http] + lan.doors
    if configuration.load == "startup" { doors.append(ModelLoading(service: service)) }
    if let manager { doors.append(Notifier(manager: manager, service: service, doorsAreOpen: doorsAreOpen)) }
    try await MakimaServer(service, doors: doors, timing: timing).run()
}

/// Loads the model while the doors are already open.
private struct ModelLoading: Service {
    let service: SpeechService

    func run() async throws {
        await service.load()
        try await gracefulShutdown()
    }
}
