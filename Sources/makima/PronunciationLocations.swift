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
        let own = BaseDirectory.config.known(environment).map { $0 + "/makima/pronunciations.tsv" }
        configuration.pronunciationFiles = [system] + [own].compactMap(\.self)
    }

    /// The lists that `serve` would use, by the same settings; what is wrong in them is printed.
    static func files() throws -> PronunciationFiles {
        var configuration = try SettingsFile.configuration()
        complete(&configuration)
        return PronunciationFiles(configuration.pronunciationFiles) { printError("\($0)") }
    }
}
