// From logits to a token: repetition penalty, forbidden tokens, temperature, top-k, top-p, in the official order.

import Glibc

/// How one table of logits is sampled.
package struct SamplingOptions: Sendable, Equatable {
    /// false: the best token always.
    package var sample: Bool
    package var temperature: Float
    package var topK: Int
    package var topP: Float

    package init(sample: Bool = true, temperature: Float = 0.9, topK: Int = 50, topP: Float = 1) {
        self.sample = sample
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
    }

    package static let greedy = SamplingOptions(sample: false)
}

/// SplitMix64: small, seeded once per utterance, the same on every platform.
package struct RandomStream: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    /// Uniform in [0, 1), 53 random bits.
    package mutating func uniform() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        return Double(z >> 11) * 0x1p-53
    }
}

package struct Sampler {
    private var random: RandomStream

    private var weights: [Double] = []

    package init(seed: UInt64) { random = RandomStream(seed: seed) }

    /// Divides the positive and multiplies the negative scores of tokens already chosen, each once.
    package static func penalize(_ scores: inout [Float], history: Set<Int>, penalty: Float) {
        for token in history {
            scores[token] = scores[token] < 0 ? scores[token] * penalty : scores[token] / penalty
        }
    }

    /// Temperature, then top-k, then top-p: what is excluded becomes -∞. `Sampler.choose` draws from the same set.
    package static func filter(_ scores: inout [Float], _ options: SamplingOptions) {
        for i in scores.indices { scores[i] /= options.temperature }
        if options.topK > 0, options.topK < scores.count {
            let limit = scores.sorted(by: >)[options.topK - 1]
            for i in scores.indices where scores[i] < limit { scores[i] = -.infinity }
        }
        guard options.topP < 1 else { return }
        let order = scores.indices.filter { scores[$0] > -.infinity }.sorted {
            (scores[$0], $0) < (scores[$1], $1)
        }
        guard let top = order.last else { return }
        let exponentials = order.map { exp(scores[$0] - scores[top]) }
        let total = exponentials.reduce(0, +)
        var sum: Float = 0
        for (index, exponential) in zip(order, exponentials).dropLast() {
            sum += exponential / total
            if sum > 1 - options.topP { break }
            scores[index] = -.infinity
        }
    }

    package static func best(_ scores: [Float]) -> Int {
        var best = 0
        for i in scores.indices where scores[i] > scores[best] { best = i }
        return best
    }

    /// A token drawn by the filtered scores, or the best one.
    package mutating func choose(_ scores: inout [Float], _ options: SamplingOptions) -> Int {
        guard options.sample else { return Self.best(scores) }
        Self.filter(&scores, options)
        let top = scores[Self.best(scores)]
        weights.removeAll(keepingCapacity: true)
        var total = 0.0
        for score in scores {
            total += Double(exp(score - top))
            weights.append(total)
        }
        let target = random.uniform() * total
        return weights.firstIndex { $0 > target } ?? Self.best(scores)
    }
}
