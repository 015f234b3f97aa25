import FoundationEssentials
import Speech
import Synchronization
import TestSupport
import Testing

@testable import Server

@Suite struct PronunciationFilesTests {
    private static func say(_ text: String, _ files: PronunciationFiles) -> String {
        SpokenForm(language: "en", pronunciations: files.current).convert(text).text
    }

    @Test func isReadAgainWhenItChanges() throws {
        let folder = try TemporaryFolder()
        let files = PronunciationFiles([folder.path("system.tsv"), folder.path("own.tsv")])
        #expect(Self.say("cat", files) == "cat")
        try folder.write(Data("cat\tkitty\n".utf8), to: "system.tsv")
        #expect(Self.say("cat", files) == "kitty")
        try folder.write(Data("cat\tsmall tiger\n".utf8), to: "own.tsv")
        #expect(Self.say("cat", files) == "small tiger")
        try folder.write(Data("cat\ttom\n".utf8), to: "own.tsv")
        #expect(Self.say("cat", files) == "tom")
    }

    @Test func whatCannotBeUsedIsNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write(Data("alone\ncat\tkitty\n".utf8), to: "a.tsv")
        try folder.write(Data([0x66, 0xFF, 0x09, 0x61]), to: "b.tsv")
        try FileManager.default.createDirectory(atPath: folder.path("c.tsv"), withIntermediateDirectories: true)
        let faults = Mutex<[String]>([])
        let files = PronunciationFiles(["a.tsv", "b.tsv", "c.tsv", "none.tsv"].map(folder.path)) { fault in
            faults.withLock { $0.append("\(fault)") }
        }
        #expect(Self.say("cat", files) == "kitty")
        #expect(
            faults.withLock { $0 } == [
                folder.path("b.tsv") + ": it is no text in UTF-8.", folder.path("c.tsv") + ": it cannot be read.",
                folder.path("a.tsv") + ", line 1: it has 1 field, not 2 to 4 with tabs between them.",
            ])
        // Nobody is told twice of the same files.
        _ = files.current
        #expect(faults.withLock { $0.count } == 3)
    }
}
