// The whole engine on a checkpoint of the 0.6B shape: what a listener waits for, stage by stage, beside the bare loop over
// the same matrices.

import CAllocationCounter
import CBenchmark
import Compute
import FoundationEssentials
import Glibc
import ModelFile
import Quantization
import Qwen3TTS
import Speech

struct EngineSuite {
    let threads: Int
    let frames: Int
    var kernels = Kernels.best

    /// A checkpoint of the 0.6B shape.
    func run(_ format: String) throws -> Results.EngineResult {
        let synthetic = try SyntheticCheckpoint(.named(format))
        defer { withExtendedLifetime(synthetic) {} }
        return try run(format, directory: synthetic.directory)
    }

    /// The checkpoint of `directory`, which has that format.
    func run(_ format: String, directory: String) throws -> Results.EngineResult {
        var result = Results.EngineResult()
        (result.bytesPerFrame, result.macsPerFrame) = try FrameCost(directory).total
        // Once for the page cache: what is measured is a start from it.
        _ = try Qwen3Engine(directory: directory, threads: threads, kernels: kernels)
        try measureSpeech(directory, &result)
        try measureStages(directory, format, &result)
        return result
    }

    // MARK: Speech

    private func measureSpeech(_ directory: String, _ result: inout Results.EngineResult) throws {
        let start = Clock.now
        let model = try Qwen3Engine(directory: directory, threads: threads, kernels: kernels)
        result.loadMs = Clock.milliseconds(since: start)
        let requests = SpeechRequests(try Configuration(directory: directory))
        result.prefillMs = try firstAudio(model, requests.byVector)
        result.firstAudioMs = try best(of: 3) { try firstAudio(model, requests.byVector) }
        result.firstAudioICLMs = try best(of: 2) { try firstAudio(model, requests.byCodes) }
        let run = try speak(model, requests.byVector)
        result.realTimeFactor = run.milliseconds.reduce(0, +) / run.audioMilliseconds
        result.frameMs = percentile(run.milliseconds, 0.5)
        result.frameMsP95 = percentile(run.milliseconds, 0.95)
        result.allocationsPerFrame = run.allocationsPerFrame
        result.residentBytes = residentBytes()
        result.frameAhead = try ahead(model, requests.byVector)
    }

    /// In turns, so that whatever slows the machine slows both.
    private func ahead(_ model: Qwen3Engine, _ request: SpeechRequest) throws -> Double {
        var (alone, together) = (0.0, 0.0)
        for _ in 0..<4 {
            alone += 1 / (try rate(1, model, request))
            together += 1 / (try rate(1, model, request, atOnce: 4))
        }
        return together / alone
    }

    /// Allocations of all threads a frame, in the steady state.
    func allocationsPerFrame(directory: String) throws -> Double {
        let model = try Qwen3Engine(directory: directory, threads: threads, kernels: kernels)
        let request = SpeechRequests(try Configuration(directory: directory)).byVector
        return try max(speak(model, request).allocationsPerFrame, speak(model, request, atOnce: 4).allocationsPerFrame)
    }

    private struct Run {
        var milliseconds: [Double] = []
        var audioMilliseconds = 0.0
        var allocationsPerFrame = 0.0
    }

    private func speak(_ model: Qwen3Engine, _ request: SpeechRequest, atOnce: Int = 1) throws -> Run {
        let speakers = try Speakers(1, model, request, atOnce: atOnce)
        var run = Run()
        run.milliseconds.reserveCapacity(frames)
        // The first half grows what grows. Of the second nine frames in ten count: a new sentence is no steady state.
        var allocations: [Double] = []
        allocations.reserveCapacity(frames)
        var last = Clock.now
        while run.milliseconds.count < frames {
            let before = mk_allocations()
            let samples = try speakers.advance()
            let count = mk_allocations() - before
            guard samples > 0 else { continue }
            run.milliseconds.append(Clock.milliseconds(since: last))
            last = Clock.now
            run.audioMilliseconds += Double(samples) / Double(model.information.sampleRate) * 1000
            if run.milliseconds.count > frames / 2 { allocations.append(Double(count)) }
        }
        run.allocationsPerFrame = percentile(allocations, 0.9)
        return run
    }

    // MARK: Batches

    /// With an int8 checkpoint of the 0.6B shape.
    func batches(into results: inout Results) throws {
        let synthetic = try SyntheticCheckpoint(.named("int8"))
        defer { withExtendedLifetime(synthetic) {} }
        try batches("int8", directory: synthetic.directory, into: &results)
    }

    func batches(_ format: String, directory: String, into results: inout Results) throws {
        let model = try Qwen3Engine(directory: directory, threads: threads, kernels: kernels)
        let requests = SpeechRequests(try Configuration(directory: directory))
        _ = try firstAudio(model, requests.byVector)
        let (one, four) = (try rate(1, model, requests.byVector), try rate(4, model, requests.byVector))
        results.batch4 = Results.BatchResult(format: format, speedup: four / one, audioSecondsPerSecond: four)
        let long = requests.paragraphs
        // In turns, so that whatever slows the machine slows both.
        var (alone, pairs) = (0.0, 0.0)
        for _ in 0..<3 {
            alone += 1 / (try soundRate(whole: long, .none, model))
            pairs += 1 / (try soundRate(whole: long, .all, model))
        }
        results.pairs = Results.BatchResult(format: format, speedup: alone / pairs, audioSecondsPerSecond: 3 / pairs)
    }

    /// Seconds of sound a second, of `count` utterances that advance together; `atOnce` frames of each may become sound together.
    private func rate(
        _ count: Int, _ model: Qwen3Engine, _ request: SpeechRequest, atOnce: Int = 1
    ) throws -> Double {
        let speakers = try Speakers(count, model, request, atOnce: atOnce)
        var samples = 0
        let start = Clock.now
        while samples < count * frames * model.information.samplesPerFrame { samples += try speakers.advance() }
        return soundRate(samples, since: start, model)
    }

    // MARK: Stages

    private func measureStages(_ directory: String, _ format: String, _ result: inout Results.EngineResult) throws {
        let configuration = try Configuration(directory: directory)
        let talker = try Talker(Safetensors.directory(directory)["talker"], configuration)
        let processor = Processor(kernels: kernels, threads: threads)
        measureFrames(
            TalkerSteps(talker, processor), after600: TalkerSteps(talker, processor, past: 600),
            BareLoop(format, configuration, threads: threads), &result)
        result.decoderMs = try decoderTime(directory)
    }

    /// The first frames, those after 600 and the bare loop take turns, so that whatever slows the machine slows all.
    private func measureFrames(
        _ steps: TalkerSteps, after600 late: TalkerSteps, _ bare: BareLoop?, _ result: inout Results.EngineResult
    ) {
        for _ in 0..<3 { (_, _) = (steps.frame(), late.frame()) }
        var (talkerTimes, predictorTimes, lateTimes, bareTimes): ([Double], [Double], [Double], [Double]) = (
            [], [], [], []
        )
        for frame in 0..<100 {
            if frame % 5 == 0, let bare { bareTimes.append(bare.frame()) }
            if frame % 5 == 2 {
                let (talker, predictor) = late.frame()
                lateTimes.append(talker + predictor)
            }
            let (talker, predictor) = steps.frame()
            talkerTimes.append(talker)
            predictorTimes.append(predictor)
        }
        result.talkerMs = percentile(talkerTimes, 0.5)
        result.codePredictorMs = percentile(predictorTimes, 0.5)
        result.bareLoopMs = percentile(bareTimes, 0.5)
        result.bareLoopFraction = result.bareLoopMs / (result.talkerMs + result.codePredictorMs)
        let first = percentile(zip(talkerTimes, predictorTimes).map { $0 + $1 }, 0.5)
        result.lastOverFirstFrame = percentile(lateTimes, 0.5) / first
    }

    /// A frame at a time on one thread, as it runs beside the talker.
    private func decoderTime(_ directory: String) throws -> Double {
        let codec = try Configuration.codec(directory: directory)
        let format = try WeightFormat.name(of: Safetensors.directory(directory))
        let decoder = try CodecDecoder(
            Safetensors.directory(directory + "/speech_tokenizer")["decoder"], codec,
            precision: codec.speakingPrecision(format: format, in: directory))
        let processor = Processor(kernels: kernels)
        let state = decoder.makeState()
        let groups = decoder.configuration.decoder.quantizers
        var times: [Double] = []
        for frame in 0..<30 {
            let codes = (0..<groups).map { (frame * 37 + $0 * 101) % decoder.configuration.decoder.codebookSize }
            let start = Clock.now
            _ = try decoder.step([codes], state, on: processor)
            times.append(Clock.milliseconds(since: start))
        }
        return percentile(Array(times.dropFirst(10)), 0.5)
    }
}

/// What a plain loop over the matrices of a frame takes; nil for formats it does not have.
@safe
private final class BareLoop {
    private let loop: OpaquePointer

    init?(_ format: String, _ configuration: Configuration, threads: Int) {
        func stack(_ c: TransformerConfiguration) -> mb_stack {
            mb_stack(
                hidden: c.hidden_size, query: c.num_attention_heads * c.head_dim,
                key_value: c.num_key_value_heads * c.head_dim, intermediate: c.intermediate_size,
                layers: c.num_hidden_layers, vocabulary: c.vocab_size)
        }
        let formats: [String: mb_format] = ["int8": MB_INT8, "int4": MB_INT4, "bf16": MB_BF16]
        guard let stored = formats[format] else { return nil }
        unsafe loop = mb_bare_open(
            stored, stack(configuration.talker), stack(configuration.codePredictor),
            configuration.talker.num_code_groups - 1, Int32(threads))
    }

    deinit { unsafe mb_bare_close(loop) }

    /// Milliseconds.
    func frame() -> Double {
        let times = unsafe mb_bare_frame(loop)
        return times.talker_ms + times.predictor_ms
    }
}

/// A frame's passes, one after the other, without sampling and sound.
private final class TalkerSteps {
    private let talker: Talker
    private let processor: Processor
    private let caches: (talker: KVCache, predictor: KVCache)
    private let scratch: TransformerScratch
    private let predictorScratch: CodePredictor.Scratch
    private let x, hidden, logits: Rows

    /// - Parameter past: positions that are in the talker's cache already.
    init(_ talker: Talker, _ processor: Processor, past: Int = 0) {
        let c = talker.configuration.talker
        self.talker = talker
        self.processor = processor
        caches = (talker.makeCache(capacity: 1024), talker.codePredictor.makeCache())
        scratch = TransformerScratch(c, capacity: 1)
        predictorScratch = talker.codePredictor.makeScratch()
        x = Rows(rows: 1, columns: c.hidden_size)
        hidden = Rows(rows: 1, columns: c.hidden_size)
        logits = Rows(rows: 1, columns: c.vocab_size)
        guard past > 0 else { return }
        let before = Rows(rows: past, columns: c.hidden_size)
        for row in 0..<past { talker.embeddings.codec(row % 1000, into: before[row]) }
        talker.stack.step(
            before, [Segment(cache: caches.talker, count: past)], normed: Rows(rows: past, columns: c.hidden_size),
            scratch: TransformerScratch(c, capacity: past), on: processor)
    }

    /// Milliseconds of talker with its head, and of the code predictor.
    @discardableResult
    func frame() -> (talker: Double, predictor: Double) {
        talker.embeddings.codec(1, into: x)
        let begin = Clock.now
        talker.stack.step(
            x, [Segment(cache: caches.talker, count: 1)], normed: hidden, scratch: scratch, on: processor)
        talker.logits(hidden, into: logits, on: processor)
        let talkerTime = Clock.milliseconds(since: begin)
        talker.embeddings.codec(2, into: x)
        let middle = Clock.now
        talker.codePredictor.predict(
            hidden: hidden, first: x, caches: [caches.predictor], predictorScratch, on: processor,
            choose: { _, group, _ in group })
        return (talkerTime, Clock.milliseconds(since: middle))
    }
}

/// What a frame reads and multiplies, from the files.
struct FrameCost {
    let total: (bytes: Int, macs: Int)

    init(_ directory: String) throws {
        let weights = try Safetensors.directory(directory)
        let passes = try Configuration(directory: directory).talker.num_code_groups - 1
        var (bytes, macs) = (0, 0)
        for name in weights.names {
            let tensor = try weights.tensor(name)
            guard let reads = Self.reads(name, passes: passes) else { continue }
            bytes += reads.passes * tensor.byteCount
            let perElement = name.hasSuffix("_packed") ? 8 : name.hasSuffix(".weight") ? 1 : 0
            macs += reads.rows * tensor.count * perElement
        }
        total = (bytes, macs)
    }

    /// How often a frame reads a tensor, and for how many positions.
    private static func reads(_ name: String, passes: Int) -> (passes: Int, rows: Int)? {
        if name.hasSuffix("norm.weight") { return nil }
        if name.hasPrefix("talker.code_predictor.model.layers.") { return (passes, passes + 1) }
        if name.hasPrefix("talker.code_predictor.lm_head.") { return (1, 1) }
        if name.hasPrefix("talker.code_predictor.small_to_mtp_projection.weight") { return (passes, passes + 1) }
        if name.hasPrefix("talker.model.layers.") || name.hasPrefix("talker.codec_head.") { return (1, 1) }
        return nil
    }
}

/// Long enough for any number of frames.
struct SpeechRequests {
    let byVector: SpeechRequest
    let byCodes: SpeechRequest
    /// Each is spoken for itself: a model that finds no end says some sixty frames.
    let paragraphs: SpeechRequest

    /// For voices as this model wants them.
    init(_ configuration: Configuration) {
        let text = String(repeating: "all the boats went out to sea ", count: 60)
        var options = SpeechOptions()
        options.seed = 1
        options.maximumFrames = 2000
        let c = configuration.talker
        let speaker = Self.speaker(width: c.hidden_size)
        func request(_ id: String, _ codes: [[Int]], _ transcript: String) -> SpeechRequest {
            let prompt = VoicePrompt(speaker: speaker, codes: codes, transcript: transcript)
            var request = SpeechRequest(
                text: text, voice: .cloned(id: id, prompt.prepared), language: "english", options: options)
            request.trimsSilence = false
            return request
        }
        // 5 s of reference at 12.5 frames a second.
        let limit = min(configuration.codePredictor.vocab_size, c.vocab_size)
        let codes = (0..<63).map { frame in
            (0..<c.num_code_groups).map { (frame * 31 + $0 * 77) % limit }
        }
        byVector = request("vector", [], "")
        var long = byVector
        long.text = String(repeating: "all the boats\n\n", count: 8)
        paragraphs = long
        byCodes = request("codes", codes, "the sun rose over the quiet harbour and the boats went out")
    }

    /// A made-up voice's vector.
    static func speaker(width: Int) -> [Float] { (0..<width).map { Float($0 % 17) / 17 - 0.5 } }
}
