// Attention over a whole signal, where every position sees every other one, or over what is kept of a signal that comes in parts.
// Keys and values of a head are packed like the weights of a layer, so that scores and weighted sums are products of matrices;
// some queries at a time keep the scores few.

internal import CKernels

/// What makes scores depend on how far a key j is from a query i: ((q + u)·k + (q + v)·p(i - j)) / √dim.
package struct RelativePositions {
    /// p [2n - 1, heads · dim] of the distances n - 1 down to 1 - n.
    package let table: Rows
    /// u [heads, dim].
    package let keyBias: Rows
    /// v [heads, dim].
    package let positionBias: Rows

    package init(table: Rows, keyBias: Rows, positionBias: Rows) {
        self.table = table
        self.keyBias = keyBias
        self.positionBias = positionBias
    }
}

/// Keys and values of some rows of a signal, packed for each head. They never change, so that signals may share them.
package struct AttendedRows {
    package let rows: Int
    fileprivate let keys: PackedHeads
    fileprivate let values: PackedHeads

    /// Bytes of memory they hold.
    package var byteCount: Int { keys.byteCount + values.byteCount }
}

/// `RelativePositions`, packed for each head.
package struct PackedPositions {
    fileprivate let table: PackedHeads
    fileprivate let keyBias: Rows
    fileprivate let positionBias: Rows

    /// Rows of a signal whose distances the table has.
    package var reach: Int { (table.outputs + 1) / 2 }
}

package struct FullAttention: Sendable {
    package let heads: Int
    package let dimension: Int

    package init(heads: Int, dimension: Int) {
        precondition(heads > 0 && dimension > 0)
        self.heads = heads
        self.dimension = dimension
    }

    /// out = softmax(q·kᵀ / √dim)·v for each head; all of them [n, heads · dim].
    package func apply(
        queries: Rows, keys: Rows, values: Rows, relative: RelativePositions? = nil, into out: Rows,
        on processor: Processor
    ) {
        precondition(queries.rows == keys.rows && keys.rows == values.rows)
        // Memory of the thread holds what is packed for this call only.
        let sizes = [(keys, true), (values, false)] + (relative.map { [($0.table, true)] } ?? [])
        let words = sizes.map { PackedHeads.words($0.0, isByRow: $0.1, self) }
        let room = processor.transformed.rows(heads, columns: words.reduce(0, +))
        let packed = PackedHeads(keys, isByRow: true, self, in: room.columns(0..<words[0]), on: processor)
        let end = words[0] + words[1]
        let rows = AttendedRows(
            rows: keys.rows, keys: packed,
            values: PackedHeads(values, isByRow: false, self, in: room.columns(words[0]..<end), on: processor))
        let positions = relative.map { pack($0, in: room.columns(end..<room.columns), on: processor) }
        apply(queries: queries, over: [rows], positions: positions, into: out, on: processor)
    }

    /// out [n, heads · dim] of queries that are the last of the rows of `parts`, which follow one another.
    package func apply(
        queries: Rows, over parts: [AttendedRows], positions: PackedPositions? = nil, into out: Rows,
        on processor: Processor
    ) {
        let (count, width) = (queries.rows, heads * dimension)
        let total = parts.reduce(0) { $0 + $1.rows }
        precondition(count > 0 && count <= total && queries.columns == width)
        precondition(out.rows == count && out.columns == width)
        precondition(positions == nil || positions!.reach >= total)
        let work = AttendingTiles(
            attention: self, queries: queries, parts: parts, total: total, positions: positions, out: out, processor)
        processor.run(work.shares, grain: 1, work)
    }

    /// Keys and values [n, heads · dim] in memory of their own.
    package func pack(keys: Rows, values: Rows, on processor: Processor) -> AttendedRows {
        precondition(keys.rows == values.rows)
        return AttendedRows(
            rows: keys.rows, keys: PackedHeads(keys, isByRow: true, self, on: processor),
            values: PackedHeads(values, isByRow: false, self, on: processor))
    }

    /// Positions in memory of their own.
    package func pack(_ relative: RelativePositions, on processor: Processor) -> PackedPositions {
        pack(relative, in: nil, on: processor)
    }

    private func pack(_ relative: RelativePositions, in room: Rows?, on processor: Processor) -> PackedPositions {
        precondition(relative.keyBias.rows == heads && relative.keyBias.columns == dimension)
        precondition(relative.positionBias.rows == heads && relative.positionBias.columns == dimension)
        return PackedPositions(
            table: PackedHeads(relative.table, isByRow: true, self, in: room, on: processor),
            keyBias: relative.keyBias, positionBias: relative.positionBias)
    }
}

/// A matrix of each head, packed as kernels read the weights of a layer.
@safe
private struct PackedHeads: ParallelWork {
    let outputs: Int
    private let inputs: Int
    private let source: Rows
    private let isByRow: Bool
    private let dimension: Int
    private let storage: Rows  // [heads, words]
    private let zeros: Rows  // the bias of every product

    private static let panel = Int(MK_PANEL)
    private var panels: Int { Self.panels(outputs) }
    var byteCount: Int { storage.rows * storage.columns * MemoryLayout<Float>.stride }

    private static func panels(_ outputs: Int) -> Int { (outputs + panel - 1) / panel }

    /// Words of a head.
    static func words(_ source: Rows, isByRow: Bool, _ attention: FullAttention) -> Int {
        let (outputs, inputs) = isByRow ? (source.rows, attention.dimension) : (attention.dimension, source.rows)
        return panels(outputs) * panel * inputs
    }

    /// The rows of `source` [n, heads · dim] are outputs, or else inputs. `room` [heads, words] is where they are packed.
    init(
        _ source: Rows, isByRow: Bool, _ attention: FullAttention, in room: Rows? = nil, on processor: Processor
    ) {
        precondition(source.rows > 0 && source.columns == attention.heads * attention.dimension)
        dimension = attention.dimension
        (outputs, inputs) = isByRow ? (source.rows, dimension) : (dimension, source.rows)
        self.source = source
        self.isByRow = isByRow
        let words = Self.words(source, isByRow: isByRow, attention)
        storage = room ?? Rows(rows: attention.heads, columns: words)
        precondition(storage.rows == attention.heads && storage.columns == words)
        zeros = Rows(rows: 1, columns: outputs)
        processor.run(attention.heads, grain: 1, self)
    }

    func run(_ heads: Range<Int>) {
        for head in heads {
            let source = source.columns(head * dimension..<(head + 1) * dimension)
            let (row, column) = (source.stride, 1)
            var layout = unsafe mk_convolution_source(
                values: source.pointer, bf16: 0, inputs: inputs, outputs: outputs, taps: 1, channels: outputs,
                kernel: 1, first: 0, phase: 0, output: isByRow ? row : column, tap: 1, input: isByRow ? column : row)
            unsafe mk_pack_f32(storage[head].pointer, &layout, 0, panels)
        }
    }

    /// y = x · the matrix of a head, or y += with `adding`.
    func multiply(_ x: Rows, _ head: Int, into y: Rows, adding: Bool = false, _ kernels: Kernels) {
        multiply(x, head, 0..<outputs, into: y, adding: adding, kernels)
    }

    /// The same of some outputs only, of which the first begins a panel.
    private func multiply(
        _ x: Rows, _ head: Int, _ range: Range<Int>, into y: Rows, adding: Bool, _ kernels: Kernels
    ) {
        precondition(x.columns == inputs && y.columns == range.count && x.rows == y.rows)
        precondition(range.lowerBound % Self.panel == 0 && range.lowerBound >= 0 && range.upperBound <= outputs)
        unsafe kernels.table.pointee.conv_f32(
            y.pointer, y.stride, x.pointer, x.stride, storage[head].pointer + range.lowerBound * inputs,
            zeros.pointer, x.rows, 1, inputs, range.count, 1, 1, 0, Self.panels(range.count), adding ? 1 : 0)
    }

    /// The outputs that a product of `range` has: whole panels but for the last.
    func whole(_ range: Range<Int>) -> Range<Int> {
        range.lowerBound / Self.panel * Self.panel..<min(Self.panels(range.upperBound) * Self.panel, outputs)
    }

    /// y = x · the matrix of a head, of the outputs that `whole` gives.
    func multiply(_ x: Rows, _ head: Int, _ range: Range<Int>, into y: Rows, _ kernels: Kernels) {
        multiply(x, head, range, into: y, adding: false, kernels)
    }
}

/// Some queries of one head at a time, in shares for the workers.
private struct AttendingTiles: ParallelWork {
    let attention: FullAttention
    let queries: Rows
    let parts: [AttendedRows]
    /// Rows of all parts.
    let total: Int
    let positions: PackedPositions?
    let out: Rows
    let kernels: Kernels
    let shares: Int
    private let scratch: Rows  // a row for each share

    /// Queries at a time: every kernel's tile divides it.
    static let tile = 24
    /// Most distances that a tile of queries has to `total` rows, in whole panels.
    private static func distances(_ total: Int) -> Int { total + tile + 2 * Int(MK_PANEL) }

    init(
        attention: FullAttention, queries: Rows, parts: [AttendedRows], total: Int, positions: PackedPositions?,
        out: Rows, _ processor: Processor
    ) {
        self.attention = attention
        self.queries = queries
        self.parts = parts
        self.total = total
        self.positions = positions
        self.out = out
        kernels = processor.kernels
        let tiles = attention.heads * ((queries.rows + Self.tile - 1) / Self.tile)
        shares = min(processor.threads, tiles)
        let more = positions == nil ? 0 : Self.distances(total) + attention.dimension
        scratch = processor.scores.rows(shares, columns: Self.tile * (total + more))
    }

    func run(_ range: Range<Int>) {
        let tiles = (queries.rows + Self.tile - 1) / Self.tile
        let all = attention.heads * tiles
        for share in range {
            for unit in all * share / shares..<all * (share + 1) / shares {
                let first = unit % tiles * Self.tile
                attend(head: unit / tiles, first..<min(first + Self.tile, queries.rows), scratch[share])
            }
        }
    }

    private func attend(head: Int, _ rows: Range<Int>, _ scratch: Rows) {
        let columns = head * attention.dimension..<(head + 1) * attention.dimension
        var query = queries[rows].columns(columns)
        let scores = scratch.view(0, rows: rows.count, columns: total)
        if let positions {
            let biased = scratch.view(
                Self.tile * (total + Self.distances(total)), rows: rows.count, columns: attention.dimension)
            addBias(positions.positionBias[head], to: query, into: biased)
            setDistances(positions, head, rows, biased, scratch, into: scores)
            addBias(positions.keyBias[head], to: query, into: biased)
            query = biased
        }
        eachPart { part, range in
            part.keys.multiply(query, head, into: scores.columns(range), adding: positions != nil, kernels)
        }
        kernels.softmax(scores, scale: 1 / Float(attention.dimension).squareRoot())
        eachPart { part, range in
            part.values.multiply(
                scores.columns(range), head, into: out[rows].columns(columns), adding: range.lowerBound > 0, kernels)
        }
    }

    private func eachPart(_ body: (AttendedRows, Range<Int>) -> Void) {
        var first = 0
        for part in parts {
            body(part, first..<first + part.rows)
            first += part.rows
        }
    }

    /// scores = (q + v)·p(i - j). Row i of the table's product begins with the key 0 at its distance i.
    private func setDistances(
        _ positions: PackedPositions, _ head: Int, _ rows: Range<Int>, _ biased: Rows, _ scratch: Rows,
        into scores: Rows
    ) {
        // Where the distance to row 0 stands, of the first query and then of the last, whose row of the table begins first.
        let start = positions.reach - 1 - (total - queries.rows) - rows.lowerBound
        let seen = positions.table.whole(start - (rows.count - 1)..<start + total)
        let far = scratch.view(Self.tile * total, rows: rows.count, columns: seen.count)
        positions.table.multiply(biased, head, seen, into: far, kernels)
        for index in 0..<rows.count {
            let first = start - index - seen.lowerBound
            scores[index].copy(from: far[index].columns(first..<first + total))
        }
    }

    private func addBias(_ bias: Rows, to query: Rows, into sum: Rows) {
        sum.copy(from: query)
        for row in 0..<sum.rows { kernels.add(sum[row], bias) }
    }
}

extension Rows {
    /// Memory of a row as rows of its own.
    fileprivate func view(_ first: Int, rows: Int, columns: Int) -> Rows {
        precondition(self.rows == 1 && first >= 0 && first + rows * columns <= self.columns)
        return Rows(buffer: buffer, offset: offset + first, rows: rows, columns: columns)
    }
}
