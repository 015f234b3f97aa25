// From settings to a running server.

import Addresses
package import Logging
import NIOHTTP1
import ServiceLifecycle
package import Speech

package func serve(
    _ engine: EngineDescription, _ configuration: ServerConfiguration, version: String, logger: Logger,
    manager: ServiceManager? = nil, loader: @escaping ModelLifecycle.Loader
) async throws {
    let authenticator = try await Authenticator(configuration)
    try configuration.refusePublicAddress(isGuarded: authenticator.isOn)
    let service = await SpeechService(
        engine, configuration, authenticator: authenticator, version: version, logger: logger, loader: loader)

    let requestGuard = RequestGuard(
        authenticator: authenticator, allowedHosts: configuration.allowedHosts,
        allowedOrigins: configuration.allowedOrigins, takesTokenInAddress: configuration.tokenInAddress)
    var http = HTTPListener(
        host: configuration.host, port: configuration.port,
        router: .all(service), requestGuard: requestGuard,
        webSockets: HTTPListener.webSockets(service), logger: logger)
    http.maximumConnections = configuration.connections
    http.takesWebSockets = { !service.model.isStopping }
    http.tls = try configuration.tlsContext()
    let lan = LocalNetwork(configuration, service)
    let (doorsAreOpen, opened) = AsyncStream.makeStream(of: Never.self)
    http.onOpen = { address in
        opened.finish()
        lan.httpIsOpen(on: address)
        logger.notice("listening", metadata: ["address": "\(address)", "auth": "\(authenticator.isOn)"])
        if !authenticator.isOn, configuration.reach() != .machine {
            logger.warning("anybody on the network may use this server: set auth-tokens-file, or host to 127.0.0.1")
        }
    }
    var timing = MakimaServer.Timing()
    timing.grace = .seconds(configuration.grace)
    var doors: [any Service] = [http] + lan.doors
    if configuration.load == "startup" { doors.append(ModelLoading(service: service)) }
    if configuration.unloadAfter > 0 {
        doors.append(ModelUnloading(model: service.model, idle: .seconds(60 * configuration.unloadAfter)))
    }
    if let manager { doors.append(Notifier(manager: manager, service: service, doorsAreOpen: doorsAreOpen)) }
    try await MakimaServer(service, doors: doors, timing: timing).run()
}

extension SpeechService {
    /// What speaks behind every door, by the settings.
    package convenience init(
        _ engine: EngineDescription, _ configuration: ServerConfiguration, authenticator: Authenticator = .off,
        version: String, logger: Logger, loader: @escaping ModelLifecycle.Loader
    ) async {
        let store = VoiceStore(
            directory: configuration.voicesDirectory, builtIn: configuration.builtInVoices,
            defaultVoice: configuration.defaultVoice, limit: configuration.voicesLimit)
        let library = VoiceLibrary(
            store,
            cacheDirectory: configuration.cacheDirectory.isEmpty ? nil : configuration.cacheDirectory,
            capacity: configuration.preparedVoices, measuresLoudness: configuration.loudness != nil)
        store.sweep()
        store.logUnusable(to: logger)
        await library.sweep()
        self.init(
            engine, voices: library, authenticator: authenticator,
            settings: SpeechService.Settings(configuration, version: version), logger: logger, loader: loader)
    }
}

/// Loads the model while the doors are already open.
private struct ModelLoading: Service {
    let service: SpeechService

    func run() async throws {
        await service.load()
        try await gracefulShutdown()
    }
}

/// Gives the model's memory back when nobody has used it for long.
private struct ModelUnloading: Service {
    let model: ModelLifecycle
    let idle: Duration

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: min(.seconds(10), idle))
                model.unload(idleFor: idle)
            }
        }
    }
}

extension SpeechService.Settings {
    fileprivate init(_ configuration: ServerConfiguration, version: String) {
        self.init()
        scheduler.running = configuration.speakers
        scheduler.waiting = configuration.queue
        scheduler.deadline = .seconds(configuration.deadline)
        scheduler.memoryReserve = configuration.memoryReserve << 20
        requestsPerSecond = Double(configuration.requestsPerSecond)
        requestBurst = Double(configuration.requestBurst)
        textLimit = configuration.textLimit
        uploadLimit = configuration.uploadLimit << 20
        sessions = configuration.connections
        loudness = configuration.loudness
        speed = configuration.speed
        logsText = configuration.logText
        self.version = version
        defaultLanguage = configuration.defaultLanguage
        pronunciationFiles = configuration.pronunciationFiles
        slowSpeech = SlowSpeech(rawValue: configuration.slowSpeech) ?? slowSpeech
        phraseLimit = configuration.phraseCache.map { $0 << 20 }
        if !configuration.cacheDirectory.isEmpty, configuration.phraseCache != 0 {
            phraseFolder = configuration.cacheDirectory + "/phrases"
        }
    }
}
