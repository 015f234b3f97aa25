// Upsampling: a transposed convolution, then x + gamma · W2·gelu(W1·norm(depthwise(x))).

import Compute
import ModelFile

struct ConvNeXtBlock {
    private let upsample: CausalConvolution
    private let depthwise: Rows  // [taps, channels]
    private let depthwiseBias: Rows  // [1, channels]
    private let norm: Rows
    private let normBias: Rows
    private let expand: PackedConvolution  // channels → 4 · channels
    private let contract: PackedConvolution
    private let gamma: Rows
    private let channels: Int
    private let expanded: Int

    /// Not in the configuration: the default of the official block.
    private static let epsilon: Float = 1e-6

    init(_ weights: Weights, channels: Int, ratio: Int, _ precision: CodecPrecision) throws(ModelFileError) {
        upsample = try CausalConvolution(
            transposed: weights["0.conv"], inputs: channels, outputs: channels, stride: ratio,
            format: precision.format(.upsampling))
        let format = precision.format(.pointwise)
        let block = weights["1"]
        let (tensor, taps) = try block["dwconv.conv"].kernel(channels, 1)
        let values = try tensor.floats()
        depthwise = Rows(
            (0..<taps * channels).map { values[$0 % channels * taps + $0 / channels] }, columns: channels)
        depthwiseBias = try block["dwconv.conv"].row("bias", channels)
        norm = try block["norm"].row("weight", channels)
        normBias = try block["norm"].row("bias", channels)
        let wide = try block.tensor("pwconv1.weight")
        expanded = wide.shape.first ?? 0
        guard expanded > 0 else { throw .wrongShape(name: wide.name, expected: [1, channels], found: wide.shape) }
        expand = try PackedConvolution(block["pwconv1"], inputs: channels, outputs: expanded, format: format)
        contract = try PackedConvolution(block["pwconv2"], inputs: expanded, outputs: channels, format: format)
        gamma = try block.row("gamma", channels)
        self.channels = channels
    }

    final class State {
        fileprivate let upsample: CausalConvolution.State
        fileprivate let depthwise: SignalTail
        fileprivate let expand: ConvolutionInput
        fileprivate let contract: ConvolutionInput
        fileprivate let workspace: CodecWorkspace

        fileprivate init(_ block: ConvNeXtBlock, _ workspace: CodecWorkspace, output: SignalBuffer) {
            upsample = block.upsample.makeState(workspace.window, output: output)
            depthwise = SignalTail(history: block.depthwise.rows - 1, channels: block.channels)
            expand = block.expand.makeInput(workspace.window)
            contract = block.contract.makeInput(workspace.window)
            self.workspace = workspace
        }
    }

    func makeState(_ workspace: CodecWorkspace, output: SignalBuffer) -> State {
        State(self, workspace, output: output)
    }

    func step(
        _ input: Rows, _ lanes: ArraySlice<CodecLane>, _ state: (CodecLane) -> State, on processor: Processor,
        trace: ((String, Rows) -> Void)?
    ) -> Rows {
        let x = upsample.step(input, lanes, { state($0).upsample }, on: processor)
        trace?("conv", x)
        // Of what all lanes share.
        let shared = state(lanes.first!)
        let y = shared.workspace.normed.rows(x.rows, columns: channels)
        var first = 0
        lanes.forEach(in: x) { lane, x in
            let tail = state(lane).depthwise
            tail.input(x.rows).copy(from: x)
            let y = y[first..<first + x.rows]
            processor.kernels.depthwise(y, tail.all(x.rows), weight: depthwise, bias: depthwiseBias)
            tail.advance(x.rows)
            first += x.rows
        }
        processor.kernels.layerNorm(y, y, weight: norm, bias: normBias, epsilon: Self.epsilon)
        let wide = shared.workspace.wide.rows(x.rows, columns: expanded)
        shared.expand.write(y, on: processor)
        expand.apply(shared.expand, into: wide, on: processor)
        processor.kernels.gelu(wide)
        let narrow = shared.workspace.branch.rows(x.rows, columns: channels)
        shared.contract.write(wide, on: processor)
        contract.apply(shared.contract, into: narrow, on: processor)
        processor.kernels.add(x, narrow, scale: gamma)
        return x
    }
}
