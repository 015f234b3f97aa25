import Compute
import ModelFile
import TestSupport
import Testing

@testable import Qwen3TTS

/// Utterances that pass through the codec together.
struct CodecLaneTests {
    let processor = Processor()

    private func decoder(_ precision: CodecPrecision) throws -> CodecDecoder {
        let codec = try TinyCheckpoint.codec()
        return try CodecDecoder(codec.weights["decoder"], codec.configuration, precision: precision)
    }

    /// Some begin later, some have many frames, some only one, and some rest for a turn.
    @Test(arguments: CodecPrecision.allCases, [1, 3])
    func companyChangesNoSample(_ precision: CodecPrecision, threads: Int) throws {
        let decoder = try decoder(precision)
        let (alone, crowd) = (Processor(), Processor(threads: threads))
        let utterances = (1...4).map { decoder.configuration.randomCodes(70, seed: $0) }
        let workspace = CodecWorkspace()
        let states = utterances.map { _ in decoder.makeState(workspace) }
        var next = [0, 0, 0, 0]
        var sound: [[Float]] = [[], [], [], []]
        var random = RandomStream(seed: 11)
        for turn in 0..<12 {
            var speaking: [Int] = []
            var lanes: [CodecLane] = []
            for index in 0..<4 where turn >= index && random.uniform() < 0.8 {
                let most = turn == 6 ? 40 : 1 + Int(random.uniform() * 4)
                let frames = utterances[index][next[index]..<min(next[index] + most, 70)]
                guard !frames.isEmpty else { continue }
                lanes.append(try decoder.lane(frames.flatMap { $0 }, states[index]))
                next[index] += frames.count
                speaking.append(index)
            }
            decoder.step(lanes, on: crowd) { sound[speaking[$0]] += $1.values }
        }
        for (index, frames) in utterances.enumerated() {
            #expect(next[index] > 8)
            let whole = try decoder.step(Array(frames[..<next[index]]), decoder.makeState(), on: alone).values
            #expect(sound[index].map(\.bitPattern) == whole.map(\.bitPattern))
        }
    }

    /// At any of the moments at which the codec asks: before each block.
    @Test(arguments: 0..<4)
    func whoeverLeavesIsNotHeardAndChangesNothing(moment: Int) throws {
        let decoder = try decoder(.int16)
        let workspace = CodecWorkspace()
        let states = (0..<3).map { _ in decoder.makeState(workspace) }
        let utterances = (1...3).map { decoder.configuration.randomCodes(2, seed: $0).flatMap { $0 } }
        let lanes = try zip(utterances, states).map { try decoder.lane($0, $1) }
        var asked = 0
        var sound: [Int: [Float]] = [:]
        decoder.step(
            lanes, on: processor,
            isCancelled: { lane in
                if lane == 1 { asked += 1 }
                return lane == 1 && asked > moment
            }, hear: { sound[$0] = $1.values })
        #expect(asked == moment + 1)
        for index in [0, 2] {
            var alone: [Float] = []
            let lane = try decoder.lane(utterances[index], decoder.makeState())
            decoder.step([lane], on: processor) { alone = $1.values }
            #expect(sound[index] == alone)
        }
        #expect(sound[1] == nil)
    }

    @Test func nobodyLeftMeansNoWork() throws {
        let decoder = try decoder(.int16)
        let lane = try decoder.lane(decoder.configuration.randomCodes(1, seed: 1).flatMap { $0 }, decoder.makeState())
        var asked = 0
        decoder.step([lane], on: processor) { _ in
            asked += 1
            return true
        } hear: { _, _ in
            Issue.record("there is sound")
        }
        #expect(asked == 1)
    }

    @Test func badCodesFailAlone() throws {
        let decoder = try decoder(.int16)
        let codec = CPUCodec(decoder, on: processor)
        let streams = (0..<3).map { _ in CodecStream(codec.makeState()) }
        for (index, stream) in streams.enumerated() {
            stream.codes = decoder.configuration.randomCodes(1, seed: index).flatMap { $0 }
        }
        streams[1].codes[3] = -1
        codec.decode(streams) { _ in false }
        let limit = decoder.configuration.decoder.codebookSize
        #expect(streams[1].error == .codeOutOfRange(frame: 0, quantizer: 3, code: -1, limit: limit))
        #expect(streams[1].samples.isEmpty)
        for index in [0, 2] {
            #expect(streams[index].error == nil)
            let frames = decoder.configuration.randomCodes(1, seed: index)
            #expect(streams[index].samples == (try decoder.step(frames, decoder.makeState(), on: processor).values))
        }
    }
}
