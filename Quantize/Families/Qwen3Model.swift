// Qwen3-TTS as it is listened to.

import Compute
import ModelFile
import Qwen3TTS
import Tokenization

struct HeardQwen3: HeardCheckpoint {
    let path: String
    private let codec: CodecConfiguration

    /// `codec` is that of every checkpoint made from this one; what it is decoded with may not be recorded yet.
    init(_ path: String, _ codec: CodecConfiguration) {
        self.path = path
        self.codec = codec
    }

    var sampleRate: Int { codec.sampleRate }
    var samplesPerFrame: Int { codec.samplesPerFrame }
    var codebooks: Int { codec.decoder.quantizers }
    let longestRollout = RolloutOptions.longest

    func model(in folder: String, on processor: Processor) throws -> Qwen3Model {
        try Qwen3Model(folder, on: processor)
    }

    func decoder(
        in folder: String, voice: Rows?, on processor: Processor
    ) throws -> ([[Int]]) throws -> [Float]? {
        let decoder = try CodecDecoder(
            Safetensors.directory(folder + "/" + Qwen3Source.speechTokenizer)["decoder"], codec, precision: .speaking)
        return { try decoder.samples($0, on: processor) }
    }
}

/// Prompts, and what speaks them, without the codec.
struct Qwen3Model: EvaluatedModel {
    typealias Prompt = Qwen3TTS.Prompt

    private let talker: Talker
    private let tokenizer: Tokenizer
    private let speakerEncoder: SpeakerEncoder?
    private let processor: Processor

    init(_ directory: String, on processor: Processor) throws {
        self.processor = processor
        let configuration = try Configuration(directory: directory)
        let weights = try Safetensors.directory(directory)
        talker = try Talker(weights["talker"], configuration)
        tokenizer = try Tokenizer(directory: directory)
        speakerEncoder = try Configuration.speakerEncoder(directory: directory).map {
            try SpeakerEncoder(weights["speaker_encoder"], $0)
        }
    }

    /// The x-vector of a clip, or the first preset speaker.
    func voice(_ clip: [Float]?) throws -> Rows? {
        if let clip, let speakerEncoder {
            let vector = try speakerEncoder.embed(clip, on: processor)
            return Rows(vector, columns: vector.count)
        }
        guard let id = talker.configuration.tokens.spk_id?.values.min() else { return nil }
        return talker.embeddings.codec(id)
    }

    func prompts(_ texts: [String], _ voice: Rows?) -> [Prompt] {
        let language = talker.configuration.tokens.language("english")
        return texts.map { text in
            let ids = tokenizer.encode(Template.text(text))
            return Prompt(
                PromptRequest(textIDs: ids, language: language, speaker: voice), talker.embeddings, on: processor)
        }
    }

    func begin(_ prompt: Prompt, seeds: [UInt64], frames: Int) -> Qwen3Utterances {
        Qwen3Utterances(talker, prompt, seeds: seeds, frames: frames, on: processor)
    }

    func logits(_ prompt: Prompt, after frames: [[Int]], visit: (Int, Rows, Rows?) -> Void) {
        // The code after the last frame is chosen in a frame of its own, whose other codes nobody reads.
        let codes = frames + frames.suffix(1)
        Evaluation(talker, on: processor).logits(prompt: prompt, codes: codes) { frame, first, others in
            visit(frame, first, frame < frames.count ? others : nil)
        }
    }
}

final class Qwen3Utterances: SpokenUtterances {
    private let loop: GenerationLoop
    private let generations: [Generation]

    fileprivate init(_ talker: Talker, _ prompt: Prompt, seeds: [UInt64], frames: Int, on processor: Processor) {
        let device = CPUTalker(talker, on: processor)
        loop = GenerationLoop(talker.embeddings, on: device, kernels: processor.kernels)
        generations = seeds.map { seed in
            var settings = GenerationOptions(talker.configuration.generation, seed: seed)
            settings.maxNewTokens = min(settings.maxNewTokens, frames + 1)
            return Generation(talker.configuration, on: device, prompt: prompt, options: settings)
        }
    }

    func advance(_ indices: [Int], trace: ((Int, Int, Rows) -> Void)?) -> [SpokenStep] {
        loop.trace = trace.map { trace in { trace(indices[$0], $1, $2) } }
        loop.advance(indices.map { generations[$0] })
        return indices.map { index in
            switch generations[index].step {
            case .reading, .starved: SpokenStep()
            case .frame: SpokenStep(frame: generations[index].codes)
            case .endOfSpeech: SpokenStep(end: .endOfSpeech)
            case .limit, .cancelled: SpokenStep(end: .budget)
            case .notFinite: SpokenStep(end: .notFinite)
            }
        }
    }
}

extension CodecDecoder {
    /// Frames decoded at once: the samples are those of single frames, sooner.
    private static let framesAtOnce = 8

    /// The sound of an utterance's codes.
    func samples(_ frames: [[Int]], on processor: Processor) throws(CodecError) -> [Float] {
        let state = makeState()
        var samples: [Float] = []
        for start in stride(from: 0, to: frames.count, by: Self.framesAtOnce) {
            let part = Array(frames[start..<min(start + Self.framesAtOnce, frames.count)])
            samples += try step(part, state, on: processor).values
        }
        return samples
    }
}
