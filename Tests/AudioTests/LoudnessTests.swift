import Audio
import Glibc
import Testing

@Suite struct LoudnessTests {
    static let rate = 48_000

    /// A sine whose peak is so many dB below full scale.
    static func sine(_ decibels: Double, _ seconds: Double, hertz: Double = 1000, rate: Int = rate) -> [Float] {
        let amplitude = pow(10, decibels / 20)
        return (0..<Int(seconds * Double(rate))).map {
            Float(amplitude * sin(2 * Double.pi * hertz * Double($0) / Double(rate)))
        }
    }

    static func loudness(_ samples: [Float], rate: Int = rate) -> Double? {
        var meter = LoudnessMeter(sampleRate: rate)
        meter.add(samples)
        return meter.integrated
    }

    /// BS.1770-4: a sine of 997 Hz at full scale in one channel has -3.01 LKFS.
    @Test(arguments: [8000, 16_000, 22_050, 24_000, 44_100, 48_000])
    func aSineOfFullScaleHasThreeBelowZero(rate: Int) throws {
        for level in [0.0, -20, -40] {
            let found = try #require(Self.loudness(Self.sine(level, 3, hertz: 997, rate: rate), rate: rate))
            #expect(abs(found - (level - 3.01)) < 0.05)
        }
    }

    /// Cases 1 to 5 of EBU Tech 3341, made for two channels: one alone is 3.01 LU quieter. They allow 0.1 LU.
    @Test(arguments: [
        ([(-23.0, 20.0)], -23.0),
        ([(-33.0, 20.0)], -33.0),
        ([(-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0)], -23.0),
        ([(-72.0, 10.0), (-36.0, 10.0), (-23.0, 60.0), (-36.0, 10.0), (-72.0, 10.0)], -23.0),
        ([(-26.0, 20.0), (-20.0, 20.1), (-26.0, 20.0)], -23.0),
    ])
    func casesOfTheBroadcastersAreMet(parts: [(Double, Double)], expected: Double) throws {
        let rate = 16_000
        let samples = parts.flatMap { Self.sine($0.0, $0.1, rate: rate) }
        let found = try #require(Self.loudness(samples, rate: rate))
        #expect(abs(found + 3.01 - expected) < 0.1)
    }

    @Test func piecesMeasureAsTheWhole() {
        let samples = Self.sine(-20, 1) + Self.sine(-30, 1)
        var meter = LoudnessMeter(sampleRate: Self.rate)
        for start in stride(from: 0, to: samples.count, by: 977) {
            meter.add(samples[start..<min(start + 977, samples.count)])
        }
        #expect(meter.integrated == Self.loudness(samples))
    }

    @Test func silenceAndWhatIsShorterThanABlockHaveNoLoudness() {
        #expect(Self.loudness([]) == nil)
        #expect(Self.loudness([Float](repeating: 0, count: Self.rate)) == nil)
        #expect(Self.loudness(Self.sine(-20, 0.39)) == nil)
        #expect(Self.loudness(Self.sine(-80, 2)) == nil)
    }

    /// A sine of a quarter of the rate, 45° off, has samples 3 dB below its peaks.
    @Test func aPeakBetweenTwoSamplesIsSeen() {
        let samples: [Float] = (0..<480).map { Float(sin(Double.pi * (Double($0) / 2 + 0.25))) }
        #expect(samples.map(\.magnitude).max()! < 0.708)
        #expect(abs(TruePeakMeter.peak(of: samples) - 1) < 0.04)
    }
}

@Suite struct LoudnessGainTests {
    static let rate = 24_000

    static func apply(_ decibels: Double, _ samples: [Float], piece: Int = 1920) -> [Float] {
        var gain = LoudnessGain(decibels: decibels, sampleRate: rate)
        var output: [Float] = []
        for start in stride(from: 0, to: samples.count, by: piece) {
            output += gain.push(Array(samples[start..<min(start + piece, samples.count)]))
        }
        return output + gain.finish()
    }

    static func noise(_ count: Int, _ amplitude: Float) -> [Float] {
        var state: UInt64 = 1
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return amplitude * (Float(state >> 40) / Float(1 << 23) - 1)
        }
    }

    @Test func soundThatNeedsNoLimitIsOnlyMultiplied() {
        let samples = Self.noise(10_000, 0.2)
        #expect(Self.apply(0, samples) == samples)
        let gain = Float(pow(10, 6.0 / 20))
        #expect(Self.apply(6, samples) == samples.map { $0 * gain })
    }

    @Test(arguments: [1, 7, 480, 1920, 100_000])
    func piecesAreMultipliedAsTheWhole(piece: Int) {
        let samples = Self.noise(9_001, 0.7)
        #expect(Self.apply(9, samples, piece: piece) == Self.apply(9, samples))
    }

    @Test(arguments: [3.0, 12, 30])
    func truePeaksStayBelowOneDecibel(decibels: Double) {
        let bursts = (0..<20).flatMap {
            Self.noise(700, $0 % 3 == 0 ? 1 : 0.05) + [Float](repeating: 0, count: $0 * 13)
        }
        let sines = LoudnessTests.sine(-1, 0.5, hertz: 5990, rate: Self.rate)
        for samples in [bursts, sines] {
            let output = Self.apply(decibels, samples)
            #expect(output.count == samples.count)
            #expect(20 * log10(Double(TruePeakMeter.peak(of: output))) <= -0.99)
        }
    }

    @Test func theGainComesBackAfterAPeak() {
        var samples = LoudnessTests.sine(-30, 1, rate: Self.rate)
        samples[2000] = 1
        let output = Self.apply(12, samples)
        let gain = Float(pow(10, 12.0 / 20))
        #expect(abs(output[20_006] - samples[20_006] * gain) < 1e-4)
        #expect(output[1000] == samples[1000] * gain)
    }

    @Test func aStreamMayEndAndGoOn() {
        var gain = LoudnessGain(decibels: 0, sampleRate: Self.rate)
        let samples = Self.noise(500, 0.1)
        #expect(gain.push(samples) + gain.finish() == samples)
        #expect(gain.push(samples) + gain.finish() == samples)
        #expect(gain.finish().isEmpty)
    }
}
