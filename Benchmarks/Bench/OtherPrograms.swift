// How much of the processor others took while something was measured.

import FoundationEssentials
import Glibc

struct OtherPrograms {
    /// Above this many per cent of all cores a figure says more about the others.
    static let limit = 5.0

    private let began = Clock.now
    private let busy = Self.busySeconds()
    private let own = Self.ownSeconds()

    /// Per cent of all cores since the beginning, time that a hypervisor kept for itself among it.
    var percent: Double {
        let seconds = Clock.milliseconds(since: began) / 1000 * Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        let others = (Self.busySeconds() - busy) - (Self.ownSeconds() - own)
        return seconds > 0 ? min(100, max(0, 100 * others / seconds)) : 0
    }

    /// Of all processors, from the first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, …
    private static func busySeconds() -> Double {
        guard let text = try? String(contentsOf: URL(filePath: "/proc/stat"), encoding: .utf8) else { return 0 }
        let ticks = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard ticks.count >= 8 else { return 0 }
        return (ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6] + ticks[7]) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func ownSeconds() -> Double {
        var usage = rusage()
        guard unsafe getrusage(.init(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        let (user, system) = (usage.ru_utime, usage.ru_stime)
        return Double(user.tv_sec + system.tv_sec) + Double(user.tv_usec + system.tv_usec) * 1e-6
    }
}
