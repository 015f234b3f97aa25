import CArguments
import FoundationEssentials
import Glibc

/// The program as it was started.
enum Program {
    /// Its name, then what came after it.
    static var arguments: [String] {
        (0..<program_argument_count()).compactMap { index in
            unsafe program_argument(index).map { unsafe String(cString: $0) }
        }
    }

    /// The file it was started from; nil when nothing tells.
    static var path: String? {
        if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") { return path }
        guard let name = arguments.first, !name.isEmpty else { return nil }
        guard !name.contains("/") else { return absolute(name) }
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        return folders.lazy.map { "\($0)/\(name)" }.first { unsafe access($0, X_OK) == 0 }.flatMap(absolute)
    }

    private static func absolute(_ path: String) -> String? {
        guard let found = unsafe realpath(path, nil) else { return nil }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }
}
