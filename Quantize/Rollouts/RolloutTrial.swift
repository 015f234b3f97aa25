// Errors add up while a model listens to itself, which eight short texts do not show: both models speak a minute of text
// freely, with several seeds.

import Compute
import ModelFile
import Qwen3TTS

struct RolloutTrial {
    private let options: RolloutOptions
    private let voice: [Float]?
    private let codec: CodecConfiguration
    private let processor: Processor

    /// Rollouts that share each pass over the weights; what each says does not depend on the others. A minute of the 0.6B
    /// model's keys and values is 90 MB.
    private static let beside = 3

    /// `codec` is that of both models; what the quantized one's is decoded with may not be recorded yet.
    init(_ options: RolloutOptions, voice: [Float]?, _ codec: CodecConfiguration, threads: Int) {
        self.options = options
        self.voice = voice
        self.codec = codec
        processor = Processor(threads: threads)
    }

    private var budget: Int { max(2, options.seconds * codec.sampleRate / codec.samplesPerFrame) }

    func run(
        source: String, quantized: String, _ progress: (QuantizationProgress) -> Void
    ) throws -> RolloutQuality {
        // Each rollout counts its frames twice: when they are spoken and when they are sound.
        let total = 4 * options.count * budget
        var done = 0
        func report(_ frames: Int) {
            done += frames
            progress(QuantizationProgress(stage: .speaking, done: done, total: total))
        }
        // One model after the other, so that only one is in memory.
        let speaker = try EvaluatedModel(source).speaker(voice, on: processor)
        let spoken = try speak(source, speaker, report)
        let sounds = try sounds(source, spoken, report)
        let answers = try speak(quantized, speaker, report)
        let answeringSounds = try self.sounds(quantized, answers, report)
        let codes = spoken.map { SpokenCodes($0.frames, codebooks: codec.decoder.quantizers) }
        let others = codes.indices.map { index in
            let others = codes.indices.filter { $0 != index }.map { codes[$0] }
            return others.dropFirst().reduce(others[0], +)
        }
        return RolloutQuality(
            options, source: rollouts(spoken, sounds, others), quantized: rollouts(answers, answeringSounds, others))
    }

    /// All rollouts of one model.
    private func speak(_ directory: String, _ speaker: Rows?, _ report: (Int) -> Void) throws -> [SpokenRollout] {
        let model = try EvaluatedModel(directory)
        let prompt = model.prompt(options.text, speaker: speaker, on: processor)
        var spoken: [SpokenRollout] = []
        for start in stride(from: 1, through: options.count, by: Self.beside) {
            let seeds = start..<min(start + Self.beside, options.count + 1)
            spoken += speak(prompt, seeds: Array(seeds), model, report)
        }
        return spoken
    }

    /// As the checkpoint's own settings say, side by side.
    private func speak(
        _ prompt: Prompt, seeds: [Int], _ model: EvaluatedModel, _ report: (Int) -> Void
    ) -> [SpokenRollout] {
        let configuration = model.talker.configuration
        let device = CPUTalker(model.talker, on: processor)
        let loop = GenerationLoop(model.talker.embeddings, on: device, kernels: processor.kernels)
        let generations = seeds.map { seed in
            var settings = GenerationOptions(configuration.generation, seed: UInt64(seed))
            settings.maxNewTokens = budget + 1
            return Generation(configuration, on: device, prompt: prompt, options: settings)
        }
        var rollouts = seeds.map { SpokenRollout(seed: $0) }
        var active = Array(generations.indices)
        while !active.isEmpty {
            loop.advance(active.map { generations[$0] })
            active.removeAll { index in
                let generation = generations[index]
                switch generation.step {
                case .reading, .starved: return false
                case .frame:
                    rollouts[index].frames.append(generation.codes)
                    report(1)
                    return false
                case .endOfSpeech: rollouts[index].end = .endOfSpeech
                case .limit, .cancelled: rollouts[index].end = .budget
                case .notFinite: rollouts[index].end = .notFinite
                }
                report(budget - rollouts[index].frames.count)
                return true
            }
        }
        return rollouts
    }

    /// What a model's own codec makes of its codes.
    private func sounds(
        _ directory: String, _ spoken: [SpokenRollout], _ report: (Int) -> Void
    ) throws -> [SoundFigures?] {
        let decoder = try CodecDecoder(
            Safetensors.directory(directory + "/speech_tokenizer")["decoder"], codec, precision: .speaking)
        return try spoken.map { rollout in
            let samples = try decoder.samples(rollout.frames, on: processor)
            report(budget)
            guard samples.allSatisfy(\.isFinite) else { return nil }
            return SoundFigures(samples, sampleRate: codec.sampleRate)
        }
    }

    private func rollouts(
        _ spoken: [SpokenRollout], _ sounds: [SoundFigures?], _ others: [SpokenCodes]
    ) -> [Rollout] {
        spoken.indices.map { index in
            let (spoken, sound) = (spoken[index], sounds[index])
            return Rollout(
                seed: spoken.seed, frames: spoken.frames.count,
                seconds: Double(spoken.frames.count * codec.samplesPerFrame) / Double(codec.sampleRate),
                end: sound == nil ? .notFinite : spoken.end, sound: sound,
                codeDistances: SpokenCodes(spoken.frames, codebooks: codec.decoder.quantizers)
                    .distances(to: others[index]))
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
