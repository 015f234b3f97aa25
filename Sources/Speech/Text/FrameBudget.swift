// How long a text takes to say: for an end when the model finds none, and for how far speech has come.

package struct FrameBudget: Sendable, Equatable {
    /// Frames (80 ms each) the text usually takes.
    package private(set) var expected = 0.0

    package init() {}

    /// Most frames the text may take: three times the usual, and two seconds for its start and end.
    package var limit: Int { 25 + Int((3 * expected).rounded(.up)) }

    package mutating func add(_ text: String) {
        for scalar in text.unicodeScalars { expected += Self.frames(scalar) }
    }

    /// About 15 letters, 6 kana or hangul, 4 ideographs, 3 figures a second; a mark is a short pause.
    private static func frames(_ scalar: Unicode.Scalar) -> Double {
        switch scalar.value {
        case 0x3040...0x30FF, 0xAC00...0xD7AF: 2
        case 0x2E80...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: 3
        default:
            scalar.properties.numericType != nil
                ? 4
                : scalar.properties.isWhitespace
                    ? 0.5
                    : scalar.properties.isAlphabetic ? 0.85 : 2
        }
    }
}
