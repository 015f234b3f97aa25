// Embedded speech tokens to hidden frames, two for each. `UpsampleConformerEncoder`.
//
//   embed → pre_lookahead_layer → encoders → up_layer → up_embed → up_encoders → after_norm

import Compute
import ModelFile

struct ConformerEncoder {
    let width: Int
    private let embed: InputLayer
    private let lookAhead: LookAhead
    private let blocks: [ConformerBlock]
    private let upsampling: Convolution  // up_layer.conv
    private let upEmbed: InputLayer
    private let upBlocks: [ConformerBlock]
    private let norm: LayerNorm  // after_norm

    /// Frames of a token.
    static let framesPerToken = 2
    /// Tokens that the encoder sees behind a token by its convolutions.
    var lookAheadTokens: Int { lookAhead.tokens }

    init(_ weights: Weights, width: Int, format: ConvolutionFormat) throws(ModelFileError) {
        self.width = width
        embed = try InputLayer(weights["embed"], width: width, format: format)
        lookAhead = try LookAhead(weights["pre_lookahead_layer"], width: width, format: format)
        blocks = try Self.blocks(weights, "encoders", width, format)
        upsampling = try Convolution(weights["up_layer.conv"], inputs: width, outputs: width, format: format)
        upEmbed = try InputLayer(weights["up_embed"], width: width, format: format)
        upBlocks = try Self.blocks(weights, "up_encoders", width, format)
        norm = try LayerNorm(weights["after_norm"], columns: width)
    }

    private static func blocks(
        _ weights: Weights, _ list: String, _ width: Int, _ format: ConvolutionFormat
    ) throws(ModelFileError) -> [ConformerBlock] {
        var blocks: [ConformerBlock] = []
        for index in 0..<(try weights.count(list, with: "norm_mha.weight")) {
            blocks.append(try ConformerBlock(weights[list][index], width: width, format: format))
        }
        return blocks
    }

    /// [tokens, width] to [2 · tokens, width]. The tokens go on from what is in `memory`; the last `ahead` of them are only
    /// looked ahead at.
    func apply(
        _ tokens: Rows, _ memory: inout SignalMemory?, ahead: Int = 0, on processor: Processor,
        trace: ((String, Rows) -> Void)? = nil
    ) -> Rows {
        var x = embed.apply(tokens, on: processor)
        trace?("enc_embed", x)
        x = lookAhead.apply(x, &memory, ahead: ahead, on: processor)
        trace?("enc_lookahead", x)
        apply(blocks, "enc_block", to: x, &memory, on: processor, trace)
        x = upsampling.apply(Self.repeated(x), &memory, on: processor)
        trace?("enc_up", x)
        x = upEmbed.apply(x, on: processor)
        trace?("enc_up_embed", x)
        apply(upBlocks, "enc_up_block", to: x, &memory, on: processor, trace)
        x = norm.apply(x, on: processor)
        trace?("enc_norm", x)
        return x
    }

    private func apply(
        _ blocks: [ConformerBlock], _ name: String, to x: Rows, _ memory: inout SignalMemory?,
        on processor: Processor, _ trace: ((String, Rows) -> Void)?
    ) {
        for (index, block) in blocks.enumerated() {
            let attention = name.replacing("block", with: "attn") + String(index)
            block.apply(x, &memory, on: processor, trace: trace.map { t in { t(attention, $0) } })
            trace?(name + String(index), x)
        }
    }

    /// Every row as often as a token has frames.
    private static func repeated(_ x: Rows) -> Rows {
        let y = Rows(rows: framesPerToken * x.rows, columns: x.columns)
        for offset in 0..<framesPerToken { y.every(framesPerToken, from: offset).copy(from: x) }
        return y
    }
}

/// A linear layer, its norm, and the scale that goes with relative positions. `LinearNoSubsampling`.
private struct InputLayer {
    private let linear: Convolution
    private let norm: LayerNorm
    private let scale: Rows  // √width, [1, width]

    init(_ weights: Weights, width: Int, format: ConvolutionFormat) throws(ModelFileError) {
        linear = try Convolution(weights["out.0"], inputs: width, outputs: width, format: format)
        norm = try LayerNorm(weights["out.1"], columns: width)
        scale = Rows(rows: 1, columns: width)
        scale.fill(Float(width).squareRoot())
    }

    func apply(_ x: Rows, on processor: Processor) -> Rows {
        let normed = norm.apply(linear.apply(x, on: processor), on: processor)
        let y = Rows(rows: x.rows, columns: normed.columns)
        processor.forRows(x.rows) { processor.kernels.add(y[$0], normed[$0], scale: scale) }
        return y
    }
}

/// What the next tokens say is added to each. `PreLookaheadLayer`.
private struct LookAhead {
    private let first: Convolution
    private let second: Convolution

    var tokens: Int { first.taps - 1 }

    init(_ weights: Weights, width: Int, format: ConvolutionFormat) throws(ModelFileError) {
        first = try Convolution(weights["conv1"], inputs: width, padding: .none, format: format)
        second = try Convolution(weights["conv2"], inputs: first.outputs, outputs: width, format: format)
    }

    /// What x gives but for its last `ahead` rows, which are looked ahead at. Nothing stands for those that are missing.
    func apply(_ x: Rows, _ memory: inout SignalMemory?, ahead: Int, on processor: Processor) -> Rows {
        let count = x.rows - ahead
        let seen = Rows(rows: count + tokens, columns: x.columns)
        seen[0..<min(x.rows, seen.rows)].copy(from: x[0..<min(x.rows, seen.rows)])
        let hidden = first.apply(seen, on: processor)
        processor.each(hidden) { processor.kernels.leakyReLU($0, $0, slope: 0.01) }
        let y = second.apply(hidden, &memory, on: processor)
        processor.add(x[0..<count], to: y)
        return y
    }
}
