import Testing

@testable import Speech

/// Pauses that people write into plain text.
@Suite struct SpeechScriptTests {
    private static func script(_ text: String, language: String = "english") -> SpeechScript {
        SpeechScript(text, format: .plain, form: SpokenForm(language: language))
    }

    /// The steps as text: words, and pauses in seconds.
    private static func steps(_ script: SpeechScript) -> [String] {
        script.steps.map { step in
            switch step {
            case .text(let passage): passage.words.text.trimmingWhitespace()
            case .pause(let length): "\(length / .seconds(1))"
            }
        }
    }

    @Test(arguments: [
        ("One [pause:1.5s] two.", ["One", "1.5", "two."]),
        ("One [pause: 500 ms] two.", ["One", "0.5", "two."]),
        ("One [pause:1,5s] two.", ["One", "1.5", "two."]),
        ("One [PAUSE 2s], two.", ["One,", "2.0", "two."]),
        ("One [pause] two.", ["One", "0.5", "two."]),
        ("One <break time=\"500ms\"/> two.", ["One", "0.5", "two."]),
        ("One<break strength='strong'/>two.", ["One", "0.75", "two."]),
        ("One [pause:1s][pause:2s] two.", ["One", "3.0", "two."]),
        ("[pause:1s] one [pause:2s]", ["1.0", "one", "2.0"]),
        ("- one [pause:1s]\n- two", ["one.", "1.0", "two."]),
        ("5 [pause:1s] km", ["five", "1.0", "km"]),
    ])
    func aPauseIsAStepOfItsOwn(text: String, steps: [String]) {
        #expect(Self.steps(Self.script(text)) == steps)
    }

    @Test(arguments: ["[pause:10h]", "[pause:99999999999s]", "[pause:9s][pause:9s]", "<break time=\"10h\"/>"])
    func noPauseIsLongerThanTheLongest(mark: String) {
        #expect(Self.steps(Self.script("One \(mark) two.")) == ["One", "10.0", "two."])
    }

    @Test(arguments: ["[pause:-1s]", "[pause:soon]", "[pauses]", "[pause:1s", "[pause:1e999s]", "[pausenbrot]"])
    func whatIsNoPauseIsSaid(mark: String) {
        let script = Self.script("One \(mark) two.")
        #expect(script.steps.count == 1)
        #expect(script.text.contains("pause"))
    }

    @Test func aBlankLineIsALongerPause() {
        #expect(
            Self.steps(Self.script("One.\n\nTwo.\n  \nThree.\nFour.")) == [
                "One.", "0.6", "Two.", "0.6", "Three.\nFour.",
            ])
        #expect(Self.steps(Self.script("\n\nOne.\r\n\r\n\r\nTwo.\n\n")) == ["One.", "0.6", "Two."])
        #expect(Self.steps(Self.script("One.\n\n[pause:2s]\n\nTwo.")) == ["One.", "2.0", "Two."])
    }

    @Test func aBlankLineInsideOfWhatIsHiddenIsNone() {
        #expect(Self.steps(Self.script("One.\n```\nlet a\n\nlet b\n```\nTwo.")).count <= 3)
        #expect(Self.steps(Self.script("<think>a\n\nb [pause:3s]</think>One.")) == ["One."])
    }

    @Test func wordsComeFromTheirPlaceInTheWholeText() throws {
        let written = "I have 21 cats. [pause:1s] You have 5."
        let script = Self.script(written)
        guard case .text(let last)? = script.steps.last else { throw Missing() }
        #expect(last.words.text.trimmingWhitespace() == "You have five.")
        #expect(last.words.originalOffset(ofSpoken: 0) == 0)
        #expect((27...28).contains(last.words.originalOffset(ofSpoken: 1)))
        #expect(last.words.originalOffset(ofSpoken: 1000) == written.unicodeScalars.count)
    }

    @Test func withoutALanguageEachPassageHasItsOwn() {
        let text = "The cat has been asleep for 3 hours. Die Katze schläft seit 3 Stunden auf dem Sofa. 21!"
        let languages = Self.script(text, language: "auto").steps.map { step -> String? in
            if case .text(let passage) = step { passage.language } else { nil }
        }
        #expect(languages == ["english", "german"])
        let named = Self.script(text, language: "de")
        #expect(named.steps.count == 1)
    }

    @Test func whatTellsNothingLeavesTheLanguageToOthers() {
        guard case .text(let passage)? = Self.script("21!", language: "auto").steps.first else { return }
        #expect(passage.language == nil)
        #expect(passage.words.text == "twenty-one!")
    }

    @Test func textAsItIsHasNoPauses() {
        let script = SpeechScript("5 [pause:1s]\n\nkm", format: .plain, form: nil)
        #expect(Self.steps(script) == ["5 [pause:1s]\n\nkm"])
    }

    @Test func nothingToSayIsNoStep() {
        #expect(Self.script("").steps.isEmpty)
        #expect(!Self.script("😀 [pause:1s]").isSpeakable)
        #expect(Self.script("a").isSpeakable)
    }

    @Test func isPrintedAsItIsWritten() {
        #expect(
            "\(Self.script("Wait 5 s. [pause:1.5s] Now.\n\nAnd then."))"
                == "Wait five seconds. [pause:1.5s] Now.\n\nAnd then.")
    }

    @Test func aFloodOfPausesIsOnePause() {
        let text =
            String(repeating: "[pause:1s]", count: 50_000) + "end" + String(repeating: "<break/>\n\n", count: 50_000)
        #expect(Self.steps(Self.script(text)) == ["10.0", "end", "10.0"])
    }

    private struct Missing: Error {}
}
