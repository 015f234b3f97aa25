import Compute
import Glibc
import Testing

/// What sampling means, by sorting: the definition the fast one must give the same results as.
private enum Definition {
    static func filter(_ scores: inout [Float], _ options: SamplingOptions) {
        for i in scores.indices { scores[i] /= options.temperature }
        if options.topK > 0, options.topK < scores.count {
            let limit = scores.sorted(by: >)[options.topK - 1]
            for i in scores.indices where scores[i] < limit { scores[i] = -.infinity }
        }
        guard options.topP < 1 else { return }
        let order = scores.indices.filter { scores[$0] > -.infinity }.sorted { (scores[$0], $0) < (scores[$1], $1) }
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

    static func choose(_ logits: [Float], _ options: SamplingOptions, _ random: inout RandomStream) -> Int {
        var scores = logits
        filter(&scores, options)
        let best = scores.indices.max { (scores[$0], -$0) < (scores[$1], -$1) }!
        var sums: [Double] = []
        for score in scores { sums.append((sums.last ?? 0) + Double(exp(score - scores[best]))) }
        let target = random.uniform() * sums.last!
        return sums.firstIndex { $0 > target } ?? best
    }
}

/// Reproducible logits; `steps` makes ties.
private func logits(_ count: Int, seed: UInt64, steps: Double? = nil) -> [Float] {
    var random = RandomStream(seed: seed)
    return (0..<count).map { _ in
        let value = (random.uniform() + random.uniform() - 1) * 8
        return Float(steps.map { (value * $0).rounded() / $0 } ?? value)
    }
}

private let settings = [
    SamplingOptions(temperature: 0.9, topK: 50, topP: 1), SamplingOptions(temperature: 1.3, topK: 0, topP: 0.8),
    SamplingOptions(temperature: 0.1, topK: 3, topP: 0.95), SamplingOptions(temperature: 2, topK: 1, topP: 1),
    SamplingOptions(temperature: 1, topK: 64, topP: 0.3), SamplingOptions(temperature: 1, topK: 63, topP: 1e-6),
]

@Test(arguments: settings, [1, 2, 63, 64, 1088])
func samplingEqualsItsDefinition(options: SamplingOptions, count: Int) {
    var sampler = Sampler()
    var filter = ScoreFilter()
    for seed in 0..<20 as Range<UInt64> {
        var row = logits(count, seed: seed, steps: seed % 2 == 0 ? 4 : nil)
        if count > 2 { row[Int(seed) % count] = -.infinity }
        var (fast, slow) = (row, row)
        filter.apply(&fast, options)
        Definition.filter(&slow, options)
        #expect(fast == slow)
        var (random, other) = (RandomStream(seed: seed), RandomStream(seed: seed))
        for _ in 0..<20 {
            let finite = row.map { max($0, -1e30) }
            let fast = sampler.choose(Rows(finite, columns: count), options, &random)
            let slow = Definition.choose(finite, options, &other)
            #expect(fast == slow)
        }
    }
}

@Test func everyTokenIsDrawnAsOftenAsItsShare() {
    var sampler = Sampler()
    var random = RandomStream(seed: 1)
    let row = Rows([0, log(2), log(5)], columns: 3)
    var counts = [0, 0, 0]
    for _ in 0..<8000 {
        counts[sampler.choose(row, SamplingOptions(temperature: 1, topK: 0, topP: 1), &random)!] += 1
    }
    for (count, share) in zip(counts, [1000, 2000, 5000]) { #expect(abs(count - share) < 200) }
}

@Test(arguments: [Float.nan, .infinity, -.infinity])
func logitsThatAreNoNumbersGiveNoToken(value: Float) {
    var sampler = Sampler()
    var random = RandomStream(seed: 1)
    for options in [.greedy, SamplingOptions()] {
        let token = sampler.choose(Rows([0, value, 1], columns: 3), options, &random)
        #expect(token == nil)
    }
}
