// Chatterbox by its parts: what a token costs, what a second of sound costs in flow and vocoder, and what a listener waits for.

import CAllocationCounter
import Chatterbox
import Compute
import FoundationEssentials
import ModelFile
import Quantization
import Speech

struct ChatterboxSuite {
    let threads: Int
    let frames: Int
    var kernels = Kernels.best

    static let variants = ["nano", "turbo"]
    static var formats: [String] { WeightFormat.all.filter { $0.encoding != nil }.map(\.name) }

    /// Tokens that become sound in a second.
    private static let second = SpeechTokens.rate

    static let engine = EngineDescription.chatterbox { _ in throw BenchError(reason: "no clip is heard here") }

    /// A checkpoint of the released sizes.
    func run(_ variant: String, _ format: String) throws -> Results.ChatterboxResult {
        let synthetic = try SyntheticCheckpoint(chatterbox: variant, format: WeightFormat(named: format) ?? .f32)
        defer { withExtendedLifetime(synthetic) {} }
        return try run(directory: synthetic.directory)
    }

    func run(directory: String) throws -> Results.ChatterboxResult {
        var result = Results.ChatterboxResult()
        // Once for the page cache: what is measured is a start from it.
        _ = try load(directory)
        try measureSpeech(directory, &result)
        let tokens = try tokens(directory)
        result.tokenMs = percentile(tokens.milliseconds, 0.5)
        result.allocationsPerToken = tokens.allocations
        try measureSound(directory, &result)
        return result
    }

    private func load(_ directory: String) throws -> ChatterboxEngine {
        try ChatterboxEngine(directory: directory, threads: threads, kernels: kernels) { _ in
            throw BenchError(reason: "no clip is heard here")
        }
    }

    private func measureSpeech(_ directory: String, _ result: inout Results.ChatterboxResult) throws {
        let start = Clock.now
        let model = try load(directory)
        result.loadMs = Clock.milliseconds(since: start)
        let request = Self.request(frames: 2000)
        result.coldVoiceMs = try firstAudio(model, request)
        result.firstAudioMs = try best(of: 3) { try firstAudio(model, request) }
        let speakers = try Speakers(1, model, request)
        var samples = 0
        let begin = Clock.now
        while samples < frames * model.information.samplesPerFrame { samples += try speakers.advance() }
        result.realTimeFactor = 1 / soundRate(samples, since: begin, model)
        result.residentBytes = residentBytes()
        result.wholeRealTimeFactor = 1 / (try soundRate(whole: Self.request(frames: frames), .all, model))
    }

    // MARK: Stages

    /// T3 alone, one text.
    private func tokens(_ directory: String) throws -> (milliseconds: [Double], allocations: Double) {
        let t3 = try T3(directory: directory)
        let processor = Processor(kernels: kernels, threads: threads)
        let voice = try T3Voice(Self.voice.condition, t3, on: processor)
        let loop = T3GenerationLoop(t3, on: processor)
        var times: [Double] = []
        var allocations: [Double] = []
        times.reserveCapacity(Self.steadyTokens)
        allocations.reserveCapacity(Self.steadyTokens)
        let batch = [try T3Generation(t3, voice, text: (0..<40).map { 32 + $0 }, options: T3Options())]
        // The first ones grow what grows.
        for token in 0..<Self.firstTokens + Self.steadyTokens where !batch[0].step.isEnd {
            let before = mk_allocations()
            let start = Clock.now
            loop.advance(batch)
            guard token >= Self.firstTokens else { continue }
            times.append(Clock.milliseconds(since: start))
            allocations.append(Double(mk_allocations() - before))
        }
        guard !times.isEmpty else { throw BenchError(reason: "the model ended its speech at once") }
        return (times, percentile(allocations, 0.9))
    }

    private static let firstTokens = 50
    private static let steadyTokens = 100

    /// Allocations of all threads a token, in the steady state.
    func allocationsPerToken(directory: String) throws -> Double { try tokens(directory).allocations }

    /// Flow and vocoder in pieces of a second, and both over five seconds at once.
    private func measureSound(_ directory: String, _ result: inout Results.ChatterboxResult) throws {
        let path = directory + "/s3gen_meanflow.safetensors"
        let format = try ChatterboxEngine.information(directory: directory).format
        let s3gen = try S3Gen(
            Weights(tensors: Safetensors(path: path).tensors, path: path), heads: HeadCounts(directory: directory),
            precision: .speaking(with: format))
        let processor = Processor(kernels: kernels, threads: threads)
        let (flow, noise, voice) = (s3gen.flow, SeededNoise(seed: 1), Self.voice.s3gen)
        _ = try flow.read(voice, noise: noise, on: processor)
        let start = Clock.now
        var memory = try flow.read(voice, noise: noise, on: processor)
        result.promptMs = Clock.milliseconds(since: start)
        result.promptBytes = memory.byteCount
        var (flowTimes, vocoderTimes, wholeTimes): ([Double], [Double], [Double]) = ([], [], [])
        for piece in 0..<8 {
            let tokens = Self.tokens(Self.second + flow.lookAheadTokens)
            let start = Clock.now
            let mel = try flow.mel(
                tokens, ahead: flow.lookAheadTokens, first: 2 * Self.second * piece, &memory, noise: noise,
                on: processor)
            flowTimes.append(Clock.milliseconds(since: start))
            let middle = Clock.now
            _ = try s3gen.vocoder.sound(mel, noise: noise, on: processor)
            vocoderTimes.append(Clock.milliseconds(since: middle))
        }
        for _ in 0..<3 {
            let start = Clock.now
            _ = try s3gen.sound(Self.tokens(5 * Self.second), voice, noise: noise, on: processor)
            wholeTimes.append(Clock.milliseconds(since: start) / 5)
        }
        // The first pieces remember little.
        result.flowMs = percentile(Array(flowTimes.dropFirst(3)), 0.5)
        result.vocoderMs = percentile(Array(vocoderTimes.dropFirst()), 0.5)
        result.wholeSoundMs = percentile(wholeTimes, 0.5)
    }

    // MARK: What is said

    private static func tokens(_ count: Int) -> [Int] { (0..<count).map { $0 * 977 % SpeechTokens.codes } }

    /// Fifteen seconds of prompt for T3, and 5.4 for the flow.
    private static var voice: ChatterboxVoice {
        let frames = 2 * 134
        return ChatterboxVoice(
            speaker: SpeechRequests.speaker(width: 256).map { $0 / 8 }, spokenTokens: tokens(375),
            promptTokens: tokens(frames / 2),
            promptMel: (0..<frames * ChatterboxVoice.melBands).map { -6 + Float($0 % 13) / 4 },
            speakerVector: SpeechRequests.speaker(width: 192))
    }

    /// A token for each character: as many as real words of three or four times the length have.
    private static let text = String(repeating: "The boats went out.\n\n", count: 100)

    private static func request(frames: Int) -> SpeechRequest {
        var request = SpeechRequest(
            text: text, voice: .cloned(id: "synthetic", voice.prepared), language: "english")
        request.options.seed = 1
        request.options.maximumFrames = frames
        request.trimsSilence = false
        return request
    }
}
