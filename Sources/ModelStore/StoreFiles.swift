// The files of the store; what fails says so as an error of the store.

import Files
import FoundationEssentials
import Glibc

enum StoreFiles {
    static func makeDirectory(_ path: String) throws(ModelStoreError) {
        try ModelStoreError.mapping { () throws(FileError) in try FileSystem.makeFolder(path) }
    }

    static func removeTree(_ path: String) throws(ModelStoreError) {
        try ModelStoreError.mapping { () throws(FileError) in try FileSystem.removeTree(path) }
    }

    /// nil when another process holds the lock.
    static func lock(_ path: String) throws(ModelStoreError) -> FileLock? {
        try ModelStoreError.mapping { () throws(FileError) in try FileLock(path: path) }
    }

    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

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
                if FileSystem.isFolder(directory + "/" + path) { folders.append(path) } else { found.append(path) }
            }
        }
        return found.sorted()
    }

    /// Replaces `to` in one step.
    static func rename(_ from: String, to: String) throws(ModelStoreError) {
        try ModelStoreError.mapping { () throws(FileError) in try FileSystem.rename(from, to: to) }
    }

    /// Points the symbolic link `path` at `target`, replacing an older link in one step.
    static func link(_ path: String, to target: String) throws(ModelStoreError) {
        try ModelStoreError.mapping { () throws(FileError) in try FileSystem.link(path, to: target) }
    }

    static func linkTarget(_ path: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: path)
    }

    /// Makes names in a folder, and what they hold, survive a power cut.
    static func sync(_ path: String) throws(ModelStoreError) {
        try ModelStoreError.mapping { () throws(FileError) in try FileSystem.synchronize(path) }
    }

    static func write(_ text: String, to path: String) throws(ModelStoreError) {
        try ModelStoreError.mapping { () throws(FileError) in try FileSystem.write(Array(text.utf8), to: path) }
    }

    static func read(_ path: String) -> Data? { try? Data(contentsOf: URL(filePath: path)) }
}
