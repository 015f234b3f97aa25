// Chatterbox as it is listened to. A frame is one speech token.

import Audio
import Chatterbox
import Compute
import Tokenization

struct HeardChatterbox: HeardCheckpoint {
    let path: String
    private let configuration: T3Configuration

    init(_ path: String, _ configuration: T3Configuration) {
        self.path = path
        self.configuration = configuration
    }

    let sampleRate = Vocoder.sampleRate
    let samplesPerFrame = Vocoder.sampleRate / SpeechTokens.rate
    let codebooks = 1

    /// So that T3 has positions for the voice, for a token of text for each character, and for what is spoken.
    var longestRollout: Int {
        let left = configuration.positions - 1 - VoiceSizes().spokenTokens
        return min(RolloutOptions.longest, left / (SpeechTokens.rate + RolloutOptions.charactersPerSecond))
    }

    func model(in folder: String, on processor: Processor) throws -> ChatterboxModel {
        try ChatterboxModel(folder, on: processor)
    }

    /// Tokens that become sound together: memory and time grow with the square of their number.
    private static let pieceOfSound = 10 * SpeechTokens.rate

    func decoder(
        in folder: String, voice: ChatterboxVoice, on processor: Processor
    ) throws -> ([[Int]]) throws -> [Float]? {
        let s3gen = try ChatterboxCheckpoint(directory: folder).s3gen()
        return { frames in
            let tokens = SpeechTokens.sounding(Array(frames.joined()))
            var samples: [Float] = []
            for start in stride(from: 0, to: tokens.count, by: Self.pieceOfSound) {
                let piece = Array(tokens[start..<min(start + Self.pieceOfSound, tokens.count)])
                do {
                    samples += try s3gen.sound(
                        piece, voice.s3gen, noise: SeededNoise(seed: 1, group: start), on: processor)
                } catch S3GenError.notFinite {
                    return nil
                }
            }
            return samples
        }
    }
}

/// T3.
struct ChatterboxModel: EvaluatedModel {
    private let directory: String
    private let checkpoint: ChatterboxCheckpoint
    private let t3: T3
    private let tokenizer: Tokenizer
    private let processor: Processor

    struct Prompt {
        let voice: T3Voice
        let ids: [Int]
    }

    init(_ directory: String, on processor: Processor) throws {
        self.directory = directory
        self.processor = processor
        checkpoint = try ChatterboxCheckpoint(directory: directory)
        t3 = try checkpoint.t3()
        tokenizer = try checkpoint.tokenizer()
    }

    func voice(_ clip: [Float]?) throws -> ChatterboxVoice {
        let maker = try ChatterboxVoiceMaker(
            encoder: checkpoint.encoderWeights, s3gen: checkpoint.s3genWeights,
            resample: { try resample(AudioClip(samples: $0, sampleRate: 24_000), to: 16_000).samples })
        if let clip { return try maker.voice(clip, on: processor) }
        guard let own = try checkpoint.voice(for: maker.sizes) else { throw QuantizationError.noVoice(directory) }
        return own
    }

    func prompts(_ texts: [String], _ voice: ChatterboxVoice) throws -> [Prompt] {
        let voice = try T3Voice(voice.condition, t3, on: processor)
        return texts.map { Prompt(voice: voice, ids: tokenizer.encode(PunctuationNorm($0).text)) }
    }

    func begin(_ prompt: Prompt, seeds: [UInt64], frames: Int) throws -> ChatterboxUtterances {
        try ChatterboxUtterances(t3, prompt, seeds: seeds, tokens: frames, on: processor)
    }

    func logits(_ prompt: Prompt, after frames: [[Int]], visit: (Int, Rows, Rows?) -> Void) throws {
        let tokens = frames.map { $0[0] }
        try T3Evaluation(t3, on: processor).logits(prompt.voice, text: prompt.ids, after: tokens) { visit($0, $1, nil) }
    }
}

final class ChatterboxUtterances: SpokenUtterances {
    private let loop: T3GenerationLoop
    private let generations: [T3Generation]

    fileprivate init(
        _ t3: T3, _ prompt: ChatterboxModel.Prompt, seeds: [UInt64], tokens: Int, on processor: Processor
    ) throws {
        loop = T3GenerationLoop(t3, on: processor)
        generations = try seeds.map { seed in
            var options = T3Options()
            options.seed = seed
            options.maxTokens = tokens
            return try T3Generation(t3, prompt.voice, text: prompt.ids, options: options)
        }
    }

    func advance(_ indices: [Int], trace: ((Int, Int, Rows) -> Void)?) -> [SpokenStep] {
        loop.trace = trace.map { trace in { index, _, logits in trace(indices[index], 0, logits) } }
        loop.advance(indices.map { generations[$0] })
        return indices.map { index in
            let generation = generations[index]
            let last = generation.tokens.suffix(1)
            return switch generation.step {
            case .reading: SpokenStep()
            case .token: SpokenStep(frame: Array(last))
            case .limit: SpokenStep(frame: Array(last), end: .budget)
            case .endOfSpeech: SpokenStep(end: .endOfSpeech)
            case .cancelled: SpokenStep(end: .budget)
            case .notFinite: SpokenStep(end: .notFinite)
            }
        }
    }
}
