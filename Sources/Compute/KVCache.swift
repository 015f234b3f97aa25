// Keys and values of one utterance. The positions of a head lie together, so that attention reads one stream per head.
// Grown by doubling, so appending costs no allocation in the steady state and never more than twice the rows in use.

package final class KVCache {
    package private(set) var count = 0
    private var capacity: Int
    private let layers: Int
    private let heads: Int
    private let dim: Int
    private let precision: CachePrecision
    private var keys: [CacheRows]  // per layer [heads · capacity, dim]
    private var values: [CacheRows]

    /// `heads` key/value heads of `dim` elements in each layer.
    package init(layers: Int, heads: Int, dim: Int, capacity: Int, precision: CachePrecision) {
        precondition(layers > 0 && heads > 0 && dim > 0 && capacity > 0)
        self.layers = layers
        self.heads = heads
        self.dim = dim
        self.capacity = capacity
        self.precision = precision
        let rows = { (_: Int) in CacheRows(rows: heads * capacity, columns: dim, precision: precision) }
        keys = (0..<layers).map(rows)
        values = (0..<layers).map(rows)
    }

    /// Makes room for `more` positions; layers then write theirs and `advance` makes them count.
    package func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        let (old, new) = (capacity, max(2 * capacity, count + more))
        capacity = new
        for layer in 0..<layers {
            keys[layer] = resized(keys[layer], from: old)
            values[layer] = resized(values[layer], from: old)
        }
    }

    package func advance(_ positions: Int) {
        precondition(count + positions <= capacity)
        count += positions
    }

    package func reset() { count = 0 }

    /// Bytes of the memory it holds.
    package var byteCount: Int { 2 * layers * heads * capacity * dim * precision.bytes }

    /// A copy of the first `positions`, no larger than they are.
    package func prefix(_ positions: Int) -> KVCache {
        precondition(positions > 0 && positions <= count)
        let copy = KVCache(layers: layers, heads: heads, dim: dim, capacity: positions, precision: precision)
        copy.start(with: self, positions)
        return copy
    }

    /// Forgets everything and begins with the positions of `other`, all of them or the first `positions`.
    package func start(with other: KVCache, _ positions: Int? = nil) {
        let positions = positions ?? other.count
        precondition(other.layers == layers && other.heads == heads && other.dim == dim && positions <= other.count)
        count = 0
        reserve(positions)
        for layer in 0..<layers {
            copy(positions, of: other.keys[layer], other.capacity, into: keys[layer])
            copy(positions, of: other.values[layer], other.capacity, into: values[layer])
        }
        count = positions
    }

    /// Writes the keys and values [heads, dim] of one position of a layer.
    package func write(_ layer: Int, position: Int, keys newKeys: Rows, values newValues: Rows, _ kernels: Kernels) {
        precondition(position >= 0 && position < capacity, "position \(position) of \(capacity)")
        precondition(newKeys.rows == heads && newValues.rows == heads)
        for head in 0..<heads {
            let row = head * capacity + position
            kernels.store(newKeys[head], into: keys[layer], row: row)
            kernels.store(newValues[head], into: values[layer], row: row)
        }
    }

    private func resized(_ old: CacheRows, from oldCapacity: Int) -> CacheRows {
        let new = CacheRows(rows: heads * capacity, columns: dim, precision: precision)
        copy(count, of: old, oldCapacity, into: new)
        return new
    }

    private func copy(_ positions: Int, of source: CacheRows, _ sourceCapacity: Int, into target: CacheRows) {
        for head in 0..<heads {
            let first = head * sourceCapacity
            target.copy(first..<first + positions, of: source, to: head * capacity)
        }
    }
}

extension KVCache {
    /// out = softmax(scale · q·k)·v for rows [n, query heads · dim] whose first one is position `first`: each sees the
    /// positions up to its own. Query heads share a key/value head in groups. Split over the heads.
    package func attend(_ layer: Int, first: Int, queries: Rows, into out: Rows, on processor: Processor) {
        let group = queries.columns / dim / heads
        let longest = first + queries.rows
        precondition(queries.columns == heads * group * dim && out.columns == queries.columns)
        precondition(out.rows == queries.rows && first >= 0 && longest <= capacity)
        let work = AttentionWork(
            keys: keys[layer], values: values[layer], capacity: capacity, group: group, dim: dim, first: first,
            queries: queries, out: out, scores: processor.scores.rows(heads, columns: group * longest),
            kernels: processor.kernels)
        // A fork is worth it from some thousand multiplications.
        if queries.rows * longest < Self.shortest {
            work.run(0..<heads)
        } else {
            processor.run(heads, grain: 1, work)
        }
    }

    private static let shortest = 64
}

private struct AttentionWork: ParallelWork {
    let keys: CacheRows
    let values: CacheRows
    let capacity: Int
    let group: Int
    let dim: Int
    let first: Int
    let queries: Rows
    let out: Rows
    let scores: Rows
    let kernels: Kernels

    func run(_ part: Range<Int>) {
        let scale = 1 / Float(dim).squareRoot()
        for head in part {
            let heads = head * group..<(head + 1) * group
            for row in 0..<queries.rows {
                let seen = head * capacity..<head * capacity + first + row + 1
                kernels.attention(
                    out.heads(row, heads, dim: dim), q: queries.heads(row, heads, dim: dim), k: keys, v: values,
                    seen: seen, scale: scale, scores: scores[head])
            }
        }
    }
}
