import Speech
import TestSupport
import Testing

@Suite struct SentenceSplitterTests {
    private func texts(_ text: String, maximumLength: Int = 400) -> [String] {
        SentenceSplitter(maximumLength: maximumLength).split(text).map(\.text)
    }

    @Test(arguments: [
        ["It works. ", "Does it? ", "Yes! ", "“Good.” ", "(Fine.) ", "The end"],
        ["今天天气很好。", "我们去公园吧！", "“好吗？”", "好。"],
        ["こんにちは。", "「元気ですか？」", "はい、元気です。"],
        ["안녕하세요. ", "반갑습니다! ", "네."],
        ["Das kostet 3,50 Euro am 3. Mai. ", "Dr. Müller wohnt bzw. wohnte hier. ", "Schön!"],
        ["„Ja!“ ", "Er sagte: „Nein.“ ", "»Doch.« ", "Gut."],
        ["M. Dupont et Mme. Curie arrivent. ", "« Vraiment ? » ", "Oui."],
        ["¿Qué hora es? ", "¡Son las dos! ", "La Sra. García lo dijo."],
        ["O Sr. Silva chegou. ", "Está bem?"],
        ["Il dott. Rossi è qui. ", "Va bene!"],
        ["Он живёт на ул. Ленина. ", "Да? ", "Нет…"],
        ["The U.S. Army paid $3.14 to J. R. Smith, e.g. in May. ", "See example.com for more."],
        ["Wait... what? ", "Oh… ", "Never mind."],
    ])
    func splitsAtSentences(expected: [String]) {
        #expect(texts(expected.joined()) == expected)
    }

    @Test func tellsParagraphs() {
        let pieces = SentenceSplitter().split("A title\n\nFirst line\nwrapped. Second.\r\n\r\nLast")
        #expect(pieces.map(\.text) == ["A title\n\n", "First line\nwrapped. ", "Second.\r\n\r\n", "Last"])
        #expect(pieces.map(\.endsParagraph) == [true, false, true, false])
    }

    @Test func marksWithoutWordsStayWithASentence() {
        #expect(texts("... Hello. — !!! ") == ["... Hello. — !!! "])
        #expect(texts("").isEmpty)
        #expect(texts(" \n\n ") == [" \n\n "])
    }

    @Test func prefersClausesAndSpacesForTheBound() {
        #expect(texts("one two, three four five", maximumLength: 12) == ["one two,", " three four ", "five"])
        #expect(texts("一二三，四五六七", maximumLength: 5) == ["一二三，", "四五六七"])
        #expect(texts("aae\u{301}b", maximumLength: 3) == ["aa", "e\u{301}b"])
    }

    /// Random texts of the alphabet that matters, at every small bound.
    @Test func losesNothingAndKeepsTheBound() {
        let alphabet = Array("ab A1.!?…。！？,， \n\r\t\"”」Dr\u{301}\u{200D}👍🏽\u{2029}é한中".unicodeScalars)
        var random = SplitMix(state: 7)
        for round in 0..<400 {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<(round % 90) { scalars.append(alphabet[Int(random.next() % UInt64(alphabet.count))]) }
            let bound = 1 + round % 23
            let pieces = texts(String(scalars), maximumLength: bound)
            #expect(Array(pieces.joined().unicodeScalars) == Array(scalars))
            #expect(pieces.allSatisfy { (1...bound).contains($0.unicodeScalars.count) })
        }
    }

    @Test func aLongTextIsNotSlow() {
        for unit in ["a", ".", " ", "\n", "\u{301}", "Dr. ", "a. b "] {
            let text = String(repeating: unit, count: 100_000 / unit.unicodeScalars.count)
            let pieces = texts(text)
            #expect(pieces.joined().unicodeScalars.count == text.unicodeScalars.count)
            #expect(pieces.allSatisfy { $0.unicodeScalars.count <= 400 })
        }
    }
}
