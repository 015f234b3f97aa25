// A file on its way in: what has arrived lies in `NAME.part`, hashed as it comes; it gets its name when it is whole.

import Crypto
import Files
import Glibc
import NIOCore

final class PartialFile {
    let path: String
    private(set) var count = 0
    private let file: HubFile
    private let part: OutputFile
    private var hash: Hash

    private enum Hash {
        case sha256(SHA256)
        case gitBlob(Insecure.SHA1)
    }

    private var partialPath: String { part.path }
    private var tagPath: String { path + ".part.etag" }

    /// Opens what an earlier attempt left, or nothing yet.
    init(_ file: HubFile, in directory: String) throws(ModelStoreError) {
        let path = directory + "/" + file.path
        self.file = file
        self.path = path
        hash = Self.emptyHash(file)
        do { part = try OutputFile(continuing: path + ".part") } catch { throw ModelStoreError(error) }
        let left = StoreFiles.size(partialPath) ?? 0
        guard left <= file.size else {
            try restart()
            return
        }
        switch hash {
        case .sha256(var state):
            try Checksums.feed(partialPath, to: &state)
            hash = .sha256(state)
        case .gitBlob(var state):
            try Checksums.feed(partialPath, to: &state)
            hash = .gitBlob(state)
        }
        count = left
        lseek(part.descriptor, off_t(left), SEEK_SET)
    }

    var isWhole: Bool { count == file.size }

    /// The server's name for the version that `count` bytes came from, so that it can refuse to go on with another.
    var tag: String? {
        get {
            StoreFiles.read(tagPath).map { String(decoding: $0, as: UTF8.self) }
        }
        set {
            // A lost tag costs nothing but this check: the hash decides in the end.
            if let newValue {
                try? StoreFiles.write(newValue, to: tagPath)
            } else {
                try? StoreFiles.removeTree(tagPath)
            }
        }
    }

    func restart() throws(ModelStoreError) {
        guard ftruncate(part.descriptor, 0) == 0 else {
            throw .unwritable(path: partialPath, reason: systemMessage(errno))
        }
        lseek(part.descriptor, 0, SEEK_SET)
        count = 0
        tag = nil
        hash = Self.emptyHash(file)
    }

    /// Appends what arrived. Returns false, having written nothing, when that is more than the file's size.
    func append(_ buffer: ByteBuffer) throws(ModelStoreError) -> Bool {
        guard buffer.readableBytes <= file.size - count else { return false }
        try ModelStoreError.mapping { () throws(FileError) in try part.write(buffer.readableBytesSpan) }
        unsafe buffer.withUnsafeReadableBytes { unsafe update(with: $0) }
        count += buffer.readableBytes
        return true
    }

    private func update(with bytes: UnsafeRawBufferPointer) {
        switch hash {
        case .sha256(var state):
            hash = Self.emptyHash(file)  // the only reference to the state, so that it is updated in place
            unsafe state.update(bufferPointer: bytes)
            hash = .sha256(state)
        case .gitBlob(var state):
            unsafe state.update(bufferPointer: bytes)
            hash = .gitBlob(state)
        }
    }

    /// Gives the file its name when its hash is right. Otherwise returns the hash found.
    func finish() throws(ModelStoreError) -> String? {
        let found =
            switch hash {
            case .sha256(let state): hexadecimal(state.finalize())
            case .gitBlob(let state): hexadecimal(state.finalize())
            }
        guard found == file.hash.text else { return found }
        try ModelStoreError.mapping { () throws(FileError) in
            try part.synchronize()
            try FileSystem.rename(partialPath, to: path)
        }
        tag = nil
        return nil
    }

    private static func emptyHash(_ file: HubFile) -> Hash {
        switch file.hash {
        case .sha256: return .sha256(SHA256())
        case .gitBlob:
            var state = Insecure.SHA1()
            state.update(data: Array("blob \(file.size)\0".utf8))
            return .gitBlob(state)
        }
    }
}
