// From logits to a token: repetition penalty, forbidden tokens, temperature, top-k, top-p, in the official order.

package import Compute
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

/// SplitMix64: small, the same on every platform.
package struct RandomStream: Sendable {
    private var state: UInt64

    /// Streams of one seed have nothing to do with each other.
    package init(seed: UInt64, stream: UInt64 = 0) {
        state = seed
        if stream > 0 { state = Self.mixed(seed ^ Self.mixed(stream)) }
    }

    /// Uniform in [0, 1), 53 random bits.
    package mutating func uniform() -> Double {
        state &+= 0x9e37_79b9_7f4a_7c15
        return Double(Self.mixed(state) >> 11) * 0x1p-53
    }

    private static func mixed(_ bits: UInt64) -> UInt64 {
        var z = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

/// The tokens chosen so far, each once.
package struct TokenHistory: Sendable {
    package private(set) var tokens: [Int] = []
    private var seen: [Bool]

    package init(vocabulary: Int) {
        seen = [Bool](repeating: false, count: vocabulary)
        tokens.reserveCapacity(vocabulary)
    }

    package mutating func insert(_ token: Int) {
        guard !seen[token] else { return }
        seen[token] = true
        tokens.append(token)
    }
}

/// Filters scores and draws from them. Its memory is reused: after the first token of the longest table nothing is
/// allocated.
package struct Sampler {
    private var scores: [Float] = []
    private var sums: [Double] = []
    private var filter = ScoreFilter()

    package init() {}

    /// A token drawn by the filtered logits [1, n], or the best one; nil when they hold what is no number. `adjust` changes
    /// them first.
    package mutating func choose(
        _ logits: Rows, _ options: SamplingOptions, _ random: inout RandomStream,
        adjust: (inout [Float]) -> Void = { _ in }
    ) -> Int? {
        guard logits.isFinite else { return nil }
        logits.read(into: &scores)
        adjust(&scores)
        guard options.sample else { return Self.best(scores) }
        filter.apply(&scores, options)
        return draw(&random)
    }

    private mutating func draw(_ random: inout RandomStream) -> Int {
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

/// Temperature, top-k and top-p.
package struct ScoreFilter {
    private var heap: [Float] = []
    private var order: [Int] = []

    package init() {}

    /// Temperature, then top-k, then top-p: what is excluded becomes -∞.
    package mutating func apply(_ scores: inout [Float], _ options: SamplingOptions) {
        for i in scores.indices { scores[i] /= options.temperature }
        if options.topK > 0, options.topK < scores.count {
            let limit = largest(options.topK, of: scores)
            for i in scores.indices where scores[i] < limit { scores[i] = -.infinity }
        }
        if options.topP < 1 { keepLikely(&scores, options.topP) }
    }

    /// The `count`-th largest score: the least of a heap that keeps the largest.
    private mutating func largest(_ count: Int, of scores: [Float]) -> Float {
        heap.removeAll(keepingCapacity: true)
        heap.append(contentsOf: scores[..<count])
        for root in stride(from: count / 2 - 1, through: 0, by: -1) { Self.sift(&heap, root, count) { $0 < $1 } }
        for score in scores[count...] where score > heap[0] {
            heap[0] = score
            Self.sift(&heap, 0, count) { $0 < $1 }
        }
        return heap[0]
    }

    /// Drops the least likely tokens while together they are no likelier than 1 - topP; the best one stays.
    private mutating func keepLikely(_ scores: inout [Float], _ topP: Float) {
        order.removeAll(keepingCapacity: true)
        for i in scores.indices where scores[i] > -.infinity { order.append(i) }
        guard !order.isEmpty else { return }
        sortOrder(by: scores)
        let top = scores[order[order.count - 1]]
        var total: Float = 0
        for index in order { total += exp(scores[index] - top) }
        var sum: Float = 0
        for index in order.dropLast() {
            sum += exp(scores[index] - top) / total
            if sum > 1 - topP { break }
            scores[index] = -.infinity
        }
    }

    /// Heap sort, since the standard library's sort allocates: ascending scores, equal ones by index.
    private mutating func sortOrder(by scores: [Float]) {
        func above(_ a: Int, _ b: Int) -> Bool { (scores[a], a) > (scores[b], b) }
        for root in stride(from: order.count / 2 - 1, through: 0, by: -1) {
            Self.sift(&order, root, order.count, before: above)
        }
        for end in stride(from: order.count - 1, to: 0, by: -1) {
            order.swapAt(0, end)
            Self.sift(&order, 0, end, before: above)
        }
    }

    /// Moves the element at `root` down until it comes before both below it.
    private static func sift<Element>(
        _ heap: inout [Element], _ root: Int, _ count: Int, before: (Element, Element) -> Bool
    ) {
        var root = root
        while true {
            var child = 2 * root + 1
            guard child < count else { return }
            if child + 1 < count, before(heap[child + 1], heap[child]) { child += 1 }
            guard before(heap[child], heap[root]) else { return }
            heap.swapAt(root, child)
            root = child
        }
    }
}
