import Foundation
import Testing

@testable import Speech

@Suite struct LanguageGuessTests {
    /// Everyday sentences of five words and more, thirty in each language.
    @Test func tellsNearlyEverySentence() throws {
        let url = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("SpokenForm/sentences.tsv")
        let rows = try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst()
            .map { $0.split(separator: "\t").map(String.init) }
        var wrong: [String] = []
        for row in rows where LanguageGuess.language(of: row[1])?.code != row[0] {
            wrong.append(row.joined(separator: ": "))
        }
        let count = Dictionary(grouping: rows, by: { $0[0] }).mapValues(\.count)
        #expect(count.count == 10 && count.values.allSatisfy { $0 >= 30 })
        #expect(Double(wrong.count) <= 0.03 * Double(rows.count), "\(wrong)")
    }

    @Test(arguments: ["", "5", "OK", "Hello there", "12:30", "Berlin", "pizza con", "😀 !?", "http://a.b"])
    func saysNothingOfTooLittle(text: String) {
        #expect(LanguageGuess.language(of: text)?.code == nil)
    }

    /// A script, or a letter that one language has alone, tells at once.
    @Test(arguments: [
        ("Привет", "ru"), ("你好", "zh"), ("こんにちは", "ja"), ("東京タワー", "ja"), ("안녕", "ko"), ("Straße", "de"),
        ("mañana", "es"), ("¿Qué?", "es"), ("não", "pt"), ("Мой iPhone 15", "ru"), ("我的 iPhone 15", "zh"),
    ])
    func tellsByScriptOrLetter(text: String, code: String) {
        #expect(LanguageGuess.language(of: text)?.code == code)
    }

    /// A number has to be read in some language: one sure word will do.
    @Test(arguments: [
        ("Noch 5 Minuten", "Noch fünf Minuten"), ("Il est 14h30.", "Il est quatorze heures trente."),
        ("Turn off 2 lights", "Turn off two lights"), ("Hello. 5 km", "Hello. five kilometers"),
    ])
    func readsAFewWordsByTheBestGuess(written: String, spoken: String) {
        #expect(SpokenForm().convert(written).text == spoken)
    }

    /// Each sentence is read in its own language; what tells nothing goes with the one before.
    @Test func decidesForEachSentence() {
        let written = "The cat has been asleep for 3 hours. Die Katze schläft seit 3 Stunden auf dem Sofa. 21!"
        #expect(
            SpokenForm().convert(written).text
                == "The cat has been asleep for three hours. Die Katze schläft seit drei Stunden auf dem Sofa. einundzwanzig!"
        )
    }

    @Test func tellsWhereEachWordOfAMixedTextComesFrom() {
        let written = "We have been waiting here for 20 minutes. Nous avons attendu ici pendant 20 minutes."
        let spoken = SpokenForm().convert(written)
        let offsets = (0...spoken.text.unicodeScalars.count).map { spoken.originalOffset(ofSpoken: $0) }
        #expect(offsets == offsets.sorted() && offsets.last == written.unicodeScalars.count)
        #expect(spoken.text.contains("twenty minutes") && spoken.text.contains("vingt minutes"))
    }
}
