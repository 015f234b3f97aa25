// One stage of the waveform generator: snake, a transposed convolution, three residual units of growing dilation.

import Compute
import Glibc
import ModelFile

extension Snake {
    /// The checkpoint stores logarithms.
    init(_ weights: Weights, channels: Int) throws(ModelFileError) {
        let alpha = try weights.floats("alpha", shape: [channels])
        let beta = try weights.floats("beta", shape: [channels])
        self.init(
            alpha: Rows(alpha.map { exp($0) }, columns: channels),
            inverseBeta: Rows(beta.map { 1 / (exp($0) + 1e-9) }, columns: channels))
    }

    /// For traces: snake(x) in new memory.
    func applied(to x: Rows, on processor: Processor) -> Rows {
        let y = Rows(rows: x.rows, columns: x.columns)
        processor.kernels.snake(y, x, alpha: alpha, inverseBeta: inverseBeta)
        return y
    }
}

/// x + conv2(snake(conv1(snake(x)))).
struct ResidualUnit {
    private let activation1: Snake
    private let convolution1: CausalConvolution
    private let activation2: Snake
    private let convolution2: CausalConvolution

    /// The formats are those of the two convolutions; a step is a multiple of `period` rows.
    init(
        _ weights: Weights, channels: Int, dilation: Int, period: Int, dilated: ConvolutionFormat,
        narrow: ConvolutionFormat
    ) throws(ModelFileError) {
        activation1 = try Snake(weights["act1"], channels: channels)
        convolution1 = try CausalConvolution(
            weights["conv1.conv"], inputs: channels, outputs: channels, dilation: dilation, period: period,
            format: dilated)
        activation2 = try Snake(weights["act2"], channels: channels)
        convolution2 = try CausalConvolution(
            weights["conv2.conv"], inputs: channels, outputs: channels, format: narrow)
    }

    struct State {
        fileprivate let convolution1: CausalConvolution.State
        fileprivate let convolution2: CausalConvolution.State
    }

    func makeState(_ workspace: CodecWorkspace) -> State {
        State(
            convolution1: convolution1.makeState(workspace.window, output: workspace.branch),
            convolution2: convolution2.makeState(workspace.window))
    }

    /// Adds to x in place.
    func step(_ x: Rows, _ state: State, on processor: Processor) {
        let y = convolution1.step(x, snake: activation1, state.convolution1, on: processor)
        convolution2.accumulate(activation2, of: y, to: x, state.convolution2, on: processor)
    }
}

struct DecoderBlock {
    private let activation: Snake
    private let upsample: CausalConvolution
    private let units: [ResidualUnit]

    /// Not in the configuration: fixed in the official block.
    private static let dilations = [1, 3, 9]

    /// The decoder's block number `index`, which gives `period` rows a frame.
    init(
        _ weights: Weights, inputs: Int, outputs: Int, rate: Int, index block: Int, period: Int,
        _ precision: CodecPrecision
    ) throws(ModelFileError) {
        activation = try Snake(weights["0"], channels: inputs)
        upsample = try CausalConvolution(
            transposed: weights["1.conv"], inputs: inputs, outputs: outputs, stride: rate, period: period / rate,
            format: precision.format(.rate(block: block)))
        var units: [ResidualUnit] = []
        for (index, dilation) in Self.dilations.enumerated() {
            units.append(
                try ResidualUnit(
                    weights[index + 2], channels: outputs, dilation: dilation, period: period,
                    dilated: precision.format(.dilated(block: block)), narrow: precision.format(.narrow(block: block))))
        }
        self.units = units
    }

    struct State {
        fileprivate let upsample: CausalConvolution.State
        fileprivate let units: [ResidualUnit.State]
    }

    /// `output` is where `raise` gives its rows.
    func makeState(_ workspace: CodecWorkspace, output: SignalBuffer) -> State {
        State(
            upsample: upsample.makeState(workspace.window, output: output),
            units: units.map { $0.makeState(workspace) })
    }

    /// The rows at the block's rate.
    func raise(
        _ input: Rows, _ lanes: ArraySlice<CodecLane>, _ state: (CodecLane) -> State, on processor: Processor,
        trace: ((String, Rows) -> Void)?
    ) -> Rows {
        trace?("snake", activation.applied(to: input, on: processor))
        let x = upsample.step(input, snake: activation, lanes, { state($0).upsample }, on: processor)
        trace?("upconv", x)
        return x
    }

    /// Runs them through the residual units in place.
    func refine(_ x: Rows, _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)?) {
        for (index, unit) in units.enumerated() {
            unit.step(x, state.units[index], on: processor)
            if index == 0 { trace?("unit", x) }
        }
    }
}
