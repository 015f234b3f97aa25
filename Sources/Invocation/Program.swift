import CArguments
import FoundationEssentials
import Glibc

/// The program as it was started.
package enum Program {
    /// Its name, then what came after it.
    package static var arguments: [String] {
        (0..<program_argument_count()).compactMap { index in
            unsafe program_argument(index).map { unsafe String(cString: $0) }
        }
    }

    /// The file it was started from; nil when nothing tells.
    package static var path: String? {
        if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") { return path }
        guard let name = arguments.first, !name.isEmpty else { return nil }
        guard !name.contains("/") else { return absolute(name) }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.lazy.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }.flatMap(absolute)
    }

    /// Opens what a caller closed: else the next file that is opened, such as the model, would be taken for standard input or
    /// output. Reading or writing it fails, as it should.
    package static func holdStandardStreams() {
        for (descriptor, mode) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_RDONLY)]
        where fcntl(descriptor, F_GETFD) < 0 {
            unsafe _ = open("/dev/null", mode)
        }
    }

    private static func absolute(_ path: String) -> String? {
        guard let found = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }
}
