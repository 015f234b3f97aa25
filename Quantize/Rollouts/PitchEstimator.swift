// How high a voice speaks: the shortest time after which a piece of sound repeats, by its normalized autocorrelation.

import Glibc

struct PitchEstimator {
    /// Samples of a piece: long enough for two periods of the deepest voice.
    let length: Int

    private let step: Int  // samples that are averaged into one: a voice's pitch needs no higher rate
    private let rate: Double
    private let lags: ClosedRange<Int>

    private static let lowest = 60.0  // Hz
    private static let highest = 400.0
    private static let reducedRate = 6000
    /// What noise and consonants stay below, and vowels exceed.
    private static let voiced = 0.5
    /// Whole multiples of a period repeat as well; the shortest time that is nearly as good as the best is the period.
    private static let nearlyBest = 0.9

    init(sampleRate: Int) {
        step = max(1, sampleRate / Self.reducedRate)
        rate = Double(sampleRate) / Double(step)
        let shortest = max(2, Int(rate / Self.highest))
        lags = shortest...max(shortest, Int((rate / Self.lowest).rounded(.up)))
        length = 3 * lags.upperBound * step
    }

    /// In Hz; nil for silence, noise and pieces that are too short.
    func pitch(of piece: ArraySlice<Float>) -> Double? {
        let x = reduced(piece)
        let window = x.count - lags.upperBound - 1
        guard window > lags.upperBound else { return nil }
        // One lag more on each side, for the parabola through a peak and its neighbours.
        let first = lags.lowerBound - 1
        let likeness = (first...lags.upperBound + 1).map { Self.likeness(x, lag: $0, window) }
        let peaks = likeness.indices.dropFirst().dropLast().filter {
            likeness[$0] > likeness[$0 - 1] && likeness[$0] >= likeness[$0 + 1]
        }
        guard let best = peaks.map({ likeness[$0] }).max(), best >= Self.voiced,
            let peak = peaks.first(where: { likeness[$0] >= Self.nearlyBest * best })
        else { return nil }
        let (before, here, after) = (likeness[peak - 1], likeness[peak], likeness[peak + 1])
        let offset = (before - after) / (2 * (before - 2 * here + after))
        return rate / (Double(first + peak) + offset)
    }

    /// The piece at the lower rate, without its mean.
    private func reduced(_ piece: ArraySlice<Float>) -> [Double] {
        let averages = stride(from: piece.startIndex, through: piece.endIndex - step, by: step).map { start in
            piece[start..<start + step].reduce(0) { $0 + Double($1) } / Double(step)
        }
        let mean = averages.reduce(0, +) / Double(max(1, averages.count))
        return averages.map { $0 - mean }
    }

    /// Correlation of the first `window` values with those `lag` later, 1 where they are the same; 0 where there is no sound.
    private static func likeness(_ x: [Double], lag: Int, _ window: Int) -> Double {
        var (product, here, later) = (0.0, 0.0, 0.0)
        for i in 0..<window {
            product += x[i] * x[i + lag]
            here += x[i] * x[i]
            later += x[i + lag] * x[i + lag]
        }
        let energy = (here * later).squareRoot()
        return energy > 0 ? product / energy : 0
    }
}
