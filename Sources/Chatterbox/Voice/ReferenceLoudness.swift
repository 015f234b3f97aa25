// Every reference clip is made equally loud before it is listened to: -27 LUFS, measured as the official code does.

import Glibc

/// Integrated loudness by ITU-R BS.1770 with the filters of `pyloudnorm`: its K-weighting is made of two common equalizers that
/// come close to those of the standard. What plays sound measures by the standard itself (module Audio); a gain that is
/// 0.1 dB off would be another voice.
enum ReferenceLoudness {
    static let target = -27.0  // LUFS
    private static let blockSeconds = 0.4
    /// Of a block; by the rest it overlaps with the one before.
    private static let step = 0.25
    private static let absoluteGate = -70.0
    private static let relativeGate = -10.0

    /// The clip at the target; a clip without a block above the gate stays as it is.
    static func normalized(_ samples: [Float], sampleRate: Int) -> [Float] {
        guard let loudness = integrated(samples, sampleRate: sampleRate) else { return samples }
        let gain = pow(10, (target - loudness) / 20)
        guard gain.isFinite, gain > 0 else { return samples }
        return samples.map { Float(Double($0) * gain) }
    }

    /// LUFS; nil for a clip that is shorter than a block, or silent.
    static func integrated(_ samples: [Float], sampleRate: Int) -> Double? {
        let rate = Double(sampleRate)
        let seconds = Double(samples.count) / rate
        guard seconds >= blockSeconds else { return nil }
        var shelf = Equalizer.shelf(decibels: 4, frequency: 1500, quality: 0.5.squareRoot(), rate: rate)
        var highPass = Equalizer.highPass(frequency: 38, quality: 0.5, rate: rate)
        let squares = samples.map { (sample: Float) -> Double in
            let weighted = highPass.next(shelf.next(Double(sample)))
            return weighted * weighted
        }
        let count = Int(((seconds - blockSeconds) / (blockSeconds * step)).rounded(.toNearestOrEven)) + 1
        // The last block may reach beyond the end; it is divided by its full length all the same.
        let powers = (0..<count).map { (block: Int) -> Double in
            let start = min(Int(blockSeconds * (Double(block) * step) * rate), squares.count)
            let end = min(Int(blockSeconds * (Double(block) * step + 1) * rate), squares.count)
            return squares[start..<end].reduce(0, +) / (blockSeconds * rate)
        }
        guard let all = mean(powers.filter { loudness($0) >= absoluteGate }) else { return nil }
        let gate = loudness(all) + relativeGate
        return mean(powers.filter { loudness($0) > max(gate, absoluteGate) }).map(loudness)
    }

    private static func mean(_ powers: [Double]) -> Double? {
        powers.isEmpty ? nil : powers.reduce(0, +) / Double(powers.count)
    }

    private static func loudness(_ power: Double) -> Double { -0.691 + 10 * log10(power) }
}

/// A filter of second order by Bristow-Johnson's formulas, in the transposed direct form.
private struct Equalizer {
    private let b: (Double, Double, Double)
    private let a: (Double, Double)
    private var first = 0.0
    private var second = 0.0

    private init(b: (Double, Double, Double), a: (Double, Double, Double)) {
        self.b = (b.0 / a.0, b.1 / a.0, b.2 / a.0)
        self.a = (a.1 / a.0, a.2 / a.0)
    }

    mutating func next(_ x: Double) -> Double {
        let y = b.0 * x + first
        first = b.1 * x - a.0 * y + second
        second = b.2 * x - a.1 * y
        return y
    }

    static func shelf(decibels: Double, frequency: Double, quality: Double, rate: Double) -> Equalizer {
        let (gain, angle) = (pow(10, decibels / 40), 2 * Double.pi * frequency / rate)
        let (cosine, root) = (cos(angle), gain.squareRoot() * sin(angle) / quality)
        let (more, less) = (gain + 1, gain - 1)
        return Equalizer(
            b: (
                gain * (more + less * cosine + root), -2 * gain * (less + more * cosine),
                gain * (more + less * cosine - root)
            ),
            a: (more - less * cosine + root, 2 * (less - more * cosine), more - less * cosine - root))
    }

    static func highPass(frequency: Double, quality: Double, rate: Double) -> Equalizer {
        let angle = 2 * Double.pi * frequency / rate
        let (cosine, alpha) = (cos(angle), sin(angle) / (2 * quality))
        return Equalizer(
            b: ((1 + cosine) / 2, -(1 + cosine), (1 + cosine) / 2), a: (1 + alpha, -2 * cosine, 1 - alpha))
    }
}
