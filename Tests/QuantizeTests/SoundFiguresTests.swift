// What is measured of long speech, on sounds and codes of which it is known.

import Glibc
import TestSupport
import Testing

@testable import Quantization

private let rate = 24_000

/// A voice's spectrum: harmonics that become weaker.
private func voice(_ hertz: Double, seconds: Double, amplitude: Double = 0.1, harmonics: Int = 5) -> [Float] {
    (0..<Int(seconds * Double(rate))).map { index in
        let phase = 2 * Double.pi * hertz * Double(index) / Double(rate)
        return Float((1...harmonics).reduce(0.0) { $0 + amplitude * sin(phase * Double($1)) / Double($1) })
    }
}

private func noise(seconds: Double) -> [Float] {
    var random = SplitMix(state: 7)
    return (0..<Int(seconds * Double(rate))).map { _ in Float.random(in: -0.1...0.1, using: &random) }
}

private func silence(_ seconds: Double) -> [Float] { [Float](repeating: 0, count: Int(seconds * Double(rate))) }

@Test(arguments: [65.0, 82.4, 110, 146.8, 220, 329.6, 390], [1, 2, 5])
func thePitchOfATone(hertz: Double, harmonics: Int) throws {
    let piece = voice(hertz, seconds: 0.08, harmonics: harmonics)
    let pitch = try #require(PitchEstimator(sampleRate: rate).pitch(of: piece[...]))
    #expect(abs(pitch / hertz - 1) < 0.01, "\(pitch)")
}

@Test(arguments: [8000, 16_000, 22_050, 44_100])
func thePitchAtOtherRates(rate: Int) throws {
    let piece = (0..<rate * 2 / 25).map { Float(0.2 * sin(2 * Double.pi * 150 * Double($0) / Double(rate)) + 0.3) }
    let pitch = try #require(PitchEstimator(sampleRate: rate).pitch(of: piece[...]))
    #expect(abs(pitch / 150 - 1) < 0.01, "\(pitch)")
}

@Test func noiseAndSilenceHaveNoPitch() {
    let estimator = PitchEstimator(sampleRate: rate)
    for start in stride(from: 0, to: rate, by: 1920) {
        #expect(estimator.pitch(of: noise(seconds: 2)[start..<start + 1920]) == nil)
    }
    #expect(estimator.pitch(of: silence(0.08)[...]) == nil)
    #expect(estimator.pitch(of: []) == nil)
    #expect(PitchEstimator(sampleRate: 1).pitch(of: [1, 2, 3, 1, 2, 3]) == nil)
}

@Test func steadySoundHasNoDrift() throws {
    let figures = SoundFigures(voice(120, seconds: 4, harmonics: 1), sampleRate: rate)
    #expect(abs(try #require(figures.loudness) + 23.01) < 0.05)
    #expect(abs(try #require(figures.pitch) - 120) < 1)
    #expect(figures.voicedShare == 1 && figures.silentShare == 0 && figures.longestSilence == 0)
    #expect(abs(try #require(figures.loudnessDrift)) < 0.05)
    #expect(abs(try #require(figures.pitchDrift)) < 0.1)
    #expect(abs(try #require(figures.pitchSpread)) < 0.1)
}

@Test func aSecondHalfThatDiffersIsDrift() throws {
    let figures = SoundFigures(
        voice(110, seconds: 2) + voice(220, seconds: 2, amplitude: 0.05), sampleRate: rate)
    #expect(abs(try #require(figures.loudnessDrift) + 6.02) < 0.1)
    #expect(abs(try #require(figures.pitchDrift) - 12) < 0.2)
    #expect(abs(try #require(figures.pitchSpread) - 12) < 0.2)
}

@Test func silenceIsCounted() throws {
    let figures = SoundFigures(
        silence(0.4) + voice(100, seconds: 0.8) + silence(1.6) + noise(seconds: 0.8) + silence(0.4), sampleRate: rate)
    #expect(abs(figures.silentShare - 0.6) < 1e-9)
    #expect(abs(figures.longestSilence - 1.6) < 1e-9)
    #expect(figures.voicedShare == 0.5)
    // Loudness is that of the sound alone.
    let sound = SoundFigures(voice(100, seconds: 0.8) + noise(seconds: 0.8), sampleRate: rate)
    #expect(abs(try #require(figures.loudness) - #require(sound.loudness)) < 1e-9)
}

@Test(arguments: [0, 1, 1919, 24_000]) func soundWithoutSoundHasFewFigures(samples: Int) {
    let figures = SoundFigures([Float](repeating: 0, count: samples), sampleRate: rate)
    #expect(figures.loudness == nil && figures.pitch == nil && figures.voicedShare == nil)
    #expect(figures.silentShare == (samples < 1920 ? 0 : 1))
}

@Test func theDistanceOfHistograms() {
    func histogram(_ codes: [Int]) -> CodeHistogram {
        var histogram = CodeHistogram()
        for code in codes { histogram.add(code) }
        return histogram
    }
    let a = histogram([1, 1, 2, 3])
    #expect(a.distance(to: histogram([3, 2, 1, 1, 1, 1, 2, 3])) == 0)
    #expect(abs(a.distance(to: histogram([0, 4, 900])) - 1) < 1e-12)
    #expect(a.distance(to: CodeHistogram()) == 1)
    let b = histogram([1, 7])
    #expect(a.distance(to: b) == b.distance(to: a))
    // Half of the codes moved: Σ p·log2(2p / (p + q)) by hand.
    #expect(abs(histogram([0, 1]).distance(to: histogram([0, 2])) - 0.5) < 1e-12)
    #expect(a + b == histogram([1, 1, 1, 2, 3, 7]) && b + a == a + b)
}

@Test func codesThatDriftDifferInTheSecondHalf() {
    let steady = (0..<200).map { [$0 % 8, 40 + $0 % 5] }
    let drifting = (0..<200).map { [$0 < 100 ? $0 % 8 : $0 % 2, 40 + $0 % 5] }
    let distances = SpokenCodes(drifting, codebooks: 2).distances(to: SpokenCodes(steady, codebooks: 2))
    #expect(distances[0].allSatisfy { $0 < 1e-3 })
    #expect(distances[1][0] > 0.3 && distances[1][1] < 1e-3)
}
