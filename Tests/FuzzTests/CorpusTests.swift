import FoundationEssentials
import FuzzedParsers
import TestSupport
import Testing

/// The inputs that fuzzing begins with, and those that broke something once. One after the other: some parsers share a file.
@Suite(.serialized) struct CorpusTests {
    @Test(arguments: FuzzedParser.allCases) func everyInputIsTakenOrRefused(parser: FuzzedParser) throws {
        let folder = "Tests/Fuzz/Corpora/" + parser.rawValue
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(!names.isEmpty)
        for name in names {
            let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(name)"))
            parser.feed([UInt8](bytes))
            // Cut anywhere, as a connection may be.
            for end in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 8)) {
                parser.feed([UInt8](bytes[..<end]))
            }
        }
    }
}
