import Chatterbox
import Testing
import Tokenization
import Verifying

@Test func textsAreNormalizedAndTokenizedAsTheOfficialCodeDoes() throws {
    let tokenizer = try Tokenizer(directory: TinyChatterbox.directory, pattern: .gpt2)
    let entries = try #require(try TinyChatterbox.goldens().cases["text"]?.entries)
    for entry in entries {
        #expect(PunctuationNorm(entry.text).text == entry.normalized)
        #expect(tokenizer.encode(entry.normalized) == entry.ids, "\(entry.normalized)")
    }
}

@Test(arguments: [
    (" ", "."), ("\t\u{1C}\u{A0}\u{3000}", "."), (".", "."), ("…", ","), ("a…", "A,"), ("a …b", "A, b."),
    ("a… ,b", "A, ,b."), ("a,…", "A,,"), ("a :b", "A,b."), ("ßa", "SSa."), ("ǆx", "Ǆx."),
    ("éa", "Éa."), ("e\u{301}a", "E\u{301}a."), ("1a", "1a."), (" a", "a."), ("ǅ", "ǅ."),
    ("“\u{301}a”\u{301}", "\"\u{301}a\"\u{301}."), ("a—", "A-"), ("why?!", "Why?!"), ("a;", "A;."),
    ("a\u{1C}\u{1F}b", "A b."), ("a\u{200B}b", "A\u{200B}b."),
])
func punctuationIsNormalized(text: String, expected: String) {
    let normalized = PunctuationNorm(text).text
    #expect(Array(normalized.unicodeScalars) == Array(expected.unicodeScalars))
}

/// Each of the 19 tags is one token, whatever stands beside it; what only looks like a tag is text.
@Test func tagsAreSingleTokens() throws {
    let tokenizer = try Tokenizer(directory: TinyChatterbox.directory, pattern: .gpt2)
    let tags = [
        "angry", "fear", "surprised", "whispering", "advertisement", "dramatic", "narration", "crying", "happy",
        "sarcastic", "clear throat", "sigh", "shush", "cough", "groan", "sniff", "gasp", "chuckle", "laugh",
    ]
    for (index, tag) in tags.enumerated() {
        #expect(tokenizer.encode("[\(tag)]") == [353 + index])
        #expect(tokenizer.encode("a[\(tag)][\(tag)]").suffix(2) == [353 + index, 353 + index])
        #expect(tokenizer.encode("[\(tag.uppercased())]").allSatisfy { $0 < 352 })
    }
}

@Test func aLongTextIsNormalizedAtOnce() {
    let text = String(repeating: "a : “b” … \n", count: 100_000)
    let expected = String(repeating: "a, \"b\",  ", count: 100_000)
    #expect(PunctuationNorm(text).text == "A" + expected.dropFirst().dropLast(2))
}
