// The transformer in front of the waveform generator: it sees the last `window` frames, the current one included.
//
// x ← x + scale · attention(norm(x));  x ← x + scale · mlp(norm(x)), between a projection in and one out.

import Compute
import ModelFile

struct PreTransformer {
    private let configuration: CodecConfiguration.Decoder
    private let input: Linear  // latent → hidden
    private let layers: [Layer]
    private let norm: Rows
    private let output: Linear  // hidden → latent
    private let rotary: RotaryEmbedding

    init(_ weights: Weights, _ c: CodecConfiguration.Decoder) throws(ModelFileError) {
        configuration = c
        input = try Linear(weights["input_proj"], rows: c.hidden, columns: c.latent)
        var layers: [Layer] = []
        for index in 0..<c.layers { layers.append(try Layer(weights["layers"][index], c)) }
        self.layers = layers
        norm = try weights["norm"].row("weight", c.hidden)
        output = try Linear(weights["output_proj"], rows: c.latent, columns: c.hidden)
        rotary = RotaryEmbedding(dim: c.headDimension, theta: c.ropeTheta)
    }

    final class State {
        fileprivate var position = 0
        fileprivate let caches: [WindowedAttention.State]
        fileprivate let scratch = PreTransformerScratch()
        fileprivate let hidden = SignalBuffer()
        fileprivate let latent = SignalBuffer()
        fileprivate let angles = SignalBuffer()
        fileprivate init(caches: [WindowedAttention.State]) { self.caches = caches }
    }

    func makeState() -> State { State(caches: layers.map { $0.attention.makeState() }) }

    /// x [frames, latent] → [frames, latent], valid until the next step.
    func step(_ x: Rows, _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)?) -> Rows {
        let c = configuration
        let hidden = state.hidden.rows(x.rows, columns: c.hidden)
        input.apply(x, into: hidden, on: processor)
        trace?("_in", hidden)
        let angles = state.angles.rows(x.rows, columns: c.headDimension)
        for row in 0..<x.rows { rotary.fill(angles[row], position: state.position + row) }
        for (index, layer) in layers.enumerated() {
            layer.step(hidden, angles: angles, state.caches[index], state.scratch, on: processor)
            trace?(String(index), hidden)
        }
        state.position += x.rows
        processor.kernels.rmsNorm(hidden, hidden, weight: norm, epsilon: c.normEpsilon)
        let latent = state.latent.rows(x.rows, columns: c.latent)
        output.apply(hidden, into: latent, on: processor)
        return latent
    }

    private struct Layer {
        let attention: WindowedAttention
        private let attentionNorm: Rows
        private let attentionScale: Rows
        private let mlpNorm: Rows
        private let mlpScale: Rows
        private let gate: Linear
        private let up: Linear
        private let down: Linear
        private let c: CodecConfiguration.Decoder

        init(_ weights: Weights, _ c: CodecConfiguration.Decoder) throws(ModelFileError) {
            self.c = c
            attention = try WindowedAttention(
                weights["self_attn"], hidden: c.hidden, heads: c.heads, keyValueHeads: c.keyValueHeads,
                dimension: c.headDimension, window: c.window)
            attentionNorm = try weights["input_layernorm"].row("weight", c.hidden)
            attentionScale = try weights["self_attn_layer_scale"].row("scale", c.hidden)
            mlpNorm = try weights["post_attention_layernorm"].row("weight", c.hidden)
            mlpScale = try weights["mlp_layer_scale"].row("scale", c.hidden)
            let mlp = weights["mlp"]
            gate = try Linear(mlp["gate_proj"], rows: c.intermediate, columns: c.hidden)
            up = try Linear(mlp["up_proj"], rows: c.intermediate, columns: c.hidden)
            down = try Linear(mlp["down_proj"], rows: c.hidden, columns: c.intermediate)
        }

        func step(
            _ x: Rows, angles: Rows, _ state: WindowedAttention.State, _ scratch: PreTransformerScratch,
            on processor: Processor
        ) {
            let kernels = processor.kernels
            let normed = scratch.normed.rows(x.rows, columns: c.hidden)
            let result = scratch.result.rows(x.rows, columns: c.hidden)
            kernels.rmsNorm(normed, x, weight: attentionNorm, epsilon: c.normEpsilon)
            attention.step(normed, angles: angles, state, into: result, on: processor)
            kernels.add(x, result, scale: attentionScale)

            kernels.rmsNorm(normed, x, weight: mlpNorm, epsilon: c.normEpsilon)
            let gated = scratch.gate.rows(x.rows, columns: c.intermediate)
            let raised = scratch.up.rows(x.rows, columns: c.intermediate)
            gate.apply(normed, into: gated, on: processor)
            up.apply(normed, into: raised, on: processor)
            kernels.siluMultiply(gated, gate: gated, up: raised)
            down.apply(gated, into: result, on: processor)
            kernels.add(x, result, scale: mlpScale)
        }
    }
}

/// Shared by the layers, one after the other.
private final class PreTransformerScratch {
    let normed = SignalBuffer()
    let result = SignalBuffer()
    let gate = SignalBuffer()
    let up = SignalBuffer()
}
