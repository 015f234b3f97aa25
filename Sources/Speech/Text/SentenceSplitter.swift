/// Cuts a long text into pieces that can be spoken one by one: at paragraphs and sentences, and inside a sentence only
/// when it is longer than the bound. The pieces joined are the text, scalar for scalar.
///
/// No language is asked for: the rules cover the ten languages of the model at once.
package struct SentenceSplitter: Sendable {
    package struct Piece: Equatable, Sendable {
        /// With the white space that follows it.
        package let text: String
        package let endsParagraph: Bool
    }

    /// In Unicode scalars.
    private let maximumLength: Int

    /// - Parameter maximumLength: the longest piece, in Unicode scalars.
    package init(maximumLength: Int = 400) {
        precondition(maximumLength > 0)
        self.maximumLength = maximumLength
    }

    package func split(_ text: String) -> [Piece] {
        let scalars = Array(text.unicodeScalars)
        var pieces: [Piece] = []
        var start = 0
        while start < scalars.count {
            let (end, endsParagraph) = endOfSentence(in: scalars, from: start)
            for range in bounded(start..<end, in: scalars) {
                let isLast = range.upperBound == end
                pieces.append(Piece(text: Self.string(scalars[range]), endsParagraph: isLast && endsParagraph))
            }
            start = end
        }
        return pieces
    }

    /// The sentences of a text, whatever their length.
    static func sentences(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
        let splitter = SentenceSplitter()
        var ranges: [Range<Int>] = []
        var start = 0
        while start < scalars.count {
            let end = splitter.endOfSentence(in: scalars, from: start).end
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }

    /// The first boundary after `start` with something to say before it and after it; else the end of the text.
    private func endOfSentence(in scalars: [Unicode.Scalar], from start: Int) -> (end: Int, endsParagraph: Bool) {
        var position = start
        var boundary: (end: Int, endsParagraph: Bool)?
        var speaks = false
        while position < scalars.count {
            let scalar = scalars[position]
            if Self.isSpoken(scalar) {
                if let boundary { return boundary }
                speaks = true
                position += 1
                continue
            }
            let mark = scalar.properties.isWhitespace ? position : Self.endOfMarks(in: scalars, from: position)
            let end = Self.endOfSpaces(in: scalars, from: mark)
            let paragraph = Self.isParagraph(scalars[mark..<end])
            let isSentence = mark > position && Self.endsSentence(scalars, position..<mark, next: end)
            if speaks, boundary == nil, paragraph || isSentence {
                boundary = (end, paragraph)
            }
            position = max(end, position + 1)
        }
        // Marks without a word at the end stay with the last sentence.
        return (scalars.count, boundary?.endsParagraph ?? false)
    }

    // MARK: - Sentences

    private static let wideEnds: Set<Unicode.Scalar> = ["。", "！", "？", "｡", "．"]
    private static let narrowEnds: Set<Unicode.Scalar> = [".", "!", "?", "…", "‼", "⁇", "⁈", "⁉", "‽"]
    private static let closers: Set<Unicode.Scalar> = [
        "\"", "'", ")", "]", "}", "”", "’", "›", "」", "』", "）", "］", "】", "》", "〉", "〕", "*", "_",
    ]
    /// These open in one language and close in another: they close unless a word follows.
    private static let eitherQuotes: Set<Unicode.Scalar> = ["“", "‘", "»", "«"]

    /// Abbreviations that are followed by a capital or a number within a sentence, in lower case, without the last dot.
    private static let abbreviations: Set<String> = [
        // English
        "mr", "mrs", "ms", "dr", "prof", "st", "jr", "sr", "rev", "gen", "col", "capt", "lt", "sgt", "gov", "sen", "vs",
        "fig", "vol", "approx", "blvd", "dept", "nos", "pp",
        // German
        "bzw", "ca", "nr", "str", "hr", "fr", "frl", "ing", "dipl", "evtl", "ggf", "inkl", "vgl", "geb", "tel",
        // French
        "mme", "mlle", "mgr", "env", "boul",
        // Spanish, Portuguese and Italian
        "sra", "srta", "dra", "ud", "uds", "vd", "núm", "pág", "págs", "av", "avda", "exmo", "exma", "profa", "sig",
        "dott", "avv", "pag", "pagg", "gent", "egr",
        // Russian
        "г", "гг", "ул", "д", "кв", "стр", "рис", "им", "проф", "акад", "др", "пр", "т",
    ]

    /// Whether `marks` end a sentence, given where the next text starts.
    private static func endsSentence(_ scalars: [Unicode.Scalar], _ marks: Range<Int>, next: Int) -> Bool {
        if scalars[marks].contains(where: { wideEnds.contains($0) }) { return true }
        guard scalars[marks].contains(where: { narrowEnds.contains($0) }) else { return false }
        guard next > marks.upperBound else { return next == scalars.count }
        if next < scalars.count, scalars[next].properties.isLowercase { return false }
        let isOneDot =
            scalars[marks.lowerBound] == "." && !scalars[marks].dropFirst().contains { narrowEnds.contains($0) }
        return !isOneDot || !isAbbreviation(before: marks.lowerBound, in: scalars)
    }

    /// The word before a dot: a known abbreviation, an initial, one with dots inside ("U.S."), or an ordinal ("3. Mai").
    private static func isAbbreviation(before dot: Int, in scalars: [Unicode.Scalar]) -> Bool {
        var start = dot
        while start > 0, dot - start < 16, isSpoken(scalars[start - 1]) || scalars[start - 1] == "." { start -= 1 }
        let word = scalars[start..<dot]
        if word.contains(".") { return word.contains { $0.properties.isAlphabetic } }
        if word.allSatisfy({ $0.properties.numericType != nil }) { return word.count <= 2 }
        if word.count == 1, word.first?.properties.isUppercase == true { return true }
        return abbreviations.contains(string(word).lowercased())
    }

    /// From a mark to the end of the marks and closers that belong to it; `position` itself when it ends nothing.
    private static func endOfMarks(in scalars: [Unicode.Scalar], from position: Int) -> Int {
        var end = position
        while end < scalars.count, wideEnds.contains(scalars[end]) || narrowEnds.contains(scalars[end]) { end += 1 }
        guard end > position else { return position }
        while end < scalars.count, closes(scalars, at: end) { end += 1 }
        // French sets a space before the guillemet that closes.
        if end + 1 < scalars.count, scalars[end].properties.isWhitespace, scalars[end + 1] == "»",
            closes(scalars, at: end + 1)
        {
            end += 2
        }
        return end
    }

    private static func closes(_ scalars: [Unicode.Scalar], at position: Int) -> Bool {
        if closers.contains(scalars[position]) { return true }
        guard eitherQuotes.contains(scalars[position]) else { return false }
        return position + 1 == scalars.count || !isSpoken(scalars[position + 1])
    }

    // MARK: - White space

    private static func endOfSpaces(in scalars: [Unicode.Scalar], from position: Int) -> Int {
        var end = position
        while end < scalars.count, scalars[end].properties.isWhitespace { end += 1 }
        return end
    }

    /// An empty line, or the paragraph separator. A single line break may be a wrapped line.
    private static func isParagraph(_ spaces: ArraySlice<Unicode.Scalar>) -> Bool {
        var lines = 0
        var previous: Unicode.Scalar = " "
        for scalar in spaces {
            if scalar == "\u{2029}" { return true }
            if scalar == "\r" || (scalar == "\n" && previous != "\r") || scalar == "\u{85}" { lines += 1 }
            previous = scalar
        }
        return lines >= 2
    }

    // MARK: - Bound

    private static let clauseEnds: Set<Unicode.Scalar> = [",", ";", ":", "，", "、", "；", "：", "—", "–"]

    /// Cuts a sentence that is too long: after a clause in the second half of what fits, else after white space there,
    /// else before a scalar that does not extend a character, else anywhere.
    private func bounded(_ sentence: Range<Int>, in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = sentence.lowerBound
        while sentence.upperBound - start > maximumLength {
            let limit = start + maximumLength
            let places = (start + (maximumLength + 1) / 2)...limit
            let cut =
                places.last { Self.clauseEnds.contains(scalars[$0 - 1]) && !Self.isSpoken(scalars[$0]) }
                ?? places.last { Self.clauseEnds.contains(scalars[$0 - 1]) && scalars[$0 - 1].value > 0x2FFF }
                ?? places.last { scalars[$0 - 1].properties.isWhitespace }
                ?? places.last { !Self.extendsCharacter(scalars[$0], after: scalars[$0 - 1]) }
            ranges.append(start..<(cut ?? limit))
            start = cut ?? limit
        }
        ranges.append(start..<sentence.upperBound)
        return ranges
    }

    private static func extendsCharacter(_ scalar: Unicode.Scalar, after previous: Unicode.Scalar) -> Bool {
        scalar.properties.isGraphemeExtend || scalar.properties.isEmojiModifier || scalar == "\u{200D}"
            || previous == "\u{200D}" || (previous == "\r" && scalar == "\n")
    }

    private static func isSpoken(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isLetter || scalar.isDigit { return true }
        return scalar.value >= 0x80 && scalar.properties.numericType != nil
    }

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        String(scalars: scalars)
    }
}
