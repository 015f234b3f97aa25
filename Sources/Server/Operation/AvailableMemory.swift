// How much memory is left, as the kernel counts it.

import FoundationEssentials

enum AvailableMemory {
    /// Bytes that can be had without pushing other programs out; nil where the kernel does not say.
    static func bytes() -> Int? {
        FileManager.default.contents(atPath: "/proc/meminfo").flatMap {
            bytes(meminfo: String(decoding: $0, as: UTF8.self))
        }
    }

    static func bytes(meminfo: String) -> Int? {
        for line in meminfo.split(separator: "\n") where line.hasPrefix("MemAvailable:") {
            let fields = line.split(separator: " ")
            guard fields.count == 3, fields[2] == "kB", let kilobytes = Int(fields[1]) else { return nil }
            let (bytes, overflow) = kilobytes.multipliedReportingOverflow(by: 1024)
            return overflow ? nil : bytes
        }
        return nil
    }
}
