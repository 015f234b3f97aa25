// Files that are whole or not there.

import FoundationEssentials
import Glibc
import NIOCore

enum AtomicFile {
    /// Writes beside the target, makes it durable, and gives it its name. Makes the folder when it is missing.
    static func write(_ data: Data, to path: String) throws(VoiceError) {
        let folder = String(path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex))
        let temporary = "\(path).\(UInt32.random(in: 0 ... .max)).partial"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try data.write(to: URL(filePath: temporary))
        } catch {
            throw .cannotWrite(path: path, reason: "\(error)")
        }
        try synchronize(temporary)
        try rename(temporary, to: path)
        try synchronize(folder)
    }

    /// Returns when the disk has the file, or the folder's entries.
    static func synchronize(_ path: String) throws(VoiceError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
    }

    /// Never replaces a folder that has something in it.
    static func rename(_ old: String, to new: String) throws(VoiceError) {
        guard unsafe Glibc.rename(old, new) == 0 else {
            let code = errno
            unsafe unlink(old)
            throw .cannotWrite(path: new, reason: systemMessage(code))
        }
    }
}

func systemMessage(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

/// A file that only we know, gone with its last reference.
final class TemporaryFile {
    let path: String
    private let descriptor: Int32

    init() throws(VoiceError) {
        path = FileManager.default.temporaryDirectory.path + "/makima-\(UUID().uuidString)"
        descriptor = unsafe open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
    }

    deinit {
        close(descriptor)
        unsafe _ = unlink(path)
    }

    func write(_ bytes: ByteBuffer) throws(VoiceError) {
        var rest = bytes.readableBytesView[...]
        while !rest.isEmpty {
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 else { throw .cannotWrite(path: path, reason: systemMessage(errno)) }
            rest = rest.dropFirst(written)
        }
    }
}
