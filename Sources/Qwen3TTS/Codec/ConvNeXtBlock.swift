// Upsampling: a transposed convolution, then x + gamma · W2·gelu(W1·norm(depthwise(x))).

import Compute
import ModelFile

struct ConvNeXtBlock {
    private let upsample: CausalConvolution
    private let depthwise: Rows  // [taps, channels]
    private let depthwiseBias: Rows  // [1, channels]
    private let norm: Rows
    private let normBias: Rows
    private let expand: Linear  // channels → 4 · channels
    private let contract: Linear
    private let gamma: Rows
    private let channels: Int
    private let expanded: Int

    /// Not in the configuration: the default of the official block.
    private static let epsilon: Float = 1e-6

    init(_ weights: Weights, channels: Int, ratio: Int) throws(ModelFileError) {
        upsample = try CausalConvolution(
            transposed: weights["0.conv"], inputs: channels, outputs: channels, stride: ratio)
        let block = weights["1"]
        let (values, taps) = try block["dwconv.conv"].kernel(channels, 1)
        depthwise = Rows(
            (0..<taps * channels).map { values[$0 % channels * taps + $0 / channels] }, columns: channels)
        depthwiseBias = try block["dwconv.conv"].row("bias", channels)
        norm = try block["norm"].row("weight", channels)
        normBias = try block["norm"].row("bias", channels)
        expanded = try block.tensor("pwconv1.weight").shape.first ?? 0
        expand = try Linear(block["pwconv1"], rows: expanded, columns: channels)
        contract = try Linear(block["pwconv2"], rows: channels, columns: expanded)
        gamma = try block.row("gamma", channels)
        self.channels = channels
    }

    final class State {
        fileprivate let upsample: CausalConvolution.State
        fileprivate let depthwise: SignalTail
        fileprivate let normed = SignalBuffer()
        fileprivate let wide = SignalBuffer()
        fileprivate let narrow = SignalBuffer()

        fileprivate init(upsample: CausalConvolution.State, depthwise: SignalTail) {
            self.upsample = upsample
            self.depthwise = depthwise
        }
    }

    func makeState() -> State {
        State(
            upsample: upsample.makeState(), depthwise: SignalTail(history: depthwise.rows - 1, channels: channels))
    }

    func step(_ input: Rows, _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)?) -> Rows {
        let x = upsample.step(input, state.upsample, on: processor)
        trace?("conv", x)
        state.depthwise.input(x.rows).copy(from: x)
        let y = state.normed.rows(x.rows, columns: channels)
        processor.kernels.depthwise(y, state.depthwise.all(x.rows), weight: depthwise, bias: depthwiseBias)
        state.depthwise.advance(x.rows)
        processor.kernels.layerNorm(y, y, weight: norm, bias: normBias, epsilon: Self.epsilon)
        let wide = state.wide.rows(x.rows, columns: expanded)
        expand.apply(y, into: wide, on: processor)
        processor.kernels.gelu(wide)
        let narrow = state.narrow.rows(x.rows, columns: channels)
        contract.apply(wide, into: narrow, on: processor)
        processor.kernels.add(x, narrow, scale: gamma)
        return x
    }
}
