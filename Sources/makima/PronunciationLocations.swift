import Files
import FoundationEssentials
import Server

/// Where the household's lists of pronunciations lie: the appliance's and the user's own, whose entries win.
enum PronunciationLocations {
    static let system = "/etc/makima/pronunciations.tsv"

    /// Fills in the lists that no setting names.
    static func complete(
        _ configuration: inout ServerConfiguration,
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        guard configuration.pronunciationFiles.isEmpty else { return }
        // By the XDG base directory specification.
        let folder = environment["XDG_CONFIG_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.config" }
        configuration.pronunciationFiles =
            [system] + [folder ?? home].compactMap { $0.map { $0 + "/makima/pronunciations.tsv" } }
    }

    /// The lists that `serve` would use, by the same settings; what is wrong in them is printed.
    static func files() throws -> PronunciationFiles {
        var configuration = try ServerConfiguration(
            file: SettingsFile.read(nil), environment: ProcessInfo.processInfo.environment, flags: [])
        complete(&configuration)
        return PronunciationFiles(configuration.pronunciationFiles) { printError("\($0)") }
    }
}
