// Does the quantized model still say what its source says? The source speaks a fixed list of texts; the quantized model is
// then given the source's codes frame by frame and its predictions are compared, and at last it speaks freely.

import Compute
import Glibc
import ModelFile
import Qwen3TTS

package struct EvaluationOptions: Sendable {
    package var texts: [String]
    /// A clip of the voice to speak in, mono at the model's rate; without one the voice is the model's own idea.
    package var voice: [Float]?
    /// Most frames of one text.
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

struct SpeechComparison {
    private let source: String
    private let quantized: String
    private let options: EvaluationOptions
    private let processor: Processor

    init(source: String, quantized: String, options: EvaluationOptions) {
        self.source = source
        self.quantized = quantized
        self.options = options
        processor = Processor(threads: options.threads)
    }

    /// The source's words: its codes, and the logits each was drawn from.
    private struct Utterance {
        var frames: [[Int]] = []
        var logits: [[Float]] = []  // of code 0
        var otherLogits: [[Float]] = []  // of the other codes of a frame, one after the other
        var ended = false
    }

    /// How they compare, and the codes that the quantized model spoke each text with.
    func run(_ progress: (QuantizationProgress) -> Void) throws -> (quality: SpeechQuality, spoken: [[[Int]]]) {
        let total = 3 * options.texts.count
        var done = 0
        func report() {
            done += 1
            progress(QuantizationProgress(stage: .listening, done: done, total: total))
        }
        // One model after the other, so that only one is in memory.
        let (spoken, speaker) = try speakSource(report)
        let model = try EvaluatedModel(quantized)
        var score = Score(vocabulary: model.talker.configuration.codePredictor.vocab_size)
        var (codes, misses): ([[[Int]]], Int) = ([], 0)
        for (text, utterance) in zip(options.texts, spoken) {
            let prompt = model.prompt(text, speaker: speaker, on: processor)
            compare(utterance, model, prompt, &score)
            report()
            let free = speak(text, prompt, model)
            codes.append(free.frames)
            if free.ended != utterance.ended { misses += 1 }
            report()
        }
        let sourceFrames = spoken.reduce(0) { $0 + $1.frames.count }
        let frames = codes.reduce(0) { $0 + $1.count }
        let quality = SpeechQuality(
            texts: options.texts.count, frames: sourceFrames,
            firstCodebookAgreement: score.first.agreement, otherCodebooksAgreement: score.others.agreement,
            firstCodebookKL: score.first.divergence, otherCodebooksKL: score.others.divergence,
            durationRatio: Double(frames) / Double(max(1, sourceFrames)), endOfSpeechMisses: misses, gate: .standard)
        return (quality, codes)
    }

    private func speakSource(_ report: () -> Void) throws -> (spoken: [Utterance], speaker: Rows?) {
        let model = try EvaluatedModel(source)
        let speaker = try model.speaker(options.voice, on: processor)
        let spoken = options.texts.map { text in
            defer { report() }
            return speak(text, model.prompt(text, speaker: speaker, on: processor), model, keepsLogits: true)
        }
        return (spoken, speaker)
    }

    /// Speaks as the checkpoint's own settings say, with a fixed seed.
    private func speak(_ text: String, _ prompt: Prompt, _ model: EvaluatedModel, keepsLogits: Bool = false)
        -> Utterance
    {
        var settings = GenerationOptions(model.talker.configuration.generation, seed: 1)
        settings.maxNewTokens = min(settings.maxNewTokens, options.maximumFrames + 1)
        let device = CPUTalker(model.talker, on: processor)
        let generation = Generation(model.talker.configuration, on: device, prompt: prompt, options: settings)
        let loop = GenerationLoop(model.talker.embeddings, on: device, kernels: processor.kernels)
        var utterance = Utterance()
        if keepsLogits {
            loop.trace = { _, group, logits in
                if group == 0 { utterance.logits.append(logits.values) }
                if group == 1 { utterance.otherLogits.append([]) }
                if group > 0 { utterance.otherLogits[utterance.otherLogits.count - 1] += logits.values }
            }
        }
        repeat {
            loop.advance([generation])
            if generation.step == .frame { utterance.frames.append(generation.codes) }
        } while generation.step == .frame
        utterance.ended = generation.step == .endOfSpeech
        // The token that gave no frame counts only when it is the model's end.
        if keepsLogits, !utterance.ended { utterance.logits.removeLast() }
        return utterance
    }

    /// The quantized model's predictions, given the source's history.
    private func compare(_ utterance: Utterance, _ model: EvaluatedModel, _ prompt: Prompt, _ score: inout Score) {
        // The token after the last frame is chosen in a frame of its own, whose codes nobody reads.
        let codes = utterance.frames + utterance.frames.suffix(1)
        Evaluation(model.talker, on: processor).logits(prompt: prompt, codes: codes) { frame, first, others in
            if frame < utterance.logits.count {
                score.first.add(first.values[...], utterance.logits[frame][...])
            }
            guard frame < utterance.frames.count else { return }
            let others = others.values
            for start in stride(from: 0, to: others.count, by: score.vocabulary) {
                let range = start..<start + score.vocabulary
                score.others.add(others[range], utterance.otherLogits[frame][range])
            }
        }
    }
}

private struct Score {
    let vocabulary: Int
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
