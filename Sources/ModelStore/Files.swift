// The few calls of the file system that Foundation has no word for, or no atomic one.

import FoundationEssentials
import Glibc

enum Files {
    static func isDirectory(_ path: String) -> Bool {
        var isDirectory = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func makeDirectory(_ path: String) throws(ModelStoreError) {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            throw .unwritable(path: path, reason: Self.reason(error))
        }
    }

    static func removeTree(_ path: String) throws(ModelStoreError) {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            if isGone(path) { return }
            throw .unwritable(path: path, reason: Self.reason(error))
        }
    }

    /// Also true of a symbolic link that points nowhere.
    private static func isGone(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) != 0
    }

    /// Names in a folder, sorted; a folder that cannot be read has none.
    static func names(in directory: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).sorted()
    }

    static func size(_ path: String) -> Int? {
        var status = stat()
        guard unsafe stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int(status.st_size)
    }

    /// Every regular file below a folder, by its path from there, sorted.
    static func tree(_ directory: String) -> [String] {
        var found: [String] = []
        var folders = [""]
        while let folder = folders.popLast() {
            for name in names(in: directory + "/" + folder) {
                let path = folder.isEmpty ? name : folder + "/" + name
                if isDirectory(directory + "/" + path) { folders.append(path) } else { found.append(path) }
            }
        }
        return found.sorted()
    }

    /// Bytes an ordinary user can still write where `path` lies (or will lie).
    static func freeSpace(at path: String) -> Int? {
        var existing = path
        while !exists(existing), let slash = existing.lastIndex(of: "/"), slash != existing.startIndex {
            existing = String(existing[..<slash])
        }
        var status = statvfs()
        guard unsafe statvfs(existing, &status) == 0 else { return nil }
        return Int(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Replaces `to` in one step, as rename(2) does.
    static func rename(_ from: String, to: String) throws(ModelStoreError) {
        guard unsafe Glibc.rename(from, to) == 0 else { throw .unwritable(path: to, reason: lastError()) }
    }

    /// Points the symbolic link `path` at `target`, replacing an older link in one step.
    static func link(_ path: String, to target: String) throws(ModelStoreError) {
        let temporary = path + ".new"
        unsafe unlink(temporary)
        guard unsafe symlink(target, temporary) == 0 else { throw .unwritable(path: temporary, reason: lastError()) }
        try rename(temporary, to: path)
    }

    static func linkTarget(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// Makes names in a folder, and what they hold, survive a power cut.
    static func sync(_ path: String) throws(ModelStoreError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: lastError()) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unwritable(path: path, reason: lastError()) }
    }

    static func write(_ text: String, to path: String) throws(ModelStoreError) {
        do { try Data(text.utf8).write(to: URL(filePath: path), options: .atomic) } catch {
            throw .unwritable(path: path, reason: reason(error))
        }
        try sync(path)
    }

    static func read(_ path: String) -> Data? { try? Data(contentsOf: URL(filePath: path)) }

    static func lastError() -> String { unsafe String(cString: strerror(errno)) }

    /// Foundation's error texts name their own classes; the cause below them is what a person can act on.
    private static func reason(_ error: any Error) -> String {
        guard let cocoa = error as? CocoaError else { return "\(error)" }
        if let cause = cocoa.underlying as? POSIXError { return unsafe String(cString: strerror(cause.code.rawValue)) }
        return lastError()
    }
}

/// A lock on a file, held until this value goes; the kernel drops it when the process dies.
struct FileLock: ~Copyable {
    private let descriptor: Int32

    /// nil when another process holds it.
    init?(path: String) throws(ModelStoreError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path, reason: Files.lastError()) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            return nil
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }
}
