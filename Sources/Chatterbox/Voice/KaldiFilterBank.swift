// What CAMPPlus hears: Kaldi's filter bank, without dither, each band relative to its mean over the clip.

package import Compute
import Glibc

/// ln of 80 bands of HTK's mel scale from 20 Hz to 8 kHz, every 10 ms of a 16 kHz signal in [-1, 1].
package struct KaldiFilterBank: Sendable {
    package let bands: Int
    private static let sampleRate = 16_000.0
    private static let length = 400
    private static let hop = 160
    private static let size = 512
    private static let preemphasis = 0.97
    private static let floor = Double(Float.ulpOfOne)

    private let spectrum: ShortTimeSpectrum
    /// [bands][size / 2]
    private let filters: [[Double]]

    package init(bands: Int) {
        self.bands = bands
        // Povey's window: a Hann window, symmetric, a little wider.
        let window = (0..<Self.length).map { index in
            pow(0.5 - 0.5 * cos(2 * .pi * Double(index) / Double(Self.length - 1)), 0.85)
        }
        spectrum = ShortTimeSpectrum(window: window, size: Self.size)
        let (low, high) = (Self.mel(20), Self.mel(Self.sampleRate / 2))
        let width = (high - low) / Double(bands + 1)
        filters = (0..<bands).map { band in
            let left = low + Double(band) * width
            return (0..<Self.size / 2).map { bin in
                let mel = Self.mel(Double(bin) * Self.sampleRate / Double(Self.size))
                return max(0, min((mel - left) / width, (left + 2 * width - mel) / width))
            }
        }
    }

    /// [(samples - 400) / 160 + 1, bands].
    package func callAsFunction(_ samples: [Float]) throws(ReferenceError) -> Rows {
        guard samples.count >= Self.length else { throw .tooFew(samples: samples.count, minimum: Self.length) }
        let frames = (samples.count - Self.length) / Self.hop + 1
        var logarithms = (0..<frames).map { frame in
            bandLogarithms(samples[frame * Self.hop..<frame * Self.hop + Self.length].map { Double($0) })
        }
        for band in 0..<bands {
            let mean = logarithms.reduce(0) { $0 + $1[band] } / Double(frames)
            for frame in 0..<frames { logarithms[frame][band] -= mean }
        }
        return Rows(logarithms.flatMap { $0.map { Float($0) } }, columns: bands)
    }

    private func bandLogarithms(_ samples: [Double]) -> [Double] {
        let mean = samples.reduce(0, +) / Double(samples.count)
        let centred = samples.map { $0 - mean }
        let emphasized = centred.indices.map { centred[$0] - Self.preemphasis * centred[max($0 - 1, 0)] }
        let powers = spectrum.power(emphasized)
        return filters.map { filter in
            var sum = 0.0
            for (bin, weight) in filter.enumerated() where weight > 0 { sum += weight * powers[bin] }
            return log(max(sum, Self.floor))
        }
    }

    private static func mel(_ frequency: Double) -> Double { 1127 * log(1 + frequency / 700) }
}
