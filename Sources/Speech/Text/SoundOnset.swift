// When the first sound of a stream can be heard.

/// Looks for the first sound of a stream: 10 ms louder than -50 dB.
package struct SoundOnset: Sendable {
    private static let level: Float = 0.00316
    private let window: Int
    /// Samples before those that were taken last.
    package private(set) var before = 0
    private var next = 0

    package init(sampleRate: Int) { window = max(1, sampleRate / 100) }

    /// The first sample of the first sound, if it is among these.
    package mutating func take(_ samples: [Float]) -> Int? {
        before = next
        next += samples.count
        return stride(from: 0, to: samples.count, by: window).first { start in
            !samples[start..<min(start + window, samples.count)].isSilent(below: Self.level)
        }
    }
}
