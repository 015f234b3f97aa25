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
    private let filters: MelFilters

    package init(bands: Int = 128, sampleRate: Int = 24000) {
        self.bands = bands
        window = (0..<Self.length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(Self.length)) }
        filters = MelFilters(
            bands: bands, size: Self.length, sampleRate: sampleRate, top: Double(sampleRate) / 2)
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
                let at = reflected(frame * Self.hop + i - Self.padding, in: samples.count)
                real[i] = Double(samples[at]) * window[i]
                imaginary[i] = 0
            }
            transform.apply(&real, &imaginary)
            let magnitudes = (0...Self.length / 2).map { (i: Int) -> Double in
                (real[i] * real[i] + imaginary[i] * imaginary[i] + 1e-9).squareRoot()
            }
            for band in 0..<bands { result[frame, band] = Float(log(max(filters.apply(band, magnitudes), 1e-5))) }
        }
        return result
    }
}
