// The few calls of the file system that Foundation has no word for, or none that tells its error number.

import FoundationEssentials
import Glibc

package enum FileSystem {
    /// Also true of a symbolic link that points nowhere.
    package static func exists(_ path: String) -> Bool {
        var status = stat()
        return unsafe lstat(path, &status) == 0
    }

    package static func isFolder(_ path: String) -> Bool {
        var status = stat()
        return unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// The folder that holds `path`: "." for a plain name.
    package static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The folders that hold `path`, the nearest first.
    package static func folders(above path: String) -> [String] {
        var folders: [String] = []
        var folder = path
        while folder != parent(of: folder) {
            folder = parent(of: folder)
            folders.append(folder)
        }
        return folders
    }

    /// Hands over the bytes of a file in order, a piece at a time, so that its length takes no memory.
    package static func read(
        _ path: String, pieceSize: Int = 1 << 20, _ take: (ArraySlice<UInt8>) -> Void
    ) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        var piece = [UInt8](repeating: 0, count: pieceSize)
        while true {
            let count = unsafe Glibc.read(descriptor, &piece, pieceSize)
            guard count >= 0 else { throw FileError(path: path, code: errno) }
            if count == 0 { return }
            take(piece[..<count])
        }
    }

    /// Bytes an ordinary user can still write where `path` lies, or will lie; nil when the system does not say.
    package static func freeSpace(at path: String) -> Int? {
        var existing = path
        while !exists(existing), existing != parent(of: existing) { existing = parent(of: existing) }
        var status = statvfs()
        guard unsafe statvfs(existing, &status) == 0 else { return nil }
        let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return overflow ? .max : Int(clamping: bytes)
    }

    /// Makes a folder, which must not exist.
    package static func makeNewFolder(_ path: String) throws(FileError) {
        guard unsafe mkdir(path, 0o777) == 0 else { throw FileError(path: path, code: errno) }
    }

    /// Makes a folder and those above it, where they are missing.
    package static func makeFolder(_ path: String) throws(FileError) {
        guard !isFolder(path) else { return }
        let parent = parent(of: path)
        if parent != path { try makeFolder(parent) }
        do { try makeNewFolder(path) } catch {
            // Somebody else may have made it meanwhile.
            guard error.code == EEXIST, isFolder(path) else { throw error }
        }
    }

    /// Removes a file, or a folder with all in it; what is not there is removed already.
    package static func removeTree(_ path: String) throws(FileError) {
        do { try FileManager.default.removeItem(atPath: path) } catch {
            guard exists(path) else { return }
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            throw FileError(path: path, code: cause?.code.rawValue ?? EIO)
        }
    }

    /// Replaces `new` in one step, as rename(2) does: never a folder that has something in it.
    package static func rename(_ old: String, to new: String) throws(FileError) {
        guard unsafe Glibc.rename(old, new) == 0 else { throw FileError(path: new, code: errno) }
    }

    /// Points the symbolic link `path` at `target`, replacing an older link in one step.
    package static func link(_ path: String, to target: String) throws(FileError) {
        let temporary = path + ".new"
        unsafe unlink(temporary)
        guard unsafe symlink(target, temporary) == 0 else { throw FileError(path: temporary, code: errno) }
        try rename(temporary, to: path)
    }

    /// Returns when the disk has the file, or the names in the folder.
    package static func synchronize(_ path: String) throws(FileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError(path: path, code: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw FileError(path: path, code: errno) }
    }

    /// Writes a whole file, which replaces an older one in one step and survives a power cut. Makes the folder when it
    /// is missing.
    package static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try makeFolder(parent(of: path))
        let staged = try StagedFile(for: path)
        try staged.write(bytes)
        try staged.publish()
    }
}
