// What the source's matrices multiply while it speaks sentences, so that a few bits can be spent where they are heard.
//
// It speaks by the plain C definitions and with a fixed seed: the same inputs, and so the same weights, on every processor.

import Compute

package struct CalibrationOptions: Sendable {
    package var texts: [String]
    /// A clip of the voice that every second text is spoken in, mono at the model's rate.
    package var voice: [Float]?
    /// Most frames of one text.
    package var maximumFrames: Int

    package init(texts: [String] = Self.standardTexts, voice: [Float]? = nil, maximumFrames: Int = 24) {
        precondition(!texts.isEmpty && maximumFrames >= 2)
        self.texts = texts
        self.voice = voice
        self.maximumFrames = maximumFrames
    }

    /// None of those that the report compares by.
    package static let standardTexts = [
        "the train to the coast leaves in twenty minutes",
        "my brother keeps five chickens behind the barn",
        "could you tell me where the station is",
        "it rained all night and the river rose",
        "we should paint the kitchen yellow this year",
        "the old clock on the wall has stopped again",
        "put the boxes down next to the door",
        "nobody knew why the music was so loud",
        "fresh bread smells better than anything else",
        "turn left after the bridge and drive slowly",
        "the children laughed when the dog chased its tail",
        "i forgot to water the plants on thursday",
        "a thousand lights were shining over the harbour",
        "what time does the museum close on sunday",
        "his voice was calm but his hands were shaking",
        "zebras and giraffes live in the same park",
    ]
}

struct Calibration: Sendable {
    private let texts: Int
    private let frames: Int
    private let inputs: [String: MatrixInputs]  // by layer
    private let pool: WorkerPool

    /// Speaks as the source does. nil where none of the plans takes feedback, and nothing is spoken.
    init?(
        _ source: some HeardCheckpoint, for plans: some Sequence<TensorPlan>, _ options: CalibrationOptions,
        threads: Int, _ progress: (QuantizationProgress) -> Void
    ) throws {
        let layers = Set(plans.filter(\.takesFeedback).map(\.layer))
        guard !layers.isEmpty else { return nil }
        let recorder = InputRecorder(layers: layers)
        let processor = Processor(kernels: .definition, threads: threads, observer: recorder)
        let total = options.texts.count * options.maximumFrames
        var done = 0
        frames = try source.model(in: source.path, on: processor).speak(options) { count in
            done += count
            progress(QuantizationProgress(stage: .calibrating, done: done, total: total))
        }
        if let layer = recorder.notFinite { throw QuantizationError.inputsNotFinite(tensor: layer + ".weight") }
        texts = options.texts.count
        inputs = recorder.recorded
        pool = WorkerPool(threads: threads)
    }

    /// nil where too little was seen of what the tensor multiplies.
    func feedback(for plan: TensorPlan) -> ErrorFeedback? {
        plan.takesFeedback ? inputs[plan.layer].flatMap { ErrorFeedback($0, on: pool) } : nil
    }

    var record: CalibrationRecord {
        let enough = inputs.filter { $0.value.isEnough }
        return CalibrationRecord(
            texts: texts, frames: frames,
            rows: Dictionary(uniqueKeysWithValues: enough.map { ($0.key + ".weight", $0.value.count) }))
    }
}

extension CheckpointFamily {
    func calibration(
        for plans: some Sequence<TensorPlan>, _ options: CalibrationOptions, threads: Int,
        _ progress: (QuantizationProgress) -> Void
    ) throws -> Calibration? {
        try Calibration(heard, for: plans, options, threads: threads, progress)
    }
}

extension EvaluatedModel {
    /// Says the texts as the checkpoint's own settings say with a fixed seed; gives how many frames they were. `report` is told of
    /// frames that were spoken, or are left out.
    @discardableResult
    func speak(_ options: CalibrationOptions, _ report: (Int) -> Void) throws -> Int {
        // With a clip the checkpoint need not have a voice of its own.
        let own = options.voice == nil ? try voice(nil) : try? voice(nil)
        let voices = try [own, options.voice.map { try voice($0) }].compactMap { $0 }
        return try options.texts.enumerated().reduce(0) { frames, text in
            let prompts = try prompts([text.element], voices[text.offset % voices.count])
            let spoken = try speak(prompts[0], seeds: [1], frames: options.maximumFrames, report)
            return frames + spoken[0].frames.count
        }
    }
}
