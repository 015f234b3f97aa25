// A convolution that sees only the past, as a stream: the state keeps the (taps - 1) · dilation rows before the next one.
//
// A transposed convolution cut on the right by kernel - stride is the same thing with ceil(kernel / stride) taps and
// stride · channels outputs: output row t·stride + s reads weight j·stride + s of input row t - j.

import Compute
import ModelFile

struct CausalConvolution {
    private let convolution: PackedConvolution
    private let channels: Int
    /// Output rows per input row.
    private let upsampling: Int

    /// `weight` [outputs, inputs, taps] and, where present, `bias` [outputs].
    init(_ weights: Weights, inputs: Int, outputs: Int, dilation: Int = 1, stride: Int = 1) throws(ModelFileError) {
        let (values, taps) = try weights.kernel(outputs, inputs)
        convolution = PackedConvolution(
            inputs: inputs, outputs: outputs, taps: taps, dilation: dilation, step: stride,
            bias: try weights.optionalBias(outputs)
        ) { output, tap, input in
            values[(output * inputs + input) * taps + tap]
        }
        channels = outputs
        upsampling = 1
    }

    /// `weight` [inputs, outputs, kernel] and `bias` [outputs].
    init(transposed weights: Weights, inputs: Int, outputs: Int, stride: Int) throws(ModelFileError) {
        let (values, kernel) = try weights.kernel(inputs, outputs)
        let taps = (kernel + stride - 1) / stride
        let bias = try weights.optionalBias(outputs) ?? [Float](repeating: 0, count: outputs)
        convolution = PackedConvolution(
            inputs: inputs, outputs: stride * outputs, taps: taps, bias: (0..<stride).flatMap { _ in bias }
        ) { output, tap, input in
            let at = (taps - 1 - tap) * stride + output / outputs
            return at < kernel ? values[(input * outputs + output % outputs) * kernel + at] : 0
        }
        channels = outputs
        upsampling = stride
    }

    final class State {
        let tail: SignalTail
        fileprivate let output = SignalBuffer()
        fileprivate init(history: Int, channels: Int) { tail = SignalTail(history: history, channels: channels) }
    }

    func makeState() -> State {
        State(history: convolution.inputRows(for: 1) - convolution.step, channels: convolution.inputs)
    }

    /// Takes the `rows` rows written to `state.tail.input(rows)`; the result is valid until the next step.
    func step(_ rows: Int, _ state: State, on processor: Processor) -> Rows {
        precondition(rows > 0 && rows % convolution.step == 0, "a step is a multiple of the stride")
        let count = rows / convolution.step
        let result = state.output.rows(count * upsampling, columns: channels)
        convolution.apply(
            state.tail.all(rows), into: state.output.rows(count, columns: channels * upsampling), on: processor)
        state.tail.advance(rows)
        return result
    }

    func step(_ x: Rows, _ state: State, on processor: Processor) -> Rows {
        state.tail.input(x.rows).copy(from: x)
        return step(x.rows, state, on: processor)
    }

    /// A whole signal: what it lacks to a multiple of the stride is zero, or with `repeatEdges` its last row, and so the
    /// past is zero or its first row.
    func whole(_ x: Rows, stride: Int = 1, repeatEdges: Bool = false, on processor: Processor) -> Rows {
        precondition(stride == convolution.step && x.rows > 0)
        let state = makeState()
        let rows = (x.rows + stride - 1) / stride * stride
        let input = state.tail.input(rows)
        input[0..<x.rows].copy(from: x)
        if repeatEdges {
            for row in x.rows..<rows { input[row].copy(from: x[x.rows - 1]) }
            state.tail.fillHistory(from: x[0])
        }
        return step(rows, state, on: processor)
    }
}

extension Rows {
    func duplicate() -> Rows {
        let copy = Rows(rows: rows, columns: columns)
        copy.copy(from: self)
        return copy
    }
}

extension Weights {
    /// `weight` [first, second, taps] and its number of taps.
    func kernel(_ first: Int, _ second: Int) throws(ModelFileError) -> (values: [Float], taps: Int) {
        let tensor = try tensor("weight")
        let taps = tensor.shape.last ?? 0
        guard tensor.shape == [first, second, taps], taps > 0 else {
            throw .wrongShape(name: tensor.name, expected: [first, second, max(taps, 1)], found: tensor.shape)
        }
        return (try tensor.floats(), taps)
    }

    func optionalBias(_ count: Int) throws(ModelFileError) -> [Float]? {
        contains("bias") ? try floats("bias", shape: [count]) : nil
    }

    /// A vector as one row.
    func row(_ name: String, _ count: Int) throws(ModelFileError) -> Rows {
        Rows(try floats(name, shape: [count]), columns: count)
    }
}
