// One model speaking freely for up to a minute: where it came to, and what its sound and its codes were like.

package struct Rollout: Codable, Sendable, Equatable {
    package enum End: String, Codable, Sendable {
        case endOfSpeech, budget
        /// The model, or its codec, gave no numbers.
        case notFinite
    }

    package let seed: Int
    package let frames: Int
    package let seconds: Double
    package let end: End
    /// nil where it holds what is no number.
    package let sound: SoundFigures?
    /// For each half, for each codebook: how far the codes are from those of the source's rollouts with other seeds.
    package let codeDistances: [[Double]]
}
