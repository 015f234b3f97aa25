// A checkpoint that is listened to: what one has to know of a model to let it speak, and the loop in which it does.

import Compute

/// A checkpoint, and those that were made from it.
protocol HeardCheckpoint: Sendable {
    associatedtype Model: EvaluatedModel

    var path: String { get }
    /// Hz of the sound, and its samples for a frame of codes.
    var sampleRate: Int { get }
    var samplesPerFrame: Int { get }
    /// Codes in a frame.
    var codebooks: Int { get }
    /// Seconds that a model can speak at a stretch and read the text for.
    var longestRollout: Int { get }

    /// What speaks of this checkpoint, or of one that was made from it.
    func model(in folder: String, on processor: Processor) throws -> Model
    /// What makes sound of the frames of a whole utterance; nil where it gives no numbers.
    func decoder(
        in folder: String, voice: Model.Voice, on processor: Processor
    ) throws -> ([[Int]]) throws -> [Float]?
}

protocol EvaluatedModel {
    /// Whom both models speak as: made by the source.
    associatedtype Voice
    associatedtype Prompt
    associatedtype Utterances: SpokenUtterances

    /// The voice of a clip of mono samples, or without one that of the checkpoint itself.
    func voice(_ clip: [Float]?) throws -> Voice

    func prompts(_ texts: [String], _ voice: Voice) throws -> [Prompt]

    /// Says a prompt as the checkpoint's own settings say, once with each seed, in no more than so many frames.
    func begin(_ prompt: Prompt, seeds: [UInt64], frames: Int) throws -> Utterances

    /// What each frame would be chosen from, given the prompt and the frames before it. `visit` gets a number from 0 to that of the
    /// frames, the logits [1, vocabulary] of the first code, and those [codes, vocabulary] of a frame's other codes where it has
    /// any; they are valid until it returns.
    func logits(
        _ prompt: Prompt, after frames: [[Int]], visit: (_ frame: Int, _ first: Rows, _ others: Rows?) -> Void
    ) throws
}

/// Utterances of one model that go through it side by side. What one says does not depend on the others.
protocol SpokenUtterances {
    /// Advances those of these numbers. `trace` sees the logits [1, vocabulary] of each code: of the first one of a frame, 0, and
    /// of the others.
    func advance(
        _ indices: [Int], trace: ((_ utterance: Int, _ code: Int, _ logits: Rows) -> Void)?
    ) -> [SpokenStep]
}

/// What became of an utterance in one turn.
struct SpokenStep {
    var frame: [Int]?
    var end: Rollout.End?
}

/// What a model said.
struct SpokenRollout {
    let seed: Int
    var frames: [[Int]] = []
    var end = Rollout.End.budget
    /// Where they are kept: what the first code of each frame was drawn from, and at last what ended the speech.
    var logits: [[Float]] = []
    /// Of the other codes of a frame, one after the other.
    var otherLogits: [[Float]] = []
}

extension EvaluatedModel {
    /// Says a prompt with every seed. `report` is told how many frames were spoken, or are left out.
    func speak(
        _ prompt: Prompt, seeds: [Int], frames: Int, keepsLogits: Bool = false, _ report: (Int) -> Void = { _ in }
    ) throws -> [SpokenRollout] {
        let utterances = try begin(prompt, seeds: seeds.map { UInt64($0) }, frames: frames)
        var spoken = seeds.map { SpokenRollout(seed: $0) }
        var active = Array(seeds.indices)
        func keep(_ index: Int, _ code: Int, _ logits: Rows) {
            if code == 0 { spoken[index].logits.append(logits.values) }
            if code == 1 { spoken[index].otherLogits.append([]) }
            if code > 0 { spoken[index].otherLogits[spoken[index].otherLogits.count - 1] += logits.values }
        }
        while !active.isEmpty {
            let steps = utterances.advance(active, trace: keepsLogits ? keep : nil)
            for (index, step) in zip(active, steps) {
                if let frame = step.frame {
                    spoken[index].frames.append(frame)
                    report(1)
                }
                guard let end = step.end else { continue }
                spoken[index].finish(end)
                report(frames - spoken[index].frames.count)
            }
            active = zip(active, steps).compactMap { $1.end == nil ? $0 : nil }
        }
        return spoken
    }
}

extension SpokenRollout {
    /// A code that gave no frame counts only when it is the model's end.
    fileprivate mutating func finish(_ end: Rollout.End) {
        self.end = end
        let decisions = frames.count + (end == .endOfSpeech ? 1 : 0)
        logits.removeLast(max(0, logits.count - decisions))
    }
}
