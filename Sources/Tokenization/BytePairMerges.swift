/// The merge rules of a byte pair encoding, over token ids, and the loop that applies them.
struct BytePairMerges: Sendable {
    /// (left id, right id) → (rank, merged id); both halves packed into 64 bits.
    private var rules: [UInt64: UInt64] = [:]

    /// A later rule for the same pair replaces the earlier one, as in the reference.
    mutating func add(left: UInt32, right: UInt32, merged: UInt32, rank: UInt32) {
        rules[Self.pack(left, right)] = Self.pack(rank, merged)
    }

    /// Merges the pair of lowest rank, leftmost first, until no rule applies. A linked list of tokens and a heap of
    /// candidate pairs: O(n log n) for a word of n bytes, however long.
    func apply(to word: [UInt32]) -> [UInt32] {
        guard word.count > 1 else { return word }
        var list = LinkedTokens(word)
        var candidates = MinHeap(capacity: word.count)
        for position in 0..<(word.count - 1) {
            if let rule = rules[Self.pack(word[position], word[position + 1])] {
                candidates.push(Self.pack(UInt32(rule >> 32), UInt32(position)))
            }
        }
        while let candidate = candidates.pop() {
            let position = Int(candidate & 0xFFFF_FFFF)
            // Stale when either token has changed since: the pair now there has another rank, or none.
            guard let rule = rule(at: position, in: list), rule >> 32 == candidate >> 32 else { continue }
            list.merge(at: position, into: UInt32(rule & 0xFFFF_FFFF))
            for changed in [list.previous[position], position] {
                guard let rule = self.rule(at: changed, in: list) else { continue }
                candidates.push(Self.pack(UInt32(rule >> 32), UInt32(changed)))
            }
        }
        return list.tokens()
    }

    private func rule(at position: Int, in list: LinkedTokens) -> UInt64? {
        guard position >= 0, list.isAlive[position] else { return nil }
        let right = list.next[position]
        guard right < list.ids.count else { return nil }
        return rules[Self.pack(list.ids[position], list.ids[right])]
    }

    private static func pack(_ high: UInt32, _ low: UInt32) -> UInt64 {
        UInt64(high) << 32 | UInt64(low)
    }
}

/// A doubly linked list in arrays: a token keeps the index of its first byte.
private struct LinkedTokens {
    private(set) var ids: [UInt32]
    private(set) var isAlive: [Bool]
    private(set) var previous: [Int]  // -1 before the first
    private(set) var next: [Int]  // count after the last

    init(_ word: [UInt32]) {
        ids = word
        isAlive = Array(repeating: true, count: word.count)
        previous = Array(-1..<(word.count - 1))
        next = Array(1...word.count)
    }

    /// Replaces the token at `position` and the one after it.
    mutating func merge(at position: Int, into id: UInt32) {
        let right = next[position]
        ids[position] = id
        isAlive[right] = false
        next[position] = next[right]
        if next[right] < ids.count { previous[next[right]] = position }
    }

    func tokens() -> [UInt32] {
        ids.indices.filter { isAlive[$0] }.map { ids[$0] }
    }
}

/// A binary heap of integers, least first.
private struct MinHeap {
    private var items: [UInt64] = []

    init(capacity: Int) {
        items.reserveCapacity(capacity)
    }

    mutating func push(_ item: UInt64) {
        items.append(item)
        var child = items.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard items[child] < items[parent] else { return }
            items.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> UInt64? {
        guard let least = items.first, let last = items.popLast() else { return nil }
        guard !items.isEmpty else { return least }
        var hole = 0
        while true {
            var child = 2 * hole + 1
            guard child < items.count else { break }
            if child + 1 < items.count, items[child + 1] < items[child] { child += 1 }
            guard items[child] < last else { break }
            items[hole] = items[child]
            hole = child
        }
        items[hole] = last
        return least
    }
}
