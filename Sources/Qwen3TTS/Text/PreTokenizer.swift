/// Cuts normalised text into the pieces that byte pair encoding works on, by Qwen2's pattern:
///
///     (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N} | ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+
///     | \s+(?!\S) | \s+
///
/// (the fourth alternative starts with an optional space). Every scalar belongs to exactly one piece. Each run of white
/// space is looked at a fixed number of times, so the work is linear.
struct PreTokenizer {
    private enum Kind {
        case letter, number, lineBreak, space, other

        init(_ scalar: Unicode.Scalar) {
            switch scalar {
            case "a"..."z", "A"..."Z": self = .letter
            case "0"..."9": self = .number
            case "\r", "\n": self = .lineBreak
            case _ where scalar.properties.isWhitespace: self = .space
            default: self.init(scalar.properties.generalCategory)
            }
        }

        private init(_ category: Unicode.GeneralCategory) {
            switch category {
            case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: self = .letter
            case .decimalNumber, .letterNumber, .otherNumber: self = .number
            default: self = .other
            }
        }

        var isWhiteSpace: Bool { self == .space || self == .lineBreak }
    }

    private let scalars: [Unicode.Scalar]
    private let kinds: [Kind]
    private var position = 0

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        kinds = scalars.map { Kind($0) }
    }

    /// The UTF-8 bytes of the next piece, or nil at the end of the text.
    mutating func next() -> [UInt8]? {
        guard position < scalars.count else { return nil }
        let end = endOfPiece(from: position)
        defer { position = end }
        return scalars[position..<end].flatMap { Array(UTF8.encode($0)!) }
    }

    private func endOfPiece(from start: Int) -> Int {
        if let end = endOfContraction(from: start) { return end }
        let kind = kinds[start]
        if kind == .number { return start + 1 }
        // A word, with at most one scalar before it.
        let word = kind == .letter ? start : start + 1
        if kind != .lineBreak, word < kinds.count, kinds[word] == .letter {
            return endOfRun(from: word) { $0 == .letter }
        }
        // Punctuation, with at most one space before it and the line breaks after it.
        let mark = scalars[start] == " " ? start + 1 : start
        if mark < kinds.count, kinds[mark] == .other {
            return endOfRun(from: endOfRun(from: mark) { $0 == .other }) { $0 == .lineBreak }
        }
        return endOfWhiteSpace(from: start)
    }

    /// 's 't 're 've 'm 'll 'd in either case; the long s folds to s.
    private func endOfContraction(from start: Int) -> Int? {
        guard scalars[start] == "'", start + 1 < scalars.count else { return nil }
        switch folded(start + 1) {
        case "s", "t", "m", "d": return start + 2
        case "r", "v": return start + 2 < scalars.count && folded(start + 2) == "e" ? start + 3 : nil
        case "l": return start + 2 < scalars.count && folded(start + 2) == "l" ? start + 3 : nil
        default: return nil
        }
    }

    /// A letter of the contractions in lower case; every other scalar as it is or out of their way.
    private func folded(_ index: Int) -> Unicode.Scalar {
        let scalar = scalars[index]
        if scalar == "\u{17F}" { return "s" }
        return scalar.isASCII ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
    }

    /// Up to the run's last line break if it has one; else all of it at the end of the text, or all but the last
    /// scalar before something else, which that something may take as its own.
    private func endOfWhiteSpace(from start: Int) -> Int {
        let end = endOfRun(from: start) { $0.isWhiteSpace }
        if let lineBreak = kinds[start..<end].lastIndex(of: .lineBreak) { return lineBreak + 1 }
        return end == kinds.count || end - start == 1 ? end : end - 1
    }

    private func endOfRun(from start: Int, where belongs: (Kind) -> Bool) -> Int {
        var end = start
        while end < kinds.count, belongs(kinds[end]) { end += 1 }
        return end
    }
}
