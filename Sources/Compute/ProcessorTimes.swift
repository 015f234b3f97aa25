import FoundationEssentials
import Glibc

/// What all processors of the computer have done since it started, as the kernel counts it.
package struct ProcessorTimes: Equatable, Sendable {
    /// Ticks of the clock.
    package let all, idle: UInt64

    /// nil when the text is not that of /proc/stat.
    package init?(_ text: String) {
        let fields = text.prefix { $0 != "\n" }.split(separator: " ")
        // user nice system idle iowait irq softirq steal; the rest is counted in those.
        let numbers = fields.dropFirst().prefix(8).compactMap { UInt64($0) }
        guard fields.first == "cpu", numbers.count >= 4 else { return nil }
        all = numbers.reduce(0) { $0 &+ $1 }
        idle = numbers[3] &+ (numbers.count > 4 ? numbers[4] : 0)
    }

    /// nil where the system does not tell.
    package static var now: ProcessorTimes? {
        FileManager.default.contents(atPath: "/proc/stat").flatMap {
            ProcessorTimes(String(decoding: $0, as: UTF8.self))
        }
    }

    /// Seconds of all processors that were spent computing, time that a hypervisor kept for itself among them.
    package var busySeconds: Double { Double(all &- idle) / Double(sysconf(Int32(_SC_CLK_TCK))) }

    /// The part of the processors' time from `earlier` until now that was spent computing.
    package func share(since earlier: ProcessorTimes) -> Double {
        guard all > earlier.all, idle >= earlier.idle else { return 0 }
        return max(0, 1 - Double(idle - earlier.idle) / Double(all - earlier.all))
    }
}
