import Glibc

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
