// From logits to a token: changes of the caller around temperature, top-k and top-p.

import Glibc

/// Filters scores and draws from them. Its memory is reused: after the first token of the longest table nothing is
/// allocated.
package struct Sampler {
    private var scores: [Float] = []
    private var sums: [Double] = []
    private var filter = ScoreFilter()

    package init() {}

    /// A token drawn by the filtered logits [1, n], or the best one; nil when they hold what is no number. `adjust`
    /// changes them first, `afterwards` changes what the filter left.
    package mutating func choose(
        _ logits: Rows, _ options: SamplingOptions, _ random: inout some UniformSource,
        adjust: (inout [Float]) -> Void = { _ in }, afterwards: (inout [Float]) -> Void = { _ in }
    ) -> Int? {
        guard logits.isFinite else { return nil }
        logits.read(into: &scores)
        adjust(&scores)
        if options.sample { filter.apply(&scores, options) }
        afterwards(&scores)
        return options.sample ? draw(&random) : Self.best(scores)
    }

    /// What the last token was drawn by: a share of each, together 1.
    package var probabilities: [Float] {
        let top = scores[Self.best(scores)]
        let shares = scores.map { $0 > -.infinity ? Double(exp($0 - top)) : 0 }
        let total = shares.reduce(0, +)
        return shares.map { Float($0 / total) }
    }

    private mutating func draw(_ random: inout some UniformSource) -> Int {
        let best = Self.best(scores)
        let top = scores[best]
        sums.removeAll(keepingCapacity: true)
        var total = 0.0
        for score in scores {
            if score > -.infinity { total += Double(exp(score - top)) }
            sums.append(total)
        }
        let target = random.uniform() * total
        // The first sum above the target; sums never decrease.
        var (low, high) = (0, sums.count)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low < sums.count ? low : best
    }

    /// Divides the positive and multiplies the negative scores of tokens already chosen.
    package static func penalize(_ scores: inout [Float], history: [Int], penalty: Float) {
        for token in history {
            scores[token] = scores[token] < 0 ? scores[token] * penalty : scores[token] / penalty
        }
    }

    package static func best(_ scores: [Float]) -> Int {
        var best = 0
        for i in scores.indices where scores[i] > scores[best] { best = i }
        return best
    }
}
