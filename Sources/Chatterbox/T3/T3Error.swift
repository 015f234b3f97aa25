/// Why T3 cannot say something.
package enum T3Error: Error, Equatable, CustomStringConvertible {
    case speaker(elements: Int, expected: Int)
    case speakerNotFinite
    case textToken(Int, vocabulary: Int)
    case promptToken(Int, vocabulary: Int)
    case noText
    case tooLong(rows: Int, positions: Int)

    package var description: String {
        switch self {
        case .speaker(let elements, let expected):
            "the voice's speaker embedding has \(elements) elements where \(expected) are expected"
        case .speakerNotFinite: "the voice's speaker embedding holds an infinity or a NaN"
        case .textToken(let id, let vocabulary): "text token \(id) is not in the model's vocabulary of \(vocabulary)"
        case .promptToken(let id, let vocabulary):
            "the voice's prompt token \(id) is not in the model's vocabulary of \(vocabulary)"
        case .noText: "there is no text token to speak"
        case .tooLong(let rows, let positions):
            "voice and text take \(rows) rows, the model has \(positions) and needs one for each token it gives"
        }
    }
}
