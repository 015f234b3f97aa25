@testable import Speech
import Testing

@testable import Server

/// Passages and pauses, over the engine that hums: each Unicode scalar of a text is a frame.
@Suite struct ScriptedEngineTests {
    private let engine = ScriptedEngine(ToneEngine())

    private func request(_ text: String, isOpen: Bool = false) -> SpeechRequest {
        SpeechRequest(text: text, voice: .none, language: "auto", isOpen: isOpen)
    }

    private func marked(_ text: String, format: TextFormat = .plain, language: String = "english") -> String {
        SpeechScript(text, format: format, form: SpokenForm(language: language)).marked.text
    }

    /// The events until the end, runs of silent samples and of sound as seconds.
    private func hear(_ utterance: ScriptedEngine<ToneEngine>.Utterance) -> (
        runs: [Run], last: SpeechEvent, offsets: [Int]
    ) {
        var runs: [Run] = []
        var offsets: [Int] = []
        for _ in 0..<10_000 {
            let event = engine.advance([utterance], isCancelled: { _ in false })[0]
            guard case .frame(let samples, let characters) = event else { return (runs, event, offsets) }
            offsets.append(characters)
            guard !samples.isEmpty else { continue }
            let isSilent = samples.allSatisfy { $0 == 0 }
            if runs.last?.isSilent != isSilent { runs.append(Run(isSilent: isSilent, samples: 0)) }
            runs[runs.count - 1].samples += samples.count
        }
        return (runs, .starved, offsets)
    }

    struct Run: Equatable {
        var isSilent: Bool
        var samples: Int
        var seconds: Double { Double(samples) / 24_000 }
    }

    @Test func pausesAreSilenceOfTheirLength() throws {
        let text = marked("One. [pause:1.5s] Two.\n\nThree.")
        let heard = hear(try engine.begin(request(text)))
        #expect(heard.last == .ended(.endOfSpeech))
        #expect(heard.runs.map(\.isSilent) == [false, true, false, true, false])
        #expect(heard.runs[1].seconds == 1.5 && heard.runs[3].seconds == 0.6)
        #expect(heard.offsets == heard.offsets.sorted())
        #expect(heard.offsets.last == text.unicodeScalars.count)
    }

    @Test func aPauseMayBeginAndEndAText() throws {
        let heard = hear(try engine.begin(request(marked("[pause:1s] One. [pause:2s]"))))
        #expect(heard.runs.map(\.isSilent) == [true, false, true] && heard.runs[2].seconds == 2)
        #expect(heard.last == .ended(.endOfSpeech))
    }

    @Test func aTextWithoutMarksIsTheEnginesOwn() throws {
        let tone = ToneEngine()
        let own = try tone.begin(request("Hello there."))
        let scripted = try engine.begin(request("Hello there."))
        for _ in 0..<100 {
            let event = tone.advance([own], isCancelled: { _ in false })[0]
            #expect(engine.advance([scripted], isCancelled: { _ in false })[0] == event)
            if case .ended = event { return }
        }
    }

    @Test func aRateChangesTheLengthAlone() throws {
        let plain = hear(try engine.begin(request("Hello there."))).runs[0].samples
        let text = marked("<speak><prosody rate=\"50%\">Hello there.</prosody></speak>", format: .ssml)
        let slow = hear(try engine.begin(request(text))).runs.reduce(0) { $0 + $1.samples }
        #expect(slow == 2 * plain)
    }

    @Test func openTextPausesWhereItSays() throws {
        let utterance = try engine.begin(request("", isOpen: true))
        #expect(hear(utterance).last == .starved)
        try engine.append(marked("One. [pause:1s] "), isLast: false, to: utterance)
        let first = hear(utterance)
        #expect(first.runs.map(\.isSilent) == [false, true] && first.last == .starved)
        try engine.append(marked("Two."), isLast: false, to: utterance)
        #expect(hear(utterance).runs.map(\.isSilent) == [false])
        try engine.append("", isLast: true, to: utterance)
        #expect(hear(utterance).last == .ended(.endOfSpeech))
    }

    @Test func aPauseIsCutByACancelAndByTheBudget() throws {
        let utterance = try engine.begin(request(marked("[pause:10s] One.")))
        _ = engine.advance([utterance], isCancelled: { _ in false })
        #expect(engine.advance([utterance], isCancelled: { _ in true }) == [.ended(.cancelled)])
        var short = request(marked("[pause:10s] One."))
        short.options.maximumFrames = 3
        let heard = hear(try engine.begin(short))
        #expect(heard.last == .ended(.budget) && heard.runs[0].samples == 3 * engine.information.samplesPerFrame)
    }

    @Test func nothingButPausesIsNothingToSay() {
        #expect(throws: SynthesisError.emptyText) { try engine.begin(request(marked("[pause:1s]"))) }
    }

    @Test func whatIsWrongShowsWhenItBegins() {
        var wrong = request("One.")
        wrong.language = "klingon"
        #expect(throws: SynthesisError.self) { try engine.begin(wrong) }
    }

    @Test func marksSurviveAsTheyAre() {
        let marks: [SpeechMark] = [
            .pause(.milliseconds(10)), .pause(.seconds(10)), .rate(0.25), .rate(4), .language(nil), .language("german"),
        ]
        for mark in marks {
            let items = SpeechMark.items(of: "a" + String(Character(mark.scalar)) + "b")
            #expect(items == [.words("a"), .mark(mark), .words("b")])
            #expect(!mark.scalar.isSpeakable)
        }
        #expect(SpeechMark.items(of: "") == [])
    }
}
