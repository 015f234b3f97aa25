// Where a checkpoint grows until it is whole: `DST.partial` beside DST, renamed at the end. Whatever happens before,
// nothing is ever found at DST, and the partial folder cannot be loaded, as config.json is written last.

import FoundationEssentials
import Glibc

final class StagingFolder {
    let path: String
    private let destination: String
    private let lock: Int32
    private var isPublished = false

    /// Also removes what an earlier run left when it was killed.
    init(for destination: String) throws(QuantizationError) {
        let parent = Self.parent(of: destination)
        guard Self.isFolder(parent) else { throw .noParent(parent) }
        guard !Self.exists(destination) else { throw .destinationExists(destination) }
        let path = destination + ".partial"
        let lock = unsafe open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard lock >= 0 else { throw .fileSystem(path: path + ".lock", reason: lastError()) }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            close(lock)
            throw .inUse(destination)
        }
        try? FileManager.default.removeItem(atPath: path)
        let status = unsafe mkdir(path, 0o755)
        let reason = lastError()
        guard status == 0 else {
            close(lock)
            throw .fileSystem(path: path, reason: reason)
        }
        self.path = path
        self.destination = destination
        self.lock = lock
    }

    deinit {
        if !isPublished { try? FileManager.default.removeItem(atPath: path) }
        unsafe unlink(path + ".lock")
        close(lock)
    }

    func makeFolder(_ name: String) throws(QuantizationError) {
        guard unsafe mkdir(path + "/" + name, 0o755) == 0 else {
            throw .fileSystem(path: path + "/" + name, reason: lastError())
        }
    }

    /// A small file, forced to the disk.
    func write(_ bytes: [UInt8], to name: String) throws(QuantizationError) {
        let file = path + "/" + name
        let descriptor = unsafe open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .fileSystem(path: file, reason: lastError()) }
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .fileSystem(path: file, reason: lastError()) }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else { throw .fileSystem(path: file, reason: lastError()) }
    }

    /// The whole folder appears at the destination at once. Only an empty folder could be replaced by that, never data.
    func publish() throws(QuantizationError) {
        for folder in [path + "/speech_tokenizer", path] { try Self.synchronize(folder) }
        guard unsafe rename(path, destination) == 0 else {
            let code = errno
            throw code == ENOTEMPTY || code == EEXIST || code == ENOTDIR
                ? .destinationExists(destination) : .fileSystem(path: destination, reason: lastError())
        }
        isPublished = true
        try Self.synchronize(Self.parent(of: destination))
    }

    /// Bytes free for this user where the folder lies.
    var available: Int {
        var status = statvfs()
        guard unsafe statvfs(path, &status) == 0 else { return .max }
        let (bytes, overflow) = Int(status.f_bavail).multipliedReportingOverflow(by: Int(status.f_frsize))
        return overflow ? .max : bytes
    }

    private static func synchronize(_ folder: String) throws(QuantizationError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .fileSystem(path: folder, reason: lastError()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .fileSystem(path: folder, reason: lastError()) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// A dangling link exists too.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    private static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && (status.st_mode & S_IFMT) == S_IFDIR
    }
}

func lastError() -> String { unsafe String(cString: strerror(errno)) }
