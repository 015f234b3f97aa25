// Sound to codes, for reference clips: a whole clip at a time.
//
//   convolutions (residual block + strided convolution, four times) → transformer → stride-2 convolution → quantizers
//
// Every strided convolution pads its own input on the right to a multiple of its stride; padding the waveform instead gives
// other codes in the last frame. The transformer sees everything before it: the official code ignores the configured window.

package import Compute
package import ModelFile

package struct CodecEncoder {
    package let configuration: CodecConfiguration
    private let first: CausalConvolution
    private let stages: [Stage]
    private let last: CausalConvolution
    private let layers: [EncoderLayer]
    private let rotary: RotaryEmbedding
    private let downsample: CausalConvolution
    private let downsampling: Int
    private let semantic: NearestCodes
    private let acoustic: NearestCodes

    private struct Stage {
        let narrow: CausalConvolution
        let widen: CausalConvolution
        let strided: CausalConvolution
        let stride: Int
        let index: Int  // of the residual block in the checkpoint
    }

    /// `weights` is the `encoder` part of the speech tokenizer. The configuration is validated.
    package init(_ weights: Weights, _ configuration: CodecConfiguration) throws(ModelFileError) {
        let c = configuration.encoder
        self.configuration = configuration
        let encoder = weights["encoder.layers"]
        var channels = c.filters
        first = try CausalConvolution(encoder["0.conv"], inputs: 1, outputs: channels)
        var stages: [Stage] = []
        for (position, ratio) in c.upsamplingRatios.reversed().enumerated() {
            let index = 1 + 3 * position
            let block = encoder[index]["block"]
            let inner = max(1, channels / c.compress)
            stages.append(
                Stage(
                    narrow: try CausalConvolution(block["1.conv"], inputs: channels, outputs: inner),
                    widen: try CausalConvolution(block["3.conv"], inputs: inner, outputs: channels),
                    strided: try CausalConvolution(
                        encoder[index + 2]["conv"], inputs: channels, outputs: 2 * channels, stride: ratio),
                    stride: ratio, index: index))
            channels *= 2
        }
        self.stages = stages
        last = try CausalConvolution(encoder[3 * stages.count + 2]["conv"], inputs: channels, outputs: c.hidden)

        var layers: [EncoderLayer] = []
        for index in 0..<c.layers { layers.append(try EncoderLayer(weights["encoder_transformer.layers"][index], c)) }
        self.layers = layers
        rotary = RotaryEmbedding(dim: c.headDimension, theta: c.ropeTheta)
        downsampling = configuration.encodedSamplesPerFrame / c.upsamplingRatios.reduce(1, *)
        downsample = try CausalConvolution(
            weights["downsample.conv"], inputs: c.hidden, outputs: c.hidden, stride: downsampling)
        let quantizer = weights["quantizer"]
        semantic = try NearestCodes(
            quantizer["semantic_residual_vector_quantizer"], count: c.semanticQuantizers, c)
        acoustic = try NearestCodes(
            quantizer["acoustic_residual_vector_quantizer"],
            count: configuration.validQuantizers - c.semanticQuantizers, c)
    }

    /// Codes of a 24 kHz clip, one frame for each started `encodedSamplesPerFrame` samples.
    package func encode(
        _ samples: [Float], on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(CodecError) -> [[Int]] {
        guard !samples.isEmpty else { throw .tooShort(samples: 0, minimum: 1) }
        var x = convolve(Rows(samples, columns: 1), on: processor, trace: trace)
        transform(x, on: processor, trace: trace)
        trace?("transformer", x)
        x = downsample.whole(x, stride: downsampling, repeatEdges: true, on: processor)
        trace?("downsample", x)
        return quantize(x, on: processor, trace: trace)
    }

    /// [samples, 1] → [steps, hidden].
    private func convolve(_ samples: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?) -> Rows {
        let kernels = processor.kernels
        var x = first.whole(samples, on: processor)
        trace?("layer0", x)
        for stage in stages {
            let active = x.duplicate()
            kernels.elu(active)
            let inner = stage.narrow.whole(active, on: processor)
            kernels.elu(inner)
            kernels.add(x, stage.widen.whole(inner, on: processor))
            trace?("layer\(stage.index)", x)
            kernels.elu(x)
            x = stage.strided.whole(x, stride: stage.stride, on: processor)
            trace?("layer\(stage.index + 2)", x)
        }
        kernels.elu(x)
        x = last.whole(x, on: processor)
        trace?("layer\(3 * stages.count + 2)", x)
        return x
    }

    private func transform(_ x: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?) {
        let angles = Rows(rows: x.rows, columns: configuration.encoder.headDimension)
        for row in 0..<x.rows { rotary.fill(angles[row], position: row) }
        for (index, layer) in layers.enumerated() {
            layer.apply(x, angles: angles, on: processor)
            trace?("transformer\(index)", x)
        }
    }

    /// Both quantizers start from the same x [frames, hidden].
    private func quantize(_ x: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?) -> [[Int]] {
        let meaning = semantic.project(x, on: processor)
        let sound = acoustic.project(x, on: processor)
        trace?("semantic_in", meaning)
        trace?("acoustic_in", sound)
        let codes = [semantic.codes(meaning, on: processor), acoustic.codes(sound, on: processor)]
        return (0..<x.rows).map { codes[0][$0] + codes[1][$0] }
    }
}

/// x ← x + scale · attention(norm(x));  x ← x + scale · W2·gelu(W1·norm(x)).
private struct EncoderLayer {
    private let attention: WindowedAttention
    private let attentionNorm: (weight: Rows, bias: Rows)
    private let attentionScale: Rows
    private let mlpNorm: (weight: Rows, bias: Rows)
    private let mlpScale: Rows
    private let expand: PackedConvolution
    private let contract: PackedConvolution
    private let c: CodecConfiguration.Encoder

    init(_ weights: Weights, _ c: CodecConfiguration.Encoder) throws(ModelFileError) {
        self.c = c
        attention = try WindowedAttention(
            weights["self_attn"], hidden: c.hidden, heads: c.heads, keyValueHeads: c.keyValueHeads,
            dimension: c.headDimension, window: nil, format: .float32)
        let before = weights["input_layernorm"]
        attentionNorm = (try before.row("weight", c.hidden), try before.row("bias", c.hidden))
        attentionScale = try weights["self_attn_layer_scale"].row("scale", c.hidden)
        let after = weights["post_attention_layernorm"]
        mlpNorm = (try after.row("weight", c.hidden), try after.row("bias", c.hidden))
        mlpScale = try weights["mlp_layer_scale"].row("scale", c.hidden)
        expand = try PackedConvolution(
            weights["mlp.fc1"], inputs: c.hidden, outputs: c.intermediate, format: .float32)
        contract = try PackedConvolution(
            weights["mlp.fc2"], inputs: c.intermediate, outputs: c.hidden, format: .float32)
    }

    func apply(_ x: Rows, angles: Rows, on processor: Processor) {
        let kernels = processor.kernels
        let normed = Rows(rows: x.rows, columns: c.hidden)
        let result = Rows(rows: x.rows, columns: c.hidden)
        let wide = Rows(rows: x.rows, columns: c.intermediate)
        kernels.layerNorm(normed, x, weight: attentionNorm.weight, bias: attentionNorm.bias, epsilon: c.normEpsilon)
        let state = attention.makeState(ConvolutionWindow(), CodecWorkspace.AttentionScratch())
        attention.step(normed, angles: angles, state, into: result, on: processor)
        kernels.add(x, result, scale: attentionScale)
        kernels.layerNorm(normed, x, weight: mlpNorm.weight, bias: mlpNorm.bias, epsilon: c.normEpsilon)
        expand.apply(normed, into: wide, on: processor)
        kernels.gelu(wide)
        contract.apply(wide, into: result, on: processor)
        kernels.add(x, result, scale: mlpScale)
    }
}
