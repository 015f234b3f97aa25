import Glibc

/// What the operating system calls the error `code`, as in "No such file or directory".
package func systemMessage(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

/// A call of the file system that failed: at which path, and with which error number.
package struct FileError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let code: Int32

    package init(path: String, code: Int32) {
        self.path = path
        self.code = code
    }

    package var reason: String { systemMessage(code) }
    package var description: String { "\(path): \(reason)" }
}

/// The error type of a module, which tells a failure of the file system in its own words.
package protocol FileFailure: Error {
    init(_ error: FileError)
}

extension FileFailure {
    /// Runs `body`, and throws what fails in it as this type.
    package static func mapping<Result: ~Copyable>(_ body: () throws(FileError) -> Result) throws(Self) -> Result {
        do { return try body() } catch { throw Self(error) }
    }
}
