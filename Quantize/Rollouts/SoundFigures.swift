// What can be said of a minute of speech without understanding it: how loud it is, how much of it is silence, how high it is
// spoken, and how far its second half differs from the first.

import Glibc

package struct SoundFigures: Codable, Sendable, Equatable {
    /// Root mean square of what is no silence, in decibels below full scale; nil where all is silence.
    package let loudness: Double?
    /// The second half's over the first half's.
    package let loudnessDrift: Double?
    /// Of all pieces of 80 ms, those below -50 dB.
    package let silentShare: Double
    /// Seconds.
    package let longestSilence: Double
    /// Of what is no silence, what has a pitch.
    package let voicedShare: Double?
    /// The median, in Hz; nil where nothing has a pitch.
    package let pitch: Double?
    /// Semitones between the quartiles.
    package let pitchSpread: Double?
    /// Semitones by which the second half's median is above the first half's.
    package let pitchDrift: Double?

    private static let silence = 1e-5  // of a mean square: -50 dB
    private static let piecesPerSecond = 12.5

    /// `samples` are finite.
    init(_ samples: [Float], sampleRate: Int) {
        let pieces = Pieces(samples, sampleRate: sampleRate)
        let count = pieces.powers.count
        let (first, second, whole) = (0..<count / 2, count / 2..<count, 0..<count)
        loudness = pieces.loudness(whole)
        loudnessDrift = pieces.loudness(second).flatMap { late in pieces.loudness(first).map { late - $0 } }
        silentShare = Double(pieces.powers.count { $0 < Self.silence }) / Double(max(1, count))
        longestSilence = Double(pieces.longestSilence) / Self.piecesPerSecond
        let (voiced, sounding) = (pieces.semitones(whole), pieces.powers.count { $0 >= Self.silence })
        voicedShare = sounding > 0 ? Double(voiced.count) / Double(sounding) : nil
        let median = Self.quantile(voiced, 0.5)
        pitch = median.map { Self.hertz($0) }
        pitchSpread = Self.quantile(voiced, 0.75).flatMap { high in Self.quantile(voiced, 0.25).map { high - $0 } }
        pitchDrift = Self.quantile(pieces.semitones(second), 0.5).flatMap { late in
            Self.quantile(pieces.semitones(first), 0.5).map { late - $0 }
        }
    }

    /// The power and the pitch of every piece.
    private struct Pieces {
        var powers: [Double] = []
        private var pitches: [Double?] = []

        init(_ samples: [Float], sampleRate: Int) {
            let length = max(1, Int(Double(sampleRate) / SoundFigures.piecesPerSecond))
            let estimator = PitchEstimator(sampleRate: sampleRate)
            for start in stride(from: 0, through: samples.count - length, by: length) {
                let piece = samples[start..<start + length]
                let power = piece.reduce(0) { $0 + Double($1) * Double($1) } / Double(length)
                powers.append(power)
                pitches.append(power < silence ? nil : estimator.pitch(of: piece))
            }
        }

        func loudness(_ range: Range<Int>) -> Double? {
            let sounding = powers[range].filter { $0 >= silence }
            return sounding.isEmpty ? nil : 10 * log10(sounding.reduce(0, +) / Double(sounding.count))
        }

        func semitones(_ range: Range<Int>) -> [Double] { pitches[range].compactMap { $0.map(SoundFigures.semitones) } }

        var longestSilence: Int {
            var (longest, length) = (0, 0)
            for power in powers {
                length = power < silence ? length + 1 : 0
                longest = max(longest, length)
            }
            return longest
        }
    }

    /// Above 100 Hz.
    static func semitones(_ hertz: Double) -> Double { 12 * log2(hertz / 100) }
    private static func hertz(_ semitones: Double) -> Double { 100 * exp2(semitones / 12) }

    private static func quantile(_ values: [Double], _ share: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let place = share * Double(values.count - 1)
        let sorted = values.sorted()
        let (below, above) = (sorted[Int(place)], sorted[min(Int(place) + 1, sorted.count - 1)])
        return below + (above - below) * (place - place.rounded(.down))
    }
}
