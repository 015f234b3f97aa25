// Why no voice can be made from a clip.

package enum ReferenceError: Error, Equatable, CustomStringConvertible {
    /// What the model is given must be longer than `minimum` seconds.
    case tooShort(seconds: Double, minimum: Double)
    case tooLong(seconds: Double, maximum: Double)
    /// A part of the model needs more samples, or frames, than there are.
    case tooFew(samples: Int, minimum: Int)
    case notFinite(sample: Int)
    case silent
    /// What was to convert the clip to 16 kHz failed, or gave another number of samples than such a clip has.
    case notResampled(reason: String)
    /// A part of the model gave no finite numbers.
    case noResult(of: String)
    /// What came out is no voice for this model.
    case noVoice(reason: String)

    package var description: String {
        switch self {
        case .tooShort(let seconds, let minimum):
            "it is \(Self.tenths(seconds)) s long; give more than \(Self.tenths(minimum)) s, best 8 to 15 s"
        case .tooLong(let seconds, let maximum):
            "it is \(Self.tenths(seconds)) s long; give at most \(Self.tenths(maximum)) s, best 8 to 15 s"
        case .tooFew(let samples, let minimum): "\(samples) samples are too few; at least \(minimum) are needed"
        case .notFinite(let sample): "sample \(sample) is no number"
        case .silent: "it is silent; record it again, closer to the microphone"
        case .notResampled(let reason): "it cannot be brought to 16 kHz: \(reason)"
        case .noResult(let part): "the \(part) gave no finite numbers"
        case .noVoice(let reason): "what was made of it \(reason)"
        }
    }

    private static func tenths(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}
