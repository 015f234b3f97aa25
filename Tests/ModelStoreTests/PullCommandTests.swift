import Foundation
import TestSupport
import Testing

@testable import ModelStore

/// The command itself, from a hub to speech, with the built-in model in the hub's place.
@Suite struct PullCommandTests {
    private func makima(_ arguments: [String], store: String, endpoint: String) async throws -> ProgramRun {
        let environment = [
            "MAKIMA_MODELS_DIR": store, "HF_ENDPOINT": endpoint + "/", "HOME": store, "PATH": "/usr/bin:/bin",
        ]
        // The hub needs the threads of tasks.
        return try await onThread {
            try run(builtProgram("makima"), arguments, in: Repository.path(""), environment: environment)
        }
    }

    /// A small checkpoint in the layout of the release.
    private static func released(_ folder: String = Repository.tiny + "/base") throws -> [String: [UInt8]] {
        var files: [String: [UInt8]] = [:]
        for file in StoreFiles.tree(folder) {
            files[file] = Array(try Data(contentsOf: URL(filePath: folder + "/" + file)))
        }
        return files
    }

    @Test func aModelIsPulledConvertedListedUsedAndRemoved() async throws {
        let hub = try await HostileHub(
            files: try Self.released(), faults: [ModelPullTests.weightsPath: [.hangUp(after: 1_000_000)]])
        let temporary = TemporaryStore()
        func makima(_ arguments: String...) async throws -> ProgramRun {
            try await self.makima(arguments, store: temporary.directory, endpoint: hub.endpoint)
        }
        let pulled = try await makima("models", "pull", HostileHub.id)
        #expect(pulled.status == 0, "\(pulled)")
        #expect(pulled.text.contains("is ready"))
        #expect(pulled.errors.contains("Converting to int8"))
        let again = try await makima("models", "pull", HostileHub.id)
        #expect(again.status == 0 && again.text.contains("here already"), "\(again)")
        let path = try temporary.store.resolve(HostileHub.id)
        guard case .intact = try Checksums.check(path) else {
            Issue.record("the converted model is not as it was written")
            return
        }
        let listed = try await makima("models", "list", "--json")
        #expect(
            listed.text.contains("\"name\" : \"\(HostileHub.id)\"") && listed.text.contains("\"int8\""), "\(listed)"
        )
        let said = try await makima(
            "say", "good morning", "--model", path, "--output", temporary.directory + "/speech.wav")
        #expect(said.status == 0, "\(said)")
        #expect((StoreFiles.size(temporary.directory + "/speech.wav") ?? 0) > 20_000)
        let removed = try await makima("models", "remove", HostileHub.id)
        #expect(removed.status == 0 && removed.text == "Removed \(HostileHub.id):int8.\n", "\(removed)")
        #expect(temporary.store.list().isEmpty)
        await hub.stop()
    }

    @Test func chatterboxIsPulledConvertedListedAndUsed() async throws {
        var files = try Self.released(Repository.path("Tests/Goldens/chatterbox/tiny"))
        // The heads of so small a model are in no file of a release: it brings them.
        let heads = files.removeValue(forKey: "kit.json")
        let kit = try #require(heads)
        for other in ["README.md", "pytorch_model.bin", "other.pt", "config.yaml", "old/vocab.json"] {
            files[other] = [0]
        }
        let hub = try await HostileHub(
            files: files,
            faults: ["/resolve/\(HostileHub.commit)/s3gen_meanflow.safetensors": [.hangUp(after: 1_000_000)]])
        let temporary = TemporaryStore()
        func makima(_ arguments: String...) async throws -> ProgramRun {
            try await self.makima(arguments, store: temporary.directory, endpoint: hub.endpoint)
        }
        let pulled = try await makima("models", "pull", HostileHub.id, "--format", "released")
        #expect(pulled.status == 0 && pulled.text.contains("is ready"), "\(pulled)")
        let released = try temporary.store.resolve(HostileHub.id)
        #expect(
            StoreFiles.tree(released) == [
                "SHA256SUMS", "added_tokens.json", "conds.pt", "makima.json", "merges.txt",
                "s3gen_meanflow.safetensors",
                "special_tokens_map.json", "t3_turbo_v1.safetensors", "tokenizer_config.json", "ve.safetensors",
                "vocab.json",
            ])
        // 32 elements are no head of 64.
        let refused = try await makima("models", "pull", HostileHub.id)
        #expect(refused.status == 1 && refused.errors.contains("no multiple of 0 heads"), "\(refused)")
        try Data(kit).write(to: URL(filePath: released + "/kit.json"))
        let converted = try await makima("models", "pull", HostileHub.id)
        #expect(converted.status == 0 && converted.errors.contains("Converting to int8"), "\(converted)")
        #expect(hub.requests(of: "ve.safetensors").count == 1)
        let path = try temporary.store.resolve(HostileHub.id)
        #expect(try Checksums.check(path) == .intact(files: 12))
        let listed = try await makima("models", "list", "--json")
        #expect(listed.text.contains("\"engine\" : \"chatterbox\"") && listed.text.contains("\"int8\""), "\(listed)")
        let inspected = try await makima("inspect", HostileHub.id)
        #expect(inspected.status == 0 && inspected.text.contains("int8"), "\(inspected)")
        let said = try await makima(
            "say", "good morning", "--model", HostileHub.id, "--seed", "1", "--output",
            temporary.directory + "/speech.wav")
        #expect(said.status == 0 && (StoreFiles.size(temporary.directory + "/speech.wav") ?? 0) > 4_000, "\(said)")
        let removed = try await makima("models", "remove", HostileHub.id)
        #expect(removed.status == 0 && temporary.store.list().isEmpty, "\(removed)")
        await hub.stop()
    }

    @Test func offlineIsOneSentence() async throws {
        let temporary = TemporaryStore()
        let outcome = try await makima(
            ["models", "pull", HostileHub.id], store: temporary.directory, endpoint: "http://127.0.0.1:1")
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("cannot be reached"))
    }
}
