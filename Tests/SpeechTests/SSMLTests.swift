import TestSupport
import Testing

@testable import Speech

@Suite struct SSMLTests {
    private static func script(_ text: String, language: String = "english") -> SpeechScript {
        SpeechScript(text, format: .ssml, form: SpokenForm(language: language))
    }

    /// Words, pauses in seconds, and what is not usual in brackets.
    private static func steps(_ text: String, language: String = "english") -> [String] {
        script(text, language: language).steps.map { step in
            switch step {
            case .text(let passage):
                (passage.language == "english" ? "" : "(\(passage.language ?? "-"))")
                    + (passage.rate == 1 ? "" : "(\(passage.rate))") + passage.words.text.trimmingWhitespace()
            case .pause(let length): "\(length / .seconds(1))"
            }
        }
    }

    @Test(arguments: [
        ("<speak>Hello.</speak>", ["Hello."]),
        (
            "<?xml version=\"1.0\"?>\n<speak version=\"1.1\" xmlns=\"http://www.w3.org/2001/10/synthesis\">Hi 5.</speak>",
            ["Hi five."]
        ),
        (
            "<speak>One <break time=\"500ms\"/>two<break time='1.5s'></break> three</speak>",
            ["One", "0.5", "two", "1.5", "three"]
        ),
        ("<speak>One<break/>two<break strength=\"none\"/>three</speak>", ["One", "0.5", "two", "three"]),
        ("<speak><p>One</p><p><s>Two</s><s>Three!</s></p></speak>", ["One.", "0.6", "Two. Three!"]),
        ("<speak>I have <emphasis>5</emphasis> km left.</speak>", ["I have five kilometers left."]),
        (
            "<speak>The <sub alias=\"World Wide Web Consortium\">W3C</sub> meets.</speak>",
            ["The World Wide Web Consortium meets."]
        ),
        ("<speak><sub alias=\"5 kilometers\"/> left</speak>", ["five kilometers left"]),
        ("<speak>You say <phoneme alphabet=\"ipa\" ph=\"təˈmeɪtoʊ\">tomato</phoneme>.</speak>", ["You say tomato."]),
        (
            "<speak>Say <lang xml:lang=\"de-DE\">21 Katzen</lang> now.</speak>",
            ["Say", "(german)einundzwanzig Katzen", "now."]
        ),
        (
            "<speak><prosody rate=\"slow\">Slow</prosody> and <prosody rate='120%'>fast</prosody>.</speak>",
            ["(0.75)Slow", "and", "(1.2)fast."]
        ),
        ("<speak><prosody rate=\"+50%\">a <prosody rate=\"50%\">b</prosody></prosody></speak>", ["(1.5)a", "(0.75)b"]),
        (
            "<speak><prosody rate=\"9000%\">a</prosody> <prosody rate=\"much\" pitch=\"+2st\">b</prosody></speak>",
            ["(4.0)a", "b"]
        ),
        ("<speak>a &lt; b &amp; c &#8364;5</speak>", ["a is less than b and c five euros"]),
        ("<speak>one<![CDATA[ & ]]>two <!-- 3 -->four</speak>", ["one and two four"]),
        ("<speak><metadata>no</metadata><audio src=\"x.wav\"><desc>no</desc>yes</audio></speak>", ["yes"]),
        (
            "<speak><amazon:effect name=\"whispered\">quiet</amazon:effect> <mstts:x>words</mstts:x></speak>",
            ["quiet words"]
        ),
    ])
    func readsTheMarkup(text: String, expected: [String]) {
        #expect(Self.steps(text) == expected, "\(text)")
    }

    @Test(arguments: [
        ("characters", "", "A4-b", "A four dash B"),
        ("spell-out", "", "USB 3", "U S B three"),
        ("digits", "", "0421", "zero four two one"),
        ("telephone", "", "+49 30 1234", "plus four nine, three zero, one two three four"),
        ("telephone", "", "1-800-GO", "one, eight zero zero, G O"),
        ("date", "dmy", "3/4/2026", "April third, twenty twenty-six"),
        ("date", "mdy", "3/4/2026", "March fourth, twenty twenty-six"),
        ("date", "md", "12-24", "December twenty-fourth"),
        ("date", "ymd", "26.1.5", "January fifth, twenty twenty-six"),
        ("date", "dmy", "no date", "no date"), ("cardinal", "", "21", "twenty-one"), ("", "", "21", "twenty-one"),
    ])
    func saysAs(how: String, format: String, text: String, expected: String) {
        let tag = "<say-as interpret-as=\"\(how)\" format=\"\(format)\">\(text)</say-as>"
        #expect(Self.steps("<speak>\(tag)</speak>") == [expected])
        // In one go with the words around it.
        #expect(Self.steps("<speak>So \(tag) it is.</speak>") == ["So \(expected) it is."])
    }

    @Test func digitsAreSaidInTheLanguageOfTheText() {
        #expect(
            Self.steps("<speak xml:lang=\"fr\"><say-as interpret-as=\"digits\">21</say-as></speak>")
                == ["(french)deux un"])
        #expect(
            Self.steps("<speak>今天<say-as interpret-as=\"digits\">21</say-as></speak>", language: "zh") == [
                "(chinese)今天二一"
            ])
    }

    /// Nothing is lost of what is no markup, or broken markup.
    @Test(arguments: [
        ("<speak>One <prosody rate=\"slow\">two", "One two"), ("<speak>One <sub alias=\"x\">two", "One two"),
        ("<speak>a <say-as interpret-as=\"characters\">word", "a word"), ("One</p></speak> two", "One. two"),
        ("<speak>4 < 5 and 6 > 5</speak>", "four is less than five and six is greater than five"),
        ("<speak>a<b and c>d</speak>", "a is less than b and c is greater than d"), ("<speak>one <", "one"),
        ("<speak>one <break time=\"1s", "one"), ("<speak>one <!-- two", "one"),
        ("<speak><unknown a=\"1\">one</unknown></speak>", "one"),
        ("<speak><p>one<s>two</p>three</s></speak>", "one. two. three"),
    ])
    func brokenMarkupIsSpokenAsItStands(text: String, expected: String) {
        let spoken = Self.script(text).text.split(separator: " ").joined(separator: " ")
        #expect(spoken.hasPrefix(expected), "\(text): \(spoken)")
    }

    @Test(arguments: ["10h", "36000s", "999999999999999s"])
    func aBreakHasAnEnd(time: String) {
        #expect(Self.steps("<speak>a<break time=\"\(time)\"/>b</speak>") == ["a", "10.0", "b"])
    }

    @Test(arguments: [
        ("<speak>a</speak>", TextFormat.ssml), ("\n <?xml version=\"1.0\"?>\n<speak xml:lang=\"en\">", .ssml),
        ("\u{FEFF}<speak>", .ssml), ("<speaker>", .plain), ("Hello <speak>", .plain), ("", .plain), ("<?xml", .plain),
    ])
    func isKnownByItsFirstTag(text: String, format: TextFormat) {
        #expect(TextFormat(of: text) == format)
    }

    @Test func textAsItIsLosesTheTagsOnly() {
        let script = SpeechScript("<speak>5 km<break/>now</speak>", format: .ssml, form: nil)
        #expect("\(script)" == "5 km [pause:0.5s] now")
    }

    @Test func wordsComeFromTheirPlaceInTheMarkup() {
        guard case .text(let passage)? = Self.script("<speak>Hello <s>world</s></speak>").steps.first else { return }
        #expect(passage.words.originalOffset(ofSpoken: 1) == 8)
        #expect(passage.words.originalOffset(ofSpoken: 7) == 16)
    }

    private static let floods = [
        "<p>", "</p>", "<", "<a ", "<a=\"", "<!--", "<![CDATA[", "<?", "<!", "&", "&#1;", "<sub alias=\"a\">b",
        "<break/>",
        "<say-as interpret-as=\"characters\">ab</say-as>", "<prosody rate=\"90%\">a", "<s>a</s>",
        "<lang xml:lang=\"de\">a",
        "</x>", "<p><s>", "\" '", "<metadata>", "<speak>", "7",
    ]

    /// Ten times the text takes about ten times the work, with room for a busy machine.
    @Test(arguments: floods)
    func floodsTakeLinearTime(flood: String) {
        func seconds(_ count: Int) -> Double {
            let text = "<speak>" + String(repeating: flood, count: count / flood.unicodeScalars.count)
            return processorSeconds { _ = Self.script(text) }
        }
        let short = seconds(2000)
        #expect(seconds(20_000) < short * 40 + 0.5, "\(flood)")
    }

    @Test func mixturesNeverTrap() {
        var random = SplitMix(state: 21)
        for _ in 0..<300 {
            let text = (0..<20).map { _ in Self.floods.randomElement(using: &random) ?? "" }.joined()
            for step in Self.script(text).steps {
                guard case .text(let passage) = step else { continue }
                let count = passage.words.text.unicodeScalars.count
                let offsets = (0...count).map { passage.words.originalOffset(ofSpoken: $0) }
                #expect(offsets == offsets.sorted(), "\(text)")
            }
        }
    }
}
