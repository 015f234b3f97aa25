import Speech
import Testing

@testable import Server

/// Sound that is made at some speed, as a door that holds it gets it.
@Suite struct StartHoldTests {
    private static let rate = 1000
    private static let frame = Array(repeating: Float(0.1), count: 80)

    /// When each frame of `count` reaches the door, in seconds after the first was made, and what it was told before.
    private func arrivals(
        _ count: Int, speed: Double, playingSpeed: Double = 1, knowsLength: Bool = true
    ) -> (frames: [Double], told: [Duration]) {
        let hold = StartHold(
            sampleRate: Self.rate, playingSpeed: playingSpeed, characters: knowsLength ? count : nil)
        let began = ContinuousClock.now
        var frames: [Double] = []
        var told: [Duration] = []
        for index in 0...count {
            let at = 0.08 * Double(index) / speed
            let event: SpokenEvent =
                index < count ? .frame(Self.frame, characters: index + 1) : .ended(.endOfSpeech, SpeechSummary())
            hold.take(event, at: began + .seconds(at))
            while let event = hold.next() {
                switch event {
                case .frame: frames.append(at)
                case .buffering(let wait): told.append(wait)
                default: break
                }
            }
        }
        return (frames, told)
    }

    /// Seconds by which the worst frame is late for a listener who plays from the first one on.
    private func lateness(_ frames: [Double], playingSpeed: Double = 1) -> Double {
        let start = frames.first ?? 0
        return frames.enumerated().map { $1 - start - 0.08 * Double($0) / playingSpeed }.max() ?? 0
    }

    @Test(arguments: [0.2, 0.5, 0.8, 1.05]) func slowSpeechIsHeardWithoutAHole(speed: Double) {
        let (frames, told) = arrivals(100, speed: speed)
        #expect(frames.count == 100 && lateness(frames) <= 0.001)
        // It does not wait for the end where it need not.
        #expect(speed < 0.5 || frames[0] < 0.08 * 99 / speed * 0.75)
        #expect(!told.isEmpty && told.allSatisfy { $0 > .zero })
    }

    /// Played faster, it needs a longer start.
    @Test func whatIsPlayedFasterWaitsLonger() {
        let (plain, _) = arrivals(100, speed: 0.8)
        let (fast, _) = arrivals(100, speed: 0.8, playingSpeed: 1.5)
        #expect(fast[0] > plain[0] && lateness(fast, playingSpeed: 1.5) <= 0.001)
    }

    @Test func fastSpeechWaitsForTwoFrames() {
        let (frames, told) = arrivals(50, speed: 4)
        #expect(frames.count == 50 && frames[0] <= 0.08 / 4 + 0.001 && told.isEmpty)
    }

    @Test func aTextOfUnknownLengthIsHeardWhenAllOfItIsThere() {
        let (frames, told) = arrivals(20, speed: 0.5, knowsLength: false)
        #expect(frames.count == 20 && Set(frames).count == 1 && told.isEmpty)
    }

    @Test func allThatWasSaidIsHeardWhileItsWriterPauses() {
        let hold = StartHold(sampleRate: Self.rate, playingSpeed: 1, characters: nil)
        hold.take(.frame(Self.frame, characters: 1), at: .now)
        #expect(hold.next() == nil)
        hold.take(.starved, at: .now)
        #expect(hold.next() == .frame(Self.frame, characters: 1))
        #expect(hold.next() == .starved)
        hold.take(.frame(Self.frame, characters: 2), at: .now)
        #expect(hold.next() == .frame(Self.frame, characters: 2))
    }

    @Test func whatFailsIsNotHeardToTheHalf() {
        let hold = StartHold(sampleRate: Self.rate, playingSpeed: 1, characters: 100)
        hold.take(.frame(Self.frame, characters: 1), at: .now)
        hold.take(.failed(.shuttingDown), at: .now)
        #expect(hold.next() == .failed(.shuttingDown))
        #expect(hold.next() == nil)
    }
}

@Suite struct SpeechSpeedTests {
    private func summary(_ audio: Double, in computing: Double) -> SpeechSummary {
        var summary = SpeechSummary()
        summary.single.audio = .seconds(audio)
        summary.single.computing = .seconds(computing)
        return summary
    }

    @Test func itIsThatOfTheLastMinute() throws {
        let speed = SpeechSpeed()
        #expect(speed.current == nil)
        let start = ContinuousClock.now
        speed.record(summary(4, in: 2), at: start)
        #expect(speed.current == 2)
        speed.record(summary(4, in: 6), at: start + .seconds(30))
        #expect(speed.current == 1)
        speed.record(summary(2, in: 8), at: start + .seconds(85))
        let hot = try #require(speed.current)
        #expect(abs(hot - 6.0 / 14) < 0.001)
    }

    @Test func shortSoundSaysNothing() {
        let speed = SpeechSpeed()
        speed.record(summary(0.5, in: 5))
        #expect(speed.current == nil)
    }
}
