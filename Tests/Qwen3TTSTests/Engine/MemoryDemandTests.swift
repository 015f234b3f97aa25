import Compute
import ModelFile
import Speech
import TestSupport
import Testing

@testable import Qwen3TTS

struct MemoryDemandTests {
    @Test(arguments: [
        ("quantizer.rvq_first.output_proj.weight", CodecLayer.quantizer), ("pre_conv.conv.weight", .preConvolution),
        ("pre_transformer.input_proj.weight", .projection),
        ("pre_transformer.layers.7.self_attn.o_proj.weight", .attention),
        ("pre_transformer.layers.0.mlp.down_proj.weight", .mlp), ("upsample.1.0.conv.weight", .upsampling),
        ("upsample.0.1.pwconv2.weight", .pointwise), ("decoder.0.conv.weight", .first),
        ("decoder.1.block.1.conv.weight", .rate(block: 0)), ("decoder.4.block.2.conv1.conv.weight", .dilated(block: 3)),
        ("decoder.2.block.4.conv2.conv.weight", .narrow(block: 1)), ("decoder.6.conv.weight", .last),
    ])
    func aMatrixBelongsToALayer(name: String, layer: CodecLayer) throws {
        let found = try #require(CodecLayer(tensor: name[...], blocks: 4))
        #expect("\(found)" == "\(layer)")
    }

    @Test(arguments: [
        "", "weight", ".", "decoder", "decoder.weight", "decoder.x.conv.weight", "decoder.9.block.1.conv.weight",
        "decoder.1.block.2.act1.weight", "decoder.0.conv.bias", "pre_transformer.norm.weight",
        "pre_transformer.layers.0.input_layernorm.weight", "quantizer.rvq_first.input_proj.weight",
        "quantizer.rvq_rest.vq.layers.0._codebook.embedding_sum", "upsample.0.1.dwconv.conv.weight",
        "upsample.0.1.norm.weight",
    ])
    func whatIsNoMatrixBelongsToNone(name: String) {
        #expect(CodecLayer(tensor: name[...], blocks: 4) == nil)
    }

    /// Every matrix and kernel of the decoder that is loaded is counted, and nothing else.
    @Test func theWholeDecoderIsCounted() throws {
        let (weights, configuration) = try TinyCheckpoint.codec()
        let blocks = configuration.decoder.upsampleRates.count
        for name in weights["decoder"].names {
            let isTable = name.contains("input_proj.weight") && name.contains("quantizer") || name.contains("dwconv")
            let isMatrix = try weights.tensor(name).shape.count > 1 && name.hasSuffix(".weight") && !isTable
            let layer = CodecLayer(tensor: name.dropFirst("decoder.".count), blocks: blocks)
            #expect((layer != nil) == isMatrix, "\(name)")
        }
    }

    @Test(arguments: ["base", "custom_voice"])
    func aSmallModelNeedsItsWeightsOnce(name: String) throws {
        let demand = try MemoryDemand(checkpoint: TinyCheckpoint.directory(name))
        let talker = try Safetensors.directory(TinyCheckpoint.directory(name))
        let codec = try Safetensors.directory(TinyCheckpoint.directory(name) + "/speech_tokenizer")
        func bytes(_ weights: Weights, _ prefix: String) throws -> Int {
            try weights.names.filter { $0.hasPrefix(prefix) }.reduce(0) { $0 + (try weights.tensor($1).byteCount) }
        }
        let mapped = try bytes(talker, "talker.") - bytes(talker, "talker.model.text_embedding.")
        let stored = try bytes(codec, "decoder.")
        // The codec is stored in float32; here it is computed in 16 bits, but for codebooks. Signals of 1920 rows a frame, of four
        // frames, are there once: two and what is read of them.
        let c = try Configuration.codec(directory: TinyCheckpoint.directory(name)).decoder
        let signals = 4 * 4 * 1920 * 4 * (c.decoderChannels >> c.upsampleRates.count)
        #expect(demand.model > mapped + stored / 2 - stored / 20 + signals / 2)
        #expect(demand.model < mapped + stored + signals)
        // Keys and values.
        #expect(demand.utterance > 50_000 && demand.utterance < 10_000_000)
    }

    @Test func aConfigurationBeyondAllBoundsIsMerelyTooMuch() throws {
        try withCopy(of: TinyCheckpoint.directory()) { folder in
            _ = try shell(
                "sed -i -E 's/\"(num_hidden_layers|head_dim|num_.*_heads)\": [0-9]+/\"\\1\": 1048576/' config.json",
                in: folder)
            let demand = try MemoryDemand(checkpoint: folder)
            #expect(demand.utterance == 1_000_000_000_000_000)
        }
    }
}
