import Foundation
import NIOHTTP1
import Testing

@testable import ModelStore

/// A store in a temporary folder, removed with the test.
final class TemporaryStore {
    let directory = FileManager.default.temporaryDirectory.path + "/makima-store-\(UUID().uuidString)"
    var store: ModelStore { ModelStore(directory: directory) }
    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func contents(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: directory + "/" + path).map(Array.init)
    }
    var everything: [String] { StoreFiles.tree(directory) }
}

extension HostileHub {
    /// Short waits, so that the tests are short.
    var configuration: HubConfiguration {
        var configuration = HubConfiguration()
        configuration.endpoint = endpoint
        configuration.firstDelay = .milliseconds(1)
        configuration.longestDelay = .seconds(5)
        configuration.attempts = 4
        return configuration
    }

    @discardableResult
    func pull(
        into temporary: TemporaryStore, format: String = "released", token: String? = nil, revision: String = "main",
        stallTimeout: Duration = .seconds(20), endpoint: String? = nil, environment: [String: String] = [:],
        conversion: ModelPull.Conversion? = nil,
        progress: @escaping PullProgress = { _ in }
    ) async throws -> (path: String, isNew: Bool) {
        var configuration = self.configuration
        configuration.token = token
        configuration.stallTimeout = stallTimeout
        configuration.endpoint = endpoint ?? configuration.endpoint
        configuration.proxies = try ProxySettings(environment: environment)
        var pull = ModelPull(name: try ModelName(Self.id), format: format, conversion: conversion)
        pull.revision = revision
        return try await pull.run(into: temporary.store, from: configuration, progress: progress)
    }
}

@Suite struct ModelPullTests {
    static let weights = "model.safetensors"
    static let weightsPath = "/Tiny-Base/resolve/\(HostileHub.commit)/model.safetensors"

    @Test func aPulledModelIsCompleteAndHoldsOnlyWhatIsNeeded() async throws {
        let hub = try await HostileHub()
        let temporary = TemporaryStore()
        var events: [PullEvent] = []
        let (path, isNew) = try await hub.pull(into: temporary, progress: { events.append($0) })
        #expect(isNew)
        #expect(
            StoreFiles.tree(path) == [
                "SHA256SUMS", "config.json", "makima.json", "model.safetensors", "speech_tokenizer/model.safetensors",
            ])
        for file in ["config.json", "model.safetensors", "speech_tokenizer/model.safetensors"] {
            #expect(temporary.contents("\(HostileHub.id)/released/\(file)") == HostileHub.modelFiles[file])
        }
        #expect(try Checksums.check(path) == .intact(files: 4))
        #expect(events.first == .found(files: 3, bytes: 350_027))
        #expect(
            events.contains(.downloading(file: "speech_tokenizer/model.safetensors", done: 350_027, total: 350_027)))
        #expect(try temporary.store.resolve(HostileHub.id) == temporary.directory + "/\(HostileHub.id)/default")
        #expect(!temporary.everything.contains { $0.contains("download") || $0.contains("incoming") })
        await hub.stop()
    }

    @Test func aSecondPullFetchesNothing() async throws {
        let hub = try await HostileHub()
        let temporary = TemporaryStore()
        try await hub.pull(into: temporary)
        let before = hub.requests.count
        let (_, isNew) = try await hub.pull(into: temporary)
        #expect(!isNew)
        #expect(hub.requests.count == before + 1)
        await hub.stop()
    }

    /// Each of these is cured by trying again, and what arrived before is kept.
    @Test(arguments: [
        [HostileHub.Fault.hangUp(after: 100_000)], [.hangUp(after: 100_000), .hangUp(after: 0)],
        [.status(503)], [.status(429, [("Retry-After", "0")])], [.status(500), .status(502), .status(504)],
        [.flipByte], [.announce(299_999)], [.overlong],
        [.hangUp(after: 100_000), .ignoreRange],
        [.hangUp(after: 100_000), .contentRange("bytes 7-299999/300000")],
        [.hangUp(after: 100_000), .status(416)],
    ])
    func faultsThatPassLeaveAWholeModel(_ faults: [HostileHub.Fault]) async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: faults])
        let temporary = TemporaryStore()
        let (path, _) = try await hub.pull(into: temporary)
        #expect(
            temporary.contents("\(HostileHub.id)/released/model.safetensors") == HostileHub.modelFiles[Self.weights])
        #expect(try Checksums.check(path) == .intact(files: 4))
        // A server that ignores the range sends everything, and that is enough.
        let failures = faults.count { if case .ignoreRange = $0 { false } else { true } }
        #expect(hub.requests(of: Self.weightsPath).count == failures + 1)
        await hub.stop()
    }

    @Test func aTransferThatGoesSilentIsTakenUpAgain() async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: [.stall(after: 100_000), .stall(after: 50_000)]])
        let temporary = TemporaryStore()
        var reasons: [String] = []
        try await hub.pull(
            into: temporary, stallTimeout: .milliseconds(500),
            progress: {
                if case .waiting(_, let reason) = $0 { reasons.append(reason) }
            })
        #expect(
            temporary.contents("\(HostileHub.id)/released/model.safetensors") == HostileHub.modelFiles[Self.weights])
        #expect(reasons.contains { $0.contains("went silent") })
        await hub.stop()
    }

    @Test func aTransferGoesOnWhereItStoppedWithTheSameVersion() async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: [.hangUp(after: 100_000)]])
        let temporary = TemporaryStore()
        try await hub.pull(into: temporary)
        let second = hub.requests(of: Self.weightsPath)[1].headers
        let start = try #require(second.first(name: "Range").flatMap { Int($0.dropFirst(6).dropLast()) })
        #expect(0 < start && start <= 100_000)
        #expect(second.first(name: "If-Range") == "\"v1\"")
        await hub.stop()
    }

    @Test func aLaterCommandGoesOnWhereTheFirstGaveUp() async throws {
        let faults = [HostileHub.Fault](repeating: .hangUp(after: 0), count: 4)
        let hub = try await HostileHub(faults: [Self.weightsPath: [.hangUp(after: 200_000)] + faults])
        let temporary = TemporaryStore()
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: temporary) }
        #expect(error?.description.contains("goes on where it stopped") == true)
        #expect(temporary.store.list().isEmpty)
        try await hub.pull(into: temporary)
        #expect(temporary.contents("\(HostileHub.id)/default/model.safetensors") == HostileHub.modelFiles[Self.weights])
        let ranges = hub.requests(of: Self.weightsPath).compactMap { $0.headers.first(name: "Range") }
        #expect(ranges.last != nil && ranges.last == ranges.dropLast().last)
        await hub.stop()
    }

    @Test func aVersionThatChangedMeanwhileStartsAnew() async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: [.hangUp(after: 100_000)]])
        let temporary = TemporaryStore()
        let part = temporary.directory + "/\(HostileHub.id)/download/\(HostileHub.commit)/model.safetensors.part"
        try FileManager.default.createDirectory(
            atPath: (part as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(repeating: 9, count: 5000).write(to: URL(filePath: part))
        try Data("\"older\"".utf8).write(to: URL(filePath: part + ".etag"))
        try await hub.pull(into: temporary)
        #expect(hub.requests(of: Self.weightsPath)[0].headers.first(name: "If-Range") == "\"older\"")
        #expect(temporary.contents("\(HostileHub.id)/default/model.safetensors") == HostileHub.modelFiles[Self.weights])
        await hub.stop()
    }

    @Test func aFileDamagedTwiceIsRefusedWithBothHashes() async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: [.flipByte, .flipByte]])
        let temporary = TemporaryStore()
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: temporary) }
        guard case .corrupted(Self.weights, let expected, let found) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(expected.count == 64 && found.count == 64 && expected != found)
        #expect(temporary.store.list().isEmpty)
        await hub.stop()
    }

    @Test func aServerThatAsksForALongPauseIsTakenAtItsWord() async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: [.status(429, [("Retry-After", "3600")])]])
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: TemporaryStore()) }
        #expect(error?.description.contains("asks to wait 3600 seconds") == true)
        #expect(hub.requests(of: Self.weightsPath).count == 1)
        await hub.stop()
    }

    @Test func aServerThatNeverRecoversIsGivenUp() async throws {
        let hub = try await HostileHub(faults: [Self.weightsPath: .init(repeating: .status(503), count: 50)])
        var waits = 0
        let error = await #expect(throws: ModelStoreError.self) {
            try await hub.pull(into: TemporaryStore(), progress: { if case .waiting = $0 { waits += 1 } })
        }
        #expect(error?.description.contains("status 503") == true)
        #expect(waits == 3)
        await hub.stop()
    }

    // MARK: What the hub says

    @Test func aModelThatIsNotThereIsNamed() async throws {
        let hub = try await HostileHub(faults: [
            "/api/": [.status(404), .status(401, [("X-Error-Code", "RepoNotFound")])]
        ])
        for _ in 0..<2 {
            let error = await #expect(throws: ModelStoreError.self) {
                try await hub.pull(into: TemporaryStore(), revision: "v9")
            }
            #expect(error == .notOnHub("Qwen/Tiny-Base (revision v9)"))
        }
        await hub.stop()
    }

    @Test func aGatedModelAsksForTermsAndToken() async throws {
        let hub = try await HostileHub(faults: ["/api/": [.status(403, [("X-Error-Code", "GatedRepo")])]])
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: TemporaryStore()) }
        #expect(error?.description.contains("HF_TOKEN") == true)
        await hub.stop()
    }

    @Test(arguments: [
        "", "[]", "{}", "null", #"{"sha": "main", "siblings": []}"#,
        #"{"sha": "../../../../../../../../../../../../../..", "siblings": []}"#,
        description(file: "../../etc/passwd.json"), description(file: "/etc/x.json"), description(file: "a/../b.json"),
        description(file: "a\\\\b.json"), description(file: "a\\u0000.json"), description(file: "a//b.json"),
        description(file: "x.json", size: -1), description(file: "x.json", size: Int.max),
        description(file: "x.json", hash: "0"), description(file: "config.json"),
        description(file: String(repeating: "a", count: 300) + ".json"),
    ])
    func aHostileDescriptionIsRefusedBeforeAnythingIsWritten(_ answer: String) async throws {
        let hub = try await HostileHub(faults: ["/api/": [.body(answer)]])
        let temporary = TemporaryStore()
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: temporary) }
        switch error {
        case .refused, .notSupported: break
        default: Issue.record("\(answer): \(String(describing: error))")
        }
        #expect(temporary.everything.isEmpty)
        await hub.stop()
    }

    private static func description(file: String, size: Int = 3, hash: String = String(repeating: "a", count: 40))
        -> String
    {
        """
        {"sha": "\(HostileHub.commit)", "siblings": [
          {"rfilename": "config.json", "size": 2, "blobId": "\(String(repeating: "b", count: 40))"},
          {"rfilename": "w.safetensors", "size": 2, "blobId": "\(String(repeating: "b", count: 40))"},
          {"rfilename": "\(file)", "size": \(size), "blobId": "\(hash)"}]}
        """
    }

    @Test func anEndlessDescriptionIsCutOff() async throws {
        let hub = try await HostileHub(faults: ["/api/": [.body(String(repeating: " ", count: 9 << 20))]])
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: TemporaryStore()) }
        guard case .refused = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        await hub.stop()
    }

    @Test func aModelOfAnotherKindIsRefusedBeforeItsWeightsAreFetched() async throws {
        var files = HostileHub.modelFiles
        files["config.json"] = Array(#"{"model_type": "llama"}"#.utf8)
        let hub = try await HostileHub(files: files)
        let temporary = TemporaryStore()
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: temporary) }
        #expect(error?.description.contains("llama") == true)
        #expect(hub.requests(of: Self.weightsPath).isEmpty)
        #expect(!temporary.everything.contains { $0.hasSuffix("config.json") })
        await hub.stop()
    }

    @Test func offlineIsOneSentenceAndFast() async throws {
        let hub = try await HostileHub()
        await hub.stop()
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: TemporaryStore()) }
        #expect(error == .offline(host: "127.0.0.1", reason: "the connection is refused"))
    }

    // MARK: Converting and switching

    private struct Broken: Error {}

    @Test func aFailedConversionLeavesTheOldModelInPlace() async throws {
        let hub = try await HostileHub()
        let temporary = TemporaryStore()
        try await hub.pull(into: temporary)
        await #expect(throws: ModelStoreError.self) {
            try await hub.pull(into: temporary, format: "int8") { _, destination, _ in
                try StoreFiles.makeDirectory(destination)
                try StoreFiles.write("{}", to: destination + "/config.json")
                throw Broken()
            }
        }
        #expect(temporary.store.list().map(\.format) == ["released"])
        #expect(!temporary.everything.contains { $0.contains("int8") })
        await hub.stop()
    }

    @Test func aConversionUsesTheReleasedModelThatIsAlreadyHere() async throws {
        let hub = try await HostileHub()
        let temporary = TemporaryStore()
        try await hub.pull(into: temporary)
        try await hub.pull(into: temporary, format: "int8") { source, destination, progress in
            try FileManager.default.copyItem(atPath: source, toPath: destination)
            progress(1)
        }
        #expect(hub.requests(of: Self.weightsPath).count == 1)
        let models = temporary.store.list()
        #expect(models.map(\.format) == ["int8", "released"])
        #expect(models.map(\.isDefault) == [true, false])
        #expect(try Checksums.check(try temporary.store.resolve(HostileHub.id + ":int8")) == .intact(files: 4))
        await hub.stop()
    }

    @Test func twoPullsOfOneModelDoNotMeet() async throws {
        let hub = try await HostileHub()
        let temporary = TemporaryStore()
        try StoreFiles.makeDirectory(temporary.directory + "/" + HostileHub.id)
        guard let lock = try StoreFiles.lock(temporary.directory + "/\(HostileHub.id)/.lock") else {
            Issue.record("nobody else holds this lock")
            return
        }
        let error = await #expect(throws: ModelStoreError.self) { try await hub.pull(into: temporary) }
        #expect(error == .busy(HostileHub.id))
        _ = consume lock
        await hub.stop()
    }

    @Test func aModelTooLargeForTheDiskIsRefusedBeforeItIsFetched() async throws {
        let hub = try await HostileHub()
        let temporary = TemporaryStore()
        var pull = ModelPull(name: try ModelName(HostileHub.id), format: "int8") { _, _, _ in }
        pull.expectedShare = 1e12
        let error = await #expect(throws: ModelStoreError.self) {
            try await pull.run(into: temporary.store, from: hub.configuration) { _ in }
        }
        guard case .notEnoughSpace = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(hub.requests(of: Self.weightsPath).isEmpty)
        await hub.stop()
    }

    @Test func retryAfterReadsSecondsAndDates() {
        let now = Date(timeIntervalSince1970: 1_795_000_000)
        #expect(HubTransport.retryAfter("7") == .seconds(7))
        #expect(HubTransport.retryAfter("-7") == nil)
        #expect(HubTransport.retryAfter("99999999999999") == .seconds(1_000_000))
        #expect(HubTransport.retryAfter("soon") == nil)
        #expect(HubTransport.retryAfter("Wed, 18 Nov 2026 11:07:20 GMT", now: now) == .seconds(40))
        #expect(HubTransport.retryAfter("Wed, 18 Nov 2020 11:06:40 GMT", now: now) == .seconds(0))
    }
}
