import ArgumentParser
import Speech
import TestSupport
import Testing

@testable import makima_bench

@Suite struct ChatterboxSuiteTests {
    /// As many tensors of each part as the released files have, and none twice.
    @Test func theSyntheticCheckpointHasWhatSpeechNeeds() throws {
        let shapes = SyntheticCheckpoint.chatterboxShapes()
        #expect(Set(shapes.keys) == ["t3_nano_v1", "t3_turbo_v1", "s3gen_meanflow", "ve"])
        for (file, expected) in [("t3_nano_v1", 12 * 12 + 9), ("t3_turbo_v1", 24 * 12 + 9)] {
            let names = try #require(shapes[file]).map(\.name)
            #expect(names.count == expected && Set(names).count == expected)
        }
        let s3gen = try #require(shapes["s3gen_meanflow"])
        #expect(s3gen.count { $0.name.hasPrefix("flow.") } == 1122)
        #expect(s3gen.count { $0.name.hasPrefix("mel2wav.") } == 328)
        let last = try #require(s3gen.first { $0.name == "flow.decoder.estimator.mid_blocks.11.1.3.attn1.to_k.weight" })
        #expect(last.extents == [512, 256])
    }

    @Test func aFolderSaysWhoseItIs() throws {
        let folder = Repository.path("Tests/Goldens/chatterbox/tiny")
        #expect(ChatterboxSuite.engine.accepts(folder))
        #expect(!ChatterboxSuite.engine.accepts(Repository.path("Models/makima-mini")))
        _ = try EngineCommand.parse(["--model", folder])
    }

    @Test(arguments: [
        (["--engine", "bark"], "There is no engine bark. There are: qwen3, chatterbox."),
        (
            ["--engine", "chatterbox", "--format", "mixed"],
            "There is no format mixed. There are: int8, int4, bf16, f32."
        ),
    ])
    func wrongOptionsAreNamed(_ arguments: [String], _ message: String) {
        let error = #expect(throws: (any Error).self) { try EngineCommand.parse(arguments) }
        #expect(error.map { EngineCommand.message(for: $0) }?.contains(message) == true)
    }

    @Test func aResultIsALineOfTheTable() {
        var results = Results()
        var nano = Results.ChatterboxResult()
        nano.tokenMs = 7.25
        results.chatterbox = ["nano int8": nano]
        #expect(results.table.contains("nano int8") && results.table.contains("7.25"))
    }
}
