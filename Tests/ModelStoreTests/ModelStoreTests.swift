import Foundation
import TestSupport
import Testing

@testable import ModelStore

@Suite struct ModelStoreTests {
    @Test(arguments: ["Qwen/Qwen3-TTS-12Hz-0.6B-Base", "a/b", "Qwen/x:int8", "o_r.g/n-a.m_e:bf16"])
    func namesOfTheHubAreUnderstood(_ text: String) throws {
        #expect(try ModelName(text).description == text)
    }

    @Test(arguments: [
        "", "a", "a/", "/a", "a/b/c", "../x", "a/..", "a/.b", "-a/b", "a/b:", "a/b:INT8", "a/b:../x", "a/b:c/d",
        "a b/c",
        "a/b\0", "ä/b", "a/b..c", String(repeating: "a", count: 97) + "/b",
    ])
    func otherNamesAreRefused(_ text: String) {
        #expect(throws: ModelStoreError.self) { try ModelName(text) }
    }

    /// A store with formats int8 and bf16 of one model, and a built-in model.
    private func filled() throws -> (TemporaryStore, ModelStore) {
        let temporary = TemporaryStore()
        let folder = temporary.directory + "/store/Qwen/Base"
        for format in ["int8", "bf16"] {
            try StoreFiles.makeDirectory(folder + "/snapshots/\(format)-1")
            try StoreFiles.write("{}", to: folder + "/snapshots/\(format)-1/config.json")
            try StoreFiles.link(folder + "/" + format, to: "snapshots/\(format)-1")
        }
        try StoreFiles.link(folder + "/default", to: "int8")
        try StoreFiles.makeDirectory(temporary.directory + "/builtin/makima-mini")
        try StoreFiles.write("{}", to: temporary.directory + "/builtin/makima-mini/config.json")
        return (
            temporary,
            ModelStore(directory: temporary.directory + "/store", builtIn: [temporary.directory + "/builtin"])
        )
    }

    @Test func aModelIsFoundByFolderByIdByFormatAndBuiltIn() throws {
        let (temporary, store) = try filled()
        let root = temporary.directory
        #expect(try store.resolve(root + "/builtin/makima-mini") == root + "/builtin/makima-mini")
        #expect(try store.resolve("makima-mini") == root + "/builtin/makima-mini")
        #expect(try store.resolve("Qwen/Base") == root + "/store/Qwen/Base/default")
        #expect(try store.resolve("Qwen/Base:bf16") == root + "/store/Qwen/Base/bf16")
    }

    @Test func aModelThatIsNotHereListsWhatIs() throws {
        let (_temporary, store) = try filled()
        let known = ["Qwen/Base:bf16", "Qwen/Base:int8", "makima-mini"]
        for name in ["Qwen/Other", "Qwen/Base:int4", "makima"] {
            #expect(throws: ModelStoreError.notFound(name, known: known)) { try store.resolve(name) }
        }
        withExtendedLifetime(_temporary) {}
    }

    @Test func aFolderWithoutAModelSaysSo() throws {
        let (temporary, store) = try filled()
        for path in [temporary.directory, temporary.directory + "/nowhere", "./nowhere", "~/nowhere"] {
            let error = #expect(throws: ModelStoreError.self) { try store.resolve(path) }
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test func removingAFormatKeepsTheOthersAndTheDefaultPointsAtOne() throws {
        let (temporary, store) = try filled()
        #expect(try store.remove("Qwen/Base:int8") == ["Qwen/Base:int8"])
        #expect(try store.resolve("Qwen/Base") == temporary.directory + "/store/Qwen/Base/default")
        #expect(store.list().map(\.format) == ["bf16", "as released"])
        #expect(!StoreFiles.exists(temporary.directory + "/store/Qwen/Base/snapshots/int8-1"))
        #expect(try store.remove("Qwen/Base") == ["Qwen/Base:bf16"])
        #expect(!StoreFiles.exists(temporary.directory + "/store/Qwen/Base"))
        #expect(throws: ModelStoreError.self) { try store.remove("Qwen/Base") }
    }

    @Test func theBuiltInModelIsNotRemoved() throws {
        let (_temporary, store) = try filled()
        #expect(throws: ModelStoreError.builtIn("makima-mini")) { try store.remove("makima-mini") }
        withExtendedLifetime(_temporary) {}
    }

    @Test func aBuiltInModelTellsWhatItIs() throws {
        let (temporary, store) = try filled()
        let note = temporary.directory + "/builtin/makima-mini/about.json"
        for broken in ["", "{}", #"{"format": 8, "summary": ""}"#] {
            try StoreFiles.write(broken, to: note)
            #expect(store.list().last?.format == "as released" && store.list().last?.summary == nil)
        }
        try StoreFiles.write(#"{"format": "int8", "summary": "Small."}"#, to: note)
        #expect(store.list().last?.format == "int8" && store.list().last?.summary == "Small.")
    }

    /// A clone of the repository is to stay small: 20 MB for the model.
    @Test func theModelInTheRepositoryIsSmallAndSaysWhatItIs() throws {
        let store = ModelStore(directory: "/nonexistent", builtIn: [Repository.path("Models")])
        let model = try #require(store.list().first)
        #expect(model.name == "makima-mini" && model.format == "int8" && model.bytes <= 20_000_000)
        let summary = try #require(model.summary)
        for word in ["English", "word error rate", "not the released"] { #expect(summary.contains(word)) }
    }

    @Test func aChangedOrMissingFileIsNamed() throws {
        let (temporary, store) = try filled()
        let path = try store.resolve("makima-mini")
        #expect(try Checksums.check(path) == .unlisted)
        try StoreFiles.write("abc", to: path + "/weights")
        try Checksums.write(in: path)
        #expect(try Checksums.check(path) == .intact(files: 2))
        try StoreFiles.write("abd", to: path + "/weights")
        #expect(try Checksums.check(path) == .damaged(file: "weights", reason: "its contents have changed"))
        try StoreFiles.removeTree(path + "/weights")
        #expect(try Checksums.check(path) == .damaged(file: "weights", reason: "it is missing"))
        try StoreFiles.write("0  ../../etc/passwd\n", to: path + "/SHA256SUMS")
        guard case .damaged(file: "SHA256SUMS", _) = try Checksums.check(path) else {
            Issue.record("a list with another form was taken")
            return
        }
        withExtendedLifetime(temporary) {}
    }

    @Test func aListReadsAsSha256sumWritesIt() throws {
        let temporary = TemporaryStore()
        try StoreFiles.makeDirectory(temporary.directory)
        try StoreFiles.write("abc", to: temporary.directory + "/a")
        try Checksums.write(in: temporary.directory)
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(temporary.contents("SHA256SUMS").map { String(decoding: $0, as: UTF8.self) } == "\(abc)  a\n")
    }

    @Test func sizesReadAsOnADisk() {
        #expect(
            [0, 999, 1000, 1_234_567_890, 999_949_999, 2_500_000_000_000].map(sizeText)
                == ["0 bytes", "999 bytes", "1.0 kB", "1.2 GB", "1.0 GB", "2500 GB"])
    }

    @Test func messagesShowNoControlCharacters() {
        #expect(
            !ModelStoreError.notFound("a\u{1B}[2J\nb", known: []).description.contains { $0 == "\u{1B}" || $0 == "\n" })
    }
}
