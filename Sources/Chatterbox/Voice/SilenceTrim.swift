// Silence at both ends of a clip says nothing about who speaks.

import Glibc

enum SilenceTrim {
    private static let frame = 2048
    private static let hop = 512
    /// Silence is 20 dB below the loudest frame.
    private static let depth = 20.0
    private static let floor = 1e-10

    /// The samples from the first to the last frame that is loud enough. Frames are centred; beyond the ends there are zeros.
    static func loudPart(of samples: [Float]) -> Range<Int> {
        guard !samples.isEmpty else { return 0..<0 }
        // Sums of squares before each sample, so that frames may overlap.
        var sums = [0.0]
        sums.reserveCapacity(samples.count + 1)
        for sample in samples { sums.append(sums[sums.count - 1] + Double(sample) * Double(sample)) }
        let levels = (0...samples.count / hop).map { index in
            let (start, end) = (max(index * hop - frame / 2, 0), min(index * hop + frame / 2, samples.count))
            return 10 * log10(max((sums[end] - sums[start]) / Double(frame), floor))
        }
        let peak = levels.reduce(-.infinity, max)
        guard let first = levels.firstIndex(where: { $0 > peak - depth }),
            let last = levels.lastIndex(where: { $0 > peak - depth })
        else { return 0..<samples.count }
        return min(first * hop, samples.count)..<min((last + 1) * hop, samples.count)
    }
}
