// A file mapped read-only into memory: weights are used where they lie and shared between processes.

import Files
import Glibc

@safe
package final class MappedFile: Sendable {
    package let path: String
    package let count: Int
    // SAFETY: the mapping is read-only and lives exactly as long as this object.
    nonisolated(unsafe) private let base: UnsafeRawPointer

    package init(path: String) throws(ModelFileError) {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(path: path, reason: systemMessage(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else {
            throw .unreadable(path: path, reason: systemMessage(errno))
        }
        let isFile = (status.st_mode & S_IFMT) == S_IFREG
        let size = Int(status.st_size)
        guard isFile else { throw .unreadable(path: path, reason: "not a regular file") }
        guard size > 0 else { throw .unreadable(path: path, reason: "the file is empty") }
        guard let mapping = unsafe mmap(nil, size, PROT_READ, MAP_SHARED, descriptor, 0),
            unsafe mapping != MAP_FAILED
        else { throw .unreadable(path: path, reason: systemMessage(errno)) }
        self.path = path
        count = size
        unsafe base = UnsafeRawPointer(mapping)
    }

    deinit {
        unsafe munmap(UnsafeMutableRawPointer(mutating: base), count)
    }

    /// Bytes of the file, bounds checked. The pointer is valid while this object lives.
    @unsafe
    package func pointer(at offset: Int, count length: Int) -> UnsafeRawPointer {
        precondition(offset >= 0 && length >= 0 && offset <= count - length, "read outside \(path)")
        return unsafe base + offset
    }

    package func bytes(_ range: Range<Int>) -> [UInt8] {
        let start = unsafe pointer(at: range.lowerBound, count: range.count)
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: range.count))
    }
}
