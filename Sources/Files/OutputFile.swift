import Glibc

/// A file open for writing, closed when this value goes.
package struct OutputFile: ~Copyable, Sendable {
    package let path: String
    package let descriptor: Int32

    /// Creates the file, which must not exist. A private one is its owner's only, whatever the process's mask.
    package init(creating path: String, isPrivate: Bool = false) throws(FileError) {
        try self.init(path, O_RDWR | O_CREAT | O_EXCL, isPrivate ? 0o600 : 0o666)
    }

    /// Opens the file as it is, or a new one.
    package init(continuing path: String) throws(FileError) {
        try self.init(path, O_RDWR | O_CREAT, 0o666)
    }

    private init(_ path: String, _ flags: Int32, _ permissions: mode_t) throws(FileError) {
        let descriptor = unsafe open(path, flags | O_CLOEXEC, permissions)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Writes all of `bytes` where the last writing ended.
    package borrowing func write(_ bytes: RawSpan) throws(FileError) {
        let file = descriptor
        try check(unsafe bytes.withUnsafeBytes { unsafe Self.write($0, to: file, at: nil) })
    }

    /// Writes elements as they lie in memory: the first at `offset`, from any thread, or where the last writing ended.
    package borrowing func write<Element: BitwiseCopyable>(
        _ elements: [Element], at offset: Int? = nil
    ) throws(FileError) {
        let file = descriptor
        try check(unsafe elements.withUnsafeBytes { unsafe Self.write($0, to: file, at: offset) })
    }

    /// Returns when the disk has what was written.
    package borrowing func synchronize() throws(FileError) {
        try check(fsync(descriptor) == 0 ? 0 : errno)
    }

    private borrowing func check(_ code: Int32) throws(FileError) {
        guard code == 0 else { throw FileError(path: path, code: code) }
    }

    /// Calls the system until all is written. Returns 0, or the number of the error.
    private static func write(_ bytes: UnsafeRawBufferPointer, to file: Int32, at offset: Int?) -> Int32 {
        var done = 0
        while done < bytes.count {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count =
                if let offset {
                    unsafe pwrite(file, rest.baseAddress, rest.count, off_t(offset + done))
                } else {
                    unsafe Glibc.write(file, rest.baseAddress, rest.count)
                }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return count == 0 ? ENOSPC : errno }
            done += count
        }
        return 0
    }
}
