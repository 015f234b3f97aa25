// Where sound pauses.

/// Levels of a stream of samples, 10 ms each; times are seconds from its first sample.
struct SoundLevels: Sendable {
    private static let step = 0.01
    /// Silence lies 30 dB below the loudest, or below -60 dB.
    private static let depth: Float = 0.03
    private static let floor: Float = 0.001
    /// A pause has 50 ms: shorter ones are consonants.
    private static let shortestPause = 5

    private let window: Int
    /// Root mean squares, the first of them `forgotten` steps after the start.
    private var levels: [Float] = []
    private var forgotten = 0
    private var loudest: Float = 0
    /// The step that is not whole yet.
    private var sum: Float = 0
    private var count = 0

    init(sampleRate: Int) {
        window = max(1, sampleRate / 100)
    }

    mutating func take(_ samples: [Float]) {
        for sample in samples {
            sum += sample * sample
            count += 1
            guard count == window else { continue }
            let level = (sum / Float(window)).squareRoot()
            levels.append(level)
            loudest = max(loudest, level)
            (sum, count) = (0, 0)
        }
    }

    mutating func forget(before time: Double) {
        let steps = min(max(Int(time / Self.step) - forgotten, 0), levels.count)
        levels.removeFirst(steps)
        forgotten += steps
    }

    /// The time so far.
    var end: Double { time(levels.count) }

    /// The end of the last sound, or of what is forgotten.
    var lastSound: Double { time((levels.lastIndex { !isSilent($0) } ?? -1) + 1) }

    /// The first sound from a time on; that time itself when there is none.
    func firstSound(from start: Double) -> Double {
        let first = min(index(start), levels.count)
        return levels[first...].firstIndex { !isSilent($0) }.map(time) ?? start
    }

    /// The pause at which a sentence most likely ends that should end near a time: the longer and the nearer, the likelier.
    /// Without a pause it is the softest moment around that time, and has no length.
    func boundary(near expected: Double, from start: Double, tolerance: Double) -> Range<Double> {
        func cost(_ pause: Range<Double>) -> Double {
            let middle = min(max(expected, pause.lowerBound), pause.upperBound)
            let distance = (middle - expected) / tolerance
            return distance * distance / 2 - 25 * min(pause.upperBound - pause.lowerBound, 0.4)
        }
        let candidates = pauses(from: start).filter { abs($0.lowerBound - expected) < 4 * tolerance }
        if let best = candidates.min(by: { cost($0) < cost($1) }) { return best }
        let around = max(index(expected - tolerance), index(start))..<min(index(expected + tolerance), levels.count)
        let softest = around.isEmpty ? min(index(expected), levels.count) : around.min { levels[$0] < levels[$1] }!
        return time(softest)..<time(softest)
    }

    /// Pauses between two sounds.
    private func pauses(from start: Double) -> [Range<Double>] {
        var pauses: [Range<Double>] = []
        var last: Int?
        for index in levels.indices.dropFirst(index(start)) where !isSilent(levels[index]) {
            if let last, index - last > Self.shortestPause { pauses.append(time(last + 1)..<time(index)) }
            last = index
        }
        return pauses
    }

    private func isSilent(_ level: Float) -> Bool { level < max(Self.floor, Self.depth * loudest) }
    private func time(_ index: Int) -> Double { Double(forgotten + index) * Self.step }
    private func index(_ time: Double) -> Int { max(0, Int((time / Self.step).rounded()) - forgotten) }
}
