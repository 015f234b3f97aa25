// What of a text can be spoken: one rule for every door and engine.

extension StringProtocol {
    /// Whether there is anything to say: a letter or a number.
    package var isSpeakable: Bool { unicodeScalars.contains(where: \.isSpeakable) }

    /// The text without white space at the chosen ends.
    package func trimmingWhitespace(front: Bool = true, back: Bool = true) -> String {
        var scalars = String(self).unicodeScalars[...]
        if front { scalars = scalars.drop { $0.properties.isWhitespace } }
        if back { while scalars.last?.properties.isWhitespace == true { scalars.removeLast() } }
        return String(scalars)
    }
}

extension Unicode.Scalar {
    /// A letter or a number.
    package var isSpeakable: Bool { properties.isAlphabetic || properties.numericType != nil }
}
