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
}
