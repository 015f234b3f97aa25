// What a checkpoint needs of memory, by its configurations and the headers of its files. No weight is read.

import Compute
import ModelFile
package import Speech

extension MemoryDemand {
    /// Within a tenth of what is measured (docs/slow.md).
    package init(checkpoint directory: String) throws {
        let configuration = try Configuration(directory: directory)
        let codec = try Configuration.codec(directory: directory)
        let weights = try Safetensors.directory(directory)
        let format = try WeightFormat.name(of: weights)
        let precision = try codec.speakingPrecision(format: format, in: directory)
        let cache = configuration.talker.cacheBytes * (format == WeightFormat.f32.name ? 4 : 2)
        self.init(
            model: try weights.talkerBytes
                + Safetensors.directory(directory + "/speech_tokenizer").decoderBytes(codec.decoder, precision)
                + Int(min(codec.decoder.workspaceBytes, 1e15)),
            utterance: Int(min(cache + codec.decoder.stateBytes, 1e15)))
    }
}

extension Weights {
    /// Talker and code predictor compute with their weights where they are mapped. Of the text's embeddings, a large table, only
    /// the rows of words that are said are touched.
    fileprivate var talkerBytes: Int {
        get throws {
            try names.filter { $0.hasPrefix("talker.") && !$0.hasPrefix("talker.model.text_embedding.") }
                .reduce(0) { $0 + (try tensor($1).byteCount) }
        }
    }

    /// Of the codec decoder codebooks are mapped, and matrices and kernels packed for its precision.
    fileprivate func decoderBytes(
        _ configuration: CodecConfiguration.Decoder, _ precision: CodecPrecision
    ) throws -> Int {
        let prefix = "decoder."
        return try names.filter { $0.hasPrefix(prefix) }.reduce(0) { sum, name in
            let tensor = try tensor(name)
            if name.hasSuffix(".embedding_sum") { return sum + tensor.byteCount }
            let layer = CodecLayer(
                tensor: name.dropFirst(prefix.count), blocks: configuration.upsampleRates.count)
            guard let layer, let shape = configuration.shape(layer, weights: tensor.shape) else { return sum }
            return sum + precision.format(layer).byteCount(of: shape)
        }
    }
}

// In floating point: what a file claims may be beyond an Int.
extension TransformerConfiguration {
    /// Elements of the keys and values of a group of sentences: a clip of ten seconds, its words, 400 characters of text and what
    /// they take to be said.
    fileprivate var cacheBytes: Double {
        2 * Double(num_hidden_layers) * Double(num_key_value_heads) * Double(head_dim) * Self.positions
    }

    private static let positions = 512.0
}

extension CodecConfiguration.Decoder {
    /// The convolution that weights [outputs, inputs, taps] are, or [outputs, inputs], or of a block's transposed one [inputs,
    /// outputs, kernel], whose kernel reaches over two rows. nil for what is no matrix.
    fileprivate func shape(_ layer: CodecLayer, weights: [Int]) -> ConvolutionShape? {
        guard weights.count > 1, !weights.contains(0) else { return nil }
        let taps = weights.count > 2 ? weights[2] : 1
        return switch layer {
        case .rate(let block):
            ConvolutionShape(
                inputs: weights[0], outputs: max(1, weights[1] * taps / 2), taps: 2, period: rows(before: block))
        case .dilated(let block):
            ConvolutionShape(inputs: weights[1], outputs: weights[0], taps: taps, period: rows(before: block + 1))
        default: ConvolutionShape(inputs: weights[1], outputs: weights[0], taps: taps)
        }
    }

    /// Rows that a frame has before a block.
    private func rows(before block: Int) -> Int {
        let factors = upsamplingRatios + upsampleRates.prefix(block)
        return Int(factors.reduce(1.0) { min($0 * Double(max($1, 1)), 1e9) })
    }

    /// What a state keeps: the windows of the attention twice. The last rows that convolutions read are few.
    fileprivate var stateBytes: Double {
        4 * 4 * Double(window) * Double(keyValueHeads) * Double(headDimension) * Double(layers)
    }

    /// What a step computes in, while four frames become sound: where the last block's signal is longest, the signal by turns here
    /// and there, what is added to it, and half as much or all of it for a convolution to read.
    fileprivate var workspaceBytes: Double {
        var rows = Double(upsamplingRatios.reduce(1, *))
        var largest = 0.0
        for (index, rate) in upsampleRates.enumerated() {
            rows *= Double(rate)
            largest = max(largest, rows * Double(decoderChannels >> (index + 1)))
        }
        return 4 * 4 * 3.5 * largest
    }
}
