// The transformer in front of the waveform generator: it sees the last `window` frames, the current one included.
//
// x ← x + scale · attention(norm(x));  x ← x + scale · mlp(norm(x)), between a projection in and one out.

import Compute
import ModelFile

struct PreTransformer {
    private let configuration: CodecConfiguration.Decoder
    private let input: PackedConvolution  // latent → hidden
    private let layers: [Layer]
    private let norm: Rows
    private let output: PackedConvolution  // hidden → latent
    private let rotary: RotaryEmbedding

    init(
        _ weights: Weights, _ c: CodecConfiguration.Decoder, _ precision: CodecPrecision
    ) throws(ModelFileError) {
        configuration = c
        let format = precision.format(.projection)
        input = try PackedConvolution(weights["input_proj"], inputs: c.latent, outputs: c.hidden, format: format)
        var layers: [Layer] = []
        for index in 0..<c.layers { layers.append(try Layer(weights["layers"][index], c, precision)) }
        self.layers = layers
        norm = try weights["norm"].row("weight", c.hidden)
        output = try PackedConvolution(weights["output_proj"], inputs: c.hidden, outputs: c.latent, format: format)
        rotary = RotaryEmbedding(dim: c.headDimension, theta: c.ropeTheta)
    }

    final class State {
        fileprivate var position = 0
        fileprivate let input: ConvolutionInput
        fileprivate let output: ConvolutionInput
        fileprivate let layers: [Layer.State]
        fileprivate let scratch: CodecWorkspace.TransformerScratch
        fileprivate let latent: SignalBuffer

        fileprivate init(_ transformer: PreTransformer, _ workspace: CodecWorkspace, output latent: SignalBuffer) {
            input = transformer.input.makeInput(workspace.window)
            output = transformer.output.makeInput(workspace.window)
            layers = transformer.layers.map { $0.makeState(workspace) }
            scratch = workspace.transformer
            self.latent = latent
        }
    }

    func makeState(_ workspace: CodecWorkspace, output: SignalBuffer) -> State {
        State(self, workspace, output: output)
    }

    /// x [frames, latent] → [frames, latent], valid until the next step.
    func step(
        _ x: Rows, _ lanes: ArraySlice<CodecLane>, _ state: (CodecLane) -> State, on processor: Processor,
        trace: ((String, Rows) -> Void)?
    ) -> Rows {
        let c = configuration
        // Of what all lanes share.
        let shared = state(lanes.first!)
        let hidden = shared.scratch.hidden.rows(x.rows, columns: c.hidden)
        shared.input.write(x, on: processor)
        input.apply(shared.input, into: hidden, on: processor)
        trace?("_in", hidden)
        let angles = shared.scratch.angles.rows(x.rows, columns: c.headDimension)
        lanes.forEach(in: angles) { lane, angles in
            let state = state(lane)
            for row in 0..<lane.frames { rotary.fill(angles[row], position: state.position + row) }
            state.position += lane.frames
        }
        for (index, layer) in layers.enumerated() {
            layer.step(hidden, angles: angles, lanes, { state($0).layers[index] }, shared.scratch, on: processor)
            trace?(String(index), hidden)
        }
        processor.kernels.rmsNorm(hidden, hidden, weight: norm, epsilon: c.normEpsilon)
        let latent = shared.latent.rows(x.rows, columns: c.latent)
        shared.output.write(hidden, on: processor)
        output.apply(shared.output, into: latent, on: processor)
        return latent
    }

    fileprivate struct Layer {
        private let attention: WindowedAttention
        private let attentionNorm: Rows
        private let attentionScale: Rows
        private let mlpNorm: Rows
        private let mlpScale: Rows
        private let gate: PackedConvolution
        private let up: PackedConvolution
        private let down: PackedConvolution
        private let c: CodecConfiguration.Decoder

        init(
            _ weights: Weights, _ c: CodecConfiguration.Decoder, _ precision: CodecPrecision
        ) throws(ModelFileError) {
            self.c = c
            attention = try WindowedAttention(
                weights["self_attn"], hidden: c.hidden, heads: c.heads, keyValueHeads: c.keyValueHeads,
                dimension: c.headDimension, window: c.window,
                format: precision.format(.attention))
            attentionNorm = try weights["input_layernorm"].row("weight", c.hidden)
            attentionScale = try weights["self_attn_layer_scale"].row("scale", c.hidden)
            mlpNorm = try weights["post_attention_layernorm"].row("weight", c.hidden)
            mlpScale = try weights["mlp_layer_scale"].row("scale", c.hidden)
            let mlp = weights["mlp"]
            let format = precision.format(.mlp)
            gate = try PackedConvolution(
                mlp["gate_proj"], inputs: c.hidden, outputs: c.intermediate, format: format)
            up = try PackedConvolution(mlp["up_proj"], inputs: c.hidden, outputs: c.intermediate, format: format)
            down = try PackedConvolution(mlp["down_proj"], inputs: c.intermediate, outputs: c.hidden, format: format)
        }

        struct State {
            fileprivate let attention: WindowedAttention.State
            fileprivate let mlp: ConvolutionInput
            fileprivate let down: ConvolutionInput
        }

        func makeState(_ workspace: CodecWorkspace) -> State {
            State(
                attention: attention.makeState(workspace.window, workspace.transformer.attention),
                mlp: gate.makeInput(workspace.window), down: down.makeInput(workspace.window))
        }

        func step(
            _ x: Rows, angles: Rows, _ lanes: ArraySlice<CodecLane>, _ state: (CodecLane) -> State,
            _ scratch: CodecWorkspace.TransformerScratch, on processor: Processor
        ) {
            let kernels = processor.kernels
            let shared = state(lanes.first!)
            let normed = scratch.normed.rows(x.rows, columns: c.hidden)
            let result = scratch.result.rows(x.rows, columns: c.hidden)
            kernels.rmsNorm(normed, x, weight: attentionNorm, epsilon: c.normEpsilon)
            attention.project(normed, shared.attention, on: processor)
            var row = 0
            for lane in lanes {
                let state = state(lane).attention
                for next in row..<row + lane.frames { attention.attend(next, angles[next], state, on: processor) }
                row += lane.frames
            }
            attention.finish(shared.attention, into: result, on: processor)
            kernels.add(x, result, scale: attentionScale)

            kernels.rmsNorm(normed, x, weight: mlpNorm, epsilon: c.normEpsilon)
            let gated = scratch.gate.rows(x.rows, columns: c.intermediate)
            let raised = scratch.up.rows(x.rows, columns: c.intermediate)
            shared.mlp.write(normed, on: processor)
            gate.apply(shared.mlp, into: gated, on: processor)
            up.apply(shared.mlp, into: raised, on: processor)
            kernels.siluMultiply(gated, gate: gated, up: raised)
            shared.down.write(gated, on: processor)
            down.apply(shared.down, into: result, on: processor)
            kernels.add(x, result, scale: mlpScale)
        }
    }
}
