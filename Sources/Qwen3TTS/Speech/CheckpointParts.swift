// What a checkpoint consists of. Talker and codec decoder are loaded at once; what only new voices need, when it is needed.

import Compute
package import ModelFile
import Speech

final class CheckpointParts {
    let information: ModelInformation
    let tokenizer: Tokenizer
    let talker: Talker
    let decoder: CodecDecoder
    private let weights: Weights
    private let codecWeights: Weights
    private let speakerConfiguration: SpeakerEncoderConfiguration?

    /// `directory` is a checkpoint in the official layout.
    init(directory: String) throws {
        let configuration = try Configuration(directory: directory)
        let codec = try Configuration.codec(directory: directory)
        try Self.checkCodes(configuration, codec, directory)
        speakerConfiguration = try Configuration.speakerEncoder(directory: directory)
        if let size = speakerConfiguration?.enc_dim, size != configuration.talker.hidden_size {
            throw ConfigurationError.invalid(
                path: directory + "/config.json", field: "speaker_encoder_config.enc_dim",
                reason: "is \(size), the talker's hidden_size \(configuration.talker.hidden_size)")
        }
        weights = try Safetensors.directory(directory)
        codecWeights = try Safetensors.directory(directory + "/speech_tokenizer")
        tokenizer = try Tokenizer(directory: directory)
        try Self.checkTemplate(tokenizer, directory)
        talker = try Talker(weights["talker"], configuration)
        let format = try Checkpoint.format(of: weights)
        decoder = try CodecDecoder(
            codecWeights["decoder"], codec, precision: codec.speakingPrecision(format: format, in: directory))
        information = ModelInformation(
            name: Self.name(directory), variant: configuration.textTokens.tts_model_type,
            format: format, sampleRate: codec.sampleRate,
            samplesPerFrame: codec.samplesPerFrame, languages: configuration.tokens.languages,
            speakers: (configuration.tokens.spk_id ?? [:]).keys.sorted(), clones: speakerConfiguration != nil,
            clonesInContext: configuration.clonesInContext)
    }

    func cloner(_ kernels: Kernels) -> VoiceCloner {
        VoiceCloner(
            information, speaker: (weights["speaker_encoder"], speakerConfiguration),
            codec: (codecWeights["encoder"], decoder.configuration), kernels: kernels)
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

    private static func name(_ directory: String) -> String {
        String(directory.split(separator: "/").last { $0 != "." && $0 != ".." } ?? "model")
    }
}
