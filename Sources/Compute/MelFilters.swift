// Bands of hearing over the bins of a spectrum.

import Glibc

/// Triangles on Slaney's mel scale, each of area 1 (Slaney's norm), over the bins 0...size / 2 of a transform.
package struct MelFilters: Sendable {
    package let bands: Int
    private let filters: [Filter]

    /// The bins of one band that are not zero.
    private struct Filter {
        let first: Int
        let weights: [Double]
    }

    /// From 0 Hz to `top` Hz.
    package init(bands: Int, size: Int, sampleRate: Int, top: Double) {
        self.bands = bands
        let top = Self.mel(top)
        let edges = (0..<bands + 2).map { Self.frequency(top * Double($0) / Double(bands + 1)) }
        filters = (0..<bands).map { band in
            let (low, middle, high) = (edges[band], edges[band + 1], edges[band + 2])
            let weights = (0...size / 2).map { bin in
                let frequency = Double(bin * sampleRate) / Double(size)
                let slope = min((frequency - low) / (middle - low), (high - frequency) / (high - middle))
                return max(0, slope) * 2 / (high - low)
            }
            let first = weights.firstIndex { $0 > 0 } ?? 0
            let last = weights.lastIndex { $0 > 0 } ?? first
            return Filter(first: first, weights: Array(weights[first...last]))
        }
    }

    /// What a band hears of `spectrum`.
    package func apply(_ band: Int, _ spectrum: [Double]) -> Double {
        let filter = filters[band]
        var sum = 0.0
        for (i, weight) in filter.weights.enumerated() { sum += weight * spectrum[filter.first + i] }
        return sum
    }

    /// Slaney's scale: linear to 1 kHz, logarithmic above.
    private static func mel(_ frequency: Double) -> Double {
        frequency < 1000 ? frequency * 3 / 200 : 15 + 27 * log(frequency / 1000) / log(6.4)
    }

    private static func frequency(_ mel: Double) -> Double {
        mel < 15 ? mel * 200 / 3 : 1000 * exp((mel - 15) * log(6.4) / 27)
    }
}

/// Where a signal of `count` samples goes on beyond its ends: mirrored at the first and the last sample, which are not repeated.
package func reflected(_ index: Int, in count: Int) -> Int {
    let index = abs(index)
    return index < count ? index : 2 * (count - 1) - index
}
