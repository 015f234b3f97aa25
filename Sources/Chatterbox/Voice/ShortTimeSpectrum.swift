// Powers of the spectra of short pieces of sound, in double precision.

import Compute
import Glibc

struct ShortTimeSpectrum: Sendable {
    /// [length]
    private let window: [Double]
    private let transform: FourierTransform

    /// Frames as long as the window, which is followed by zeros up to `size` samples.
    init(window: [Double], size: Int) {
        precondition(window.count <= size)
        self.window = window
        transform = FourierTransform(size: size)
    }

    /// A periodic Hann window.
    static func hann(_ length: Int) -> [Double] {
        (0..<length).map { 0.5 - 0.5 * cos(2 * .pi * Double($0) / Double(length)) }
    }

    /// |X|² [size / 2 + 1] of a frame [length].
    func power(_ frame: [Double]) -> [Double] {
        precondition(frame.count == window.count)
        var real = [Double](repeating: 0, count: transform.size)
        var imaginary = real
        for (index, sample) in frame.enumerated() { real[index] = sample * window[index] }
        transform.apply(&real, &imaginary)
        return (0...transform.size / 2).map { real[$0] * real[$0] + imaginary[$0] * imaginary[$0] }
    }

    /// The same for the frame that begins at a sample of a clip, which is mirrored at its ends.
    func power(_ samples: [Float], at start: Int) -> [Double] {
        power(window.indices.map { Double(samples[reflected(start + $0, in: samples.count)]) })
    }
}
