import Foundation
import ModelFile
import TestSupport
import Testing

@testable import Quantization
import Speech

/// Made by `make test`; has numpy and safetensors.
private let python = Repository.path(".venv-tests/bin/python")

@Test(
    .enabled(if: FileManager.default.isExecutableFile(atPath: python), "`make .venv-tests` sets Python up"),
    arguments: ["int8", "int4", "mixed"], [tiny, tinyChatterbox])
func pythonReadsTheSameNumbers(name: String, checkpoint: String) async throws {
    try await withCopy(of: checkpoint) { source, folder in
        let destination = folder + "/q"
        _ = try await quantize(source: source, destination: destination, recipe: .named(name))
        let checkpoint = try SourceCheckpoint(source)
        for (part, plans) in zip(checkpoint.parts, try checkpoint.plans(.named(name))) {
            let file = destination + "/" + part.file
            let script = Repository.path("Tests/QuantizeTests/dequantize.py")
            let run = try shell("'\(python)' '\(script)' '\(file)' '\(folder)/floats.safetensors'")
            try #require(run.status == 0, "\(run.errors)")
            let decoded = try Safetensors(path: folder + "/floats.safetensors").tensors
            let weights = Weights(tensors: try Safetensors(path: file).tensors, path: file)
            #expect(Set(decoded.keys) == Set(plans.map(\.source.name)))
            for plan in plans where plan.source.type != .i64 {
                let stored = try StoredTensor(plan, in: weights)
                let ours = try plan.pieces.flatMap { try stored.floats($0) }
                #expect(try decoded[plan.source.name]?.floats() == ours, "\(plan.source.name)")
            }
        }
    }
}
