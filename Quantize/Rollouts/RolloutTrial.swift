// Errors add up while a model listens to itself, which eight short texts do not show: both models speak a minute of text
// freely, with several seeds.

import Compute

struct RolloutTrial<Source: HeardCheckpoint> {
    private let source: Source
    private var options: RolloutOptions
    private let voice: [Float]?
    private let processor: Processor

    /// Rollouts that share each pass over the weights.
    private static var beside: Int { 3 }

    /// - Parameter voice: a clip of it.
    init(_ source: Source, _ options: RolloutOptions, voice: [Float]?, threads: Int) {
        self.source = source
        self.options = options
        self.options.seconds = max(1, min(options.seconds, source.longestRollout))
        self.voice = voice
        processor = Processor(threads: threads)
    }

    private var budget: Int { max(2, options.seconds * source.sampleRate / source.samplesPerFrame) }

    /// `quantized` is the folder of a checkpoint made from the source.
    func run(quantized: String, _ progress: (QuantizationProgress) -> Void) throws -> RolloutQuality {
        // Each rollout counts its frames twice: when they are spoken and when they are sound.
        let total = 4 * options.count * budget
        var done = 0
        func report(_ frames: Int) {
            done += frames
            progress(QuantizationProgress(stage: .speaking, done: done, total: total))
        }
        // One model after the other, so that only one is in memory.
        let (spoken, voice) = try speakSource(report)
        let sounds = try sounds(source.path, spoken, voice, report)
        let answers = try speak(source.model(in: quantized, on: processor), voice, report)
        let answeringSounds = try self.sounds(quantized, answers, voice, report)
        let codes = spoken.map { SpokenCodes($0.frames, codebooks: source.codebooks) }
        let others = codes.indices.map { index in
            let others = codes.indices.filter { $0 != index }.map { codes[$0] }
            return others.dropFirst().reduce(others[0], +)
        }
        return RolloutQuality(
            options, source: rollouts(spoken, sounds, others), quantized: rollouts(answers, answeringSounds, others))
    }

    private func speakSource(
        _ report: (Int) -> Void
    ) throws -> (spoken: [SpokenRollout], voice: Source.Model.Voice) {
        let model = try source.model(in: source.path, on: processor)
        let voice = try model.voice(voice)
        return (try speak(model, voice, report), voice)
    }

    /// All rollouts of one model.
    private func speak(
        _ model: Source.Model, _ voice: Source.Model.Voice, _ report: (Int) -> Void
    ) throws -> [SpokenRollout] {
        let prompt = try model.prompts([options.text], voice)[0]
        var spoken: [SpokenRollout] = []
        for start in stride(from: 1, through: options.count, by: Self.beside) {
            let seeds = start..<min(start + Self.beside, options.count + 1)
            spoken += try model.speak(prompt, seeds: Array(seeds), frames: budget, report)
        }
        return spoken
    }

    /// What makes sound in the model's own checkpoint gives of its codes.
    private func sounds(
        _ directory: String, _ spoken: [SpokenRollout], _ voice: Source.Model.Voice, _ report: (Int) -> Void
    ) throws -> [SoundFigures?] {
        let samples = try source.decoder(in: directory, voice: voice, on: processor)
        return try spoken.map { rollout in
            let samples = try samples(rollout.frames)
            report(budget)
            guard let samples, samples.allSatisfy(\.isFinite) else { return nil }
            return SoundFigures(samples, sampleRate: source.sampleRate)
        }
    }

    private func rollouts(
        _ spoken: [SpokenRollout], _ sounds: [SoundFigures?], _ others: [SpokenCodes]
    ) -> [Rollout] {
        spoken.indices.map { index in
            let (spoken, sound) = (spoken[index], sounds[index])
            return Rollout(
                seed: spoken.seed, frames: spoken.frames.count,
                seconds: Double(spoken.frames.count * source.samplesPerFrame) / Double(source.sampleRate),
                end: sound == nil ? .notFinite : spoken.end, sound: sound,
                codeDistances: SpokenCodes(spoken.frames, codebooks: source.codebooks).distances(to: others[index]))
        }
    }
}
