// What is heard of the silence that a model puts around its speech.

/// Takes the sound of an utterance, group of sentences by group, and gives what is to be heard of it: the silence in front of
/// a group goes but for 10 ms, and between two groups is a pause no longer than those inside them. Silence inside a group is
/// held back where it is longer, and given whole when sound follows. All other samples pass unchanged.
package struct SilenceTrimmer: Sendable {
    /// Root mean square below which 10 ms are silent: -56 dB. The softest beginnings of words lie above it, the noise of the
    /// rooms in which voices were recorded mostly below.
    package static let threshold: Float = 0.0016
    /// What is kept in front of sound, in windows of 10 ms.
    private static let before = 1
    /// What is kept behind the sound of a group: as much as the longest pause inside of groups so far.
    private static let behind = 10...30
    /// The same while no pause was heard.
    private static let usualBehind = 15

    /// Samples of 10 ms.
    private let window: Int
    /// Silence that is not given yet.
    private var held: [Float] = []
    private var hasSounded = false
    /// Silent windows since the last sound.
    private var silent = 0
    private var longestPause: Int?

    package init(sampleRate: Int) {
        window = max(1, sampleRate / 100)
    }

    /// Takes the next samples and appends to `output` what is to be heard now.
    package mutating func take(_ samples: ArraySlice<Float>, into output: inout [Float]) {
        for start in stride(from: samples.startIndex, to: samples.endIndex, by: window) {
            let piece = samples[start..<min(start + window, samples.endIndex)]
            if piece.isSilent(below: Self.threshold) {
                takeSilence(piece, into: &output)
            } else {
                takeSound(piece, into: &output)
            }
        }
    }

    private mutating func takeSound(_ piece: ArraySlice<Float>, into output: inout [Float]) {
        if hasSounded, silent > 0 { longestPause = max(silent, longestPause ?? 0) }
        if !hasSounded { held.removeFirst(max(0, held.count - Self.before * window)) }
        output += held
        output += piece
        held.removeAll(keepingCapacity: true)
        (hasSounded, silent) = (true, 0)
    }

    private mutating func takeSilence(_ piece: ArraySlice<Float>, into output: inout [Float]) {
        silent += 1
        if hasSounded, silent <= behind { output += piece } else { held += piece }
        // Nothing more of it can be heard.
        if !hasSounded, held.count > 4 * Self.before * window {
            held.removeFirst(held.count - Self.before * window)
        }
    }

    /// The group has ended: what is still held is not heard.
    package mutating func endGroup() {
        held.removeAll(keepingCapacity: true)
        (hasSounded, silent) = (false, 0)
    }

    private var behind: Int {
        guard let longestPause else { return Self.usualBehind }
        return min(max(longestPause, Self.behind.lowerBound), Self.behind.upperBound)
    }
}

extension ArraySlice<Float> {
    /// Whether the root mean square lies below a level; nothing at all is silent.
    package func isSilent(below level: Float) -> Bool {
        reduce(0) { $0 + $1 * $1 } < level * level * Float(Swift.max(count, 1))
    }
}
