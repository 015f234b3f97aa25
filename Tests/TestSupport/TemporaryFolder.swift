package import FoundationEssentials

/// A folder of its own, gone with its last reference.
package final class TemporaryFolder: Sendable {
    package let path: String

    package init() throws {
        path = FileManager.default.temporaryDirectory.path + "/makima-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Where a file of that name is or will be.
    package func path(_ name: String) -> String { path + "/" + name }

    /// What lies in the folder, sorted.
    package var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
    }

    /// Writes a file of that name.
    package func write(_ data: Data, to name: String) throws { try data.write(to: URL(filePath: path(name))) }
}

/// Runs `body` with the path of an empty folder that is removed afterwards.
package func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = try TemporaryFolder()
    return try withExtendedLifetime(folder) { try body(folder.path) }
}

/// Runs `body` with the path of a copy of `folder`, which is removed afterwards.
package func withCopy<Result>(of folder: String, _ body: (String) throws -> Result) throws -> Result {
    try withTemporaryFolder {
        try FileManager.default.copyItem(atPath: folder, toPath: $0 + "/copy")
        return try body($0 + "/copy")
    }
}
