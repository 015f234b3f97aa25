// Attention over a cache: as the definition of the kernel says on plain rows, whatever the threads and the cache's history.

import Compute
import Testing

private let (heads, group, dim) = (3, 2, 16)

/// A cache of `count` positions of noise, and the keys and values of each head as plain rows.
private func cache(_ count: Int, capacity: Int) -> (KVCache, keys: [Rows], values: [Rows]) {
    let cache = KVCache(layers: 2, heads: heads, dim: dim, capacity: capacity)
    var noise = Noise(state: 9)
    let keys = (0..<heads).map { _ in Rows(noise.floats(count * dim, scale: 2).values, columns: dim) }
    let values = (0..<heads).map { _ in Rows(noise.floats(count * dim).values, columns: dim) }
    for position in 0..<count {
        cache.reserve(1)
        for head in 0..<heads {
            cache.keys(1, position: position)[head].copy(from: keys[head][position])
            cache.values(1, position: position)[head].copy(from: values[head][position])
        }
        cache.advance(1)
    }
    return (cache, keys, values)
}

private func attended(
    _ cache: KVCache, first: Int, _ queries: Rows, on processor: Processor = Processor()
) -> [Float] {
    let out = Rows(rows: queries.rows, columns: queries.columns)
    cache.attend(1, first: first, queries: queries, into: out, on: processor)
    return out.values
}

@Suite struct KVCacheTests {
    /// A cache that grew by one position at a time, and rows that each see one position more.
    @Test(arguments: [1, 3, 90])
    func equalsAttentionOfEachHead(count: Int) {
        let (cache, keys, values) = cache(count, capacity: 2)
        let rows = min(count, 3)
        var noise = Noise(state: 4)
        let queries = Rows(noise.floats(rows * heads * group * dim).values, columns: heads * group * dim)
        let got = attended(cache, first: count - rows, queries)
        let expected = Rows(rows: rows, columns: queries.columns)
        for row in 0..<rows {
            for head in 0..<heads {
                let (own, seen) = (head * group..<(head + 1) * group, 0..<count - rows + row + 1)
                Kernels.best.attention(
                    expected.heads(row, own, dim: dim), q: queries.heads(row, own, dim: dim), k: keys[head][seen],
                    v: values[head][seen], scale: 0.25, scores: Rows(rows: 1, columns: group * count))
            }
        }
        #expect(got == expected.values)
        #expect(attended(cache, first: count - rows, queries, on: Processor(threads: 3)) == got)
        let single = (0..<rows).flatMap { attended(cache, first: count - rows + $0, queries[$0]) }
        #expect(single == got)
    }

    @Test func prefixBeginsAnotherCache() {
        let (whole, _, _) = cache(40, capacity: 64)
        let prefix = whole.prefix(25)
        let other = KVCache(layers: 2, heads: heads, dim: dim, capacity: 8)
        other.start(with: prefix)
        #expect(prefix.count == 25 && other.count == 25)
        var noise = Noise(state: 4)
        let query = Rows(noise.floats(heads * group * dim).values, columns: heads * group * dim)
        #expect(attended(other, first: 24, query) == attended(whole, first: 24, query))
    }
}
