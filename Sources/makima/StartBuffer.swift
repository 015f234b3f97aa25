/// When playing may begin. A computer that makes speech faster than it is heard plays at once; a slower one first collects
/// what it will fall behind by, so that there is no hole in the middle.
struct StartBuffer {
    /// Frames after which the speed is known.
    private static let measured = 3
    /// Speed is not steady: count on a little less.
    private static let caution = 0.95

    private(set) var isPlaying = false
    private var held: [Float] = []
    private var frames = 0

    init() {}

    /// Takes a frame and returns what to play now. `seconds` since the first frame was there, `total` is the estimate of
    /// all frames.
    mutating func take(_ samples: [Float], frameSeconds: Double, seconds: Double, total: Double) -> [Float] {
        guard !isPlaying else { return samples }
        held += samples
        frames += 1
        guard frames >= Self.measured else { return [] }
        let speed = Self.caution * Double(frames - 1) * frameSeconds / max(seconds, 1e-6)
        // After s seconds of making, playing t seconds needs speed · (s + t) >= t until the end.
        guard speed >= 1 || Double(frames) >= total * (1 - speed) else { return [] }
        return flush()
    }

    /// What is held, at the end of speech.
    mutating func flush() -> [Float] {
        isPlaying = true
        defer { held = [] }
        return held
    }
}
