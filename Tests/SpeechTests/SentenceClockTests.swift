import Speech
import Testing

@Suite struct SentenceClockTests {
    private static let rate = 24_000

    /// A model that needs `seconds` for each sentence of a group, with a pause of 120 ms between them and shorter ones inside.
    private struct Speaker {
        var clock: SentenceClock
        var found: [SpokenSentence] = []
        var seconds = 0.0
        /// Characters of groups that have ended.
        private var characters = 0

        init(_ text: String) {
            clock = SentenceClock(text, sampleRate: rate)
        }

        mutating func speak(_ sentences: [(text: String, seconds: Double)], ends: Bool = true) {
            let whole = sentences.map(\.text).joined().count
            var samples: [Float] = []
            for (index, sentence) in sentences.enumerated() {
                if index > 0 { samples += SentenceClockTests.silence(0.12) }
                samples += SentenceClockTests.voice(sentence.seconds)
            }
            samples += SentenceClockTests.silence(0.1)
            for start in stride(from: 0, to: samples.count, by: 1920) {
                let piece = Array(samples[start..<min(start + 1920, samples.count)])
                let share = Double(start + piece.count) / Double(samples.count)
                let said = characters + min(Int(share * Double(whole)), whole - 1)
                found += clock.take(piece, characters: said)
            }
            seconds += Double(samples.count) / Double(rate)
            characters += whole
            if ends { found += clock.take([], characters: characters) }
        }

        mutating func finish(isWhole: Bool = true) { found += clock.finish(isWhole: isWhole) }
    }

    private static func silence(_ seconds: Double) -> [Float] {
        [Float](repeating: 0, count: Int(seconds * Double(rate)))
    }

    /// Words of 300 ms, with 30 ms between them.
    private static func voice(_ seconds: Double) -> [Float] {
        (0..<Int(seconds * Double(rate))).map { sample in
            let isGap = sample % (rate * 33 / 100) >= rate * 30 / 100 && sample < Int((seconds - 0.1) * Double(rate))
            return isGap ? 0 : sample.isMultiple(of: 2) ? 0.1 : -0.1
        }
    }

    private static let one = "The lights in the kitchen are on. "
    private static let two = "The front door is closed, and nobody is there. "
    private static let three = "Dinner is at seven."

    @Test func sentencesOfAGroupMeetAtThePauseBetweenThem() {
        for pace in [0.7, 1.0, 1.4] {
            var speaker = Speaker(Self.one + Self.two + Self.three)
            let lengths = [1.9, 2.6, 1.1].map { $0 * pace }
            speaker.speak([(Self.one, lengths[0]), (Self.two, lengths[1]), (Self.three, lengths[2])], ends: false)
            speaker.finish()
            let found = speaker.found
            #expect(found.map(\.characters) == [0..<33, 34..<80, 81..<100])
            let starts = [0, lengths[0] + 0.12, lengths[0] + lengths[1] + 0.24]
            for (index, sentence) in found.enumerated() {
                #expect(abs(sentence.start - starts[index]) < 0.03)
                #expect(abs(sentence.end - starts[index] - lengths[index]) < 0.03)
            }
        }
    }

    @Test func aGroupsEndIsExactHoweverLongItTook() {
        var speaker = Speaker(Self.one + Self.three)
        speaker.speak([(Self.one, 6)])
        #expect(speaker.found.map(\.characters) == [0..<33])
        #expect(abs(speaker.found[0].end - 6) < 0.03)
        speaker.speak([(Self.three, 0.4)], ends: false)
        speaker.finish()
        #expect(abs(speaker.found[1].start - 6.1) < 0.03 && abs(speaker.found[1].end - 6.5) < 0.03)
    }

    @Test func aSentenceIsToldBeforeItsGroupEnds() {
        let text = String(repeating: Self.one, count: 5)
        var speaker = Speaker(text)
        speaker.speak(Array(repeating: (text: Self.one, seconds: 2.0), count: 5), ends: false)
        #expect(speaker.found.count >= 3)
        speaker.finish()
        #expect(speaker.found.count == 5)
        for (index, sentence) in speaker.found.enumerated() {
            #expect(abs(sentence.start - 2.12 * Double(index)) < 0.03)
        }
    }

    @Test func textThatComesLaterIsToldToo() {
        var speaker = Speaker("The lights in the ")
        speaker.clock.append("kitchen are on. The front")
        speaker.clock.append(" door is closed.")
        speaker.speak([(Self.one, 2)])
        speaker.speak([("The front door is closed.", 1.5)], ends: false)
        speaker.finish()
        #expect(speaker.found.map(\.characters) == [0..<33, 34..<59])
    }

    @Test func ofAnUtteranceThatWasCutOnlyWhatWasBegunIsTold() {
        var speaker = Speaker(Self.one + Self.two + Self.three)
        speaker.speak([(Self.one, 2)])
        speaker.finish(isWhole: false)
        #expect(speaker.found.count == 1)
    }

    @Test func wordsFillTheirSentence() throws {
        var speaker = Speaker(" " + Self.three)
        speaker.speak([(" " + Self.three, 1.5)], ends: false)
        speaker.finish()
        let sentence = try #require(speaker.found.first)
        #expect(sentence.characters == 1..<20)
        #expect(sentence.words.map(\.characters) == [1..<7, 8..<10, 11..<13, 14..<20])
        #expect(sentence.words.first?.start == sentence.start)
        #expect(abs(sentence.words.last!.end - sentence.end) < 1e-9)
        for (one, next) in zip(sentence.words, sentence.words.dropFirst()) { #expect(one.end == next.start) }
    }

    @Test func nothingIsToldOfSilenceAndNoText() {
        var clock = SentenceClock("", sampleRate: Self.rate)
        #expect(clock.take(Self.silence(1), characters: 0).isEmpty)
        #expect(clock.finish(isWhole: true).isEmpty)
    }
}
