import Testing

@testable import Tokenization

private func pieces(_ text: String, _ pattern: TextPattern) -> [String] {
    var pieces = PreTokenizer(text, pattern)
    var found: [String] = []
    while let piece = pieces.next() { found.append(String(decoding: piece, as: UTF8.self)) }
    return found
}

/// Where the two patterns cut differently, and where alike.
@Test(arguments: [
    ("Hello there.", ["Hello", " there", "."], nil),
    ("I'll, YOU'LL", ["I", "'ll", ",", " YOU", "'", "LL"], ["I", "'ll", ",", " YOU", "'LL"]),
    ("it's we've", ["it", "'s", " we", "'ve"], nil),
    ("a (b", ["a", " (", "b"], nil),
    ("(b", ["(", "b"], ["(b"]),
    ("x\tyz", ["x", "\t", "yz"], ["x", "\tyz"]),
    ("in 1984x", ["in", " 1984", "x"], ["in", " ", "1", "9", "8", "4", "x"]),
    ("3½²", ["3½²"], ["3", "½", "²"]),
    ("no!\n\nyes", ["no", "!", "\n", "\n", "yes"], ["no", "!\n\n", "yes"]),
    ("a  \n b", ["a", "  \n", " b"], nil),
    ("a\nb", ["a", "\n", "b"], nil),
    ("a \n", ["a", " \n"], nil),
    ("a   b", ["a", "  ", " b"], nil),
    ("a\u{A0}\u{3000}1", ["a", "\u{A0}", "\u{3000}", "1"], ["a", "\u{A0}", "\u{3000}", "1"]),
    ("e\u{301}f", ["e", "\u{301}", "f"], ["e", "\u{301}f"]),
    ("' s", ["'", " s"], nil), ("'", ["'"], nil), ("", [], nil),
    ("[laugh] 🙂!", ["[", "laugh", "]", " 🙂!"], ["[laugh", "]", " 🙂!"]),
])
func cutsByThePattern(text: String, gpt2: [String], qwen2: [String]?) {
    #expect(pieces(text, .gpt2) == gpt2)
    #expect(pieces(text, .qwen2) == qwen2 ?? gpt2)
}

/// Nothing is lost, and long runs take no more than their length.
@Test(arguments: [" ", "\n", "a", "1", "!", " \n", "'", " 1", "'s"])
func longRunsStayWhole(unit: String) {
    let text = String(repeating: unit, count: 100_000)
    for pattern in [TextPattern.gpt2, .qwen2] { #expect(pieces(text, pattern).joined() == text) }
}

/// GPT-2 sees text as it was written.
@Test func onlyQwenComposes() throws {
    var vocabulary: [String: Int] = [:]
    let printable = Set(Array(33...126) + Array(161...172) + Array(174...255))
    var next = 256
    for byte in 0...255 {
        vocabulary[String(Unicode.Scalar(UInt32(printable.contains(byte) ? byte : next))!)] = byte
        if !printable.contains(byte) { next += 1 }
    }
    for (pattern, text) in [(TextPattern.gpt2, "e\u{301}"), (.qwen2, "\u{E9}")] {
        let tokenizer = try Tokenizer(vocabulary: vocabulary, merges: [], addedTokens: [:], pattern: pattern)
        #expect(tokenizer.encode("e\u{301}") == text.utf8.map { Int($0) })
    }
}
