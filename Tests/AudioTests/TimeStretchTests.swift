import Audio
import Foundation
import Testing

@Suite struct TimeStretchTests {
    @Test(arguments: [0.25, 0.5, 0.8, 1, 1.25, 2, 4])
    func durationChangesAndPitchStays(speed: Double) throws {
        // A voice-like tone: 120 Hz with harmonics.
        let input = (0..<48_000).map { index -> Float in
            let angle = 2 * Double.pi * 120 * Double(index) / 24_000
            let sum = (1...6).reduce(0.0) { sum, harmonic in sum + sin(angle * Double(harmonic)) / Double(harmonic) }
            return Float(sum * 0.2)
        }
        let output = try stretch(input, speed: speed, piece: 1920)
        #expect(output.count == Int((48_000 / speed).rounded()))
        let middle = Array(output[(output.count / 4)..<(output.count * 3 / 4)])
        #expect(abs(pitch(of: middle) - 120) < 2)
        // As loud as before.
        let loudness = rms(middle) / rms(Array(input[12_000..<36_000]))
        #expect(abs(loudness - 1) < 0.1)
    }

    @Test(arguments: [1, 100, 1920, 7919], [0.5, 1.5])
    func streamedEqualsWhole(piece: Int, speed: Double) throws {
        let input = sine(200, rate: 24_000, count: 12_000)
        let whole = try stretch(input, speed: speed, piece: input.count)
        #expect(try stretch(input, speed: speed, piece: piece) == whole)
    }

    @Test func speedOneChangesNothing() throws {
        let input = sine(200, rate: 24_000, count: 5000)
        #expect(try stretch(input, speed: 1, piece: 700) == input)
    }

    @Test(arguments: [0, 1, 479, 960])
    func shortInputsHaveTheirLength(count: Int) throws {
        let input = sine(200, rate: 24_000, count: count)
        #expect(try stretch(input, speed: 2, piece: 100).count == Int((Double(count) / 2).rounded()))
        #expect(try stretch(input, speed: 0.25, piece: 100).count == count * 4)
    }

    /// Two seconds of silence between tones stay in their place.
    @Test func pausesAreStretchedToo() throws {
        let tone = sine(200, rate: 24_000, count: 24_000)
        let input = tone + [Float](repeating: 0, count: 48_000) + tone
        let output = try stretch(input, speed: 2, piece: 1920)
        #expect(rms(Array(output[13_000..<35_000])) < 1e-4)
        #expect(rms(Array(output[2000..<11_000])) > 0.3)
        #expect(rms(Array(output[37_000..<46_000])) > 0.3)
    }

    @Test(arguments: [0, 0.24, 4.01, -1, Double.nan, .infinity])
    func otherSpeedsAreRefused(speed: Double) {
        #expect {
            try TimeStretch(speed: speed, sampleRate: 24_000)
        } throws: { error in
            guard case .unsupportedSpeed = error as? AudioError else { return false }
            return "\(error)".contains("0.25 to 4")
        }
    }

    private func stretch(_ input: [Float], speed: Double, piece: Int) throws -> [Float] {
        var stretch = try TimeStretch(speed: speed, sampleRate: 24_000)
        var output: [Float] = []
        for start in stride(from: 0, to: input.count, by: piece) {
            output += stretch.push(Array(input[start..<min(start + piece, input.count)]))
        }
        return output + stretch.flush()
    }

    /// By the highest peak of the autocorrelation between 80 and 180 Hz.
    private func pitch(of samples: [Float]) -> Double {
        let part = samples.prefix(4800)
        func correlation(_ lag: Int) -> Float {
            zip(part, part.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 } / Float(part.count - lag)
        }
        let best = (133...300).max { correlation($0) < correlation($1) } ?? 1
        return 24_000 / Double(best)
    }

    private func rms(_ samples: [Float]) -> Float {
        (samples.reduce(0) { $0 + $1 * $1 } / Float(max(1, samples.count))).squareRoot()
    }
}
