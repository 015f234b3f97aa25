import FoundationEssentials
import Glibc
import Server

/// Where voices lie: the appliance's, the user's own, and those that come with the program.
enum VoiceLocations {
    static let system = "/var/lib/makima/voices"

    /// Fills in the folders that no setting names.
    static func complete(
        _ configuration: inout ServerConfiguration,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        if configuration.voicesDirectory.isEmpty { configuration.voicesDirectory = writable(environment) }
        if configuration.builtInVoices.isEmpty {
            configuration.builtInVoices =
                ModelLocations.builtInFolders("voices", inSource: "Voices").first ?? "/usr/share/makima/voices"
        }
    }

    /// The voices that `serve` would use, by the same settings.
    static func store(_ directory: String? = nil) throws -> VoiceStore {
        var configuration = try configuration()
        if let directory { configuration.voicesDirectory = directory }
        complete(&configuration)
        return VoiceStore(
            directory: configuration.voicesDirectory, builtIn: configuration.builtInVoices,
            defaultVoice: configuration.defaultVoice, limit: configuration.voicesLimit)
    }

    /// How loud voices are, in the user's cache.
    static var loudness: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["XDG_CACHE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (cache ?? (environment["HOME"] ?? "") + "/.cache") + "/makima/loudness"
    }

    /// The server's settings, as far as they are in its file and the environment.
    static func configuration() throws -> ServerConfiguration {
        try ServerConfiguration(
            file: SettingsFile.read(nil), environment: ProcessInfo.processInfo.environment, flags: [])
    }

    private static func writable(_ environment: [String: String]) -> String {
        if unsafe access(system, W_OK) == 0 { return system }
        // By the XDG base directory specification.
        let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (data ?? (environment["HOME"] ?? "") + "/.local/share") + "/makima/voices"
    }
}
