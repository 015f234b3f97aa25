// One stage of the waveform generator: snake, a transposed convolution, three residual units of growing dilation.

import Compute
import Glibc
import ModelFile

/// y = x + sin²(alpha · x) / beta; the checkpoint stores logarithms.
struct Snake {
    private let alpha: Rows
    private let inverseBeta: Rows

    init(_ weights: Weights, channels: Int) throws(ModelFileError) {
        alpha = Rows(try weights.floats("alpha", shape: [channels]).map { exp($0) }, columns: channels)
        let beta = try weights.floats("beta", shape: [channels])
        inverseBeta = Rows(beta.map { 1 / (exp($0) + 1e-9) }, columns: channels)
    }

    func apply(_ x: Rows, into y: Rows, on processor: Processor) {
        processor.kernels.snake(y, x, alpha: alpha, inverseBeta: inverseBeta)
    }
}

/// x + conv2(snake(conv1(snake(x)))).
struct ResidualUnit {
    private let activation1: Snake
    private let convolution1: CausalConvolution
    private let activation2: Snake
    private let convolution2: CausalConvolution

    init(_ weights: Weights, channels: Int, dilation: Int) throws(ModelFileError) {
        activation1 = try Snake(weights["act1"], channels: channels)
        convolution1 = try CausalConvolution(
            weights["conv1.conv"], inputs: channels, outputs: channels, dilation: dilation)
        activation2 = try Snake(weights["act2"], channels: channels)
        convolution2 = try CausalConvolution(weights["conv2.conv"], inputs: channels, outputs: channels)
    }

    struct State {
        fileprivate let convolution1: CausalConvolution.State
        fileprivate let convolution2: CausalConvolution.State
    }

    func makeState() -> State {
        State(convolution1: convolution1.makeState(), convolution2: convolution2.makeState())
    }

    /// Adds to x in place.
    func step(_ x: Rows, _ state: State, on processor: Processor) {
        activation1.apply(x, into: state.convolution1.tail.input(x.rows), on: processor)
        let y = convolution1.step(x.rows, state.convolution1, on: processor)
        activation2.apply(y, into: state.convolution2.tail.input(x.rows), on: processor)
        processor.kernels.add(x, convolution2.step(x.rows, state.convolution2, on: processor))
    }
}

struct DecoderBlock {
    private let activation: Snake
    private let upsample: CausalConvolution
    private let units: [ResidualUnit]

    /// Not in the configuration: fixed in the official block.
    private static let dilations = [1, 3, 9]

    init(_ weights: Weights, inputs: Int, outputs: Int, rate: Int) throws(ModelFileError) {
        activation = try Snake(weights["0"], channels: inputs)
        upsample = try CausalConvolution(transposed: weights["1.conv"], inputs: inputs, outputs: outputs, stride: rate)
        var units: [ResidualUnit] = []
        for (index, dilation) in Self.dilations.enumerated() {
            units.append(try ResidualUnit(weights[index + 2], channels: outputs, dilation: dilation))
        }
        self.units = units
    }

    struct State {
        fileprivate let upsample: CausalConvolution.State
        fileprivate let units: [ResidualUnit.State]
    }

    func makeState() -> State { State(upsample: upsample.makeState(), units: units.map { $0.makeState() }) }

    func step(_ input: Rows, _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)?) -> Rows {
        let active = state.upsample.tail.input(input.rows)
        activation.apply(input, into: active, on: processor)
        trace?("snake", active)
        let x = upsample.step(input.rows, state.upsample, on: processor)
        trace?("upconv", x)
        for (index, unit) in units.enumerated() {
            unit.step(x, state.units[index], on: processor)
            if index == 0 { trace?("unit", x) }
        }
        return x
    }
}
