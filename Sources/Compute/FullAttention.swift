// Attention over a whole signal, where every position sees every other one. Keys and values of a head are packed like the
// weights of a layer, so that scores and weighted sums are products of matrices; some queries at a time keep the scores few.

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
        let (count, width) = (queries.rows, heads * dimension)
        precondition(count > 0 && [queries, keys, values, out].allSatisfy { $0.rows == count && $0.columns == width })
        if let relative {
            precondition(relative.table.rows == 2 * count - 1 && relative.table.columns == width)
            precondition(relative.keyBias.rows == heads && relative.keyBias.columns == dimension)
            precondition(relative.positionBias.rows == heads && relative.positionBias.columns == dimension)
        }
        var operands = [(keys, true), (values, false)]
        if let relative { operands.append((relative.table, true)) }
        let packed = PackedHeads(operands, self, processor)
        processor.run(heads, grain: 1, packed)
        let work = AttendingTiles(
            attention: self, queries: queries, packed: packed, relative: relative, out: out, processor)
        processor.run(work.parts, grain: 1, work)
    }
}

/// Matrices of each head, packed as kernels read the weights of a layer.
@safe
private struct PackedHeads: ParallelWork {
    /// A head's matrix: as many outputs and inputs as it has as weights.
    struct Operand {
        let source: Rows
        /// Whether the rows of the source are its outputs; else its inputs.
        let isByRow: Bool
        let outputs: Int
        let inputs: Int
        let offset: Int

        var panels: Int { (outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL) }
    }

    let operands: [Operand]
    private let dimension: Int
    private let storage: Rows  // [heads, words of all operands]
    private let zeros: Rows  // the bias of every product

    init(_ sources: [(Rows, isByRow: Bool)], _ attention: FullAttention, _ processor: Processor) {
        dimension = attention.dimension
        var (operands, offset): ([Operand], Int) = ([], 0)
        for (source, isByRow) in sources {
            let operand = Operand(
                source: source, isByRow: isByRow, outputs: isByRow ? source.rows : dimension,
                inputs: isByRow ? dimension : source.rows, offset: offset)
            offset += operand.panels * Int(MK_PANEL) * operand.inputs
            operands.append(operand)
        }
        self.operands = operands
        storage = processor.transformed.rows(attention.heads, columns: offset)
        zeros = Rows(rows: 1, columns: operands.reduce(0) { max($0, $1.outputs) })
    }

    func run(_ heads: Range<Int>) {
        for head in heads {
            for operand in operands {
                let source = operand.source.columns(head * dimension..<(head + 1) * dimension)
                let (row, column) = (source.stride, 1)
                var layout = unsafe mk_convolution_source(
                    values: source.pointer, bf16: 0, inputs: operand.inputs, outputs: operand.outputs, taps: 1,
                    channels: operand.outputs, kernel: 1, first: 0, phase: 0, output: operand.isByRow ? row : column,
                    tap: 1, input: operand.isByRow ? column : row)
                unsafe mk_pack_f32(storage[head].pointer + operand.offset, &layout, 0, operand.panels)
            }
        }
    }

    /// y = x · operand of a head, the outputs of `panels` only, or y += with `adding`.
    func multiply(
        _ x: Rows, _ number: Int, _ head: Int, into y: Rows, panels: Range<Int>? = nil, adding: Bool = false,
        _ kernels: Kernels
    ) {
        let operand = operands[number]
        let panels = panels ?? 0..<operand.panels
        precondition(x.columns == operand.inputs && y.columns == operand.outputs && x.rows == y.rows)
        precondition(panels.lowerBound >= 0 && panels.upperBound <= operand.panels)
        unsafe kernels.table.pointee.conv_f32(
            y.pointer, y.stride, x.pointer, x.stride, storage[head].pointer + operand.offset, zeros.pointer, x.rows, 1,
            operand.inputs, operand.outputs, 1, 1, panels.lowerBound, panels.upperBound, adding ? 1 : 0)
    }
}

/// Some queries of one head at a time, in parts for the workers.
private struct AttendingTiles: ParallelWork {
    let attention: FullAttention
    let queries: Rows
    let packed: PackedHeads
    let relative: RelativePositions?
    let out: Rows
    let kernels: Kernels
    let parts: Int
    private let scratch: Rows  // a row for each part

    /// Queries at a time: every kernel's tile divides it.
    static let tile = 24

    init(
        attention: FullAttention, queries: Rows, packed: PackedHeads, relative: RelativePositions?, out: Rows,
        _ processor: Processor
    ) {
        self.attention = attention
        self.queries = queries
        self.packed = packed
        self.relative = relative
        self.out = out
        kernels = processor.kernels
        let tiles = attention.heads * ((queries.rows + Self.tile - 1) / Self.tile)
        parts = min(processor.threads, tiles)
        let (count, distances) = (queries.rows, relative?.table.rows ?? 0)
        let columns = count + distances + (relative == nil ? 0 : attention.dimension)
        scratch = processor.scores.rows(parts, columns: Self.tile * columns)
    }

    func run(_ range: Range<Int>) {
        let tiles = (queries.rows + Self.tile - 1) / Self.tile
        let all = attention.heads * tiles
        for part in range {
            for unit in all * part / parts..<all * (part + 1) / parts {
                let first = unit % tiles * Self.tile
                attend(head: unit / tiles, first..<min(first + Self.tile, queries.rows), scratch[part])
            }
        }
    }

    private func attend(head: Int, _ rows: Range<Int>, _ scratch: Rows) {
        let columns = head * attention.dimension..<(head + 1) * attention.dimension
        let query = queries[rows].columns(columns)
        let scores = scratch.view(0, rows: rows.count, columns: queries.rows)
        if let relative {
            addPositions(relative, head, rows, query, scratch, into: scores)
        } else {
            packed.multiply(query, 0, head, into: scores, kernels)
        }
        kernels.softmax(scores, scale: 1 / Float(attention.dimension).squareRoot())
        packed.multiply(scores, 1, head, into: out[rows].columns(columns), kernels)
    }

    /// scores = (q + u)·k + (q + v)·p(i - j). Row i of the table's product begins with the key 0 at its distance i.
    private func addPositions(
        _ relative: RelativePositions, _ head: Int, _ rows: Range<Int>, _ query: Rows, _ scratch: Rows,
        into scores: Rows
    ) {
        let (count, distances) = (queries.rows, relative.table.rows)
        let far = scratch.view(Self.tile * count, rows: rows.count, columns: distances)
        let biased = scratch.view(
            Self.tile * (count + distances), rows: rows.count, columns: attention.dimension)
        addBias(relative.positionBias[head], to: query, into: biased)
        // What the tile's rows need of the table: the last one begins first.
        let seen = count - rows.upperBound..<count - 1 - rows.lowerBound + count
        let panel = Int(MK_PANEL)
        packed.multiply(
            biased, 2, head, into: far, panels: seen.lowerBound / panel..<(seen.upperBound + panel - 1) / panel, kernels
        )
        for (index, row) in rows.enumerated() {
            scores[index].copy(from: far[index].columns(count - 1 - row..<2 * count - 1 - row))
        }
        addBias(relative.keyBias[head], to: query, into: biased)
        packed.multiply(biased, 0, head, into: scores, adding: true, kernels)
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
