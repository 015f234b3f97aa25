import Speech
import Testing

@Suite struct SilenceTrimmerTests {
    private static let rate = 24_000

    /// Sound of a level, or silence for nil, as a model gives it.
    private static func tone(_ milliseconds: Int, _ level: Float = 0.1) -> [Float] {
        (0..<milliseconds * rate / 1000).map { $0.isMultiple(of: 2) ? level : -level }
    }

    private static func silence(_ milliseconds: Int) -> [Float] { tone(milliseconds, 0.0001) }

    private static func trim(_ groups: [[Float]], piece: Int = 1920) -> [Float] {
        var trimmer = SilenceTrimmer(sampleRate: rate)
        var output: [Float] = []
        for group in groups {
            for start in stride(from: 0, to: group.count, by: piece) {
                trimmer.take(group[start..<min(start + piece, group.count)], into: &output)
            }
            trimmer.endGroup()
        }
        return output
    }

    @Test func silenceInFrontOfSpeechIsCutToTenMilliseconds() {
        #expect(Self.trim([Self.silence(340) + Self.tone(400)]) == Self.silence(10) + Self.tone(400))
        #expect(Self.trim([Self.silence(10) + Self.tone(400)]) == Self.silence(10) + Self.tone(400))
        #expect(Self.trim([Self.tone(400)]) == Self.tone(400))
    }

    /// A breath or a soft consonant is 30 dB softer than the vowel behind it.
    @Test func aSoftBeginningIsKept() {
        let soft = Self.tone(80, 0.002) + Self.tone(80, 0.005) + Self.tone(200)
        #expect(Self.trim([Self.silence(300) + soft]) == Self.silence(10) + soft)
    }

    @Test func whatStandsBetweenWordsIsUntouched() {
        let speech = Self.tone(200) + Self.silence(700) + Self.tone(200) + Self.silence(100) + Self.tone(100)
        #expect(Self.trim([speech]) == speech)
    }

    @Test func silenceComesAtOnceOrWithTheSoundBehindIt() {
        var trimmer = SilenceTrimmer(sampleRate: Self.rate)
        var output: [Float] = []
        trimmer.take(Self.tone(80)[...], into: &output)
        trimmer.take(Self.silence(400)[...], into: &output)
        #expect(output.count == Self.rate * (80 + 150) / 1000)
        trimmer.take(Self.tone(10)[...], into: &output)
        #expect(output == Self.tone(80) + Self.silence(400) + Self.tone(10))
    }

    @Test func aPauseBetweenGroupsIsNoLongerThanThoseInsideThem() {
        func pause(inside: Int) -> Int {
            let group = Self.silence(330) + Self.tone(200) + Self.silence(inside) + Self.tone(200) + Self.silence(500)
            let whole = Self.trim([group, group])
            // Two groups, less two beginnings, four sounds, two pauses inside and the end.
            let milliseconds = whole.count * 1000 / Self.rate
            return milliseconds - 10 - 4 * 200 - 2 * inside - (min(max(inside, 100), 300))
        }
        #expect(pause(inside: 50) == 100 + 10)
        #expect(pause(inside: 200) == 200 + 10)
        #expect(pause(inside: 490) == 300 + 10)
    }

    @Test func nothingIsHeardOfAnUtteranceThatIsAllSilence() {
        #expect(Self.trim([Self.silence(5000)]).isEmpty)
        #expect(Self.trim([]).isEmpty)
    }

    @Test(arguments: [240, 480, 1920, 4 * 1920])
    func framesTrimAsTheWhole(piece: Int) {
        let group = Self.silence(330) + Self.tone(80) + Self.silence(240) + Self.tone(80) + Self.silence(560)
        #expect(Self.trim([group, group], piece: piece) == Self.trim([group, group], piece: 1_000_000))
    }
}
