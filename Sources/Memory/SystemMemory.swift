// How much memory this process can have: of what the computer has, what control groups leave it (containers, systemd's
// MemoryMax).

import FoundationEssentials

/// A number of bytes, and what sets it.
package struct MemoryBound: Sendable, Equatable {
    package enum Source: Sendable, Equatable {
        case computer
        /// A control group, by the file that says so.
        case group(file: String)
    }

    package let bytes: Int
    package let source: Source

    package init(bytes: Int, source: Source) {
        self.bytes = bytes
        self.source = source
    }
}

/// nil where the kernel does not say.
package struct SystemMemory: Sendable, Equatable {
    /// The most there can be: more is not had by pushing something out.
    package let limit: MemoryBound?
    /// What can be had without pushing out what is in use.
    package let available: MemoryBound?

    package init(limit: MemoryBound?, available: MemoryBound?) {
        self.limit = limit
        self.available = available
    }

    /// As it is now.
    /// - Parameter root: the folder in which `/proc` and `/sys` lie.
    package init(root: String = "") {
        let information = contents(of: root + "/proc/meminfo")
        func computer(_ name: String) -> [MemoryBound] {
            kilobytes(name, in: information).map { [MemoryBound(bytes: $0, source: .computer)] } ?? []
        }
        let groups = ControlGroup.around(
            contents(of: root + "/proc/self/cgroup"), mounts: contents(of: root + "/proc/self/mountinfo"), root: root)
        limit = (computer("MemTotal") + groups.flatMap(\.limits)).least
        available = (computer("MemAvailable") + groups.flatMap(\.available)).least
    }
}

extension [MemoryBound] {
    /// Of equal ones the first.
    fileprivate var least: MemoryBound? { self.min { $0.bytes < $1.bytes } }
}

/// Empty where there is no such file.
func contents(of path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
}

/// Bytes of the line "name: 123 kB".
private func kilobytes(_ name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
        let fields = line.split(separator: " ")
        guard fields.count == 3, fields[2] == "kB", let kilobytes = Int(fields[1]), kilobytes >= 0 else { return nil }
        let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
        return overflow ? nil : bytes
    }
    return nil
}
