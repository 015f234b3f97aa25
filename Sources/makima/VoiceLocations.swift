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
        var configuration = try SettingsFile.configuration()
        if let directory { configuration.voicesDirectory = directory }
        complete(&configuration)
        return VoiceStore(
            directory: configuration.voicesDirectory, builtIn: configuration.builtInVoices,
            defaultVoice: configuration.defaultVoice, limit: configuration.voicesLimit)
    }

    /// How loud voices are, in the user's cache.
    static var loudness: String {
        BaseDirectory.cache.path(ProcessInfo.processInfo.environment) + "/makima/loudness"
    }

    private static func writable(_ environment: [String: String]) -> String {
        if unsafe access(system, W_OK) == 0 { return system }
        return BaseDirectory.data.path(environment) + "/makima/voices"
    }
}
