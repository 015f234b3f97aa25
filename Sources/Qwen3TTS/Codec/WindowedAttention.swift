// Causal attention over the last `window` positions with rotated keys, as a stream. Without a window it sees everything.

import Compute
import ModelFile

struct WindowedAttention {
    private let query: PackedConvolution
    private let key: PackedConvolution
    private let value: PackedConvolution
    private let output: PackedConvolution
    private let heads: Int
    private let keyValueHeads: Int
    private let dimension: Int
    private let window: Int?

    init(
        _ weights: Weights, hidden: Int, heads: Int, keyValueHeads: Int, dimension: Int, window: Int?,
        format: ConvolutionFormat
    ) throws(ModelFileError) {
        let (wide, narrow) = (heads * dimension, keyValueHeads * dimension)
        query = try PackedConvolution(weights["q_proj"], inputs: hidden, outputs: wide, format: format)
        key = try PackedConvolution(weights["k_proj"], inputs: hidden, outputs: narrow, format: format)
        value = try PackedConvolution(weights["v_proj"], inputs: hidden, outputs: narrow, format: format)
        output = try PackedConvolution(weights["o_proj"], inputs: wide, outputs: hidden, format: format)
        self.heads = heads
        self.keyValueHeads = keyValueHeads
        self.dimension = dimension
        self.window = window
    }

    final class State {
        fileprivate let input: ConvolutionInput
        fileprivate let output: ConvolutionInput
        fileprivate let scratch: CodecWorkspace.AttentionScratch
        fileprivate var keys: Rows
        fileprivate var values: Rows
        fileprivate var count = 0

        fileprivate init(
            input: ConvolutionInput, output: ConvolutionInput, _ scratch: CodecWorkspace.AttentionScratch,
            capacity: Int, columns: Int
        ) {
            self.input = input
            self.output = output
            self.scratch = scratch
            keys = Rows(rows: capacity, columns: columns)
            values = Rows(rows: capacity, columns: columns)
        }

        /// Makes room for one more position. A full window moves its newest part to the front, once per window;
        /// without one the memory doubles.
        fileprivate func makeRoom(window: Int?) {
            guard count == keys.rows else { return }
            let kept = min(count, (window ?? Int.max) - 1)
            let target = window == nil ? 2 * keys.rows : keys.rows
            keys = Self.moved(keys, last: kept, of: count, capacity: target)
            values = Self.moved(values, last: kept, of: count, capacity: target)
            count = kept
        }

        private static func moved(_ rows: Rows, last kept: Int, of count: Int, capacity: Int) -> Rows {
            let target = capacity == rows.rows ? rows : Rows(rows: capacity, columns: rows.columns)
            if kept > 0 { target[0..<kept].copy(from: rows[count - kept..<count]) }
            return target
        }
    }

    /// A state whose steps are computed in memory that others use in turn.
    func makeState(_ convolutions: ConvolutionWindow, _ scratch: CodecWorkspace.AttentionScratch) -> State {
        State(
            input: query.makeInput(convolutions), output: output.makeInput(convolutions), scratch,
            capacity: 2 * (window ?? 64), columns: keyValueHeads * dimension)
    }

    /// angles [positions, dimension]: cosines, then sines. y [positions, hidden].
    func step(_ x: Rows, angles: Rows, _ state: State, into y: Rows, on processor: Processor) {
        project(x, state, on: processor)
        for row in 0..<x.rows { attend(row, angles[row], state, on: processor) }
        finish(state, into: y, on: processor)
    }

    /// The first part of a step: queries, keys and values of rows, of whatever streams they are, in the scratch of the state.
    func project(_ x: Rows, _ state: State, on processor: Processor) {
        let scratch = state.scratch
        scratch.positions = x.rows
        state.input.write(x, on: processor)
        query.apply(state.input, into: queries(scratch), on: processor)
        key.apply(state.input, into: keys(scratch), on: processor)
        value.apply(state.input, into: values(scratch), on: processor)
        // Room for the results, of which `attend` takes views.
        _ = results(scratch)
    }

    /// The second, for each row: it is the next position of that state.
    func attend(_ row: Int, _ angles: Rows, _ state: State, on processor: Processor) {
        let (query, key) = (queries(state.scratch)[row], keys(state.scratch)[row])
        let (cos, sin) = (angles.columns(0..<dimension / 2), angles.columns(dimension / 2..<dimension))
        processor.kernels.rotate(query, cos: cos, sin: sin, dim: dimension)
        processor.kernels.rotate(key, cos: cos, sin: sin, dim: dimension)
        state.makeRoom(window: window)
        state.keys[state.count].copy(from: key)
        state.values[state.count].copy(from: values(state.scratch)[row])
        state.count += 1
        attend(row, state, on: processor)
    }

    /// The last, with the state of the first.
    func finish(_ state: State, into y: Rows, on processor: Processor) {
        state.output.write(results(state.scratch), on: processor)
        output.apply(state.output, into: y, on: processor)
    }

    private func queries(_ scratch: CodecWorkspace.AttentionScratch) -> Rows {
        scratch.queries.rows(scratch.positions, columns: heads * dimension)
    }

    private func keys(_ scratch: CodecWorkspace.AttentionScratch) -> Rows {
        scratch.newKeys.rows(scratch.positions, columns: keyValueHeads * dimension)
    }

    private func values(_ scratch: CodecWorkspace.AttentionScratch) -> Rows {
        scratch.newValues.rows(scratch.positions, columns: keyValueHeads * dimension)
    }

    private func results(_ scratch: CodecWorkspace.AttentionScratch) -> Rows {
        scratch.result.rows(scratch.positions, columns: heads * dimension)
    }

    private func attend(_ row: Int, _ state: State, on processor: Processor) {
        let visible = min(state.count, window ?? Int.max)
        let range = state.count - visible..<state.count
        let group = heads / keyValueHeads
        // As many as there can be before the cache moves, so that the buffer does not grow frame by frame.
        let scratch = state.scratch
        let scores = scratch.scores.rows(1, columns: group * state.keys.rows)
        for head in 0..<keyValueHeads {
            let columns = head * dimension..<(head + 1) * dimension
            let offset = (row * heads + head * group) * dimension
            processor.kernels.attention(
                scratch.result.view(offset: offset, rows: group, columns: dimension),
                q: scratch.queries.view(offset: offset, rows: group, columns: dimension),
                k: state.keys[range].columns(columns), v: state.values[range].columns(columns),
                scale: 1 / Float(dimension).squareRoot(), scores: scores)
        }
    }
}
