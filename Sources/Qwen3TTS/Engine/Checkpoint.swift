// What a checkpoint's folder holds, read and checked: configurations, tokenizer and mapped weights. Devices make of it what
// they compute with.

import Compute
import FoundationEssentials
package import ModelFile
package import Speech
import Tokenization

package struct Checkpoint {
    package let directory: String
    package let configuration: Configuration
    package let codec: CodecConfiguration
    package let information: ModelInformation
    let tokenizer: Tokenizer
    /// Talker, code predictor and speaker encoder.
    package let weights: Weights
    package let codecWeights: Weights
    private let speakerEncoder: SpeakerEncoderConfiguration?

    /// `directory` is a checkpoint in the official layout.
    package init(directory: String) throws {
        self.directory = directory
        configuration = try Configuration(directory: directory)
        codec = try Configuration.codec(directory: directory)
        try Self.checkCodes(configuration, codec, directory)
        speakerEncoder = try Configuration.speakerEncoder(directory: directory)
        if let size = speakerEncoder?.enc_dim, size != configuration.talker.hidden_size {
            throw ConfigurationError.invalid(
                path: directory + "/config.json", field: "speaker_encoder_config.enc_dim",
                reason: "is \(size), the talker's hidden_size \(configuration.talker.hidden_size)")
        }
        weights = try Safetensors.directory(directory)
        codecWeights = try Safetensors.directory(directory + "/speech_tokenizer")
        tokenizer = try Tokenizer(directory: directory)
        try Self.checkTemplate(tokenizer, directory)
        let tokens = configuration.tokens
        information = ModelInformation(
            engine: VoicePrompt.engine, name: ModelInformation.name(ofFolder: directory),
            variant: configuration.textTokens.tts_model_type, format: try WeightFormat.name(of: weights),
            sampleRate: codec.sampleRate, samplesPerFrame: codec.samplesPerFrame, languages: tokens.languages,
            speakers: (tokens.spk_id ?? [:]).keys.sorted(), clones: speakerEncoder != nil,
            clonesInContext: configuration.clonesInContext,
            takesInstructions: configuration.textTokens.tts_model_type != "base")
    }

    /// What of the talker is on this computer and its processor.
    package func talker() throws -> Talker { try Talker(weights["talker"], configuration) }

    /// The codec decoder in the precision that speaks.
    package func decoder() throws -> CodecDecoder {
        try CodecDecoder(
            codecWeights["decoder"], codec,
            precision: codec.speakingPrecision(format: information.format, in: directory))
    }

    func cloner(_ kernels: Kernels) -> VoiceCloner {
        VoiceCloner(
            information, configuration, speaker: (weights["speaker_encoder"], speakerEncoder),
            codec: (codecWeights["encoder"], codec), kernels: kernels)
    }

    /// Every code the talker can choose must be one the codec knows.
    private static func checkCodes(_ model: Configuration, _ codec: CodecConfiguration, _ directory: String) throws {
        let path = directory + "/speech_tokenizer/config.json"
        let codes = max(model.talker.vocab_size - 1024, model.codePredictor.vocab_size)
        guard codec.decoder.codebookSize >= codes else {
            throw ConfigurationError.invalid(
                path: path, field: "codebook_size",
                reason: "is \(codec.decoder.codebookSize), the talker chooses from \(codes) codes")
        }
        guard codec.decoder.quantizers == model.talker.num_code_groups else {
            throw ConfigurationError.invalid(
                path: path, field: "num_quantizers",
                reason: "is \(codec.decoder.quantizers), the talker has \(model.talker.num_code_groups) code groups")
        }
    }

    /// Prompts are cut out of the templates by position: with the checkpoint's own vocabulary they have these lengths.
    private static func checkTemplate(_ tokenizer: Tokenizer, _ directory: String) throws {
        let count = tokenizer.encode(Template.text("")).count
        guard count == Template.role + Template.textTail else {
            throw ConfigurationError.unreadable(
                path: directory + "/merges.txt",
                reason: "with it and vocab.json the chat template has \(count) tokens, not "
                    + "\(Template.role + Template.textTail): they are not this checkpoint's")
        }
    }
}
