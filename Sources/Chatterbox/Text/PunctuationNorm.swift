// Text as T3 was trained on it, before it is tokenized.

/// `punc_norm`: a capital first, single spaces, no punctuation that training hardly saw, and an end of sentence.
package struct PunctuationNorm: Sendable, Equatable {
    package let text: String

    /// What is said for no text at all.
    private static let placeholder = "You need to add some text for me to talk."
    /// What may end a sentence.
    private static let ends: Set<Unicode.Scalar> = [".", "!", "?", "-", ","]

    package init(_ text: String) {
        // Scalars, not characters: a mark that combines with a quote leaves it the quote it is.
        let scalars = Array(text.unicodeScalars)
        guard !scalars.isEmpty else {
            self.text = Self.placeholder
            return
        }
        var normalized = Self.replaced(Self.spaced(Self.capitalized(scalars)))
        while normalized.last == " " { normalized.removeLast() }
        if !(normalized.last.map(Self.ends.contains) ?? false) { normalized.append(".") }
        self.text = String(String.UnicodeScalarView(normalized))
    }

    /// Only the very first scalar: text that begins with a space keeps its small letter.
    private static func capitalized(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars[0].properties.isLowercase else { return scalars }
        return Array(scalars[0].properties.uppercaseMapping.unicodeScalars) + scalars.dropFirst()
    }

    /// Runs of white space as one space, none at the ends.
    private static func spaced(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        Array(scalars.split(whereSeparator: isSpace).joined(separator: [" "]))
    }

    /// White space as Python's `split` sees it: Unicode's, and the four separators of ASCII.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    /// Each mark by a plain one, then no space before a comma.
    private static func replaced(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        for scalar in scalars {
            let plain = plain(scalar)
            if plain == ",", result.last == " " { result.removeLast() }
            result.append(plain)
            if scalar == "…" { result.append(" ") }
        }
        return result
    }

    private static func plain(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar {
        case "…", ":": ","
        case "—", "–": "-"
        case "“", "”": "\""
        case "‘", "’": "'"
        default: scalar
        }
    }
}
