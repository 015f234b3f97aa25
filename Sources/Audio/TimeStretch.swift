// Faster or slower speech at the same pitch, as a stream: WSOLA (waveform similarity overlap-add; Verhelst and Roelands
// 1993). Windows of the input are laid over each other at another distance than they were cut, each moved a little to
// where it continues the one before best.

package struct TimeStretch: Sendable {
    /// 0.25 is four times as long, 4 a quarter.
    package static let speeds: ClosedRange<Double> = 0.25...4

    package let speed: Double
    /// Half a window: what each step gives, in samples. 20 ms holds at least one period of any voice.
    private let hop: Int
    /// How far a window may be moved: half a period of the deepest voice to either side.
    private let reach: Int
    private let window: [Float]  // [2 * hop]

    /// Input from `bufferStart` on, counted in samples of the whole stream.
    private var buffer: [Float] = []
    private var bufferStart = 0
    private var consumed = 0
    private var produced = 0
    /// The second half of the last window, faded out.
    private var tail: [Float]  // [hop]
    /// Where the last window was cut.
    private var last = 0
    private var steps = 0

    package init(speed: Double, sampleRate: Int) throws(AudioError) {
        guard Self.speeds.contains(speed) else { throw .unsupportedSpeed(speed) }
        guard supportedSampleRates.contains(sampleRate) else {
            throw .unsupportedSampleRate(sampleRate, allowed: supportedSampleRates)
        }
        self.speed = speed
        hop = sampleRate / 50
        reach = sampleRate / 125
        window = Self.fade(2 * hop)
        tail = [Float](repeating: 0, count: hop)
    }

    /// Hann: the halves of two windows add up to one.
    private static func fade(_ count: Int) -> [Float] {
        (0..<count).map { index in
            // cos by its even symmetry needs no Foundation: 0.5 − 0.5·cos(2π(i + ½)/n) = sin²(π(i + ½)/n).
            let sine = Self.sine(Double.pi * (Double(index) + 0.5) / Double(count))
            return Float(sine * sine)
        }
    }

    /// sin(x) for 0 ≤ x ≤ π, by its series around π/2; error below 1e-9.
    private static func sine(_ x: Double) -> Double {
        let y = x - Double.pi / 2
        let square = y * y
        var term = 1.0
        var sum = 1.0
        for k in stride(from: 1.0, through: 15, by: 2) {
            term *= -square / (k * (k + 1))
            sum += term
        }
        return sum
    }

    /// Takes the next samples and returns those that are ready.
    package mutating func push(_ samples: [Float]) -> [Float] {
        consumed += samples.count
        guard speed != 1 else { return samples }
        buffer += samples
        var output: [Float] = []
        while nominal + reach + 2 * hop <= consumed { output += step() }
        produced += output.count
        return output
    }

    /// Ends the stream and returns the rest; in all it gives ⌊input / speed + ½⌋ samples.
    package mutating func flush() -> [Float] {
        guard speed != 1 else { return [] }
        let missing = Int((Double(consumed) / speed).rounded()) - produced
        buffer += [Float](repeating: 0, count: reach + 4 * hop + Int(speed * Double(2 * hop)))
        var output: [Float] = []
        while output.count < missing { output += step() }
        return Array(output.prefix(max(0, missing)))
    }

    /// Where the next window would be cut if nothing were moved.
    private var nominal: Int { Int((Double(steps * hop) * speed).rounded()) }

    private mutating func step() -> [Float] {
        let cut = steps == 0 ? 0 : bestCut()
        let start = cut - bufferStart
        var output = [Float](repeating: 0, count: hop)
        for index in 0..<hop {
            // The stream begins at full strength.
            let rise = steps == 0 ? 1 : window[index]
            output[index] = tail[index] + sample(start + index) * rise
            tail[index] = sample(start + hop + index) * window[hop + index]
        }
        last = cut
        steps += 1
        dropInput()
        return output
    }

    /// The place near the nominal one whose samples are most like what would have followed the last window.
    private func bestCut() -> Int {
        let natural = last + hop - bufferStart
        let low = max(0, nominal - reach)
        var best = (cut: nominal, likeness: -Float.infinity)
        // First every fourth place with every second sample, then all places near the best.
        for cut in stride(from: low, through: nominal + reach, by: 4) {
            let likeness = likeness(cut - bufferStart, natural, by: 2)
            if likeness > best.likeness { best = (cut, likeness) }
        }
        let coarse = best.cut
        best.likeness = -.infinity
        for cut in max(low, coarse - 3)...(coarse + 3) {
            let likeness = likeness(cut - bufferStart, natural, by: 1)
            if likeness > best.likeness { best = (cut, likeness) }
        }
        return best.cut
    }

    /// Normalised correlation.
    private func likeness(_ a: Int, _ b: Int, by step: Int) -> Float {
        var product: Float = 0
        var energy: Float = 1e-9
        for index in stride(from: 0, to: hop, by: step) {
            let x = sample(a + index)
            product += x * sample(b + index)
            energy += x * x
        }
        return product / energy.squareRoot()
    }

    private func sample(_ index: Int) -> Float {
        index >= 0 && index < buffer.count ? buffer[index] : 0
    }

    /// Nothing before the last window's continuation or the next window's reach is needed again.
    private mutating func dropInput() {
        let needed = max(0, min(last + hop, nominal - reach) - bufferStart)
        guard needed > max(4096, buffer.count / 2) else { return }
        buffer.removeFirst(min(needed, buffer.count))
        bufferStart += needed
    }
}
