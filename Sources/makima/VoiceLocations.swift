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
        var configuration = try ServerConfiguration(
            file: SettingsFile.read(nil), environment: ProcessInfo.processInfo.environment, flags: [])
        if let directory { configuration.voicesDirectory = directory }
        complete(&configuration)
        return VoiceStore(
            directory: configuration.voicesDirectory, builtIn: configuration.builtInVoices,
            defaultVoice: configuration.defaultVoice, limit: configuration.voicesLimit)
    }

    private static func writable(_ environment: [String: String]) -> String {
        if unsafe access(system, W_OK) == 0 { return system }
        // By the XDG base directory specification.
        let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        return (data ?? (environment["HOME"] ?? "") + "/.local/share") + "/makima/voices"
    }
}
