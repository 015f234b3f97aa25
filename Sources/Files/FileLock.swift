import Glibc

/// A lock on a file, held until this value goes; the kernel drops it when the process dies.
package struct FileLock: ~Copyable, Sendable {
    private let file: OutputFile

    /// nil when somebody else holds it.
    package init?(path: String) throws(FileError) {
        let file = try OutputFile(continuing: path)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else { return nil }
        self.file = file
    }
}
