import Glibc

/// What tells whether a file is still the one that was looked at: another content has another state.
package struct FileState: Sendable, Equatable, CustomStringConvertible {
    /// Bytes.
    package let size: Int
    private let device, inode: UInt64
    /// Time of the last change, in seconds and nanoseconds.
    private let seconds, nanoseconds: Int

    /// The state of the file at `path`, whatever links lead there; nil when there is none.
    package init?(_ path: String) {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        size = Int(status.st_size)
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        (seconds, nanoseconds) = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    }

    /// Size and time, which a copy of a folder keeps.
    package var description: String { "\(size) \(seconds).\(nanoseconds)" }
}
