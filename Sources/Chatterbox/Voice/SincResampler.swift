// Sample rate conversion by a windowed sinc: what the x-vector and the flow's prompt tokens hear, exactly as the official
// code makes it. The voice encoder and T3's prompt tokens hear another filter.

import Glibc

/// Sinc with six zero crossings on each side, cut off at 0.99 of the lower Nyquist frequency, through a Hann window.
struct SincResampler: Sendable {
    private let up: Int
    private let down: Int
    /// Samples before the first that an output's own frame of `down` samples needs.
    private let reach: Int
    /// For each output of a frame, [up][2 · reach + down].
    private let kernels: [[Double]]

    private static let crossings = 6.0
    private static let rolloff = 0.99

    /// From 24 kHz to 16 kHz.
    static let reference = SincResampler(up: 2, down: 3)

    /// By `up` / `down`, which have no common divisor.
    init(up: Int, down: Int) {
        precondition(up > 0 && down > 0)
        let base = Double(min(up, down)) * Self.rolloff
        let reach = Int((Self.crossings * Double(down) / base).rounded(.up))
        kernels = (0..<up).map { phase in
            (0..<2 * reach + down).map { tap in
                let time = (Double(tap - reach) / Double(down) - Double(phase) / Double(up)) * base
                let limited = min(max(time, -Self.crossings), Self.crossings)
                let window = cos(limited * .pi / Self.crossings / 2)
                let sinc = limited == 0 ? 1 : sin(.pi * limited) / (.pi * limited)
                return window * window * sinc * base / Double(down)
            }
        }
        (self.up, self.down, self.reach) = (up, down, reach)
    }

    /// Samples that `count` samples become.
    func count(of count: Int) -> Int { (count * up + down - 1) / down }

    /// A whole signal, zero beyond its ends.
    func callAsFunction(_ samples: [Float]) -> [Float] {
        (0..<count(of: samples.count)).map { index in
            let kernel = kernels[index % up]
            let start = index / up * down - reach
            var sum = 0.0
            for tap in max(0, -start)..<min(kernel.count, samples.count - start) {
                sum += kernel[tap] * Double(samples[start + tap])
            }
            return Float(sum)
        }
    }
}
