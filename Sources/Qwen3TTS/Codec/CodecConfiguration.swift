// `speech_tokenizer/config.json`: every size of the codec comes from here.

package struct CodecConfiguration: Decodable, Sendable, Equatable {
    package var decoder: Decoder
    package var encoder: Encoder
    /// Samples of one frame.
    package var samplesPerFrame: Int
    package var encodedSamplesPerFrame: Int
    package var sampleRate: Int
    /// Quantizers the encoder uses out of those it has.
    package var validQuantizers: Int
    /// What the quantizer recorded, unchecked; `recordedPrecision` checks it.
    package var record: PrecisionRecord?

    enum CodingKeys: String, CodingKey {
        case decoder = "decoder_config"
        case encoder = "encoder_config"
        case samplesPerFrame = "decode_upsample_rate"
        case encodedSamplesPerFrame = "encode_downsample_rate"
        case sampleRate = "output_sample_rate"
        case validQuantizers = "encoder_valid_num_quantizers"
        case record = "makima_decoder_precision"
    }

    package struct Decoder: Decodable, Sendable, Equatable {
        package var quantizers: Int
        package var semanticQuantizers: Int
        package var codebookSize: Int
        package var codebookDimension: Int
        package var latent: Int
        package var hidden: Int
        package var intermediate: Int
        package var layers: Int
        package var heads: Int
        package var keyValueHeads: Int
        package var headDimension: Int
        /// Frames a layer sees, the current one included.
        package var window: Int
        package var normEpsilon: Float
        package var ropeTheta: Float
        package var decoderChannels: Int
        package var upsamplingRatios: [Int]
        package var upsampleRates: [Int]

        enum CodingKeys: String, CodingKey {
            case quantizers = "num_quantizers"
            case semanticQuantizers = "num_semantic_quantizers"
            case codebookSize = "codebook_size"
            case codebookDimension = "codebook_dim"
            case latent = "latent_dim"
            case hidden = "hidden_size"
            case intermediate = "intermediate_size"
            case layers = "num_hidden_layers"
            case heads = "num_attention_heads"
            case keyValueHeads = "num_key_value_heads"
            case headDimension = "head_dim"
            case window = "sliding_window"
            case normEpsilon = "rms_norm_eps"
            case ropeTheta = "rope_theta"
            case decoderChannels = "decoder_dim"
            case upsamplingRatios = "upsampling_ratios"
            case upsampleRates = "upsample_rates"
        }
    }

    package struct Encoder: Decodable, Sendable, Equatable {
        package var filters: Int
        package var audioChannels: Int
        /// Strides of the convolutions, last one first.
        package var upsamplingRatios: [Int]
        package var compress: Int
        package var residualLayers: Int
        package var hidden: Int
        package var intermediate: Int
        package var layers: Int
        package var heads: Int
        package var keyValueHeads: Int
        package var headDimension: Int
        package var normEpsilon: Float
        package var ropeTheta: Float
        package var codebookSize: Int
        package var codebookDimension: Int
        package var semanticQuantizers: Int

        enum CodingKeys: String, CodingKey {
            case filters = "num_filters"
            case audioChannels = "audio_channels"
            case upsamplingRatios = "upsampling_ratios"
            case compress
            case residualLayers = "num_residual_layers"
            case hidden = "hidden_size"
            case intermediate = "intermediate_size"
            case layers = "num_hidden_layers"
            case heads = "num_attention_heads"
            case keyValueHeads = "num_key_value_heads"
            case headDimension = "head_dim"
            case normEpsilon = "norm_eps"
            case ropeTheta = "rope_theta"
            case codebookSize = "codebook_size"
            case codebookDimension = "codebook_dim"
            case semanticQuantizers = "num_semantic_quantizers"
        }
    }

    /// Sizes that layers rely on, so that a broken file is an error and not a trap.
    package func validate() throws(CodecError) {
        let d = decoder
        let e = encoder
        let positive: [(String, [Int])] = [
            ("decode_upsample_rate", [samplesPerFrame]), ("encode_downsample_rate", [encodedSamplesPerFrame]),
            ("output_sample_rate", [sampleRate]), ("encoder_valid_num_quantizers", [validQuantizers]),
            ("decoder_config sizes", [d.quantizers, d.semanticQuantizers, d.codebookSize, d.codebookDimension]),
            ("decoder_config sizes", [d.latent, d.hidden, d.intermediate, d.layers, d.heads, d.keyValueHeads]),
            ("decoder_config sizes", [d.headDimension, d.window, d.decoderChannels]),
            ("decoder_config ratios", d.upsamplingRatios + d.upsampleRates),
            ("encoder_config sizes", [e.filters, e.hidden, e.intermediate, e.layers, e.heads, e.keyValueHeads]),
            ("encoder_config sizes", [e.headDimension, e.codebookSize, e.codebookDimension, e.semanticQuantizers]),
            ("encoder_config ratios", e.upsamplingRatios + [e.compress]),
        ]
        for (name, values) in positive where !values.allSatisfy({ (1...1 << 20).contains($0) }) {
            throw .badConfiguration("\(name): \(values) are not all between 1 and \(1 << 20)")
        }
        guard d.semanticQuantizers < d.quantizers else {
            throw .badConfiguration("\(d.semanticQuantizers) of \(d.quantizers) quantizers are semantic")
        }
        guard d.heads % d.keyValueHeads == 0, d.headDimension % 2 == 0 else {
            throw .badConfiguration("\(d.heads) heads, \(d.keyValueHeads) key heads of \(d.headDimension)")
        }
        guard e.heads % e.keyValueHeads == 0, e.headDimension % 2 == 0 else {
            throw .badConfiguration("\(e.heads) encoder heads, \(e.keyValueHeads) key heads of \(e.headDimension)")
        }
        guard d.upsampleRates.count < 16, d.decoderChannels >> d.upsampleRates.count > 0 else {
            throw .badConfiguration("decoder_dim \(d.decoderChannels) for \(d.upsampleRates.count) blocks")
        }
        var product = 1
        for ratio in d.upsamplingRatios + d.upsampleRates {
            let (value, overflow) = product.multipliedReportingOverflow(by: ratio)
            product = overflow ? 0 : value
        }
        guard product == samplesPerFrame else {
            throw .badConfiguration("ratios multiply to \(product), decode_upsample_rate is \(samplesPerFrame)")
        }
        try validateEncoder()
    }

    private func validateEncoder() throws(CodecError) {
        let e = encoder
        guard e.audioChannels == 1, e.residualLayers == 1 else {
            throw .badConfiguration("encoder with \(e.audioChannels) channels, \(e.residualLayers) residual layers")
        }
        guard e.semanticQuantizers < validQuantizers else {
            throw .badConfiguration("\(e.semanticQuantizers) of \(validQuantizers) encoder quantizers are semantic")
        }
        var rest = encodedSamplesPerFrame
        for ratio in e.upsamplingRatios { rest = rest % ratio == 0 ? rest / ratio : 0 }
        guard rest > 0, e.upsamplingRatios.count < 16 else {
            throw .badConfiguration("\(encodedSamplesPerFrame) samples do not divide by \(e.upsamplingRatios)")
        }
    }
}

/// What is wrong with a request to the codec or with its configuration.
package enum CodecError: Error, Equatable, CustomStringConvertible {
    case badConfiguration(String)
    case wrongCodeCount(frame: Int, expected: Int, found: Int)
    case codeOutOfRange(frame: Int, quantizer: Int, code: Int, limit: Int)
    case tooShort(samples: Int, minimum: Int)

    package var description: String {
        switch self {
        case .badConfiguration(let reason): "the codec's config.json cannot be used: \(reason)"
        case .wrongCodeCount(let frame, let expected, let found):
            "frame \(frame) has \(found) codes where \(expected) are expected"
        case .codeOutOfRange(let frame, let quantizer, let code, let limit):
            "frame \(frame): code \(code) of quantizer \(quantizer) is not in 0..<\(limit)"
        case .tooShort(let samples, let minimum): "\(samples) samples of audio; at least \(minimum) are needed"
        }
    }
}
