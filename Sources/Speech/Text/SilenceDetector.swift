// An end when the model keeps still: a guard beside the budget.

/// Notices two seconds of silence inside speech.
package struct SilenceDetector: Sendable {
    private var hasSpoken = false
    private var silent = 0

    /// Root mean squares of a frame: -40 dB and more is speech, below -50 dB is silence.
    private static let speech: Float = 0.01
    private static let silence: Float = 0.003
    private static let limit = 25  // frames

    package init() {}

    /// Frames it takes at least until there are two seconds.
    package var left: Int { max(1, Self.limit - silent) }

    /// Takes a frame; true when it ends two seconds of silence after speech.
    package mutating func take(_ samples: ArraySlice<Float>) -> Bool {
        let power = samples.reduce(0) { $0 + $1 * $1 } / Float(max(samples.count, 1))
        if power >= Self.speech * Self.speech { hasSpoken = true }
        silent = power < Self.silence * Self.silence ? silent + 1 : 0
        return hasSpoken && silent >= Self.limit
    }
}
