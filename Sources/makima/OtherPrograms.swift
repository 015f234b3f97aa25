import Compute
import Glibc

/// How busy other programs keep the processors: a speed is measured when they rest.
struct OtherPrograms {
    /// A processor that does a tenth of its work for others is as good as free.
    private static let quiet = 0.1
    private static let looks = 10

    /// The part of the processors that others took at last, 0 to 1.
    let share: Double
    var isQuiet: Bool { share <= Self.quiet }

    /// Looks until the computer is quiet, for five seconds at most; nil where the system does not tell.
    static func waitForQuiet() -> OtherPrograms? {
        var found: OtherPrograms?
        for _ in 0..<looks {
            guard let before = ProcessorTimes.now else { return nil }
            usleep(500_000)
            guard let after = ProcessorTimes.now else { return nil }
            let programs = OtherPrograms(share: after.share(since: before))
            if programs.isQuiet { return programs }
            found = programs
        }
        return found
    }
}

extension DoctorChecks {
    /// Says whether the speed was measured beside other work.
    static func quiet(_ programs: OtherPrograms) -> Finding {
        let percent = "other programs take \(Int((programs.share * 100).rounded())) % of the processors"
        guard !programs.isQuiet else { return .ok("quiet", percent) }
        return .warn(
            "quiet", percent,
            advice: "The speed is that of what they leave. End them, and ask again, for a fair figure.")
    }
}
