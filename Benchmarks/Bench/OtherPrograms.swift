// How much of the processor others took while something was measured.

import Compute
import Glibc

struct OtherPrograms {
    /// Above this many per cent of all cores a figure says more about the others.
    static let limit = 5.0

    private let began = Clock.now
    private let busy = ProcessorTimes.now
    private let own = Self.ownSeconds()

    /// Per cent of all cores since the beginning.
    var percent: Double {
        let seconds = Clock.milliseconds(since: began) / 1000 * Double(sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        guard let busy, let now = ProcessorTimes.now else { return 0 }
        let others = (now.busySeconds - busy.busySeconds) - (Self.ownSeconds() - own)
        return seconds > 0 ? min(100, max(0, 100 * others / seconds)) : 0
    }

    private static func ownSeconds() -> Double {
        var usage = rusage()
        guard unsafe getrusage(.init(RUSAGE_SELF.rawValue), &usage) == 0 else { return 0 }
        let (user, system) = (usage.ru_utime, usage.ru_stime)
        return Double(user.tv_sec + system.tv_sec) + Double(user.tv_usec + system.tv_usec) * 1e-6
    }
}
