import ArgumentParser
import FoundationEssentials
import Logging
import Server
import Speech

/// `makima serve`: the appliance.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves speech on the network: WebSocket, HTTP.",
        discussion: """
            Settings come from the flags, then the environment, then a file. `makima serve --print-config` prints all of them \
            with what they mean, as a file to start from. Each of them is a flag as well, such as --wyoming-port 0 or \
            --allow-public:

            \(settingsWithoutOption)
            """)

    /// Settings that have an option of their own below.
    static let options: Set = ["host", "port", "engine", "model", "voices-dir", "default-voice", "threads", "grace"]

    private static var settingsWithoutOption: String {
        ServerConfiguration.settings.map(\.name).filter { !options.contains($0) }.map { "--\($0)" }
            .joined(separator: ", ")
    }

    @Option(help: "Address to listen on.") var host: String?
    @Option(help: "Port of everything HTTP.") var port: String?
    @Option(
        help: ArgumentHelp(
            "What speaks: auto takes the engine that the model is for, else one of \(EngineList.installed.help).",
            valueName: "name"))
    var engine: String?
    @Option(help: ArgumentHelp("Folder of the checkpoint.", valueName: "directory")) var model: String?
    @Option(help: ArgumentHelp("Folder of voices.", valueName: "directory")) var voicesDir: String?
    @Option(help: "Voice of those who name none.") var defaultVoice: String?
    @Option(help: "Threads to compute with.") var threads: String?
    @Option(help: ArgumentHelp("Seconds speech may take to finish when the server stops.", valueName: "seconds"))
    var grace: String?
    @Option(help: ArgumentHelp("Any setting, by its name. May be repeated.", valueName: "name=value"))
    var set: [String] = []
    @Option(help: ArgumentHelp("Settings file.", valueName: "file.toml")) var config: String?
    @Flag(help: "Prints all settings as they are, and ends.") var printConfig = false

    func run() async throws {
        let configuration = try settings()
        if printConfig { return print(configuration.file, terminator: "") }
        try await serve(configuration)
    }

    private func settings() throws -> ServerConfiguration {
        var flags: [(String, String)] = []
        let named = [
            ("host", host), ("port", port), ("engine", engine), ("model", model), ("voices-dir", voicesDir),
            ("default-voice", defaultVoice), ("threads", threads), ("grace", grace),
        ]
        for (name, value) in named { if let value { flags.append((name, value)) } }
        for pair in set {
            guard let equals = pair.firstIndex(of: "=") else {
                throw ValidationError("--set takes name=value, not \(pair).")
            }
            flags.append((String(pair[..<equals]), String(pair[pair.index(after: equals)...])))
        }
        return try SettingsFile.configuration(config, flags: flags)
    }
}

extension Serve {
    private func serve(_ settings: ServerConfiguration) async throws {
        var configuration = settings
        VoiceLocations.complete(&configuration)
        PronunciationLocations.complete(&configuration)
        var logger = (LogFormat(rawValue: configuration.logFormat) ?? .text).logger("makima")
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let choice = try EngineChoice(configuration)
        try await Server.serve(
            choice.engine, configuration, version: version, logger: logger,
            manager: ServiceManager(environment: ProcessInfo.processInfo.environment), loader: choice.loader(logger))
    }
}
