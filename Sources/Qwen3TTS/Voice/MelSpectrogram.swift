// The speaker encoder's view of sound: 128 logarithmic bands every 256 samples of a 24 kHz signal, computed in double
// precision. Slaney's scale and norm, periodic Hann window, no centring.

package import Compute
import Glibc

package struct MelSpectrogram: Sendable {
    package static let length = 1024  // samples of one transform
    package static let hop = 256
    private static let padding = (length - hop) / 2  // reflected at both ends

    package let bands: Int
    private let window: [Double]
    private let transform = FourierTransform(size: length)
    private let filters: [Filter]

    /// The bins of one band that are not zero.
    private struct Filter {
        let first: Int
        let weights: [Double]
    }

    package init(bands: Int = 128, sampleRate: Int = 24000) {
        self.bands = bands
        window = (0..<Self.length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(Self.length)) }
        let top = Self.mel(Double(sampleRate) / 2)
        let edges = (0..<bands + 2).map { Self.frequency(top * Double($0) / Double(bands + 1)) }
        filters = (0..<bands).map { band in
            let (low, middle, high) = (edges[band], edges[band + 1], edges[band + 2])
            let weights = (0...Self.length / 2).map { bin in
                let frequency = Double(bin * sampleRate) / Double(Self.length)
                let slope = min((frequency - low) / (middle - low), (high - frequency) / (high - middle))
                return max(0, slope) * 2 / (high - low)
            }
            let first = weights.firstIndex { $0 > 0 } ?? 0
            let last = weights.lastIndex { $0 > 0 } ?? first
            return Filter(first: first, weights: Array(weights[first...last]))
        }
    }

    /// [samples / 256, bands].
    package func callAsFunction(_ samples: [Float]) throws(CodecError) -> Rows {
        guard samples.count > Self.padding, samples.count >= Self.hop else {
            throw .tooShort(samples: samples.count, minimum: Self.padding + 1)
        }
        let frames = samples.count / Self.hop
        let result = Rows(rows: frames, columns: bands)
        var real = [Double](repeating: 0, count: Self.length)
        var imaginary = real
        for frame in 0..<frames {
            for i in 0..<Self.length {
                let at = Self.reflected(frame * Self.hop + i - Self.padding, samples.count)
                real[i] = Double(samples[at]) * window[i]
                imaginary[i] = 0
            }
            transform.apply(&real, &imaginary)
            let magnitudes = (0...Self.length / 2).map { (i: Int) -> Double in
                (real[i] * real[i] + imaginary[i] * imaginary[i] + 1e-9).squareRoot()
            }
            for (band, filter) in filters.enumerated() {
                var sum = 0.0
                for (i, weight) in filter.weights.enumerated() { sum += weight * magnitudes[filter.first + i] }
                result[frame, band] = Float(log(max(sum, 1e-5)))
            }
        }
        return result
    }

    /// Mirrors at the first and the last sample, which are not repeated.
    static func reflected(_ index: Int, _ count: Int) -> Int {
        let index = abs(index)
        return index < count ? index : 2 * (count - 1) - index
    }

    /// Slaney's scale: linear to 1 kHz, logarithmic above.
    private static func mel(_ frequency: Double) -> Double {
        frequency < 1000 ? frequency * 3 / 200 : 15 + 27 * log(frequency / 1000) / log(6.4)
    }

    private static func frequency(_ mel: Double) -> Double {
        mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * log(6.4) / 27)
    }
}

/// A complex transform whose size is a power of two (decimation in time, in place).
struct FourierTransform: Sendable {
    private let size: Int
    private let cosines: [Double]
    private let sines: [Double]
    private let reversed: [Int]

    init(size: Int) {
        precondition(size > 1 && size & (size - 1) == 0)
        self.size = size
        cosines = (0..<size / 2).map { cos(2 * .pi * Double($0) / Double(size)) }
        sines = (0..<size / 2).map { -sin(2 * .pi * Double($0) / Double(size)) }
        let bits = size.trailingZeroBitCount
        reversed = (0..<size).map { value in
            (0..<bits).reduce(0) { $0 | ((value >> $1) & 1) << (bits - 1 - $1) }
        }
    }

    func apply(_ real: inout [Double], _ imaginary: inout [Double]) {
        precondition(real.count == size && imaginary.count == size)
        for i in 0..<size where i < reversed[i] {
            real.swapAt(i, reversed[i])
            imaginary.swapAt(i, reversed[i])
        }
        var half = 1
        while half < size {
            let step = size / (2 * half)
            for start in stride(from: 0, to: size, by: 2 * half) {
                for k in 0..<half {
                    let (a, b) = (start + k, start + k + half)
                    let (c, s) = (cosines[k * step], sines[k * step])
                    let (x, y) = (real[b] * c - imaginary[b] * s, real[b] * s + imaginary[b] * c)
                    (real[b], imaginary[b]) = (real[a] - x, imaginary[a] - y)
                    (real[a], imaginary[a]) = (real[a] + x, imaginary[a] + y)
                }
            }
            half *= 2
        }
    }
}
