import Speech
import Testing

@testable import Server

/// Open texts are handed on no further ahead than the engine needs, and what was not handed on can be changed.
@Suite struct TextInletTests {
    private static let ahead = 40

    private func inlet(limit: Int = 10_000, ahead: Int = ahead, tellsSentences: Bool = false) -> TextInlet {
        TextInlet(
            OpenText(SpokenForm(language: "english")), limit: limit, ahead: ahead, tellsSentences: tellsSentences)
    }

    /// All that is handed on while everything that was handed on gets said.
    private func say(_ inlet: TextInlet) -> String {
        var all = ""
        while let (words, isLast) = inlet.next() ?? inlet.next(isStarved: true) {
            all += words
            _ = inlet.originalOffset(ofSpoken: all.unicodeScalars.count)
            if isLast { break }
        }
        return all
    }

    @Test func noMoreIsHandedOnThanIsNeeded() throws {
        let inlet = inlet()
        let text = String(repeating: "word ", count: 50)
        #expect(try inlet.add(text, isLast: false))
        let first = try #require(inlet.next())
        #expect(first.words == String(text.prefix(Self.ahead)) && !first.isLast)
        #expect(inlet.next() == nil && inlet.characters == 250)
        // Nothing is due as long as nothing is said.
        #expect(try !inlet.add("more ", isLast: false))
        _ = inlet.originalOffset(ofSpoken: 10)
        #expect(inlet.next()?.words == "word word ")
        // An engine that has said all it knows gets as much again.
        #expect(inlet.next(isStarved: true)?.words.count == Self.ahead)
    }

    /// However the pieces fall, the words are those of the whole.
    @Test(arguments: [1, 3, 10, 40, 1000]) func piecesAreTheWhole(length: Int) throws {
        let text =
            "At 3.5 km, on May 5th, 2024, he paid $3.50 for it. Was it **too much**? I am not sure: 20 °C is cold!\n\nSo."
        let inlet = inlet()
        var rest = Array(text.unicodeScalars)[...]
        while !rest.isEmpty {
            let piece = rest.prefix(length)
            rest = rest.dropFirst(length)
            try inlet.add(String(scalars: piece), isLast: rest.isEmpty)
        }
        let whole = self.inlet(ahead: .max)
        try whole.add(text, isLast: true)
        #expect(say(inlet) == whole.next()?.words)
        #expect(inlet.originalOffset(ofSpoken: .max / 2) == text.unicodeScalars.count)
    }

    @Test func whatWasNotHandedOnIsReplaced() throws {
        let inlet = inlet()
        try inlet.add("The train leaves at ten from platform two. Take the red one.", isLast: false)
        let first = try #require(inlet.next()).words
        // As much as was needed, and the word in which that ended.
        #expect(first == "The train leaves at ten from platform two. ")
        // The engine has these words: nothing is changed, and it is said where something could be.
        let error = #expect(throws: SpeakError.self) { try inlet.replace(from: 20, with: "nine.") }
        #expect(error?.code == .tooLate && error?.position == first.count && error?.field == "from")
        #expect(inlet.characters == 60)
        try inlet.replace(from: first.count, with: "3 tomorrow.")
        #expect(inlet.characters == first.count + 11)
        let beyond = #expect(throws: SpeakError.self) { try inlet.replace(from: 100, with: "x") }
        #expect(beyond?.code == .invalidText)
        try inlet.add("", isLast: true)
        #expect(say(inlet) == "three tomorrow.")
        #expect(throws: SpeakError.self) { try inlet.replace(from: first.count, with: "x") }
    }

    /// Text that waits for the end of its sentence was read, but not handed on.
    @Test func whatWasReadIsReplacedAsWell() throws {
        let inlet = inlet()
        try inlet.add("It costs 3.", isLast: false)
        #expect(inlet.next()?.words == "It costs ")
        try inlet.replace(from: 9, with: "4 euros, 5 at most.")
        try inlet.add("", isLast: true)
        #expect(say(inlet) == "four euros, five at most.")
    }

    @Test func theEndMayBeTakenAway() throws {
        let inlet = inlet()
        try inlet.add("One two three. ", isLast: false)
        #expect(inlet.next()?.words == "One two three. ")
        try inlet.add("And four.", isLast: true)
        try inlet.replace(from: 15, with: "")
        #expect(inlet.next(isStarved: true)?.isLast == true)
        #expect(inlet.characters == 15)
    }

    @Test func sentencesAreToldOfWhatIsSaid() throws {
        let inlet = inlet(tellsSentences: true)
        try inlet.add("One two three four five six seven eight. Nine ten.", isLast: false)
        let first = try #require(inlet.next()).words
        #expect(inlet.takeUntold() == first && inlet.takeUntold() == nil)
        try inlet.replace(from: first.count, with: "9.")
        try inlet.add("", isLast: true)
        _ = say(inlet)
        #expect(inlet.takeUntold() == "9.")
    }

    @Test func moreThanMayWaitIsRefused() throws {
        let inlet = inlet(limit: 50)
        try inlet.add(String(repeating: "word ", count: 10), isLast: false)
        #expect(throws: SpeakError.self) { try inlet.add("x", isLast: false) }
        _ = inlet.next()
        #expect(throws: SpeakError.self) { try inlet.replace(from: 40, with: String(repeating: "x", count: 11)) }
        try inlet.replace(from: 40, with: String(repeating: "x", count: 10))
        #expect(inlet.room == 0)
        inlet.end()
        #expect(inlet.next(isStarved: true) == nil && inlet.room == 50)
    }
}
