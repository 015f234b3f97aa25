// config.json and generation_config.json of a Qwen3-TTS-12Hz checkpoint. Every size and token id of the model comes from
// here; nothing assumes those of a released checkpoint.

import FoundationEssentials
package import ModelFile

/// Sizes of a Qwen3 decoder stack.
package struct TransformerConfiguration: Decodable, Sendable, Equatable {
    package let hidden_size: Int
    package let intermediate_size: Int
    package let num_hidden_layers: Int
    package let num_attention_heads: Int
    package let num_key_value_heads: Int
    package let head_dim: Int
    package let rms_norm_eps: Float
    package let rope_theta: Float
    package let vocab_size: Int
    package let num_code_groups: Int

    func problem() -> (field: String, reason: String)? {
        let sizes = [
            ("hidden_size", hidden_size), ("intermediate_size", intermediate_size),
            ("num_hidden_layers", num_hidden_layers), ("num_attention_heads", num_attention_heads),
            ("num_key_value_heads", num_key_value_heads), ("head_dim", head_dim), ("vocab_size", vocab_size),
            ("num_code_groups", num_code_groups),
        ]
        for (name, value) in sizes where value < 1 || value > 1 << 20 { return (name, "is \(value)") }
        if num_attention_heads % num_key_value_heads != 0 {
            return ("num_attention_heads", "is no multiple of num_key_value_heads")
        }
        if head_dim % 2 != 0 { return ("head_dim", "is odd") }
        if !(rms_norm_eps > 0 && rms_norm_eps < 1) { return ("rms_norm_eps", "is \(rms_norm_eps)") }
        if !(rope_theta > 1 && rope_theta.isFinite) { return ("rope_theta", "is \(rope_theta)") }
        return nil
    }
}

/// The talker's token ids, tables of languages and speakers.
package struct TalkerTokens: Decodable, Sendable, Equatable {
    package let codec_pad_id: Int
    package let codec_bos_id: Int
    package let codec_eos_token_id: Int
    package let codec_think_id: Int
    package let codec_nothink_id: Int
    package let codec_think_bos_id: Int
    package let codec_think_eos_id: Int
    package let codec_language_id: [String: Int]
    package let text_vocab_size: Int
    package let text_hidden_size: Int
    package let spk_id: [String: Int]?
    package let spk_is_dialect: [String: Dialect]?
    package let code_predictor_config: TransformerConfiguration

    /// `false`, or the name of the dialect a preset speaker speaks.
    package enum Dialect: Decodable, Sendable, Equatable {
        case none
        case named(String)

        package init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let name = try? container.decode(String.self) {
                self = .named(name)
            } else {
                _ = try container.decode(Bool.self)
                self = .none
            }
        }
    }
}

extension TalkerTokens {
    /// Languages a request may name beside "auto"; dialects belong to speakers.
    package var languages: [String] { codec_language_id.keys.filter { !$0.contains("dialect") }.sorted() }

    /// The codec id of a language name, nil for "auto" and unknown names. A preset speaker of a dialect speaks it when
    /// asked for Chinese or for nothing in particular.
    package func language(_ name: String, speaker: String? = nil) -> Int? {
        let name = name.lowercased()
        if name == "auto" || name == "chinese", let speaker, case .named(let dialect)? = spk_is_dialect?[speaker] {
            return codec_language_id[dialect] ?? codec_language_id[name]
        }
        return codec_language_id[name]
    }
}

package struct Configuration: Sendable {
    package let talker: TransformerConfiguration
    package let tokens: TalkerTokens
    package let textTokens: TextTokens
    package let generation: GenerationDefaults
    /// Whether the model goes on from the codes of a reference clip. A key of our own, for models that never learnt to.
    package let clonesInContext: Bool

    package var codePredictor: TransformerConfiguration { tokens.code_predictor_config }

    package struct TextTokens: Decodable, Sendable, Equatable {
        package let tts_bos_token_id: Int
        package let tts_eos_token_id: Int
        package let tts_pad_token_id: Int
        package let tts_model_type: String
    }

    /// generation_config.json; absent fields have the official defaults.
    package struct GenerationDefaults: Decodable, Sendable, Equatable {
        package var max_new_tokens: Int?
        package var temperature: Float?
        package var top_k: Int?
        package var top_p: Float?
        package var repetition_penalty: Float?
        package var do_sample: Bool?
        package var subtalker_temperature: Float?
        package var subtalker_top_k: Int?
        package var subtalker_top_p: Float?
        package var subtalker_dosample: Bool?
    }

    package init(directory: String) throws(ConfigurationError) {
        let path = directory + "/config.json"
        struct Sections: Decodable {
            let model_type: String
            let talker_config: Both
            let makima_in_context_cloning: Bool?
            struct Both: Decodable {
                let sizes: TransformerConfiguration
                let tokens: TalkerTokens
                init(from decoder: any Decoder) throws {
                    sizes = try TransformerConfiguration(from: decoder)
                    tokens = try TalkerTokens(from: decoder)
                }
            }
        }
        let sections = try Self.decode(Sections.self, path)
        guard sections.model_type == "qwen3_tts" else {
            throw .invalid(path: path, field: "model_type", reason: "is \(sections.model_type), not qwen3_tts")
        }
        talker = sections.talker_config.sizes
        tokens = sections.talker_config.tokens
        clonesInContext = sections.makima_in_context_cloning ?? true
        textTokens = try Self.decode(TextTokens.self, path)
        let generationPath = directory + "/generation_config.json"
        generation =
            FileManager.default.fileExists(atPath: generationPath)
            ? try Self.decode(GenerationDefaults.self, generationPath) : GenerationDefaults()
        try validate(path)
    }

    private func validate(_ path: String) throws(ConfigurationError) {
        for (name, part) in [("talker_config", talker), ("code_predictor_config", codePredictor)] {
            if let (field, reason) = part.problem() {
                throw .invalid(path: path, field: "\(name).\(field)", reason: reason)
            }
        }
        guard codePredictor.num_code_groups == talker.num_code_groups else {
            throw .invalid(path: path, field: "num_code_groups", reason: "differs between talker and code predictor")
        }
        guard talker.vocab_size > 1024 else {
            throw .invalid(path: path, field: "talker_config.vocab_size", reason: "is not above 1024")
        }
        let codes = [
            tokens.codec_pad_id, tokens.codec_bos_id, tokens.codec_eos_token_id, tokens.codec_think_id,
            tokens.codec_nothink_id, tokens.codec_think_bos_id, tokens.codec_think_eos_id,
        ]
        let named = tokens.codec_language_id.values.map { $0 } + (tokens.spk_id ?? [:]).values.map { $0 }
        for id in codes + named where id < 0 || id >= talker.vocab_size {
            throw .invalid(
                path: path, field: "talker_config", reason: "names the codec id \(id) outside its vocabulary")
        }
        for id in [textTokens.tts_bos_token_id, textTokens.tts_eos_token_id, textTokens.tts_pad_token_id]
        where id < 0 || id >= tokens.text_vocab_size {
            throw .invalid(path: path, field: "tts token id", reason: "\(id) is outside the text vocabulary")
        }
    }

    /// speech_tokenizer/config.json of a checkpoint, validated.
    package static func codec(directory: String) throws -> CodecConfiguration {
        let codec = try decode(CodecConfiguration.self, directory + "/speech_tokenizer/config.json")
        try codec.validate()
        return codec
    }

    /// The speaker encoder's section of config.json, validated; nil where the checkpoint has none: only base models do,
    /// whatever their configuration holds.
    package static func speakerEncoder(directory: String) throws -> SpeakerEncoderConfiguration? {
        struct Section: Decodable {
            let speaker_encoder_config: SpeakerEncoderConfiguration?
            let tts_model_type: String
        }
        let file = try decode(Section.self, directory + "/config.json")
        guard file.tts_model_type == "base" else { return nil }
        try file.speaker_encoder_config?.validate()
        return file.speaker_encoder_config
    }

    private static func decode<T: Decodable>(_ type: T.Type, _ path: String) throws(ConfigurationError) -> T {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw .unreadable(path: path, reason: "no such file, or no permission")
        }
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch DecodingError.keyNotFound(let key, _) {
            throw .invalid(path: path, field: key.stringValue, reason: "is missing")
        } catch DecodingError.typeMismatch(_, let context) {
            let field = context.codingPath.map(\.stringValue).joined(separator: ".")
            throw .invalid(path: path, field: field, reason: "has the wrong type")
        } catch {
            throw .unreadable(path: path, reason: "not valid JSON")
        }
    }
}
