import ArgumentParser
import FoundationEssentials
import Logging
import Qwen3TTS
import Server
import Speech

/// `makima serve`: the appliance.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serves speech on the network: WebSocket, HTTP.",
        discussion: """
            Settings come from the flags, then the environment, then a file. `makima serve --print-config` prints all of them \
            with what they mean, as a file to start from.
            """)

    @Option(help: "Address to listen on.") var host: String?
    @Option(help: "Port of everything HTTP.") var port: String?
    @Option(help: "What speaks: qwen3, or tone to test clients.") var engine: String?
    @Option(help: ArgumentHelp("Folder of the checkpoint.", valueName: "directory")) var model: String?
    @Option(help: ArgumentHelp("Folder of voices.", valueName: "directory")) var voicesDir: String?
    @Option(help: "Voice of those who name none.") var defaultVoice: String?
    @Option(help: "Threads to compute with.") var threads: String?
    @Option(help: ArgumentHelp("Seconds speech may take to finish when the server stops.", valueName: "seconds"))
    var grace: String?
    @Option(help: ArgumentHelp("Any other setting, by its name. May be repeated.", valueName: "name=value"))
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
        return try ServerConfiguration(
            file: SettingsFile.read(config), environment: ProcessInfo.processInfo.environment, flags: flags)
    }
}

extension Serve {
    private func serve(_ settings: ServerConfiguration) async throws {
        var configuration = settings
        VoiceLocations.complete(&configuration)
        var logger = Logger(label: "makima") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let (loader, identity) = try engine(configuration)
        try await Server.serve(
            configuration, logger: logger, loader: loader, modelIdentity: identity,
            manager: ServiceManager(environment: ProcessInfo.processInfo.environment))
    }

    /// What speaks, and what tells its prepared voices from another model's.
    private func engine(_ configuration: ServerConfiguration) throws -> (SpeechService.Loader, identity: String) {
        guard configuration.device == "cpu" else {
            throw ValidationError(
                "The device \(configuration.device) is not supported: this program computes on the cpu.")
        }
        switch configuration.engine {
        case "tone":
            let generator = ToneGenerator(frameTime: .milliseconds(configuration.toneFrame))
            let loader: SpeechService.Loader = { limits, report in
                SynthesisScheduler(generator, limits: limits, report: report)
            }
            return (loader, "tone")
        default:
            let folder = try ModelLocations.resolve(configuration.model)
            let threads = configuration.threads == 0 ? nil : configuration.threads
            let loader: SpeechService.Loader = { limits, report in
                SynthesisScheduler(try SpeechModel(directory: folder, threads: threads), limits: limits, report: report)
            }
            return (loader, Self.identity(of: folder))
        }
    }

    /// Another checkpoint in the same folder is another model.
    private static func identity(of folder: String) -> String {
        let path = folder + "/model.safetensors"
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return folder }
        let size = attributes[.size] as? Int ?? 0
        let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(folder) \(size) \(changed)"
    }
}

enum SettingsFile {
    private static let system = "/etc/makima/makima.toml"

    /// The named file must be there; the system's may be.
    static func read(_ named: String?) throws -> (path: String, text: String)? {
        let path = named ?? system
        guard FileManager.default.fileExists(atPath: path) || named != nil else { return nil }
        guard let data = FileManager.default.contents(atPath: path), let text = String(validating: data, as: UTF8.self)
        else {
            throw ValidationError("The settings file \(path) cannot be read as text.")
        }
        return (path, text)
    }
}
