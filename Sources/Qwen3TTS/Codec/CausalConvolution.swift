// A convolution that sees only the past, as a stream: the state keeps the rows before the next one that it will need.
//
// A transposed convolution cut on the right by kernel - stride is the same thing with ⌈kernel / stride⌉ taps and
// stride · channels outputs: output row t·stride + s reads weight j·stride + s of input row t - j.

import Compute
import ModelFile

struct CausalConvolution {
    private let convolution: PackedConvolution
    private let channels: Int
    /// Output rows per input row.
    private let upsampling: Int

    /// `weight` [outputs, inputs, taps], or [outputs, inputs] with one tap, and where present `bias` [outputs]. A step gives
    /// a multiple of `period` rows.
    init(
        _ weights: Weights, inputs: Int, outputs: Int, dilation: Int = 1, stride: Int = 1, period: Int = 1,
        format: ConvolutionFormat = .float32
    ) throws(ModelFileError) {
        let (tensor, taps) = try weights.kernel(outputs, inputs)
        let shape = ConvolutionShape(
            inputs: inputs, outputs: outputs, taps: taps, dilation: dilation, step: stride, period: period)
        guard shape.inputRows(for: 1) >= stride else {
            throw .wrongShape(name: tensor.name, expected: [outputs, inputs, stride], found: tensor.shape)
        }
        convolution = try PackedConvolution(tensor, shape, bias: weights.optionalBias(outputs), format: format)
        channels = outputs
        upsampling = 1
    }

    /// `weight` [inputs, outputs, kernel] and where present `bias` [outputs]. A step takes a multiple of `period` rows.
    init(
        transposed weights: Weights, inputs: Int, outputs: Int, stride: Int, period: Int = 1,
        format: ConvolutionFormat = .float32
    ) throws(ModelFileError) {
        let (tensor, kernel) = try weights.kernel(inputs, outputs)
        convolution = try PackedConvolution(
            transposed: tensor,
            ConvolutionShape(
                inputs: inputs, outputs: stride * outputs, taps: (kernel + stride - 1) / stride, period: period),
            stride: stride, bias: weights.optionalBias(outputs), format: format)
        channels = outputs
        upsampling = stride
    }

    final class State {
        fileprivate let input: ConvolutionInput
        fileprivate let window: ConvolutionWindow
        fileprivate let output: SignalBuffer

        fileprivate init(_ convolution: PackedConvolution, _ window: ConvolutionWindow, _ output: SignalBuffer) {
            input = convolution.makeInput(window)
            self.window = window
            self.output = output
        }
    }

    /// A state whose steps are given in `output`, and computed in a window that others use in turn.
    func makeState(
        _ window: ConvolutionWindow = ConvolutionWindow(), output: SignalBuffer = SignalBuffer()
    ) -> State {
        State(convolution, window, output)
    }

    /// The rows that x gives, or snake(x); the result is valid until the next step.
    func step(_ x: Rows, snake: Snake? = nil, _ state: State, on processor: Processor) -> Rows {
        state.input.write(x, snake: snake, on: processor)
        return finish(x.rows, state, on: processor)
    }

    /// The same for several utterances, whose rows follow one another in x and in the result.
    func step(
        _ x: Rows, snake: Snake? = nil, _ lanes: ArraySlice<CodecLane>, _ state: (CodecLane) -> State,
        on processor: Processor
    ) -> Rows {
        let first = state(lanes.first!)
        // Without a past they are rows like those of one.
        guard lanes.count > 1, first.input.history > 0 else { return step(x, snake: snake, first, on: processor) }
        var isFirst = true
        lanes.forEach(in: x) { lane, rows in
            state(lane).input.write(rows, snake: snake, beside: !isFirst, on: processor)
            isFirst = false
        }
        let (result, narrow) = room(x.rows, first.output)
        convolution.apply(first.window, into: narrow, on: processor)
        lanes.forEach(in: x) { state($0).input.advance($1.rows) }
        return result
    }

    /// Adds to `sum` the rows that snake(x) gives.
    func accumulate(_ snake: Snake, of x: Rows, to sum: Rows, _ state: State, on processor: Processor) {
        precondition(sum.rows == x.rows && upsampling == 1 && convolution.shape.step == 1)
        state.input.write(x, snake: snake, on: processor)
        convolution.apply(state.input, into: sum, accumulating: true, on: processor)
        state.input.advance(x.rows)
    }

    private func finish(_ rows: Int, _ state: State, on processor: Processor) -> Rows {
        let (result, narrow) = room(rows, state.output)
        convolution.apply(state.input, into: narrow, on: processor)
        state.input.advance(rows)
        return result
    }

    /// Memory for what so many rows give, and the same memory as the convolution sees it.
    private func room(_ rows: Int, _ output: SignalBuffer) -> (Rows, Rows) {
        precondition(rows > 0 && rows % convolution.shape.step == 0, "a step is a multiple of the stride")
        let count = rows / convolution.shape.step
        return (
            output.rows(count * upsampling, columns: channels), output.rows(count, columns: channels * upsampling)
        )
    }

    /// A whole signal: what it lacks to a multiple of the stride is zero, or with `repeatEdges` its last row, and so the
    /// past is zero or its first row.
    func whole(_ x: Rows, stride: Int = 1, repeatEdges: Bool = false, on processor: Processor) -> Rows {
        precondition(stride == convolution.shape.step && x.rows > 0)
        let state = makeState()
        var x = x
        if x.rows % stride > 0 {
            let padded = Rows(rows: (x.rows + stride - 1) / stride * stride, columns: x.columns)
            padded[0..<x.rows].copy(from: x)
            if repeatEdges { for row in x.rows..<padded.rows { padded[row].copy(from: x[x.rows - 1]) } }
            x = padded
        }
        state.input.write(x, on: processor)
        if repeatEdges { state.input.repeatFirst() }
        return finish(x.rows, state, on: processor)
    }
}

extension Rows {
    func duplicate() -> Rows {
        let copy = Rows(rows: rows, columns: columns)
        copy.copy(from: self)
        return copy
    }
}

extension PackedConvolution {
    /// A matrix: `weight` [outputs, inputs] and where present `bias` [outputs].
    init(_ weights: Weights, inputs: Int, outputs: Int, format: ConvolutionFormat) throws(ModelFileError) {
        try self.init(
            weights.tensor("weight", shape: [outputs, inputs]), ConvolutionShape(inputs: inputs, outputs: outputs),
            bias: weights.optionalBias(outputs), format: format)
    }
}
