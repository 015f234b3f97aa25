import Testing

@testable import Speech

/// All parts of a closed text.
private func groups(_ text: String, whole: Bool = false) -> [TextQueue.Part] {
    var queue = TextQueue(text, isOpen: false)
    var parts: [TextQueue.Part] = []
    while let part = queue.next(whole: whole) { parts.append(part) }
    #expect(queue.isExhausted)
    return parts
}

@Test func aShortTextIsOneGroup() {
    let text = "  Good morning. How are you?\n"
    #expect(
        groups(text) == [.init(text: "Good morning. How are you?", characters: text.unicodeScalars.count, isLast: true)]
    )
}

@Test(arguments: [true, false])
func aLongTextIsCutAtSentences(whole: Bool) {
    let sentences = (0..<30).map { "This is sentence number \($0), and it says nothing of note." }
    let parts = groups(sentences.joined(separator: " "), whole: whole)
    #expect(parts.count > 5)
    #expect(parts.allSatisfy { $0.isLast && $0.text.hasSuffix(".") && $0.text.count <= TextQueue.groupLength })
    #expect(parts.map(\.text).joined(separator: " ") == sentences.joined(separator: " "))
    #expect(parts.map(\.characters).reduce(0, +) == sentences.joined(separator: " ").count)
}

@Test func paragraphsAreGroups() {
    #expect(groups("One.\n\nTwo.").map(\.text) == ["One.", "Two."])
}

@Test func marksWithoutAWordAreNotSpoken() {
    #expect(groups("… !! 🙂").isEmpty)
    #expect(TextQueue("", isOpen: false).isExhausted)
    #expect(!TextQueue("", isOpen: true).isExhausted)
}

/// All that is handed out of an open text.
private func settled(_ text: String) -> String {
    var queue = TextQueue(text, isOpen: true)
    return queue.next(whole: false)?.text ?? ""
}

@Test(arguments: [
    ("Hello", ""), ("Hello ", "Hello"), ("Hello wor", "Hello"), ("Hello world. ", "Hello world."),
    ("It costs 12 ", "It costs"), ("It costs 12 euros ", "It costs 12 euros"), ("一二三", ""), ("你好，世", "你好"),
    ("a  b", "a"), (" ", ""), ("", ""),
])
func settledTextNeverChanges(text: String, settled: String) {
    #expect(SpeechTests.settled(text) == settled)
}

@Test func wholeSentencesWaitForTheirEnd() {
    var queue = TextQueue("One sentence. And half", isOpen: true)
    let first = queue.next(whole: true)
    #expect(first?.text == "One sentence.")
    let early = queue.next(whole: true)
    #expect(early == nil)
    queue.append(" of another. ", isLast: true)
    let second = queue.next(whole: true)
    #expect(second == .init(text: "And half of another.", characters: 21, isLast: true))
    #expect(queue.isExhausted)
}

@Test func anOpenGroupEndsWithItsSentence() {
    var queue = TextQueue("", isOpen: true)
    let sentence = "word " + String(repeating: "word ", count: 50) + "end. "
    queue.append(sentence, isLast: false)
    let first = queue.next(whole: false)
    #expect(first?.isLast == false)
    queue.append("Another one begins. ", isLast: false)
    let second = queue.more()
    #expect(second?.isLast == true)
    let third = queue.next(whole: false)
    #expect(third?.text.hasPrefix("Another") == true)
}

@Test func budgetsFollowTheScript() {
    func expected(_ text: String) -> Double {
        var budget = FrameBudget()
        budget.add(text)
        return budget.expected
    }
    #expect((30...60).contains(expected("The quick brown fox jumps over the lazy dog.")))
    #expect((15...30).contains(expected("请把窗户打开。")))
    var budget = FrameBudget()
    #expect(budget.limit == 25)
    budget.add("a")
    #expect(budget.limit > 25)
}

@Test func twoSecondsOfSilenceEndSpeech() {
    let speech = [Float](repeating: 0.1, count: 1920)
    let quiet = [Float](repeating: 0.001, count: 1920)
    var detector = SilenceDetector()
    // Silence before speech is no end.
    let frames =
        Array(repeating: quiet, count: 60) + [speech] + Array(repeating: quiet, count: 24) + [speech]
        + Array(repeating: quiet, count: 25)
    #expect(frames.firstIndex { detector.take($0[...]) } == frames.count - 1)
}

/// What a queue must say that looks at all of its text at once: the definition of what it does with a window.
private func groupsOfWhole(_ text: String) -> [String] {
    var groups: [String] = []
    var (group, length) = ("", 0)
    for piece in SentenceSplitter(maximumLength: 2 * TextQueue.groupLength).split(text) {
        let count = piece.text.unicodeScalars.count
        if length > 0, length + count > TextQueue.groupLength {
            groups.append(group)
            (group, length) = ("", 0)
        }
        group += piece.text
        length += count
        if piece.endsParagraph {
            groups.append(group)
            (group, length) = ("", 0)
        }
    }
    return (groups + [group]).map { $0.trimmingWhitespace() }.filter(\.isSpeakable)
}

@Test(arguments: [
    "It was late, and nobody was there. ", "Why? Because! ", "wordwithoutend", "一二三四五，六七八九十。",
    "Mr. Smith paid 3.50 today. ", "A line\n\nand another ",
    "One very long sentence that has clauses, and more of them, and it goes on; ",
])
func aLongTextIsCutAsIfItWereSeenWhole(sentence: String) {
    let text = String(repeating: sentence, count: 20_000 / sentence.count)
    #expect(groups(text).map(\.text) == groupsOfWhole(text))
    #expect(groups(text).reduce(0) { $0 + $1.characters } == text.unicodeScalars.count)
}

@Test func charactersAreUnicodeScalars() {
    let text = "e\u{301} 👨‍👩‍👧 end."
    #expect(groups(text).map(\.characters) == [text.unicodeScalars.count])
}

@Test func aPageOfMarksIsSkipped() {
    let text = String(repeating: "🙂 ", count: 3000) + "Hello."
    let parts = groups(text)
    #expect(parts.count == 1 && parts[0].text.hasSuffix("Hello."))
    #expect(parts.map(\.characters) == [text.unicodeScalars.count])
}

/// Takes no longer for each piece, however much waits: a megabyte of it in pieces of ten.
@Test(.timeLimit(.minutes(5))) func manyPiecesTakeTimeInProportion() {
    var queue = TextQueue("", isOpen: true)
    var taken = 0
    _ = queue.next(whole: false)
    for _ in 0..<100_000 {
        queue.append("some words", isLast: false)
        // A group is begun that nobody speaks further.
        if taken == 0, let part = queue.next(whole: false) { taken += part.characters }
    }
    queue.append("", isLast: true)
    while let part = queue.next(whole: false) { taken += part.characters }
    #expect(taken == 1_000_000 && queue.isExhausted)
}
