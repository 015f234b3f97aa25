// A file on its way in: what has arrived lies in `NAME.part`, hashed as it comes; it gets its name when it is whole.

import Crypto
import Glibc
import NIOCore

final class PartialFile {
    let path: String
    private(set) var count = 0
    private let file: HubFile
    private let descriptor: Int32
    private var hash: Hash

    private enum Hash {
        case sha256(SHA256)
        case gitBlob(Insecure.SHA1)
    }

    private var partialPath: String { path + ".part" }
    private var tagPath: String { path + ".part.etag" }

    /// Opens what an earlier attempt left, or nothing yet.
    init(_ file: HubFile, in directory: String) throws(ModelStoreError) {
        let path = directory + "/" + file.path
        self.file = file
        self.path = path
        hash = Self.emptyHash(file)
        descriptor = unsafe open(path + ".part", O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unwritable(path: path + ".part", reason: Files.lastError()) }
        let left = Files.size(partialPath) ?? 0
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
        lseek(descriptor, off_t(left), SEEK_SET)
    }

    deinit { close(descriptor) }

    var isWhole: Bool { count == file.size }

    /// The server's name for the version that `count` bytes came from, so that it can refuse to go on with another.
    var tag: String? {
        get {
            Files.read(tagPath).map { String(decoding: $0, as: UTF8.self) }
        }
        set {
            // A lost tag costs nothing but this check: the hash decides in the end.
            if let newValue { try? Files.write(newValue, to: tagPath) } else { try? Files.removeTree(tagPath) }
        }
    }

    func restart() throws(ModelStoreError) {
        guard ftruncate(descriptor, 0) == 0 else { throw .unwritable(path: partialPath, reason: Files.lastError()) }
        lseek(descriptor, 0, SEEK_SET)
        count = 0
        tag = nil
        hash = Self.emptyHash(file)
    }

    /// Appends what arrived. Returns false, having written nothing, when that is more than the file's size.
    func append(_ buffer: ByteBuffer) throws(ModelStoreError) -> Bool {
        guard buffer.readableBytes <= file.size - count else { return false }
        let failure = unsafe buffer.withUnsafeReadableBytes { bytes -> Int32 in
            var written = 0
            while written < bytes.count {
                let result = unsafe write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if result < 0 && errno == EINTR { continue }
                guard result > 0 else { return errno }
                written += result
            }
            unsafe update(with: bytes)
            return 0
        }
        guard failure == 0 else {
            throw .unwritable(path: partialPath, reason: unsafe String(cString: strerror(failure)))
        }
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
            case .sha256(let state): Checksums.hex(state.finalize())
            case .gitBlob(let state): Checksums.hex(state.finalize())
            }
        guard found == file.hash.text else { return found }
        guard fsync(descriptor) == 0 else { throw .unwritable(path: partialPath, reason: Files.lastError()) }
        try Files.rename(partialPath, to: path)
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
