// Text as people write it → text as it is said: numbers, dates, times, money, units, addresses and abbreviations become
// words; Markdown, code blocks and emoji are dropped. A model reads words well and digits by luck.
//
//   text → Markup (Markdown, HTML, emoji out) → Pronunciations → Verbalizer (numbers and signs into words) → SpokenText
//
// All steps take time in proportion to the text, whatever it holds.

/// The words to say, and where in the original each of them comes from.
package struct SpokenText: Sendable, Equatable {
    package private(set) var text: String
    /// For each Unicode scalar of `text`, the offset in Unicode scalars of the original it stands for; never falls.
    private var origins: [Int32]
    /// Unicode scalars of the original.
    package private(set) var originalCount: Int

    init(_ traced: TracedText, originalCount: Int) {
        self.init(traced.string, traced.origins, originalCount)
    }

    private init(_ text: String, _ origins: [Int32], _ originalCount: Int) {
        self.text = text
        self.origins = origins
        self.originalCount = originalCount
    }

    /// The text as it is: nothing converted.
    package init(verbatim text: String) {
        let count = text.unicodeScalars.count
        self.init(text, (0..<count).map { Int32(clamping: $0) }, count)
    }

    /// Nothing to say for as many scalars of the original.
    init(silent count: Int) {
        self.init("", [], count)
    }

    /// Nothing but the space that a piece without words has.
    init(space piece: [Unicode.Scalar]) {
        let hasSpace = piece.contains { $0.isWhite }
        self.init(hasSpace ? " " : "", hasSpace ? [0] : [], piece.count)
    }

    /// Unicode scalars of `text`.
    package var count: Int { origins.count }

    /// Words of the same original that come after these.
    mutating func append(_ other: SpokenText) {
        text += other.text
        origins += other.origins
    }

    var traced: TracedText { TracedText(text, origins) }

    /// With as many scalars more of the original, which are not said.
    func adding(_ silent: Int) -> SpokenText { SpokenText(text, origins, originalCount + silent) }

    /// Converting trims; the space between two pieces separates their words.
    func keepingSpace(of piece: [Unicode.Scalar]) -> SpokenText {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return self }
        let leads = piece.first?.isWhite == true && !first.isWhite
        let trails = piece.last?.isWhite == true && !last.isWhite
        return SpokenText(
            (leads ? " " : "") + text + (trails ? " " : ""),
            (leads ? [0] : []) + origins + (trails ? [Int32(clamping: originalCount - 1)] : []), originalCount)
    }

    /// What of the original the words stand for, in Unicode scalars.
    package var original: Range<Int> {
        guard let first = origins.first, let last = origins.last else { return 0..<0 }
        return Int(first)..<min(Int(last) + 1, originalCount)
    }

    /// How much of the original has been said when `spoken` Unicode scalars of `text` have been.
    package func originalOffset(ofSpoken spoken: Int) -> Int {
        if spoken <= 0 { return 0 }
        return spoken < origins.count ? Int(origins[spoken]) : originalCount
    }
}

package struct SpokenForm: Sendable {
    /// nil: each sentence tells.
    let language: Language?
    /// What the household wants to be said otherwise.
    private let pronunciations: Pronunciations

    /// - Parameter language: a language by name ("german") or code ("de", "pt-BR"), in any case. "auto", and names that are
    ///   not known, guess it for each sentence; what tells nothing is English.
    package init(language: String = "auto", pronunciations: Pronunciations = .none) {
        self.language = Language.named(language)
        self.pronunciations = pronunciations
    }

    /// The words without the pauses that the text asks for.
    ///
    /// - Parameter earlier: what came before, which may tell the language where the text alone does not.
    package func convert(_ text: String, after earlier: String = "") -> SpokenText {
        let scalars = Array(text.unicodeScalars)
        var spoken = TracedText()
        for case .words(let words, _) in pieces(of: scalars, after: earlier) { spoken.append(apart: words) }
        return SpokenText(spoken, originalCount: scalars.count)
    }

    /// The words in passages of one language, and the pauses: those that are asked for, and one for each blank line.
    package func script(_ text: String, after earlier: String = "") -> SpeechScript {
        let scalars = Array(text.unicodeScalars)
        var script = SpeechScript(originalCount: scalars.count)
        for piece in pieces(of: scalars, after: earlier) {
            switch piece {
            case .pause(let length): script.append(pause: length)
            case .words(let words, let language):
                for (number, range) in words.paragraphs.enumerated() {
                    if number > 0 { script.endParagraph() }
                    let paragraph = SpokenText(words[range], originalCount: scalars.count)
                    script.append(SpeechScript.Passage(words: paragraph, language: language?.name))
                }
            }
        }
        script.dropParagraphAtEnd()
        return script
    }

    /// Words, and the language they are in as far as that is known; or a pause.
    private enum Piece {
        case words(TracedText, Language?)
        case pause(Duration)
    }

    private func pieces(of scalars: [Unicode.Scalar], after earlier: String) -> [Piece] {
        let whole = language ?? likely(scalars, after: earlier)
        let fullStop = (whole ?? Self.fallback).spoken.words.fullStop
        let plain = Markup.removed(from: scalars, fullStop: fullStop)
        var pieces: [Piece] = []
        var start = 0
        for pause in plain.pauses {
            let end = min(max(pause.position, start), plain.text.scalars.count)
            if end > start { pieces += words(plain.text[start..<end], in: whole) }
            pieces.append(.pause(pause.length))
            start = end
        }
        let rest = start == 0 ? plain.text : plain.text[start..<plain.text.scalars.count]
        return pieces + words(rest, in: whole)
    }

    private func words(_ plain: TracedText, in whole: Language?) -> [Piece] {
        parts(of: plain, in: whole).map { .words(say($0.text, in: $0.language), $0.isKnown ? $0.language : nil) }
    }

    /// The parts of prose that are in one language each: all of it where the language was named. `isKnown`: it was named, or
    /// the text tells.
    ///
    /// - Parameter whole: the language of the text that the prose is from; nil when it tells nothing.
    func parts(of plain: TracedText, in whole: Language?) -> [(text: TracedText, language: Language, isKnown: Bool)] {
        if let language { return [(plain, language, true)] }
        let parts = LanguageGuess.parts(of: plain.scalars, in: whole ?? Self.fallback)
        return parts.map { part in
            let text = parts.count == 1 ? plain : plain[part.range]
            return (text, part.language, part.isKnown || part.language.code == whole?.code)
        }
    }

    /// Prose in the words of a language.
    func say(_ prose: TracedText, in language: Language) -> TracedText {
        var verbalizer = Verbalizer(pronunciations.replaced(in: prose, language: language), language.spoken)
        return verbalizer.convert()
    }

    /// The language of a text as a whole.
    func likely(_ scalars: [Unicode.Scalar], after earlier: String = "") -> Language? {
        LanguageGuess.likely(of: earlier + String(scalars: scalars.prefix(Self.enough)))
    }

    /// Characters that tell a language as well as a whole book does.
    private static let enough = 4000

    /// Of a text without letters, or whose few words tell nothing.
    static let fallback = Language.all[0]
}

/// Scalars, each with the offset in the original it comes from.
struct TracedText: Sendable, Equatable {
    private(set) var scalars: [Unicode.Scalar] = []
    private(set) var origins: [Int32] = []

    init() {}

    init(_ text: String, _ origins: [Int32]) {
        scalars = Array(text.unicodeScalars)
        self.origins = origins
    }

    mutating func append(_ scalar: Unicode.Scalar, from origin: Int) {
        scalars.append(scalar)
        origins.append(Int32(clamping: origin))
    }

    mutating func append(_ text: String, from origin: Int) {
        for scalar in text.unicodeScalars { append(scalar, from: origin) }
    }

    mutating func append(_ other: TracedText) {
        scalars += other.scalars
        origins += other.origins
    }

    /// With a space where the words would else become one.
    mutating func append(apart other: TracedText) {
        if let last = scalars.last, let next = other.scalars.first,
            last.isWordPart || ".,!?;:".unicodeScalars.contains(last),
            next.isWordPart, last.isSpacedLetter || next.isSpacedLetter || last.isDigit || next.isDigit
        {
            append(" ", from: Int(other.origins[0]))
        }
        append(other)
    }

    /// What was made of another text, with origins where that one came from.
    func traced(through other: TracedText) -> TracedText {
        var text = self
        text.origins = origins.map { other.origins[Int($0)] }
        return text
    }

    /// The parts between blank lines, without white space around them; empty ones are left out.
    var paragraphs: [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start: Int?
        var end = 0
        var lines = 0
        for (index, scalar) in scalars.enumerated() {
            if scalar == "\n" || scalar == "\u{2029}" {
                lines += scalar == "\n" ? 1 : 2
            } else if !scalar.isWhite {
                if lines > 1, let first = start {
                    ranges.append(first..<end)
                    start = nil
                }
                start = start ?? index
                end = index + 1
                lines = 0
            }
        }
        if let start { ranges.append(start..<end) }
        return ranges
    }

    subscript(range: Range<Int>) -> TracedText {
        var part = TracedText()
        part.scalars = Array(scalars[range])
        part.origins = Array(origins[range])
        return part
    }

    mutating func removeLast() {
        scalars.removeLast()
        origins.removeLast()
    }

    var string: String { String(scalars: scalars) }
}

extension String {
    /// The scalars as text. A scalar view that is appended to takes a slice for foreign text, at five times the cost.
    package init(scalars: some Sequence<Unicode.Scalar>) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(scalars.underestimatedCount)
        for scalar in scalars {
            if scalar.value < 0x80 {
                bytes.append(UInt8(truncatingIfNeeded: scalar.value))
            } else {
                bytes.append(contentsOf: scalar.utf8)
            }
        }
        self = String(decoding: bytes, as: UTF8.self)
    }
}

extension Unicode.Scalar {
    var isDigit: Bool { value >= 0x30 && value <= 0x39 }

    var isLetter: Bool {
        if value < 0x80 { return (value | 0x20) >= 0x61 && (value | 0x20) <= 0x7A }
        switch value {
        // The letters of our languages, without a look into Unicode's tables.
        case 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x24F, 0x400...0x481, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0x3041...0x3096,
            0x30A1...0x30FA:
            return true
        case 0x80...0xA9, 0x2000...0x206F, 0x3000...0x3004, 0x3008...0x3020, 0xFF01...0xFF20: return false
        default: return properties.isAlphabetic
        }
    }

    /// A letter of the scripts that write words apart.
    var isSpacedLetter: Bool { isLetter && value < 0x1100 }

    /// A letter, a digit, or a mark that belongs to a letter.
    var isWordPart: Bool { isDigit || isLetter || (value >= 0x300 && value <= 0x36F) }

    var isSpace: Bool { value == 0x20 || value == 0xA0 || value == 0x202F || value == 0x2009 || value == 0x3000 }

    /// White space by Unicode's property of that name.
    var isWhite: Bool {
        switch value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }

    var isUpper: Bool { value < 0x80 ? value >= 0x41 && value <= 0x5A : properties.isUppercase }
}
