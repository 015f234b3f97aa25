// What becomes of a model's sound before a door gets it: it is as loud as was asked for, its first sound is timed, its sentences
// are told.

import Audio
import Speech

struct SoundFinish {
    private let sampleRate: Int
    private var gain: LoudnessGain?
    private var clock: SentenceClock?
    private var onset: SoundOnset?
    /// Unicode scalars of the door's text that were taken up with the last frame.
    private var characters = 0

    /// - Parameter gain: in dB; 0 leaves every sample as it is.
    init(sampleRate: Int, gain: Double, tellsSentences: Bool) {
        self.sampleRate = sampleRate
        self.gain = gain == 0 ? nil : LoudnessGain(decibels: gain, sampleRate: sampleRate)
        clock = tellsSentences ? SentenceClock("", sampleRate: sampleRate) : nil
        onset = SoundOnset(sampleRate: sampleRate)
    }

    /// More of the door's text, of which sentences are told.
    mutating func append(_ text: String) {
        clock?.append(text)
    }

    /// Takes a frame, or the end of a group, which has no samples. Returns what the door hears of it.
    mutating func take(_ samples: [Float], characters: Int) -> [SpokenEvent] {
        self.characters = characters
        let sentences = clock?.take(samples, characters: characters) ?? []
        return frame(gain?.push(samples) ?? samples) + sentences.map(SpokenEvent.sentence)
    }

    /// The rest, when the utterance has ended. `isWhole`: with all of its text.
    mutating func finish(isWhole: Bool) -> [SpokenEvent] {
        let sentences = clock?.finish(isWhole: isWhole) ?? []
        return frame(gain?.finish() ?? []) + sentences.map(SpokenEvent.sentence)
    }

    private func frame(_ samples: [Float]) -> [SpokenEvent] {
        samples.isEmpty ? [] : [.frame(samples, characters: characters)]
    }

    /// When the first sound is heard, told once: seconds of sound before it, and of those how many are in these samples.
    mutating func firstSound(in samples: [Float]) -> (position: Double, offset: Double)? {
        guard let sample = onset?.take(samples) else { return nil }
        let before = onset?.before ?? 0
        onset = nil
        return (Double(before + sample) / Double(sampleRate), Double(sample) / Double(sampleRate))
    }
}
