// When each sentence is said. A model says how many groups of sentences it has spoken; where the sentences inside a group meet
// is estimated from how long texts take and from the pauses that are heard.

/// A sentence and when it sounds.
package struct SpokenSentence: Sendable, Equatable {
    /// Unicode scalars of the utterance's text, without the white space around them.
    package var characters: Range<Int>
    /// Seconds from the first sample of the utterance.
    package var start: Double
    package var end: Double
    /// Its words, by the time that their letters take: estimates, all of them.
    package var words: [Word]

    package struct Word: Sendable, Equatable {
        package var characters: Range<Int>
        package var start: Double
        package var end: Double

        package init(characters: Range<Int>, start: Double, end: Double) {
            self.characters = characters
            self.start = start
            self.end = end
        }
    }

    package init(characters: Range<Int>, start: Double, end: Double, words: [Word] = []) {
        self.characters = characters
        self.start = start
        self.end = end
        self.words = words
    }
}

/// Follows the events of one utterance. A sentence is told a second or two after its end, or when its group ends.
package struct SentenceClock: Sendable {
    /// Sentences that were not told yet, as far as their text has come.
    private var sentences: [Sentence] = []
    /// Unicode scalars of those that were.
    private var told = 0
    private var sound: SoundLevels
    /// Seconds at which the first of them begins.
    private var start = 0.0
    /// Unicode scalars that the model says it has spoken.
    private var spoken = 0
    /// How long this voice takes for a text, over how long a text usually takes.
    private var pace = 1.0

    private struct Sentence {
        let text: String
        /// Unicode scalars, with the white space behind.
        let count: Int
        /// Seconds it usually takes.
        let length: Double
    }

    private static let splitter = SentenceSplitter(maximumLength: 1000)

    package init(_ text: String, sampleRate: Int) {
        sound = SoundLevels(sampleRate: sampleRate)
        append(text)
    }

    /// More of the text, which may go on with the last sentence.
    package mutating func append(_ more: String) {
        let begun = sentences.popLast()?.text ?? ""
        for piece in Self.splitter.split(begun + more) {
            sentences.append(
                Sentence(text: piece.text, count: piece.text.unicodeScalars.count, length: piece.text.usualSeconds))
        }
    }

    /// Takes an event of the model's: samples, and how many Unicode scalars are spoken so far. Returns the sentences that are
    /// known to have been said.
    package mutating func take(_ samples: [Float], characters: Int) -> [SpokenSentence] {
        sound.take(samples)
        spoken = characters
        // A group's end is told without samples.
        if samples.isEmpty, let count = sentencesEnding(at: characters) { return tell(count) }
        return tellIfLate().map { [$0] } ?? []
    }

    /// The utterance has ended; `isWhole`: with all its text.
    package mutating func finish(isWhole: Bool) -> [SpokenSentence] {
        var end = told
        let begun = sentences.prefix { sentence in
            defer { end += sentence.count }
            return isWhole || end < spoken
        }
        return tell(begun.count)
    }

    /// How many sentences a number of characters is the end of, or with marks in front of the next one.
    private func sentencesEnding(at characters: Int) -> Int? {
        var end = told
        for (index, sentence) in sentences.enumerated() where end < characters {
            end += sentence.count
            if (end...end + Self.marks).contains(characters) { return index + 1 }
        }
        return nil
    }

    /// Marks that a writer may set before a sentence, such as those of bold type.
    private static let marks = 3

    /// The first sentence, when its group goes on and its usual time is well over.
    private mutating func tellIfLate() -> SpokenSentence? {
        guard let first = sentences.first, sentences.count > 1, spoken >= told + first.count else { return nil }
        let length = pace * first.length
        guard sound.end - start > 1.35 * length + 0.5 else { return nil }
        return tell(until: sound.boundary(near: start + length, from: start, tolerance: 0.2 * length + 0.1))
    }

    /// The first `count` sentences, of which the last ends now.
    private mutating func tell(_ count: Int) -> [SpokenSentence] {
        let end = sound.lastSound
        let usual = sentences.prefix(count).map(\.length)
        let whole = usual.reduce(0, +)
        if whole > 1 { pace = min(max((end - start) / whole, 0.4), 2.5) }
        var result: [SpokenSentence] = []
        for index in 0..<count {
            let left = usual[index...].reduce(0, +)
            let length = (end - start) * usual[index] / max(left, 0.001)
            let boundary =
                index == count - 1
                ? end..<sound.end
                : sound.boundary(near: start + length, from: start, tolerance: 0.15 * length + 0.1)
            result.append(tell(until: boundary))
        }
        return result
    }

    /// The first sentence, whose sound ends where the pause begins.
    private mutating func tell(until pause: Range<Double>) -> SpokenSentence {
        let sentence = sentences.removeFirst()
        let scalars = sentence.text.unicodeScalars
        let front = scalars.prefix { $0.properties.isWhitespace }.count
        let back = scalars.reversed().prefix { $0.properties.isWhitespace }.count
        let sounding = told + front..<told + max(front, sentence.count - back)
        let begin = max(start, sound.firstSound(from: start))
        let end = max(begin, pause.lowerBound)
        let result = SpokenSentence(
            characters: sounding, start: begin, end: end,
            words: sentence.text.words(from: told, begin: begin, end: end))
        told += sentence.count
        start = max(start, pause.upperBound)
        sound.forget(before: start)
        return result
    }
}

extension String {
    /// Seconds that the text usually takes.
    fileprivate var usualSeconds: Double {
        var budget = FrameBudget()
        budget.add(self)
        return 0.08 * budget.expected
    }

    /// What stands between white space, by the share of time that each usually takes.
    fileprivate func words(from first: Int, begin: Double, end: Double) -> [SpokenSentence.Word] {
        var words: [(characters: Range<Int>, length: Double)] = []
        var position = first
        for part in unicodeScalars.split(omittingEmptySubsequences: false, whereSeparator: \.properties.isWhitespace) {
            if !part.isEmpty { words.append((position..<position + part.count, String(part).usualSeconds)) }
            position += part.count + 1
        }
        let whole = words.reduce(0) { $0 + $1.length }
        var time = begin
        return words.map { word in
            let start = time
            time += (end - begin) * word.length / max(whole, 0.001)
            return SpokenSentence.Word(characters: word.characters, start: start, end: time)
        }
    }
}
