// How often each code of a codebook was spoken, and how far two such counts are apart.

import Glibc

struct CodeHistogram: Equatable {
    private var counts: [Int] = []
    private var total = 0

    mutating func add(_ code: Int) {
        if code >= counts.count { counts += [Int](repeating: 0, count: code + 1 - counts.count) }
        counts[code] += 1
        total += 1
    }

    static func + (a: CodeHistogram, b: CodeHistogram) -> CodeHistogram {
        let (longer, other) = a.counts.count >= b.counts.count ? (a, b) : (b, a)
        var sum = longer
        for (code, count) in other.counts.enumerated() { sum.counts[code] += count }
        sum.total += other.total
        return sum
    }

    /// The Jensen-Shannon divergence in bits: 0 for equal shares, 1 where no code is in both, or in either.
    func distance(to other: CodeHistogram) -> Double {
        guard total > 0, other.total > 0 else { return 1 }
        var sum = 0.0
        for code in 0..<max(counts.count, other.counts.count) {
            let (p, q) = (share(code), other.share(code))
            let mean = (p + q) / 2
            if p > 0 { sum += p * log2(p / mean) / 2 }
            if q > 0 { sum += q * log2(q / mean) / 2 }
        }
        return min(max(sum, 0), 1)
    }

    private func share(_ code: Int) -> Double { code < counts.count ? Double(counts[code]) / Double(total) : 0 }
}

/// The codes of a rollout, counted for each codebook in its first half and in its second.
struct SpokenCodes {
    let halves: [[CodeHistogram]]  // 2 × codebooks

    /// Frames of `codebooks` codes each.
    init(_ frames: [[Int]], codebooks: Int) {
        halves = [frames[..<(frames.count / 2)], frames[(frames.count / 2)...]].map { frames in
            var histograms = [CodeHistogram](repeating: CodeHistogram(), count: codebooks)
            for frame in frames {
                for (codebook, code) in frame.enumerated() { histograms[codebook].add(code) }
            }
            return histograms
        }
    }

    private init(halves: [[CodeHistogram]]) { self.halves = halves }

    static func + (a: SpokenCodes, b: SpokenCodes) -> SpokenCodes {
        SpokenCodes(halves: zip(a.halves, b.halves).map { zip($0, $1).map(+) })
    }

    /// For each half, for each codebook.
    func distances(to other: SpokenCodes) -> [[Double]] {
        zip(halves, other.halves).map { zip($0, $1).map { $0.distance(to: $1) } }
    }
}
