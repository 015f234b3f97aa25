import Glibc

/// A file that grows under a temporary name beside the target and takes its name in `publish()`. One that is dropped
/// before removes what it wrote, so that the target is either complete or untouched. Errors name the target.
package struct StagedFile: ~Copyable {
    package let path: String
    private let file: OutputFile
    private var isPublished = false

    package init(for path: String) throws(FileError) {
        let temporary = "\(path).\(getpid())-\(UInt32.random(in: 0 ... .max)).partial"
        do { file = try OutputFile(creating: temporary) } catch { throw FileError(path: path, code: error.code) }
        self.path = path
    }

    deinit {
        if !isPublished { unsafe unlink(file.path) }
    }

    /// For a library that writes by itself. It stays this value's to close.
    package var descriptor: Int32 { file.descriptor }

    package func write(_ bytes: [UInt8]) throws(FileError) {
        do { try file.write(bytes) } catch { throw FileError(path: path, code: error.code) }
    }

    /// Gives the file its name once the disk has it, and returns when the disk has the name too.
    package consuming func publish() throws(FileError) {
        do {
            try file.synchronize()
            try FileSystem.rename(file.path, to: path)
            isPublished = true
            try FileSystem.synchronize(FileSystem.parent(of: path))
        } catch {
            throw FileError(path: path, code: error.code)
        }
    }
}
