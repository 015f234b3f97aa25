// How fast this computer speaks now: a hot one is slower than it was.

import Speech
import Synchronization

/// Seconds of sound made in one second of computing, over the utterances of the last minute.
package final class SpeechSpeed: Sendable {
    private struct Sample {
        let at: ContinuousClock.Instant
        let audio: Duration
        let computing: Duration
    }

    private static let window = Duration.seconds(60)
    /// Shorter sound says little: much of its time is the reading of the prompt.
    private static let least = Duration.seconds(1)

    private let samples = Mutex<[Sample]>([])

    package init() {}

    package func record(_ summary: SpeechSummary, at now: ContinuousClock.Instant = .now) {
        let pace = summary.single
        guard pace.audio >= Self.least, pace.computing > .zero else { return }
        record(pace.audio, computing: pace.computing, at: now)
    }

    /// Sound of any length, and the time that it took.
    package func record(_ audio: Duration, computing: Duration, at now: ContinuousClock.Instant = .now) {
        samples.withLock { samples in
            // The last stays until there is a newer one.
            samples.removeAll { now - $0.at > Self.window }
            samples.append(Sample(at: now, audio: audio, computing: computing))
        }
    }

    /// nil before anything was spoken.
    package var current: Double? {
        samples.withLock { samples in
            guard !samples.isEmpty else { return nil }
            let audio = samples.reduce(Duration.zero) { $0 + $1.audio }
            return audio / samples.reduce(Duration.zero) { $0 + $1.computing }
        }
    }
}
