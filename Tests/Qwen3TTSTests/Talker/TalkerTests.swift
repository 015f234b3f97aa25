import Compute
import FoundationEssentials
import ModelFile
import TestSupport
import Testing

@testable import Qwen3TTS

struct TalkerTests {
    /// The tiny checkpoint's talker is bfloat16; the same weights as float32.
    private func float32Weights() throws -> Weights {
        try withTemporaryFolder { folder in
            let source = try Safetensors.directory(TinyCheckpoint.directory())
            let names = source.names.filter { $0.hasPrefix("talker.") }
            let writer = try SafetensorsWriter(
                path: folder + "/model.safetensors",
                tensors: try names.map {
                    TensorDescription(name: $0, type: .f32, shape: try source.tensor($0).shape)
                })
            for name in names { try writer.write(source.floats(name), to: name, at: 0) }
            try writer.finish()
            return try Safetensors.directory(folder)["talker"]
        }
    }

    private func hidden(_ weights: Weights, _ precision: CachePrecision?) throws -> [Float] {
        let configuration = try Configuration(directory: TinyCheckpoint.directory())
        let talker = try Talker(weights, configuration, cachePrecision: precision)
        let x = Rows(rows: 20, columns: talker.hidden)
        for row in 0..<x.rows { talker.embeddings.codec(row * 3 + 1, into: x[row]) }
        let normed = Rows(rows: x.rows, columns: talker.hidden)
        talker.stack.step(
            x, [Segment(cache: talker.makeCache(capacity: 1), count: x.rows)], normed: normed,
            scratch: TransformerScratch(configuration.talker, capacity: x.rows), on: Processor())
        return normed.values
    }

    @Test func keysAndValuesAreRoundedUnlessWeightsAreFloat32() throws {
        let bfloat16 = try Safetensors.directory(TinyCheckpoint.directory())["talker"]
        let float32 = try float32Weights()
        let (exact, rounded) = (try hidden(bfloat16, .float32), try hidden(bfloat16, .float16))
        #expect(exact != rounded)
        #expect(try hidden(bfloat16, nil) == rounded)
        #expect(try hidden(float32, nil) == hidden(float32, .float32))
        #expect(try hidden(float32, nil) != hidden(float32, .float16))
    }
}
