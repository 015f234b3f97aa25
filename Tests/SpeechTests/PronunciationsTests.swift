import TestSupport
import Testing

@testable import Speech

@Suite struct PronunciationsTests {
    private static func say(_ text: String, _ list: String, language: String = "english") -> String {
        let form = SpokenForm(language: language, pronunciations: Pronunciations([("list.tsv", list)]))
        return form.convert(text).text
    }

    @Test(arguments: [
        ("I use nginx daily.", "nginx\tengine x", "I use engine x daily."),
        ("NGINX and nginxes", "nginx\tengine x", "engine x and nginxes"),
        ("Ask Siobhan, please.", "Siobhan\tshivawn\n", "Ask shivawn, please."),
        ("New  York\nCity", "new york city\tthe big apple\nNew York\tNY", "the big apple"),
        ("New York Times", "new york city\tthe big apple\nNew York\tEn Why", "En Why Times"),
        ("5 km", "km\tklicks", "five klicks"),
        ("C++ is C", "C++\tsee plus plus", "see plus plus is C"),
        ("Dr. Nguyen", "nguyen\tWin", "Doctor Win"),
        ("GPT-4 is here", "GPT-4\tgee pee tee 4", "gee pee tee four is here"),
        ("US or us?", "US\tthe States\t\texact", "the States or us?"),
        ("it’s O'Brien", "o’brien\toh bryan", "it’s oh bryan"),
        ("a b a", "a\tb\nb\tc", "b c b"),
        ("Ａｐｐｌｅ", "apple\tthe fruit", "the fruit"),
    ])
    func saysWhatTheListSays(text: String, list: String, spoken: String) {
        #expect(Self.say(text, list) == spoken)
    }

    @Test func anEntryIsForItsLanguage() {
        let list = "Chat\tchatte\tfr\nChat\ttschätt\tGerman\nChat\tchit"
        #expect(Self.say("Chat", list, language: "fr") == "chatte")
        #expect(Self.say("Chat", list, language: "de") == "tschätt")
        #expect(Self.say("Chat", list) == "chit")
    }

    @Test func whereWordsAreNotWrittenApartTheyAreFoundInside() {
        #expect(Self.say("我爱重庆。", "重庆\t虫庆", language: "zh") == "我爱虫庆。")
        #expect(Self.say("서울은 크다", "서울\t소울", language: "ko") == "소울은 크다")
    }

    @Test func laterLinesAndListsWin() {
        #expect(Self.say("a", "a\tb\na\tc") == "c")
        let form = SpokenForm(language: "en", pronunciations: Pronunciations([("1", "a\tb"), ("2", "A\tc")]))
        #expect(form.convert("a").text == "c")
    }

    @Test func nothingIsReplacedTwice() {
        #expect(Self.say("a", "a\ta a a") == "a a a")
        #expect(Self.say("Ping pong", "ping\tpong\npong\tping") == "pong ping")
    }

    @Test func wrongLinesAreNamedAndSkipped() {
        let list = """
            \u{FEFF}# names
            Siobhan\tshivawn

            alone
            a\tb\tKlingon
            a\tb\t\tsometimes
            \tb
            a\t
            a\tb\ten\texact\tmore
            #tag\thash tag
            ok\tokay\r
            """
        let read = Pronunciations([("list.tsv", list)])
        #expect(read.faults.map(\.line) == [4, 5, 6, 7, 8, 9])
        #expect(
            read.faults.first?.description == "list.tsv, line 4: it has 1 field, not 2 to 4 with tabs between them.")
        let form = SpokenForm(language: "en", pronunciations: read)
        #expect(form.convert("ok Siobhan #tag").text == "okay shivawn hash tag")
    }

    @Test func entriesOfAnyLengthAreBounded() {
        let long = String(repeating: "a", count: 101)
        let read = Pronunciations([("l", "\(long)\tb\na\t\(String(repeating: "b", count: 201))")])
        #expect(read.faults.count == 2 && read.isEmpty)
    }

    @Test func theOriginStaysThatOfTheWord() {
        let form = SpokenForm(language: "en", pronunciations: Pronunciations([("l", "cat\ta small tiger")]))
        let spoken = form.convert("My cat sleeps.")
        #expect(spoken.text == "My a small tiger sleeps.")
        #expect(spoken.originalOffset(ofSpoken: 8) == 3)
        #expect(spoken.originalOffset(ofSpoken: 17) == 7)
    }

    /// Ten times the text takes about ten times the work, also for phrases that begin at every word and end nowhere.
    @Test func lookingUpTakesLinearTime() {
        let phrase = String(repeating: "a ", count: 49) + "b"
        let form = SpokenForm(language: "en", pronunciations: Pronunciations([("l", "\(phrase)\tc")]))
        func seconds(_ count: Int) -> Double {
            let text = String(repeating: "a ", count: count)
            return processorSeconds { _ = form.convert(text) }
        }
        #expect(seconds(20_000) < seconds(2000) * 40 + 0.5)
    }
}
