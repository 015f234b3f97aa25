import FoundationEssentials

/// The repository the tests were built from.
package enum Repository {
    /// Where `path` is, which begins at the repository's root.
    package static func path(_ path: String) -> String { root + "/" + path }

    /// The folder of the tiny checkpoints, whose weights are random, and of what the official implementation does with them.
    package static let tiny = path("Tests/Goldens/tiny")

    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
}
