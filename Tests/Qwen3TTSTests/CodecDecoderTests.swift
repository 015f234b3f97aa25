import Compute
import ModelFile
import Testing

@testable import Qwen3TTS

@Suite(.enabled(if: CodecGoldens.available))
struct CodecDecoderTests {
    let goldens: CodecGoldens
    let decoder: CodecDecoder
    let processor = Processor()

    init() throws {
        goldens = try CodecGoldens()
        decoder = try CodecDecoder(goldens.weights["decoder"], goldens.configuration)
    }

    @Test func everyStageEqualsTheReference() throws {
        let rowMajor = ["pre_transformer_in", "pre_transformer0", "pre_transformer1", "pre_transformer", "wav"]
        var seen: Set<String> = []
        var failure: (any Error)?
        _ = try decoder.step(goldens.frames("decoder/small/codes"), decoder.makeState(), on: processor) { name, rows in
            let golden = "decoder/small/" + name
            guard goldens.arrays.contains(golden) else { return }
            seen.insert(name)
            do { try goldens.expectEqual(golden, rows, transposed: !rowMajor.contains(name)) } catch { failure = error }
        }
        if let failure { throw failure }
        let prefix = "decoder/small/"
        let stored = goldens.arrays.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        #expect(seen == Set(stored).subtracting(["codes"]))
    }

    @Test func framesBeyondTheWindowEqualTheReference() throws {
        try expectPicks("decoder/window/wav_frames", codes: "decoder/window/codes", picks: "decoder_window")
    }

    @Test func threeHundredFramesDecodeInOnePass() throws {
        try expectPicks("decoder/chunk/once_frames", codes: "decoder/chunk/codes", picks: "decoder_chunk")
    }

    @Test(arguments: [[1], [2], [3, 1, 7], [50]])
    func streamedEqualsWhole(_ chunks: [Int]) throws {
        let frames = try goldens.frames("decoder/window/codes")
        let whole = try decoder.step(frames, decoder.makeState(), on: processor).values
        let streamed = try decode(frames, chunks: chunks, on: processor)
        #expect(whole.map(\.bitPattern) == streamed.map(\.bitPattern))
    }

    @Test func threadsDoNotChangeASample() throws {
        let frames = try goldens.frames("decoder/small/codes")
        let one = try decode(frames, chunks: [1], on: processor)
        let three = try decode(frames, chunks: [1], on: Processor(threads: 3))
        #expect(one.map(\.bitPattern) == three.map(\.bitPattern))
    }

    @Test func aFrameGivesItsSamples() throws {
        let samples = try decoder.step(
            [Array(goldens.frames("decoder/small/codes")[0])], decoder.makeState(), on: processor)
        #expect(samples.rows == goldens.configuration.samplesPerFrame && samples.columns == 1)
    }

    @Test func badCodesAreNamedAndChangeNothing() throws {
        let frames = try goldens.frames("decoder/small/codes")
        let state = decoder.makeState()
        let first = try decoder.step([frames[0]], state, on: processor).values
        var bad = frames[1]
        bad[3] = goldens.configuration.decoder.codebookSize
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

    private func expectPicks(_ golden: String, codes: String, picks name: String) throws {
        let wav = try decoder.step(goldens.frames(codes), decoder.makeState(), on: processor)
        let picks = try #require(goldens.manifest.cases[name]?.picks)
        let size = goldens.configuration.samplesPerFrame
        let found = picks.flatMap { wav[$0 * size..<($0 + 1) * size].values }
        try goldens.expectEqual(golden, Rows(found, columns: size))
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
    @Test(.enabled(if: CodecGoldens.available))
    func inconsistentSizesAreNamed() throws {
        var configuration = try CodecGoldens().configuration
        configuration.samplesPerFrame += 1
        #expect(throws: CodecError.badConfiguration("ratios multiply to 1920, decode_upsample_rate is 1921")) {
            try configuration.validate()
        }
        configuration.decoder.window = 0
        #expect(throws: CodecError.self) { try configuration.validate() }
    }
}
