import Foundation
import TestSupport
import Testing
import Tokenization

private let tokenizerCases = URL(filePath: Repository.path("../shared/tokenizer")).standardizedFileURL
private let hasReferenceVocabulary = FileManager.default.fileExists(
    atPath: tokenizerCases.appendingPathComponent("vocab.json.gz").path)

/// The tiny golden and its checkpoint: the repository's own, else the reference copy.
private let tiny: URL = {
    let own = URL(filePath: Repository.tiny)
    let isComplete = ["base.json", "base/vocab.json", "base/merges.txt", "base/tokenizer_config.json"].allSatisfy {
        FileManager.default.fileExists(atPath: own.appendingPathComponent($0).path)
    }
    return isComplete ? own : URL(filePath: Repository.path("../shared/reference/tiny")).standardizedFileURL
}()
private let hasTiny = FileManager.default.fileExists(atPath: tiny.appendingPathComponent("base.json").path)

private struct Case: Decodable {
    let text: String
    let ids: [Int]
}

/// The 256 bytes in the alphabet of `vocab.json`, with ids 0...255 in byte order.
private let byteVocabulary: [String: Int] = {
    let printable = Set(Array(33...126) + Array(161...172) + Array(174...255))
    let others = (0...255).filter { !printable.contains($0) }
    return Dictionary(
        uniqueKeysWithValues: (0...255).map { byte in
            let scalar = printable.contains(byte) ? byte : 256 + others.firstIndex(of: byte)!
            return (String(Unicode.Scalar(UInt32(scalar))!), byte)
        })
}()

/// The added tokens of the released checkpoints, from id 151643.
private let releasedAddedTokens = [
    "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>", "<|object_ref_end|>", "<|box_start|>",
    "<|box_end|>", "<|quad_start|>", "<|quad_end|>", "<|vision_start|>", "<|vision_end|>", "<|vision_pad|>",
    "<|image_pad|>", "<|video_pad|>", "<tool_call>", "</tool_call>", "<|fim_prefix|>", "<|fim_middle|>",
    "<|fim_suffix|>", "<|fim_pad|>", "<|repo_name|>", "<|file_sep|>", "<tool_response>", "</tool_response>", "<think>",
    "</think>", "<|audio_start|>", "<|audio_end|>", "<tts_pad>", "<tts_text_bos>", "<tts_text_eod>",
    "<tts_text_bos_single>", "<|audio_pad|>",
]

extension TemporaryFolder {
    fileprivate var url: URL { URL(filePath: path) }

    fileprivate func write(_ text: String, _ name: String) throws {
        try write(Data(text.utf8), to: name)
    }

    /// A valid vocabulary of bytes and "ab", to be spoilt by a test.
    fileprivate func writeVocabulary() throws {
        var vocabulary = byteVocabulary
        vocabulary["ab"] = 256
        try JSONEncoder().encode(vocabulary).write(to: url.appendingPathComponent("vocab.json"))
        try write("#version: 0.2\na b\n", "merges.txt")
        try write(#"{"added_tokens_decoder": {"300": {"content": "<x>"}}}"#, "tokenizer_config.json")
    }
}

private func unpack(_ file: URL, to destination: URL) throws {
    let unpacked = try run("/usr/bin/env", ["gunzip", "-c", file.path])
    #expect(unpacked.status == 0)
    try unpacked.output.write(to: destination)
}

@Suite struct TokenizerTests {
    @Test(.enabled(if: hasReferenceVocabulary, "the reference vocabulary is not next to this checkout"))
    func reproducesEveryReferenceCase() throws {
        let directory = try TemporaryFolder()
        for name in ["vocab.json", "merges.txt"] {
            try unpack(
                tokenizerCases.appendingPathComponent(name + ".gz"), to: directory.url.appendingPathComponent(name))
        }
        let entries = releasedAddedTokens.enumerated().map { #""\#(151_643 + $0)": {"content": "\#($1)"}"# }
        try directory.write(
            #"{"added_tokens_decoder": {\#(entries.joined(separator: ","))}}"#, "tokenizer_config.json")
        let tokenizer = try Tokenizer(directory: directory.url.path)
        let lines = try String(contentsOf: tokenizerCases.appendingPathComponent("cases.jsonl"), encoding: .utf8)
            .utf8.split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 556)
        for line in lines {
            let expected = try JSONDecoder().decode(Case.self, from: Data(line))
            #expect(tokenizer.encode(expected.text) == expected.ids, "\(expected.text.debugDescription)")
        }
    }

    @Test(.enabled(if: hasTiny, "the tiny golden is neither in this checkout nor next to it"))
    func reproducesTheTinyGolden() throws {
        struct Manifest: Decodable {
            struct Cases: Decodable { let tokenizer: Entries }
            struct Entries: Decodable { let entries: [Case] }
            let cases: Cases
        }
        let tokenizer = try Tokenizer(directory: tiny.appendingPathComponent("base").path)
        let manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(contentsOf: tiny.appendingPathComponent("base.json")))
        let entries = manifest.cases.tokenizer.entries
        #expect(!entries.isEmpty)
        for entry in entries {
            #expect(tokenizer.encode(entry.text) == entry.ids, "\(entry.text.debugDescription)")
        }
    }

    /// Rules by rank, leftmost first: "aaaaa" is aa aa a, then aaaa a.
    @Test func mergesByRankThenFromTheLeft() throws {
        var vocabulary = byteVocabulary
        for (id, token) in ["aa", "aaaa", "bc", "ab"].enumerated() { vocabulary[token] = 256 + id }
        let tokenizer = try Tokenizer(
            vocabulary: vocabulary, merges: [("a", "a"), ("aa", "aa"), ("b", "c"), ("a", "b")], addedTokens: [:])
        #expect(tokenizer.encode("aaaaa") == [257, 97])
        #expect(tokenizer.encode("abc") == [97, 258])
        #expect(tokenizer.encode("abd") == [259, 100])
    }

    @Test func composesBeforeEncoding() throws {
        let tokenizer = try Tokenizer(vocabulary: byteVocabulary, merges: [], addedTokens: [:])
        #expect(tokenizer.encode("e\u{301}") == [0xC3, 0xA9])
        #expect(tokenizer.encode("e\u{301}\u{323}") == Array("\u{1EB9}\u{301}".utf8).map { Int($0) })
    }

    /// Marks above and below, alternating: in canonical order all those below come first.
    @Test func composesAFloodOfMarks() throws {
        let tokenizer = try Tokenizer(vocabulary: byteVocabulary, merges: [], addedTokens: [:])
        let count = 50_000
        let text = "q" + String(repeating: "\u{301}\u{323}", count: count)
        let ordered =
            "q" + String(repeating: "\u{323}", count: count) + String(repeating: "\u{301}", count: count)
        #expect(tokenizer.encode(text) == Array(ordered.utf8).map { Int($0) })
    }

    @Test func aMegabyteOfOneLetter() throws {
        var vocabulary = byteVocabulary
        var merges: [(String, String)] = []
        for (index, length) in [1, 2, 4, 8, 16].enumerated() {
            let half = String(repeating: "a", count: length)
            vocabulary[half + half] = 256 + index
            merges.append((half, half))
        }
        let tokenizer = try Tokenizer(vocabulary: vocabulary, merges: merges, addedTokens: ["aaaab": 300])
        let ids = tokenizer.encode(String(repeating: "a", count: 1_000_003))
        #expect(ids == Array(repeating: 260, count: 31_250) + [256, 97])
    }

    /// The longest token at the leftmost place wins; what only begins like a token is text.
    @Test func findsAddedTokens() throws {
        let tokenizer = try Tokenizer(
            vocabulary: byteVocabulary, merges: [], addedTokens: ["<x>": 300, "<x>y": 301, "ä": 302])
        #expect(tokenizer.encode("<x><x>y<x") == [300, 301, 60, 120])
        #expect(tokenizer.encode("äa\u{308}") == [302, 0xC3, 0xA4])
        let many = String(repeating: "a<x><<x>y<x", count: 20_000)
        #expect(tokenizer.encode(many).count == 20_000 * 6)
    }

    @Test(arguments: [
        ("vocab.json", #"{"a": 0"#), ("vocab.json", #"["a"]"#), ("vocab.json", #"{"a": "b"}"#),
        ("vocab.json", #"{"a": -1}"#), ("vocab.json", #"{"a": 99999999999}"#), ("vocab.json", #"{"a": 0}"#),
        ("vocab.json", ""), ("merges.txt", "a b\na\n"), ("merges.txt", "a  b\n"), ("merges.txt", "a b c\n"),
        ("merges.txt", "b a\n"), ("merges.txt", "zz a\n"), ("tokenizer_config.json", "{}"),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "<x>"}}}"#),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"1": {"content": ""}}}"#),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"1": {}}}"#),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"1": {"content": "x", "lstrip": true}}}"#),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"1": {"content": "x"}, "2": {"content": "x"}}}"#),
    ])
    func refusesAMalformedFile(name: String, content: String) throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try directory.write(content, name)
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(directory: directory.url.path) }
        guard case .malformed(let file, let what) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(file.hasSuffix(name))
        #expect(!what.isEmpty)
    }

    /// Tokens of either file, and special ones that only the vocabulary has an id for.
    @Test(arguments: [
        (#"{"added_tokens_decoder": {"300": {"content": "<x>"}}}"#, nil, [300, 60, 121, 62, 256]),
        (#"{"added_tokens_decoder": {"300": {"content": "<x>"}}}"#, #"{"<x>": 300, "<y>": 301}"#, [300, 301, 256]),
        ("{}", #"{"<x>": 300, "<y>": 301}"#, [300, 301, 256]),
        (#"{"eos_token": "<y>", "bos_token": null}"#, #"{"<x>": 300}"#, [300, 60, 121, 62, 256]),
        (#"{"eos_token": "ab"}"#, #"{"<x>": 300}"#, [300, 60, 121, 62, 256]),
        (#"{"eos_token": {"content": "<y>"}}"#, #"{"<x>": 300, "<y>": 301}"#, [300, 301, 256]),
    ])
    func readsAddedTokensWhereTheyAre(configuration: String, list: String?, ids: [Int]) throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try directory.write(configuration, "tokenizer_config.json")
        if let list { try directory.write(list, "added_tokens.json") }
        #expect(try Tokenizer(directory: directory.url.path).encode("<x><y>ab") == ids)
    }

    /// Of older files only the vocabulary says what number a special token has: it is found before pairs are merged.
    @Test func specialTokensOfTheVocabularyAreMatched() throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try directory.write("", "merges.txt")
        try directory.write(#"{"eos_token": "ab"}"#, "tokenizer_config.json")
        try directory.write("{}", "added_tokens.json")
        #expect(try Tokenizer(directory: directory.url.path).encode("aab") == [97, 256])
    }

    @Test(arguments: [#"{"<x>": 301}"#, #"{"<y>": -1}"#, #"{"": 5}"#, #"["<y>"]"#, ""])
    func refusesAMalformedList(content: String) throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try directory.write(content, "added_tokens.json")
        let error = try #require(throws: TokenizerError.self) { try Tokenizer(directory: directory.url.path) }
        #expect("\(error)".contains("/added_tokens.json"))
    }

    @Test(arguments: ["vocab.json", "merges.txt", "tokenizer_config.json"])
    func namesAMissingFile(name: String) throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try FileManager.default.removeItem(at: directory.url.appendingPathComponent(name))
        let path = directory.url.path + "/" + name
        #expect(throws: TokenizerError.unreadable(file: path, reason: "no such file")) {
            try Tokenizer(directory: directory.url.path)
        }
    }

    @Test(arguments: ["#version: 0.2\na b\n", "a b\n", "a b", "#version: 0.2\r\na b\r\n"])
    func acceptsMergesInEveryForm(merges: String) throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try directory.write(merges, "merges.txt")
        #expect(try Tokenizer(directory: directory.url.path).encode("ab<x>") == [256, 300])
    }

    @Test func refusesMergesThatAreNotUTF8() throws {
        let directory = try TemporaryFolder()
        try directory.writeVocabulary()
        try Data([0x61, 0x20, 0xFF, 0x0A]).write(to: directory.url.appendingPathComponent("merges.txt"))
        #expect(throws: TokenizerError.malformed(file: directory.url.path + "/merges.txt", what: "not UTF-8")) {
            try Tokenizer(directory: directory.url.path)
        }
    }
}
