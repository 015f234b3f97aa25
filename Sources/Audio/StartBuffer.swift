// When to start playing speech that may be made more slowly than it is heard.

/// Says when enough sound lies ready that playing will not catch up with making. A machine that is faster than the ear
/// starts with the first frames; a slower one at B ≥ (1 − r)·T, where r is how many seconds of sound it makes in one and T
/// how long the whole will be: while T is heard, r·T is made.
package struct StartBuffer: Sendable {
    /// Sound held in any case, in seconds: a late frame or two are not heard.
    private static let least = 0.16
    /// Estimates are wrong by some per cent.
    private static let margin = 1.1

    /// Sound made so far, in seconds.
    package private(set) var buffered = 0.0
    private var firstAt: Double?
    private var firstSeconds = 0.0
    private var lastAt = 0.0

    package init() {}

    /// - Parameters:
    ///   - seconds: of sound that were just made.
    ///   - time: now, in seconds of any clock that does not jump.
    package mutating func add(_ seconds: Double, at time: Double) {
        if firstAt == nil {
            firstAt = time
            firstSeconds = seconds
        }
        buffered += seconds
        lastAt = time
    }

    /// Seconds of sound made in one second; nil before there are two pieces. The first piece is left out, for it waits for
    /// the prompt too.
    package var speed: Double? {
        guard let firstAt, lastAt > firstAt else { return nil }
        return (buffered - firstSeconds) / (lastAt - firstAt)
    }

    /// Whether speech that is made so fast is heard without a hole from its first frame on.
    package static func isLive(_ speed: Double) -> Bool { speed >= margin }

    /// - Parameter progress: how much of the text has been taken up, 0 to 1; it tells how long the whole will be.
    package func isReady(progress: Double) -> Bool { secondsToWait(progress: progress) == 0 }

    /// Seconds until playing may begin, as far as can be told now; 0 when it may, nil while nothing can be told.
    package func secondsToWait(progress: Double) -> Double? {
        guard buffered >= Self.least, let speed else { return nil }
        if Self.isLive(speed) { return 0 }
        guard progress > 0 else { return nil }
        let needed = (1 - speed / Self.margin) * buffered / min(1, progress)
        return max(0, (needed - buffered) / speed)
    }
}
