/// Cuts text by a pattern. Each run of white space is looked at a fixed number of times, so the work is linear.
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

    private let pattern: TextPattern
    private let scalars: [Unicode.Scalar]
    private let kinds: [Kind]
    private var position = 0

    init(_ text: String, _ pattern: TextPattern) {
        self.pattern = pattern
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
        if !pattern.joinsNumbers, kinds[start] == .number { return start + 1 }
        // Words, numbers and punctuation may have one space before them.
        let first = scalars[start] == " " ? start + 1 : start
        let word = mayBeginWord(start) ? start + 1 : first
        if word < kinds.count, kinds[word] == .letter { return endOfRun(from: word) { $0 == .letter } }
        if pattern.joinsNumbers, first < kinds.count, kinds[first] == .number {
            return endOfRun(from: first) { $0 == .number }
        }
        if first < kinds.count, kinds[first] == .other {
            let end = endOfRun(from: first) { $0 == .other }
            return pattern.endsAtLineBreaks ? endOfRun(from: end) { $0 == .lineBreak } : end
        }
        return endOfWhiteSpace(from: start)
    }

    /// Whether the scalar goes with the letters after it.
    private func mayBeginWord(_ index: Int) -> Bool {
        pattern.takesMarkIntoWord && kinds[index] != .letter && kinds[index] != .lineBreak
    }

    /// 's 't 're 've 'm 'll 'd; where either case will do, the long s is an s too.
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
        guard pattern.foldsContractions else { return scalar }
        if scalar == "\u{17F}" { return "s" }
        return scalar.isASCII ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
    }

    /// Up to the run's last line break where that ends a piece; else all of it at the end of the text, or all but the
    /// last scalar before something else, which that something may take as its own.
    private func endOfWhiteSpace(from start: Int) -> Int {
        let end = endOfRun(from: start) { $0.isWhiteSpace }
        if pattern.endsAtLineBreaks, let lineBreak = kinds[start..<end].lastIndex(of: .lineBreak) {
            return lineBreak + 1
        }
        return end == kinds.count || end - start == 1 ? end : end - 1
    }

    private func endOfRun(from start: Int, where belongs: (Kind) -> Bool) -> Int {
        var end = start
        while end < kinds.count, belongs(kinds[end]) { end += 1 }
        return end
    }
}
