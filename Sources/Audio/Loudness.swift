// How loud sound is to a listener: integrated loudness by ITU-R BS.1770-4, and peaks between the samples.

import Glibc

/// Measures a stream of mono samples.
package struct LoudnessMeter: Sendable {
    private var shelf: Biquad
    private var highPass: Biquad
    /// Samples of 100 ms: by so much each block of 400 ms begins after the one before.
    private let step: Int
    /// Mean squares of whole steps, and the sum of the step that is not whole yet.
    private var steps: [Double] = []
    private var sum = 0.0
    private var count = 0

    /// Steps in a block.
    private static let blockLength = 4
    /// What is quieter than -70 LUFS, or 10 LU below the rest, does not count.
    private static let absoluteGate = -70.0
    private static let relativeGate = -10.0

    package init(sampleRate: Int) {
        precondition(supportedSampleRates.contains(sampleRate))
        step = sampleRate / 10
        shelf = .shelf(sampleRate: Double(sampleRate))
        highPass = .highPass(sampleRate: Double(sampleRate))
    }

    package mutating func add(_ samples: some Sequence<Float>) {
        for sample in samples {
            let weighted = highPass.next(shelf.next(Double(sample)))
            sum += weighted * weighted
            count += 1
            guard count == step else { continue }
            steps.append(sum / Double(step))
            (sum, count) = (0, 0)
        }
    }

    /// LUFS of all samples so far; nil when there is no block of 400 ms above the gate.
    package var integrated: Double? {
        let blocks = steps.indices.dropLast(Self.blockLength - 1).map { start in
            steps[start..<start + Self.blockLength].reduce(0, +) / Double(Self.blockLength)
        }
        guard let all = Self.mean(blocks, above: Self.absoluteGate) else { return nil }
        let gate = max(Self.loudness(all) + Self.relativeGate, Self.absoluteGate)
        return Self.mean(blocks, above: gate).map(Self.loudness)
    }

    private static func mean(_ blocks: [Double], above gate: Double) -> Double? {
        let loud = blocks.filter { loudness($0) > gate }
        return loud.isEmpty ? nil : loud.reduce(0, +) / Double(loud.count)
    }

    private static func loudness(_ power: Double) -> Double { -0.691 + 10 * log10(max(power, 1e-20)) }
}

/// A filter of second order, in the transposed direct form.
private struct Biquad: Sendable {
    let b: (Double, Double, Double)
    let a: (Double, Double)
    private var first = 0.0
    private var second = 0.0

    private init(b: (Double, Double, Double), a: (Double, Double)) {
        self.b = b
        self.a = a
    }

    mutating func next(_ x: Double) -> Double {
        let y = b.0 * x + first
        first = b.1 * x - a.0 * y + second
        second = b.2 * x - a.1 * y
        return y
    }

    /// The K-weighting's shelf: 4 dB more above 1.7 kHz. The standard gives its coefficients at 48 kHz; these are the values
    /// of the analogue filter behind them, for any rate.
    static func shelf(sampleRate: Double) -> Biquad {
        let k = tan(Double.pi * 1681.974450955533 / sampleRate)
        let q = 0.7071752369554196
        let high = pow(10, 3.999843853973347 / 20)
        let band = pow(high, 0.4996667741545416)
        let a0 = 1 + k / q + k * k
        return Biquad(
            b: ((high + band * k / q + k * k) / a0, 2 * (k * k - high) / a0, (high - band * k / q + k * k) / a0),
            a: (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0))
    }

    /// The K-weighting's high pass at 38 Hz.
    static func highPass(sampleRate: Double) -> Biquad {
        let k = tan(Double.pi * 38.13547087602444 / sampleRate)
        let q = 0.5003270373238773
        let a0 = 1 + k / q + k * k
        return Biquad(b: (1, -2, 1), a: (2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0))
    }
}

/// Peaks of the wave that samples stand for, which may lie between them: BS.1770-4, annex 2, by four times the rate.
package struct TruePeakMeter: Sendable {
    /// The newest sample last, twice, so that there is always a whole window without a seam.
    private var history = [Float](repeating: 0, count: 2 * TruePeakMeter.taps)
    private var position = 0

    private static let taps = 12
    /// Samples by which a peak is told late: it lies between the 6th and the 7th of the last.
    package static let delay = taps / 2

    /// The four phases of the standard's interpolating filter. The last two are the first two backwards.
    private static let phases: [[Float]] = {
        let first: [Float] = [
            0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000, -0.0594482421875, 0.1373291015625,
            0.9721679687500, -0.1022949218750, 0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500,
        ]
        let second: [Float] = [
            -0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250, -0.1665039062500, 0.4650878906250,
            0.7797851562500, -0.2003173828125, 0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375,
        ]
        return [first, second, second.reversed(), first.reversed()]
    }()

    package init() {}

    /// Takes a sample and returns the highest magnitude around the one `delay` samples ago.
    package mutating func next(_ sample: Float) -> Float {
        history[position] = sample
        history[position + Self.taps] = sample
        position = (position + 1) % Self.taps
        // Its neighbours as they are, too: the filter rounds the highest tones off.
        let next = position + Self.taps - Self.delay
        var peak = max(history[next - 1].magnitude, history[next].magnitude)
        for phase in Self.phases {
            var sum: Float = 0
            for tap in 0..<Self.taps { sum += phase[tap] * history[position + tap] }
            peak = max(peak, sum.magnitude)
        }
        return peak
    }

    /// The highest magnitude of a clip.
    package static func peak(of samples: [Float]) -> Float {
        var meter = TruePeakMeter()
        return (samples + [Float](repeating: 0, count: taps)).reduce(0) { max($0, meter.next($1)) }
    }
}
