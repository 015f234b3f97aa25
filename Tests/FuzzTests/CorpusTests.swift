import FoundationEssentials
import FuzzedParsers
import TestSupport
import Testing

/// The inputs that fuzzing begins with, and those that broke something once. One after the other: some parsers share a file.
@Suite(.serialized) struct CorpusTests {
    @Test(arguments: FuzzedParser.allCases) func everyInputIsTakenOrRefused(parser: FuzzedParser) async throws {
        let folder = "Tests/Fuzz/Corpora/" + parser.rawValue
        let inputs = try FileManager.default.contentsOfDirectory(atPath: folder).map { name in
            [UInt8](try #require(FileManager.default.contents(atPath: "\(folder)/\(name)")))
        }
        #expect(!inputs.isEmpty)
        // Some of them wait for a server, whose tasks need the threads of ours.
        try await onThread {
            for bytes in inputs {
                parser.feed(bytes)
                // Cut off, as a connection may be.
                parser.feed([UInt8](bytes[..<(bytes.count / 2)]))
            }
        }
    }
}
