import Compute
import ModelFile
import Testing

@testable import Qwen3TTS

struct CodecDecoderTests {
    let decoder: CodecDecoder
    let processor = Processor()

    init() throws {
        let codec = try TinyCheckpoint.codec()
        decoder = try CodecDecoder(codec.weights["decoder"], codec.configuration)
    }

    @Test(arguments: [[1], [50]] + (1...6).map(chunks))
    func streamedEqualsWhole(_ chunks: [Int]) throws {
        let frames = try TinyCheckpoint.codes("decoder/window/codes")
        let whole = try decoder.step(frames, decoder.makeState(), on: processor).values
        let streamed = try decode(frames, chunks: chunks, on: processor)
        #expect(whole.map(\.bitPattern) == streamed.map(\.bitPattern))
    }

    /// Random lengths of pieces, the same on every run.
    static func chunks(seed: Int) -> [Int] {
        var random = RandomStream(seed: UInt64(seed))
        return (0..<20).map { _ in 1 + Int(random.uniform() * 20) }
    }

    @Test func threadsDoNotChangeASample() throws {
        let frames = try TinyCheckpoint.codes("decoder/small/codes")
        let one = try decode(frames, chunks: [1], on: processor)
        let three = try decode(frames, chunks: [1], on: Processor(threads: 3))
        #expect(one.map(\.bitPattern) == three.map(\.bitPattern))
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

    private func decode(_ frames: [[Int]], chunks: [Int], on processor: Processor) throws -> [Float] {
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
