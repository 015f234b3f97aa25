import Foundation
import ModelFile
import TestSupport
import Testing

@testable import Quantization
import Speech

@Test(arguments: Recipe.names)
func whatWasWrittenIsTheSourceWithinItsFormat(name: String) async throws {
    try await withCopy { source, folder in
        let destination = folder + "/quantized"
        let report = try await quantize(source: source, destination: destination, recipe: .named(name))
        for (format, decibels) in [("int8", 38.0), ("int4", 16.0), ("BF16", 48.0)] {
            for line in report.tensors where line.to == format {
                #expect(line.sqnrDB ?? .infinity > decibels, "\(line)")
            }
        }
        #expect(report.tensors.allSatisfy { $0.to != "F32" || $0.sqnrDB == nil })
        #expect(report.notes == [])
        // What the report says lies in the files.
        for file in ["/model.safetensors", "/speech_tokenizer/model.safetensors"] {
            let tensors = try Safetensors(path: destination + file).tensors.values.filter {
                !$0.name.hasPrefix("padding.")
            }
            let lines = report.tensors.filter { "/" + $0.file == file }
            #expect(tensors.reduce(0) { $0 + $1.byteCount } == lines.reduce(0) { $0 + $1.bytes })
            #expect(tensors.allSatisfy { $0.fileOffset % 64 == 0 })
            let formats = Set(lines.map(\.to))
            #expect(tensors.contains { $0.name.hasSuffix("weight_packed") } == formats.contains("int4"))
            #expect(tensors.contains { $0.type == .i8 } == formats.contains("int8"))
        }
        #expect(try Set(contents(source)).union([QualityReport.fileName]) == Set(contents(destination)))
        let saved = try JSONDecoder().decode(
            QualityReport.self, from: Data(contentsOf: URL(fileURLWithPath: destination + "/" + QualityReport.fileName))
        )
        #expect(saved == report)
        #expect(try contents(folder) == ["quantized", "source"])
    }
}

@Test func configurationSaysHowAndKeepsTheRest() async throws {
    try await withCopy { source, folder in
        for (name, format) in [("int8", "int-quantized"), ("int4", "pack-quantized"), ("mixed", "mixed-precision")] {
            let destination = folder + "/" + name
            _ = try await quantize(source: source, destination: destination, recipe: .named(name))
            func object(_ folder: String) throws -> [String: Any] {
                let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))
                return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            }
            var written = try object(destination)
            let config = try #require(written.removeValue(forKey: "quantization_config") as? [String: Any])
            #expect(NSDictionary(dictionary: written).isEqual(to: try object(source)))
            #expect(config["quant_method"] as? String == "compressed-tensors" && config["format"] as? String == format)
            let metadata = try Safetensors(path: destination + "/model.safetensors").metadata
            #expect(metadata["recipe"] == name && metadata["source_sha256"]?.count == 64)
        }
    }
}

@Test func sameSourceGivesSameBytesOnAnyNumberOfThreads() async throws {
    try await withCopy { source, folder in
        for (name, threads) in [("a", 1), ("b", 3)] {
            _ = try await quantize(
                source: source, destination: folder + "/" + name, recipe: .named("mixed"),
                options: QuantizationOptions(threads: threads))
        }
        for file in try contents(folder + "/a") where file != "speech_tokenizer" {
            #expect(
                FileManager.default.contentsEqual(atPath: folder + "/a/" + file, andPath: folder + "/b/" + file),
                "\(file)")
        }
    }
}

@Test func theSourceIsNamedByItsDigestAndItsCacheFolder() async throws {
    try await withCopy { source, folder in
        let cache = folder + "/models--Qwen--Tiny/snapshots"
        try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(atPath: cache + "/abc123", withDestinationPath: source)
        _ = try await quantize(source: cache + "/abc123/", destination: folder + "/q", recipe: .named("bf16"))
        let metadata = try Safetensors(path: folder + "/q/model.safetensors").metadata
        #expect(metadata["source_repository"] == "Qwen/Tiny" && metadata["source_revision"] == "abc123")
        let sum = try shell("sha256sum < '\(source)/model.safetensors'").text.prefix(64)
        #expect(metadata["source_sha256"] == String(sum))
    }
}

// MARK: What is refused

@Test func valuesThatAreNoNumbersAreNamed() async throws {
    let name = "talker.model.layers.0.mlp.up_proj.weight"
    for bits in [0x7fc0, 0x7f80, 0xff80] as [UInt16] {
        try await withCopy { source, folder in
            try rewrite(source + "/model.safetensors") { tensor, bytes in
                var bytes = bytes
                if tensor.name == name { bytes.replaceSubrange(8..<10, with: [UInt8(bits & 255), UInt8(bits >> 8)]) }
                return bytes
            }
            let error = await #expect(throws: QuantizationError.self) {
                _ = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8"))
            }
            guard case .notFinite(name, _, 4, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(try contents(folder) == ["source"])
        }
    }
}

@Test func quantizedSourcesAreRefused() async throws {
    try await withCopy { source, folder in
        _ = try await quantize(source: source, destination: folder + "/q", recipe: .named("int4"))
        await #expect(
            throws: QuantizationError.alreadyQuantized(
                path: folder + "/q", evidence: "config.json has a quantization_config")
        ) { _ = try await quantize(source: folder + "/q", destination: folder + "/r", recipe: .named("int8")) }
        // Also where somebody took the entry out of config.json.
        try FileManager.default.removeItem(atPath: folder + "/q/config.json")
        try FileManager.default.copyItem(atPath: source + "/config.json", toPath: folder + "/q/config.json")
        let error = await #expect(throws: QuantizationError.self) {
            _ = try await quantize(source: folder + "/q", destination: folder + "/r", recipe: .named("int8"))
        }
        guard case .alreadyQuantized? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // bfloat16 is no quantization: it can be quantized further.
        _ = try await quantize(source: source, destination: folder + "/b", recipe: .named("bf16"))
        let report = try await quantize(source: folder + "/b", destination: folder + "/c", recipe: .named("int8"))
        #expect(report.notes == [])
    }
}

@Test func unknownTensorsAreKeptAndReported() async throws {
    try await withCopy { source, folder in
        let extra = [
            (TensorDescription(name: "talker.new_thing", type: .f32, shape: [3]), [UInt8](repeating: 1, count: 12)),
            (TensorDescription(name: "counter", type: .i64, shape: [1]), [UInt8](repeating: 2, count: 8)),
        ]
        try rewrite(source + "/model.safetensors", extra: extra) { $1 }
        try Data("x".utf8).write(to: URL(fileURLWithPath: source + "/old.bin"))
        let report = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8"))
        #expect(
            report.notes == [
                "tensor counter has no rule: kept as it is", "tensor talker.new_thing has no rule: kept as it is",
                "old.bin was not copied",
            ]
                || report.notes == [
                    "tensor talker.new_thing has no rule: kept as it is", "tensor counter has no rule: kept as it is",
                    "old.bin was not copied",
                ])
        let tensors = try Safetensors(path: folder + "/q/model.safetensors").tensors
        #expect(tensors["talker.new_thing"]?.bytes(0..<3) == extra[0].1)
        #expect(tensors["counter"]?.bytes(0..<1) == extra[1].1)
    }
}

@Test func destinationsInTheWayAreLeftAlone() async throws {
    try await withCopy { source, folder in
        let recipe = try Recipe.named("int8")
        func refused(_ destination: String) async -> QuantizationError? {
            await #expect(throws: QuantizationError.self) {
                _ = try await quantize(source: source, destination: destination, recipe: recipe)
            }
        }
        try Data("mine".utf8).write(to: URL(fileURLWithPath: folder + "/file"))
        #expect(await refused(folder + "/file") == .destinationExists(folder + "/file"))
        try FileManager.default.createSymbolicLink(atPath: folder + "/dangling", withDestinationPath: "/nowhere")
        #expect(await refused(folder + "/dangling") == .destinationExists(folder + "/dangling"))
        #expect(await refused(source) == .sameFolder(source))
        #expect(await refused(source + "/inside") == .sameFolder(source + "/inside"))
        #expect(await refused(folder + "/no/q") == .noParent(folder + "/no"))
        #expect(try contents(folder) == ["dangling", "file", "source"])
        #expect(try contents(source) == contents(tiny))
    }
}

@Test func foldersThatAreNoCheckpointAreRefused() async throws {
    for missing in [
        "config.json", "model.safetensors", "speech_tokenizer/config.json", "speech_tokenizer/model.safetensors",
    ] {
        try await withCopy { source, folder in
            try FileManager.default.removeItem(atPath: source + "/" + missing)
            await #expect(throws: (any Error).self, "\(missing)") {
                _ = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8"))
            }
            #expect(try contents(folder) == ["source"])
        }
    }
    try await withCopy { source, folder in
        try rewrite(source + "/model.safetensors") { $0.name == "talker.codec_head.weight" ? nil : $1 }
        await #expect(
            throws: ModelFileError.missingTensor(
                name: "talker.codec_head.weight", path: source + "/model.safetensors")
        ) { _ = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8")) }
    }
}

@Test func anotherRunsFolderIsLeftAloneAndADeadOnesIsTakenOver() async throws {
    try await withCopy { source, folder in
        let destination = folder + "/q"
        do {
            let running = try StagingFolder(for: destination)
            await #expect(throws: QuantizationError.inUse(destination)) {
                _ = try await quantize(source: source, destination: destination, recipe: .named("int8"))
            }
            #expect(try contents(folder).contains("q.partial"))
            withExtendedLifetime(running) {}
        }
        // What a killed run leaves.
        try FileManager.default.createDirectory(atPath: destination + ".partial/x", withIntermediateDirectories: true)
        try Data("half".utf8).write(to: URL(fileURLWithPath: destination + ".partial/model.safetensors"))
        _ = try await quantize(source: source, destination: destination, recipe: .named("int8"))
        #expect(try contents(folder) == ["q", "source"])
    }
}
