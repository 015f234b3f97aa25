// Which layer of the decoder a tensor belongs to, by its name: for those who look at a file without loading it.

import Compute
import ModelFile

extension CodecLayer {
    /// The layer whose matrix or kernel the tensor `name` is, as it is called below `decoder`; nil for vectors, tables and
    /// what the decoder leaves alone. `blocks` is how many the decoder has.
    init?(tensor name: Substring, blocks: Int) {
        let parts = name.split(separator: ".")
        guard parts.last == "weight", let layer = Self.layer(parts.dropLast(), blocks: blocks) else { return nil }
        self = layer
    }

    private static func layer(_ parts: ArraySlice<Substring>, blocks: Int) -> CodecLayer? {
        let (kind, inner) = (parts.dropFirst().first ?? "", parts.dropFirst(2).first ?? "")
        switch parts.first {
        case "quantizer": return inner == "output_proj" ? .quantizer : nil
        case "pre_conv": return .preConvolution
        case "pre_transformer":
            if kind.hasSuffix("_proj") { return .projection }
            return parts.contains("self_attn") ? .attention : parts.contains("mlp") ? .mlp : nil
        case "upsample":
            if inner == "0" { return .upsampling }
            return parts.last?.hasPrefix("pwconv") == true ? .pointwise : nil
        case "decoder": return Int(kind).flatMap { generator(parts.dropFirst(2), stage: $0, blocks: blocks) }
        default: return nil
        }
    }

    /// A layer of the waveform generator: a convolution, its blocks, an activation, a convolution.
    private static func generator(_ parts: ArraySlice<Substring>, stage: Int, blocks: Int) -> CodecLayer? {
        if parts == ["conv"] { return stage == 0 ? .first : .last }
        guard (1...blocks).contains(stage), parts.first == "block" else { return nil }
        switch parts.dropFirst(2).first {
        case "conv": return .rate(block: stage - 1)
        case "conv1": return .dilated(block: stage - 1)
        case "conv2": return .narrow(block: stage - 1)
        default: return nil
        }
    }
}
