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
    private static func released() throws -> [String: [UInt8]] {
        let folder = Repository.tiny + "/base"
        var files: [String: [UInt8]] = [:]
        for file in StoreFiles.tree(folder)
        where file.hasSuffix(".json") || file.hasSuffix(".txt") || file.hasSuffix(".safetensors") {
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

    @Test func offlineIsOneSentence() async throws {
        let temporary = TemporaryStore()
        let outcome = try await makima(
            ["models", "pull", HostileHub.id], store: temporary.directory, endpoint: "http://127.0.0.1:1")
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.split(separator: "\n").count == 1 && outcome.errors.contains("cannot be reached"))
    }
}
