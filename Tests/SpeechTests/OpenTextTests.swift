import Speech
import Testing

@Suite struct OpenTextTests {
    private static func pieces(_ text: [String]) -> [String] {
        var open = OpenText(SpokenForm(language: "english"))
        return text.enumerated().map { open.append($1, isLast: $0 == text.count - 1).text }
    }

    @Test func plainWordsGoOnAtOnce() {
        #expect(Self.pieces(["Good mor", "ning, all of", " you", ""]) == ["Good ", "morning, all ", "of ", "you"])
    }

    @Test func aNumberWaitsForItsEnd() {
        #expect(Self.pieces(["it is 3", ".5 km", " away. Then", ""])[0...1] == ["it is ", ""])
        let whole = Self.pieces(["it is 3", ".5 km", " away. Then", ""]).joined()
        #expect(whole == SpokenForm(language: "english").convert("it is 3.5 km away. Then").text)
    }

    @Test func everythingComesAtTheEnd() {
        for text in ["$5", "**bold", "日本", "Dr", "a"] {
            #expect(Self.pieces([text]) == [SpokenForm(language: "english").convert(text).text])
        }
    }

    @Test func nothingWaitsForEver() {
        var open = OpenText(SpokenForm(language: "english"))
        var given = 0
        for _ in 0..<1000 { given += open.append("12 ", isLast: false).count }
        #expect(given > 2000)
    }

    /// However the pieces are cut: the text so far tells the language of a number.
    @Test func theTextSoFarTellsTheLanguage() {
        var open = OpenText(SpokenForm())
        var spoken = ""
        for piece in ["Im Wohnzimmer ist es ", "gerade sehr warm, ", "nämlich ", "23 Grad. ", "Und in ", "2 Stunden."] {
            spoken += open.append(piece, isLast: piece == "2 Stunden.").text
        }
        #expect(spoken == "Im Wohnzimmer ist es gerade sehr warm, nämlich dreiundzwanzig Grad. Und in zwei Stunden.")
    }

    @Test func thoughtsAreHeldBackUntilTheyEnd() {
        let pieces = Self.pieces(["<think>First. ", "Then. </th", "ink>Hello there. ", "5"])
        #expect(pieces[0...1] == ["", ""])
        #expect(pieces.joined() == "Hello there. five")
    }

    @Test func withoutAFormTextPassesAsItIs() {
        var open = OpenText(nil)
        #expect(open.append("3.", isLast: false).text == "3.")
    }

    /// However long a model thinks, nothing of it piles up.
    @Test func aLongThoughtIsForgotten() {
        var open = OpenText(SpokenForm(language: "english"))
        var (given, taken) = (0, 0)
        var spoken = ""
        let thought = Array(repeating: "It is 3 o'clock, I think. ", count: 2000)
        for piece in ["Well. <think>"] + thought + ["</think> Good morning. ", "Bye."] {
            let words = open.append(piece, isLast: piece == "Bye.")
            given += piece.unicodeScalars.count
            taken += words.originalCount
            spoken += words.text
            #expect(given - taken < 5000)
        }
        #expect(spoken.split(separator: " ").joined(separator: " ") == "Well. Good morning. Bye.")
        #expect(taken == given)
    }

    @Test func whereWordsComeFromIsKnown() {
        var open = OpenText(SpokenForm(language: "english"))
        let words = open.append("That is 21 km. ", isLast: false)
        #expect(words.text == "That is twenty-one kilometers. " && words.originalCount == 15)
        #expect(words.originalOffset(ofSpoken: 8) == 8)
        #expect(words.originalOffset(ofSpoken: words.count) == 15)
    }

    // MARK: - Pauses, languages, SSML

    /// Words and marks of all pieces together, neighbouring words as one.
    private static func items(_ pieces: [String], _ form: SpokenForm? = SpokenForm(language: "en")) -> [SpeechMark.Item]
    {
        var open = OpenText(form)
        var text = ""
        for (index, piece) in pieces.enumerated() {
            text += open.append(piece, isLast: index == pieces.count - 1).text
        }
        return SpeechMark.items(of: text)
    }

    private static let pause = SpeechMark.Item.mark(.pause(.milliseconds(1500)))
    private static let paragraph = SpeechMark.Item.mark(.pause(SpeechScript.paragraphPause))

    @Test(arguments: [
        ["One. [pause:1.5s] Two."], ["One. [pa", "use: 1", ".5s", "] Two."], ["One. ", "[pause: 1.5s]", " Two."],
    ])
    func aPauseIsFoundHoweverItIsCut(pieces: [String]) {
        let items = Self.items(pieces + [""])
        #expect(items.contains(Self.pause) && items.count == 3, "\(items)")
    }

    @Test(arguments: [["One.\n\nTwo."], ["One.", "\n", "\n", "Two."], ["One.\n", "\nTwo."], ["One.", "\n\nTwo."]])
    func aBlankLineIsFoundHoweverItIsCut(pieces: [String]) {
        let items = Self.items(pieces + [""])
        #expect(items.filter { $0 == Self.paragraph }.count == 1, "\(items)")
    }

    private static func words(_ items: [SpeechMark.Item]) -> [Substring] {
        var words: [Substring] = []
        for case .words(let text) in items { words += text.split { $0.isWhitespace } }
        return words
    }

    @Test(arguments: ["One, two.\nThree", "One\n\ntwo three", "a b [pause:1.5s] c d"])
    func wordsStayApartHoweverTheyAreCut(text: String) {
        #expect(Self.words(Self.items([text])) == Self.words(Self.items(text.map { String($0) })))
    }

    @Test func onlyAnotherLanguageAtASentencesStartIsMarked() {
        let english = "The cat has been asleep for 3 hours in the house. "
        let german = "Die Katze schläft seit 3 Stunden auf dem Sofa und träumt. "
        #expect(Self.items([english, english, ""], SpokenForm()).count == 1)
        let items = Self.items([english, german, ""], SpokenForm())
        #expect(items.contains(.mark(.language("german"))) && items.count == 3, "\(items)")
    }

    @Test func ssmlWaitsForAllOfIt() {
        let pieces = ["<spe", "ak>Hel", "lo <break time=\"1.5s\"/> 5</speak>"]
        var open = OpenText(SpokenForm(language: "en"))
        #expect(pieces.map { open.append($0, isLast: false).text } == ["", "", ""])
        let items = SpeechMark.items(of: open.append("", isLast: true).text)
        #expect(items.contains(Self.pause) && items.last == .words("five"), "\(items)")
        #expect(Self.items(["<", "b>bold</b> text", ""]).count == 1)
    }
}
