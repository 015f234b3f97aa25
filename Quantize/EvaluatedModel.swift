// A checkpoint that is listened to: prompts for it, and what speaks them.

import Compute
import ModelFile
import Qwen3TTS
import Tokenization

/// What speaks of a checkpoint, without its codec.
struct EvaluatedModel {
    let talker: Talker
    private let tokenizer: Tokenizer
    private let speakerEncoder: SpeakerEncoder?

    init(_ directory: String) throws {
        let configuration = try Configuration(directory: directory)
        let weights = try Safetensors.directory(directory)
        talker = try Talker(weights["talker"], configuration)
        tokenizer = try Tokenizer(directory: directory)
        speakerEncoder = try Configuration.speakerEncoder(directory: directory).map {
            try SpeakerEncoder(weights["speaker_encoder"], $0)
        }
    }

    /// The x-vector of a clip, or the first preset speaker.
    func speaker(_ clip: [Float]?, on processor: Processor) throws -> Rows? {
        if let clip, let speakerEncoder {
            let vector = try speakerEncoder.embed(clip, on: processor)
            return Rows(vector, columns: vector.count)
        }
        guard let id = talker.configuration.tokens.spk_id?.values.min() else { return nil }
        return talker.embeddings.codec(id)
    }

    func prompt(_ text: String, speaker: Rows?, on processor: Processor) -> Prompt {
        let ids = tokenizer.encode(Template.text(text))
        let language = talker.configuration.tokens.language("english")
        return Prompt(
            PromptRequest(textIDs: ids, language: language, speaker: speaker), talker.embeddings, on: processor)
    }
}
