import Audio
import Logging
import Speech
import Testing

@testable import Server

@Suite struct SoundFinishTests {
    private static func tone(_ count: Int, _ level: Float = 0.1) -> [Float] {
        (0..<count).map { $0.isMultiple(of: 2) ? level : -level }
    }

    private static func samples(_ events: [SpokenEvent]) -> [Float] {
        events.flatMap { event in if case .frame(let samples, characters: _) = event { samples } else { [Float]() } }
    }

    @Test func withoutGainEverySampleIsAsItWas() {
        var finish = SoundFinish(sampleRate: 24_000, gain: 0, tellsSentences: false)
        #expect(finish.take(Self.tone(1920), characters: 3) == [.frame(Self.tone(1920), characters: 3)])
        #expect(finish.take([], characters: 4).isEmpty)
        #expect(finish.finish(isWhole: true).isEmpty)
    }

    @Test func withGainNothingIsLostAtTheEnd() {
        var finish = SoundFinish(sampleRate: 24_000, gain: -6, tellsSentences: false)
        var events = (0..<3).flatMap { finish.take(Self.tone(1920), characters: $0) }
        events += finish.finish(isWhole: true)
        let heard = Self.samples(events)
        #expect(heard.count == 3 * 1920)
        #expect(abs(heard[3000].magnitude - 0.0501) < 0.001)
    }

    @Test func sentencesAreToldWhenTheirGroupEnds() {
        var finish = SoundFinish(sampleRate: 24_000, gain: 0, tellsSentences: true)
        finish.append("One. Two.")
        var events = finish.take(Self.tone(24_000), characters: 4)
        events += finish.take([], characters: 5)
        events += finish.take(Self.tone(12_000), characters: 8)
        events += finish.finish(isWhole: true)
        let sentences = events.compactMap { if case .sentence(let sentence) = $0 { sentence } else { nil } }
        #expect(sentences.map(\.characters) == [0..<4, 5..<9])
        #expect(sentences.map(\.end) == [1, 1.5])
    }

    @Test func theFirstSoundIsFoundOnce() throws {
        var finish = SoundFinish(sampleRate: 24_000, gain: 0, tellsSentences: false)
        #expect(finish.firstSound(in: Self.tone(1920, 0.001)) == nil)
        let sound = finish.firstSound(in: Self.tone(480, 0.001) + Self.tone(1440))
        let found = try #require(sound)
        #expect(abs(found.position - 0.1) < 1e-9 && abs(found.offset - 0.02) < 1e-9)
        #expect(finish.firstSound(in: Self.tone(1920)) == nil)
    }

    @Test func anUtteranceIsAsLoudAsWasAsked() async throws {
        let scheduler = SynthesisScheduler(ToneEngine())
        func speak(gain: Double) async throws -> (samples: [Float], summary: SpeechSummary?) {
            var request = SpeechRequest(text: "abcdefgh", voice: .none)
            request.gain = gain
            let text = TextInlet(SpokenText(verbatim: "abcdefgh"))
            let stream = try await scheduler.speak(request, of: text, priority: .normal, client: "a")
            var (samples, summary): ([Float], SpeechSummary?) = ([], nil)
            for await event in stream {
                if case .frame(let frame, characters: _) = event { samples += frame }
                if case .ended(_, let figures) = event { summary = figures }
            }
            return (samples, summary)
        }
        let plain = try await speak(gain: 0)
        let soft = try await speak(gain: -12)
        #expect(soft.samples.count == plain.samples.count)
        #expect(abs((soft.summary?.audio.milliseconds ?? 0) - (plain.summary?.audio.milliseconds ?? 0)) <= 1)
        let ratio = soft.samples.map(\.magnitude).max()! / plain.samples.map(\.magnitude).max()!
        #expect(abs(ratio - 0.2512) < 0.001)
        let first = try #require(plain.summary?.firstSound)
        #expect(first >= plain.summary?.firstAudio ?? .zero)
    }
}

@Suite struct CaptionsTests {
    private static func sentence(_ range: Range<Int>, _ start: Double, _ end: Double, words: Int = 0) -> SentenceMessage
    {
        func character(_ word: Int) -> Int { range.lowerBound + range.count * word / max(words, 1) }
        func time(_ word: Int) -> Double { start + (end - start) * Double(word) / Double(max(words, 1)) }
        let found = (0..<words).map { index in
            SpokenSentence.Word(
                characters: character(index)..<character(index + 1), start: time(index), end: time(index + 1))
        }
        return SentenceMessage(SpokenSentence(characters: range, start: start, end: end, words: found), speed: 1)
    }

    @Test func subtitlesHaveTheirTimes() {
        let captions = Captions(
            "One &\ntwo. <b>", [Self.sentence(0..<10, 0.02, 1.5), Self.sentence(11..<14, 3661.5, 3662)])
        #expect(
            captions.text(.srt)
                == "1\n00:00:00,020 --> 00:00:01,500\nOne & two.\n\n2\n01:01:01,500 --> 01:01:02,000\n<b>\n\n")
        #expect(
            captions.text(.vtt)
                == "WEBVTT\n\n00:00:00.020 --> 00:00:01.500\nOne &amp; two.\n\n01:01:01.500 --> 01:01:02.000\n&lt;b&gt;\n\n"
        )
        #expect(Captions("", []).text(.srt) == "" && Captions("", []).text(.vtt) == "WEBVTT\n\n")
    }

    @Test func aLongSentenceIsShownInParts() {
        let text = String(repeating: "wordy ", count: 40)
        let captions = Captions(text, [Self.sentence(0..<240, 0, 20, words: 40)])
        let blocks = captions.text(.srt).split(separator: "\n\n")
        #expect(blocks.count == 3)
        #expect(blocks.allSatisfy { $0.split(separator: "\n").last!.count <= 84 })
        #expect(blocks.last!.contains("--> 00:00:20,000"))
    }
}
