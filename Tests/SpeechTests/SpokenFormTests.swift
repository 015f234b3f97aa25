import Foundation
import TestSupport
import Testing

@testable import Speech

/// The tables beside this file were written from each language's rules: one case a line, written form, tab, spoken form.
@Suite struct SpokenFormTests {
    private static let languages = [
        "english", "chinese", "japanese", "korean", "german", "french", "russian", "portuguese", "spanish", "italian",
    ]

    @Test(arguments: languages)
    func saysTheCasesOfTheTable(language: String) throws {
        let form = SpokenForm(language: language)
        let cases = try Self.table(language)
        #expect(cases.count >= (language == "english" ? 40 : 20))
        for (written, spoken) in cases {
            let converted = form.convert(written).text
            #expect(converted == spoken, "\(language): \(written)")
        }
    }

    /// Short texts as a household hears them, when nobody says which language they are in.
    @Test func saysTextsWithoutALanguage() throws {
        for (written, spoken) in try Self.table("unnamed") {
            #expect(SpokenForm().convert(written).text == spoken, "\(written)")
        }
    }

    /// So no text of the length people may send is too long once it is in words.
    @Test(arguments: languages) func noTextGrowsBeyondTheLimitOfSpokenText(language: String) {
        let form = SpokenForm(language: language)
        var pieces = [
            "88:88 ", "8.8.88 ", "1/1/11 ", "1.1.1.1 ", "1e9 ", "-8 ", "8% ", "$8 ", "€8 ", "8°C ", "8 km/h ", "III ",
            "8th ",
            "888,888 ", "88-88 ", "+8 ", "a@b.c ", "x.y ", "HTTP ", "10m² ", "1st ", "A8 ", "8-8-8 ",
        ]
        let printable: [String] = (0x21...0x7E).map { String(Unicode.Scalar(UInt8($0))) }
        for sign in printable + ["€", "£", "¥", "°", "½", "²", "§", "№", "℃", "±", "×", "…"] {
            pieces += [sign, "\(sign) ", "8\(sign)", "\(sign)8", "8\(sign) "]
        }
        for piece in pieces {
            let text = String(repeating: piece, count: 64 / piece.utf8.count)
            let growth = Double(form.convert(text).text.utf8.count) / Double(text.utf8.count)
            #expect(growth <= 32, "\(piece): \(growth)")
        }
    }

    /// As the Python package num2words 0.5 says them, with the joining words and commas of its styles taken out,
    /// the accent that Italian wants on a final "tré", and "einhunderteintausend" as Duden has it.
    @Test func cardinalsAgreeWithAnIndependentList() throws {
        let languages: [any SpokenLanguage] = [
            English(), German(), French(), Spanish(), Italian(), Portuguese(), Russian(), Korean(),
        ]
        for row in try Self.rows("cardinals") {
            let value = try #require(UInt64(row[0]))
            for (language, expected) in zip(languages, row.dropFirst()) {
                let spoken = language.cardinal(value, nil)
                #expect(spoken == expected, "\(value)")
            }
        }
    }

    /// Prose without digits, signs or markup is left alone, letter for letter.
    @Test(arguments: [
        ("english", "The quick brown fox, who couldn't wait, said: “It's a dog's life!”\n\nAnd left… (Why?)"),
        ("german", "Grüße aus Köln – „schön hier“, sagte sie; und ging."),
        ("french", "« Où vas-tu ? » demanda-t-il à l'oncle d'Émilie."),
        ("russian", "«Ёлка», — сказал он. И ушёл…"), ("chinese", "今天天气很好，我们去公园吧！“好吗？”"),
        ("japanese", "「こんにちは」と、彼女は言いました。"), ("korean", "안녕하세요, 반갑습니다! 오늘 날씨가 좋네요."),
        ("spanish", "¿Qué hora es? ¡Ya es tarde, señor!"), ("portuguese", "Está bem, irmã; até amanhã."),
        ("italian", "Perché no? L'amico dell'uomo c'è."),
    ])
    func leavesProseAlone(language: String, prose: String) {
        #expect(SpokenForm(language: language).convert(prose).text == prose)
        #expect(SpokenForm().convert(prose).text == prose)
    }

    @Test(arguments: [
        ("5 cats", "five cats"), ("我有5个", "我有五个"), ("5つの猫がいます", "五つの猫がいます"), ("고양이 5마리", "고양이 다섯 마리"),
        ("5 котов", "пять котов"), ("5", "five"), ("", ""),
    ])
    func guessesTheLanguageFromTheScript(written: String, spoken: String) {
        #expect(SpokenForm(language: "auto").convert(written).text == spoken)
        #expect(SpokenForm(language: "klingon").convert(written).text == spoken)
    }

    @Test(arguments: ["German", "de", "de-AT", "DE_at"])
    func knowsLanguagesByNameAndCode(name: String) {
        #expect(SpokenForm(language: name).convert("21").text == "einundzwanzig")
    }

    // MARK: - Markup

    @Test func dropsCodeBlocksTablesRulesAndDefinitions() {
        let written = """
            # Title
            Text before:
            ```swift
            let x = 5
            ```
            | Name | Size |
            |------|-----:|
            | a | 3 |
            ---
            Last [link][1] and <https://example.com>.

            [1]: https://example.com/x
            """
        let spoken = SpokenForm(language: "en").convert(written).text
        #expect(
            spoken.split(separator: "\n").map(String.init) == [
                "Title.", "Text before:", "Name, Size.", "a, three.", "Last link and example dot com.",
            ])
    }

    @Test func codeThatNeverEndsIsDroppedToTheEnd() {
        #expect(SpokenForm(language: "en").convert("Look:\n~~~\n1 2 3\n# no").text == "Look:\n")
    }

    // MARK: - Mapping

    @Test func tellsHowMuchOfTheOriginalWasSaid() throws {
        let written = "**I** have 21 cats 😀 and $3.50."
        let spoken = SpokenForm(language: "en").convert(written)
        #expect(spoken.text == "I have twenty-one cats and three dollars and fifty cents.")
        func original(before word: String) throws -> Int {
            let range = try #require(spoken.text.range(of: word))
            return spoken.originalOffset(ofSpoken: spoken.text[..<range.lowerBound].unicodeScalars.count)
        }
        #expect(spoken.originalOffset(ofSpoken: 0) == 0)
        #expect(try original(before: "have") == 6)
        #expect(try original(before: "twenty") == 11)
        #expect(try original(before: "cats") == 14)
        #expect(try original(before: "and three") == 21)
        #expect(try original(before: "three") == 25)
        #expect(try original(before: "fifty") == 25)
        let count = spoken.text.unicodeScalars.count
        #expect(spoken.originalOffset(ofSpoken: count) == written.unicodeScalars.count)
        let offsets = (0...count).map { spoken.originalOffset(ofSpoken: $0) }
        #expect(offsets == offsets.sorted())
    }

    @Test func verbatimTextMapsToItself() {
        let text = SpokenText(verbatim: "5 €")
        #expect(text.text == "5 €")
        #expect((-1...4).map { text.originalOffset(ofSpoken: $0) } == [0, 0, 1, 2, 3, 3])
    }

    // MARK: - Hostile input

    private static let floods: [String] = [
        "1", "1,", "1.", "1-", "1:", "1/", "+1 ", "(1) ", "1.000.", "1 1/2 ", "[", "]", "[a](b", "[[](", "<", "<a", "&",
        "&#", "*",
        "**a", "_", "`", "~~", "```\n", "| a ", "|-\n", "# ", "- ", "> ", "\\", ":", ":-", "e.g.", "a.b", "a.", "U.S.",
        "XIV ",
        "X", "I ", "http://", "a@b.", "a@", "www.", "$", "$1", "€ ", "5 k", "½", "%", "1%", "1 km/", "😀", "\u{200D}",
        "\u{301}",
        "\n", "\r\n", "一", "1年", "第", "a\u{301}", "-", "--1", "1–", "'", "1'", "\"", "#", "#a", "@a", "1st", "5 May ",
        "May 5 ",
        "１", "：", "1×", "\u{0}", "\u{10FFFF}", "т. ", "z. ",
    ]

    /// Never traps; twice the text takes about twice the work. The time of a long flood is bounded by that of a short one
    /// with room for a busy machine: a quadratic rule would take a hundred times as long for ten times the text.
    @Test(arguments: floods)
    func floodsTakeLinearTime(flood: String) {
        func seconds(_ count: Int, _ form: SpokenForm) -> Double {
            let text = String(repeating: flood, count: count / flood.unicodeScalars.count)
            return processorSeconds { _ = form.convert(text) }
        }
        for language in ["english", "chinese"] {
            let form = SpokenForm(language: language)
            let short = seconds(1500, form)
            let long = seconds(15_000, form)
            #expect(long < short * 40 + 0.3, "\(flood) in \(language)")
        }
    }

    @Test func megabyteOfDigitsIsSpelled() {
        let spoken = SpokenForm(language: "en").convert(String(repeating: "7", count: 1_000_000)).text
        #expect(spoken.utf8.count == 6 * 1_000_000 - 1)
        #expect(spoken.hasPrefix("seven seven "))
    }

    /// Any mixture of the floods' parts, and any scalars, give some text and a mapping that never falls.
    @Test func mixturesNeverTrap() {
        var random = SplitMix(state: 6)
        for _ in 0..<400 {
            var text = ""
            for _ in 0..<20 {
                if UInt8.random(in: 0..<4, using: &random) == 0,
                    let scalar = Unicode.Scalar(
                        UInt32.random(in: 0..<0x3000, using: &random))
                {
                    text.unicodeScalars.append(scalar)
                } else {
                    text += Self.floods.randomElement(using: &random) ?? ""
                }
            }
            for language in Self.languages {
                let spoken = SpokenForm(language: language).convert(text)
                let offsets = (0...spoken.text.unicodeScalars.count).map { spoken.originalOffset(ofSpoken: $0) }
                let isWhole = offsets.last == text.unicodeScalars.count || spoken.text.isEmpty
                #expect(offsets == offsets.sorted() && isWhole, "\(language): \(text.debugDescription)")
            }
        }
    }

    /// In the languages that write words apart no ASCII digit is left.
    @Test func noDigitIsLeft() {
        var random = SplitMix(state: 7)
        let marks = [
            "", " ", ".", ",", "-", ":", "/", "%", " km ", "$", "€ ", "th ", " May ", "(", ")", "+", "x", "#", "½",
        ]
        for _ in 0..<2000 {
            let parts = (0..<6).map { _ in
                String(UInt32.random(in: 0...3000, using: &random)) + (marks.randomElement(using: &random) ?? "")
            }
            for language in Self.languages {
                let spoken = SpokenForm(language: language).convert(parts.joined()).text
                let isClean = !spoken.unicodeScalars.contains { $0.value >= 0x30 && $0.value <= 0x39 }
                #expect(isClean, "\(language): \(parts.joined()) → \(spoken)")
            }
        }
    }

    private static func table(_ language: String) throws -> [(String, String)] {
        try rows(language).map { row in
            try #require(row.count == 2, "\(row)")
            return (row[0], row[1])
        }
    }

    /// Fields between tabs, without the heading.
    private static func rows(_ name: String) throws -> [[String]] {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("SpokenForm/\(name).tsv")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().map { line in
            line.split(separator: "\t").map(String.init)
        }
    }
}
