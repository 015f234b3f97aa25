import Compute
import Foundation
import ModelFile
import TestSupport
import Testing

@testable import Qwen3TTS

struct CodecDecoderTests {
    let decoder: CodecDecoder
    let processor = Processor()

    init() throws {
        let codec = try TinyCheckpoint.codec()
        decoder = try CodecDecoder(codec.weights["decoder"], codec.configuration)
    }

    @Test(arguments: CodecPrecision.allCases, [[1], [50]] + (1...6).map(chunks))
    func streamedEqualsWhole(_ precision: CodecPrecision, _ chunks: [Int]) throws {
        let decoder = try decoder(precision)
        let frames = try TinyCheckpoint.codes("decoder/window/codes")
        let whole = try decoder.step(frames, decoder.makeState(), on: processor).values
        let streamed = try decode(frames, with: decoder, chunks: chunks, on: processor)
        #expect(whole.map(\.bitPattern) == streamed.map(\.bitPattern))
    }

    /// Random lengths of pieces, the same on every run.
    static func chunks(seed: Int) -> [Int] {
        var random = RandomStream(seed: UInt64(seed))
        return (0..<20).map { _ in 1 + Int(random.uniform() * 20) }
    }

    @Test(arguments: CodecPrecision.allCases)
    func threadsDoNotChangeASample(_ precision: CodecPrecision) throws {
        let decoder = try decoder(precision)
        let frames = try TinyCheckpoint.codes("decoder/small/codes")
        let one = try decode(frames, with: decoder, chunks: [1], on: processor)
        let three = try decode(frames, with: decoder, chunks: [1], on: Processor(threads: 3))
        #expect(one.map(\.bitPattern) == three.map(\.bitPattern))
    }

    /// Decibels of the whole waveform against float32. Random weights amplify every error on its way to the sound:
    /// what holds for them holds for a trained decoder.
    @Test(
        arguments: [CodecPrecision.int16, .hybrid, .transform],
        ["decoder/small/codes", "decoder/window/codes", "decoder/batch/codes"])
    func sixteenBitsAreNearFloat(_ precision: CodecPrecision, _ codes: String) throws {
        let frames = try TinyCheckpoint.codes(codes)
        let exact = try decode(frames, with: decoder, chunks: [8], on: processor)
        let near = try decode(frames, with: decoder(precision), chunks: [8], on: processor)
        #expect(Deviation(near, from: exact).decibels ?? .infinity >= 40)
    }

    /// Bytes keep the 40 dB that speaking asks for by little (41 to 45 here, but 21 where weights are random): the checkpoint's
    /// record of them is true.
    @Test(arguments: CodecPrecision.allCases, [1, 2, 3])
    func everyPrecisionIsNearFloatOnATrainedDecoder(_ precision: CodecPrecision, seed: Int) throws {
        let mini = try MiniCodec()
        let frames = mini.configuration.randomCodes(40, seed: seed)
        let exact = try decode(frames, with: mini.decoder(.float32), chunks: [8], on: processor)
        let near = try decode(frames, with: mini.decoder(precision), chunks: [8], on: processor)
        #expect(Deviation(near, from: exact).decibels ?? .infinity >= 40)
    }

    @Test func aFrameGivesItsSamples() throws {
        let samples = try decoder.step(
            [Array(TinyCheckpoint.codes("decoder/small/codes")[0])], decoder.makeState(), on: processor)
        #expect(samples.rows == decoder.configuration.samplesPerFrame && samples.columns == 1)
    }

    @Test func badCodesAreNamedAndChangeNothing() throws {
        let frames = try TinyCheckpoint.codes("decoder/small/codes")
        let state = decoder.makeState()
        let first = try decoder.step([frames[0]], state, on: processor).values
        var bad = frames[1]
        bad[3] = decoder.configuration.decoder.codebookSize
        #expect(throws: CodecError.codeOutOfRange(frame: 1, quantizer: 3, code: bad[3], limit: bad[3])) {
            try decoder.step([bad], state, on: processor)
        }
        #expect(throws: CodecError.wrongCodeCount(frame: 2, expected: 16, found: 0)) {
            try decoder.step([frames[1], []], state, on: processor)
        }
        let second = try decoder.step([frames[1]], state, on: processor).values
        let whole = try decoder.step(Array(frames[0..<2]), decoder.makeState(), on: processor).values
        #expect(first + second == whole)
    }

    private func decoder(_ precision: CodecPrecision) throws -> CodecDecoder {
        let codec = try TinyCheckpoint.codec()
        return try CodecDecoder(codec.weights["decoder"], codec.configuration, precision: precision)
    }

    private func decode(
        _ frames: [[Int]], with decoder: CodecDecoder, chunks: [Int], on processor: Processor
    ) throws -> [Float] {
        let state = decoder.makeState()
        var samples: [Float] = []
        var start = 0
        var turn = 0
        while start < frames.count {
            let end = min(start + chunks[turn % chunks.count], frames.count)
            samples += try decoder.step(Array(frames[start..<end]), state, on: processor).values
            start = end
            turn += 1
        }
        return samples
    }
}

/// The decoder of the built-in model, which was trained.
struct MiniCodec {
    let weights: Weights
    let configuration: CodecConfiguration

    init() throws {
        let folder = Repository.path("Models/makima-mini")
        weights = try Safetensors.directory(folder + "/speech_tokenizer")["decoder"]
        configuration = try Configuration.codec(directory: folder)
    }

    func decoder(_ precision: CodecPrecision) throws -> CodecDecoder {
        try CodecDecoder(weights, configuration, precision: precision)
    }
}

struct CodecConfigurationTests {
    @Test func inconsistentSizesAreNamed() throws {
        var configuration = try TinyCheckpoint.codec().configuration
        configuration.samplesPerFrame += 1
        #expect(throws: CodecError.badConfiguration("ratios multiply to 1920, decode_upsample_rate is 1921")) {
            try configuration.validate()
        }
        configuration.decoder.window = 0
        #expect(throws: CodecError.self) { try configuration.validate() }
    }
}
