// Does the quantized model still say what its source says? The source speaks a fixed list of texts; the quantized model is
// then given the source's codes frame by frame and its predictions are compared, and at last it speaks freely.

import Compute
import Glibc

package struct EvaluationOptions: Sendable {
    package var texts: [String]
    /// A clip of the voice to speak in, mono at the model's rate; without one the voice is the model's own idea.
    package var voice: [Float]?
    /// Most frames of one text; a frame of Chatterbox is a token of 40 ms.
    package var maximumFrames: Int
    package var threads: Int
    /// How long both models speak freely; nil leaves that out.
    package var rollouts: RolloutOptions?

    package init(
        texts: [String] = Self.standardTexts, voice: [Float]? = nil, maximumFrames: Int = 96, threads: Int = 2,
        rollouts: RolloutOptions? = nil
    ) {
        precondition(!texts.isEmpty && maximumFrames >= 2 && threads >= 1)
        self.texts = texts
        self.voice = voice
        self.maximumFrames = maximumFrames
        self.threads = threads
        self.rollouts = rollouts
    }

    package static let standardTexts = [
        "good morning to all of you",
        "the quick brown fox jumps over the lazy dog",
        "please open the window and let some air in",
        "she sells sea shells by the shore",
        "how are you today",
        "the meeting starts at nine in the morning",
        "i would like a cup of tea with milk",
        "thank you very much and good night",
    ]
}

struct SpeechComparison<Source: HeardCheckpoint> {
    private let source: Source
    private let quantized: String
    private let options: EvaluationOptions
    private let processor: Processor

    /// `quantized` is the folder of a checkpoint made from `source`.
    init(_ source: Source, quantized: String, options: EvaluationOptions) {
        self.source = source
        self.quantized = quantized
        self.options = options
        processor = Processor(threads: options.threads)
    }

    private static var seed: Int { 1 }

    /// How they compare, and the codes that the quantized model spoke each text with.
    func run(_ progress: (QuantizationProgress) -> Void) throws -> (quality: SpeechQuality, spoken: [[[Int]]]) {
        let total = 3 * options.texts.count
        var done = 0
        func report() {
            done += 1
            progress(QuantizationProgress(stage: .listening, done: done, total: total))
        }
        // One model after the other, so that only one is in memory.
        let (spoken, voice) = try speakSource(report)
        let model = try source.model(in: quantized, on: processor)
        var score = Score()
        var (codes, misses): ([[[Int]]], Int) = ([], 0)
        for (prompt, utterance) in zip(try model.prompts(options.texts, voice), spoken) {
            try compare(utterance, model, prompt, &score)
            report()
            let free = try speak(prompt, model)
            codes.append(free.frames)
            if (free.end == .endOfSpeech) != (utterance.end == .endOfSpeech) { misses += 1 }
            report()
        }
        let sourceFrames = spoken.reduce(0) { $0 + $1.frames.count }
        let frames = codes.reduce(0) { $0 + $1.count }
        let others = source.codebooks > 1 ? score.others : nil
        let quality = SpeechQuality(
            texts: options.texts.count, frames: sourceFrames,
            firstCodebookAgreement: score.first.agreement, otherCodebooksAgreement: others?.agreement,
            firstCodebookKL: score.first.divergence, otherCodebooksKL: others?.divergence,
            durationRatio: Double(frames) / Double(max(1, sourceFrames)), endOfSpeechMisses: misses, gate: .standard)
        return (quality, codes)
    }

    private func speakSource(_ report: () -> Void) throws -> (spoken: [SpokenRollout], voice: Source.Model.Voice) {
        let model = try source.model(in: source.path, on: processor)
        let voice = try model.voice(options.voice)
        let spoken = try model.prompts(options.texts, voice).map { prompt in
            defer { report() }
            return try speak(prompt, model, keepsLogits: true)
        }
        return (spoken, voice)
    }

    private func speak(
        _ prompt: Source.Model.Prompt, _ model: Source.Model, keepsLogits: Bool = false
    ) throws -> SpokenRollout {
        try model.speak(prompt, seeds: [Self.seed], frames: options.maximumFrames, keepsLogits: keepsLogits)[0]
    }

    /// The quantized model's predictions, given the source's history.
    private func compare(
        _ utterance: SpokenRollout, _ model: Source.Model, _ prompt: Source.Model.Prompt, _ score: inout Score
    ) throws {
        try model.logits(prompt, after: utterance.frames) { frame, first, others in
            if frame < utterance.logits.count {
                score.first.add(first.values[...], utterance.logits[frame][...])
            }
            guard let others, frame < utterance.frames.count else { return }
            let values = others.values
            for start in stride(from: 0, to: values.count, by: others.columns) {
                let range = start..<start + others.columns
                score.others.add(values[range], utterance.otherLogits[frame][range])
            }
        }
    }
}

private struct Score {
    var first = Codebook()
    var others = Codebook()

    struct Codebook {
        private var count = 0
        private var agreeing = 0
        private var sum = 0.0

        mutating func add(_ logits: ArraySlice<Float>, _ source: ArraySlice<Float>) {
            count += 1
            let best = source.indices.max { source[$0] < source[$1] }! - source.startIndex
            if best == logits.indices.max(by: { logits[$0] < logits[$1] })! - logits.startIndex { agreeing += 1 }
            sum += Self.divergence(of: logits, from: source)
        }

        var agreement: Double { count > 0 ? Double(agreeing) / Double(count) : 1 }
        var divergence: Double { count > 0 ? sum / Double(count) : 0 }

        /// Σ p·(log p - log q) of the two softmaxes.
        private static func divergence(of logits: ArraySlice<Float>, from source: ArraySlice<Float>) -> Double {
            func logSum(_ values: ArraySlice<Float>) -> Double {
                let peak = Double(values.max()!)
                return peak + log(values.reduce(0) { $0 + exp(Double($1) - peak) })
            }
            let (p, q) = (logSum(source), logSum(logits))
            var sum = 0.0
            for (a, b) in zip(source, logits) {
                let logP = Double(a) - p
                sum += exp(logP) * (logP - (Double(b) - q))
            }
            return max(0, sum)
        }
    }
}
