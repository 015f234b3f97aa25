/// What is wrong with what the flow or the vocoder is asked for.
package enum S3GenError: Error, Equatable, CustomStringConvertible {
    case tokenOutOfRange(index: Int, token: Int, limit: Int)
    case tooFewTokens(count: Int, minimum: Int)
    case badVoice(String)
    case badSteps(Int, limit: Int)
    case notFinite(String)

    package var description: String {
        switch self {
        case .tokenOutOfRange(let index, let token, let limit):
            "speech token \(index) is \(token), which is not in 0..<\(limit)"
        case .tooFewTokens(let count, let minimum): "\(count) speech tokens; at least \(minimum) are needed"
        case .badVoice(let reason): "the voice cannot be used: \(reason)"
        case .badSteps(let steps, let limit): "\(steps) flow steps; there can be 1 to \(limit)"
        case .notFinite(let stage):
            "the \(stage) holds an infinity or a NaN: the model is damaged or not meant for this"
        }
    }
}
