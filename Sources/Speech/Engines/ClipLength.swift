// How long a recording should be that a voice is made of: said in one way by every door, command and engine.

package enum ClipLength {
    /// Seconds that a recording may have, and those of which the best voices are made.
    package static let allowed = 3.0...30.0
    package static let best = 5.0...10.0

    package static let advice = "\(text(allowed)) are needed, \(text(best)) are best"

    /// What is wrong with a length; nil when nothing is.
    package static func problem(_ seconds: Double) -> String? {
        guard !allowed.contains(seconds) else { return nil }
        return "The recording has \(Int(seconds)).\(Int(seconds * 10) % 10) s; \(advice)."
    }

    /// "5 to 10 s".
    private static func text(_ range: ClosedRange<Double>) -> String {
        "\(Int(range.lowerBound)) to \(Int(range.upperBound)) s"
    }
}
