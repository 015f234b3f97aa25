// Attention over a cache: as the definition of the kernel says on plain rows, whatever the threads and the cache's history,
// in both precisions.

import Compute
import Testing

@testable import ModelFile

private let (heads, group, dim) = (3, 2, 16)

/// A cache of `count` positions of noise, and what it holds of each head's keys and values as plain rows.
private func cache(
    _ count: Int, capacity: Int, _ precision: CachePrecision
) -> (KVCache, keys: [Rows], values: [Rows]) {
    let cache = KVCache(layers: 2, heads: heads, dim: dim, capacity: capacity, precision: precision)
    var noise = Noise(state: 9)
    let keys = Rows(noise.floats(count * heads * dim, scale: 2).values, columns: dim)
    let values = Rows(noise.floats(count * heads * dim).values, columns: dim)
    for position in 0..<count {
        cache.reserve(1)
        let rows = position * heads..<(position + 1) * heads
        cache.write(1, position: position, keys: keys[rows], values: values[rows], .best)
        cache.advance(1)
    }
    func held(_ rows: Rows) -> [Rows] {
        let rounded = precision == .float32 ? rows.values : rows.values.map { Tensor.widen(Half.nearest($0)) }
        return (0..<heads).map { head in
            let head = Rows(rounded, columns: dim).every(heads, from: head)
            return Rows(head.values, columns: dim)
        }
    }
    return (cache, held(keys), held(values))
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
    @Test(arguments: [1, 3, 90], [CachePrecision.float32, .float16])
    func equalsAttentionOfEachHead(count: Int, precision: CachePrecision) {
        let (cache, keys, values) = cache(count, capacity: 2, precision)
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

    @Test(arguments: [CachePrecision.float32, .float16])
    func prefixBeginsAnotherCache(precision: CachePrecision) {
        let (whole, _, _) = cache(40, capacity: 64, precision)
        let prefix = whole.prefix(25)
        let other = KVCache(layers: 2, heads: heads, dim: dim, capacity: 8, precision: precision)
        other.start(with: prefix)
        #expect(prefix.count == 25 && other.count == 25)
        var noise = Noise(state: 4)
        let query = Rows(noise.floats(heads * group * dim).values, columns: heads * group * dim)
        #expect(attended(other, first: 24, query) == attended(whole, first: 24, query))
    }
}
