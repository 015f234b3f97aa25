// A whole checkpoint: text and a reference voice in, frames of samples out.

package import Compute
import ModelFile

package struct SpeechModel {
    package let configuration: Configuration
    package let talker: Talker
    package let decoder: CodecDecoder
    private let tokenizer: Tokenizer
    private let speakerEncoder: SpeakerEncoder?

    /// `directory` is a checkpoint in the official layout.
    package init(directory: String) throws {
        configuration = try Configuration(directory: directory)
        let weights = try Safetensors.directory(directory)
        tokenizer = try Tokenizer(directory: directory)
        talker = try Talker(weights["talker"], configuration)
        decoder = try CodecDecoder(
            Safetensors.directory(directory + "/speech_tokenizer")["decoder"],
            Configuration.codec(directory: directory))
        speakerEncoder = try Configuration.speakerEncoder(directory: directory).map {
            try SpeakerEncoder(weights["speaker_encoder"], $0)
        }
    }

    package var sampleRate: Int { decoder.configuration.sampleRate }

    /// Names a request may use beside "auto".
    package var languages: [String] { configuration.tokens.codec_language_id.keys.sorted() }

    /// The x-vector [1, hidden] of a clip at `sampleRate`; nil when the checkpoint has no speaker encoder.
    package func speaker(_ samples: [Float], on processor: Processor) throws -> Rows? {
        guard let speakerEncoder else { return nil }
        let vector = try speakerEncoder.embed(samples, on: processor)
        guard vector.count == talker.hidden else {
            throw ModelFileError.wrongShape(name: "x-vector", expected: [talker.hidden], found: [vector.count])
        }
        return Rows(vector, columns: vector.count)
    }

    /// The streaming prompt of a text, which is not empty.
    package func prompt(text: String, language: Int?, speaker: Rows?, on processor: Processor) -> Prompt {
        let ids = tokenizer.encode("<|im_start|>assistant\n\(text)<|im_end|>\n<|im_start|>assistant\n")
        return Prompt(PromptRequest(textIDs: ids, language: language, speaker: speaker), talker, on: processor)
    }

    /// Speaks a prompt: `deliver` gets the samples of each frame as soon as they are there.
    package func speak(
        _ prompt: Prompt, options: GenerationOptions, on processor: Processor, deliver: ([Float]) throws -> Void
    ) throws -> GenerationStep {
        let generation = Generation(talker, prompt: prompt, options: options, on: processor)
        let state = decoder.makeState()
        while true {
            let step = generation.advance(on: processor)
            guard case .frame(let codes) = step else { return step }
            try deliver(decoder.step([codes], state, on: processor).values)
        }
    }
}
