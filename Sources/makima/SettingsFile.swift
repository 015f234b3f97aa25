import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import Server

/// The file of settings that `serve` reads, and what looks after a server.
enum SettingsFile {
    private static let system = "/etc/makima/makima.toml"

    /// The server's settings: those of the file, of the environment, and `flags`.
    static func configuration(
        _ file: String? = nil, flags: [(name: String, value: String)] = []
    ) throws -> ServerConfiguration {
        try ServerConfiguration(file: read(file), environment: ProcessInfo.processInfo.environment, flags: flags)
    }

    /// The named file must be there; the system's may be.
    static func read(_ named: String?) throws -> (path: String, text: String)? {
        let path = named ?? system
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            guard named != nil else { return nil }
            throw ValidationError(
                "There is no settings file \(path). makima serve --print-config > \(path) makes one to start from.")
        }
        guard !isFolder else { throw ValidationError("\(path) is a folder; --config takes a file.") }
        guard unsafe access(path, R_OK) == 0, let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("The settings file \(path) may not be read: \(systemMessage(EACCES)).")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw ValidationError("The settings file \(path) is no text in UTF-8.")
        }
        return (path, text)
    }
}
