// Where a checkpoint grows until it is whole: `DST.partial` beside DST, renamed at the end. Whatever happens before,
// nothing is ever found at DST, and the partial folder cannot be loaded, as config.json is written last.

import Files
import Glibc

final class StagingFolder {
    let path: String
    private let destination: String
    private let lock: FileLock
    private var isPublished = false
    private var folders: [String] = []

    /// Also removes what an earlier run left when it was killed.
    init(for destination: String) throws(QuantizationError) {
        let parent = FileSystem.parent(of: destination)
        guard FileSystem.isFolder(parent) else { throw .noParent(parent) }
        guard !FileSystem.exists(destination) else { throw .destinationExists(destination) }
        let path = destination + ".partial"
        let held: FileLock?
        do { held = try FileLock(path: Self.lockPath(path)) } catch { throw QuantizationError(error) }
        guard let held else { throw .inUse(destination) }
        try QuantizationError.mapping { () throws(FileError) in
            try FileSystem.removeTree(path)
            try FileSystem.makeNewFolder(path)
        }
        self.path = path
        self.destination = destination
        lock = held
    }

    deinit {
        if !isPublished { try? FileSystem.removeTree(path) }
        unsafe unlink(Self.lockPath(path))
    }

    private static func lockPath(_ path: String) -> String { path + ".lock" }

    func makeFolder(_ name: String) throws(QuantizationError) {
        try QuantizationError.mapping { () throws(FileError) in try FileSystem.makeNewFolder(path + "/" + name) }
        folders.append(path + "/" + name)
    }

    /// A small file, forced to the disk.
    func write(_ bytes: [UInt8], to name: String) throws(QuantizationError) {
        try QuantizationError.mapping { () throws(FileError) in
            let file = try OutputFile(creating: path + "/" + name)
            try file.write(bytes)
            try file.synchronize()
        }
    }

    /// The whole folder appears at the destination at once. Only an empty folder could be replaced by that, never data.
    func publish() throws(QuantizationError) {
        do {
            for folder in folders + [path] { try FileSystem.synchronize(folder) }
            try FileSystem.rename(path, to: destination)
            isPublished = true
            try FileSystem.synchronize(FileSystem.parent(of: destination))
        } catch {
            let isTaken = !isPublished && [ENOTEMPTY, EEXIST, ENOTDIR].contains(error.code)
            throw isTaken ? .destinationExists(destination) : QuantizationError(error)
        }
    }

    /// Bytes free for this user where the folder lies.
    var available: Int { FileSystem.freeSpace(at: path) ?? .max }
}
