// Keys and values of one utterance: per layer [capacity, heads · dim]. Grown by doubling, so appending costs no
// allocation in the steady state and never more than twice the rows in use.

package final class KVCache {
    package private(set) var count = 0
    private var capacity: Int
    private let layers: Int
    private let columns: Int
    private var keys: [Rows]
    private var values: [Rows]

    package init(layers: Int, columns: Int, capacity: Int) {
        precondition(layers > 0 && columns > 0 && capacity > 0)
        self.layers = layers
        self.columns = columns
        self.capacity = capacity
        keys = (0..<layers).map { _ in Rows(rows: capacity, columns: columns) }
        values = (0..<layers).map { _ in Rows(rows: capacity, columns: columns) }
    }

    /// Makes room for `more` positions; layers then write theirs and `advance` makes them count.
    package func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(2 * capacity, count + more)
        for layer in 0..<layers {
            keys[layer] = grown(keys[layer])
            values[layer] = grown(values[layer])
        }
    }

    package func advance(_ positions: Int) {
        precondition(count + positions <= capacity)
        count += positions
    }

    package func reset() { count = 0 }

    /// A copy of the first `positions`, no larger than they are.
    package func prefix(_ positions: Int) -> KVCache {
        precondition(positions > 0 && positions <= count)
        let copy = KVCache(layers: layers, columns: columns, capacity: positions)
        copy.start(with: self, positions)
        return copy
    }

    /// Forgets everything and begins with the positions of `other`, all of them or the first `positions`.
    package func start(with other: KVCache, _ positions: Int? = nil) {
        let positions = positions ?? other.count
        precondition(other.layers == layers && other.columns == columns && positions <= other.count)
        count = 0
        reserve(positions)
        for layer in 0..<layers {
            keys[layer][0..<positions].copy(from: other.keys[layer][0..<positions])
            values[layer][0..<positions].copy(from: other.values[layer][0..<positions])
        }
        count = positions
    }

    /// The rows of a layer up to `rows` positions, those being written included.
    package func keys(_ layer: Int, rows: Int) -> Rows { keys[layer][0..<rows] }
    package func values(_ layer: Int, rows: Int) -> Rows { values[layer][0..<rows] }

    private func grown(_ old: Rows) -> Rows {
        let new = Rows(rows: capacity, columns: columns)
        new[0..<count].copy(from: old[0..<count])
        return new
    }
}
