// Text as people write it → text as it is said: numbers, dates, times, money, units, addresses and abbreviations become
// words; Markdown, code blocks and emoji are dropped. A model reads words well and digits by luck.
//
//   text → Markup (Markdown, HTML, emoji out) → Verbalizer (numbers and signs into words) → SpokenText
//
// Both steps take time in proportion to the text, whatever it holds.

/// The words to say, and where in the original each of them comes from.
package struct SpokenText: Sendable, Equatable {
    package let text: String
    /// For each Unicode scalar of `text`, the offset in Unicode scalars of the original it stands for; never falls.
    private let origins: [Int32]
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

    /// Unicode scalars of `text`.
    package var count: Int { origins.count }

    /// With as many scalars more of the original, which are not said.
    func adding(_ silent: Int) -> SpokenText { SpokenText(text, origins, originalCount + silent) }

    /// Converting trims; the space between two pieces separates their words.
    func keepingSpace(of piece: [Unicode.Scalar]) -> SpokenText {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return self }
        let leads = piece.first?.properties.isWhitespace == true && !first.properties.isWhitespace
        let trails = piece.last?.properties.isWhitespace == true && !last.properties.isWhitespace
        return SpokenText(
            (leads ? " " : "") + text + (trails ? " " : ""),
            (leads ? [0] : []) + origins + (trails ? [Int32(clamping: originalCount - 1)] : []), originalCount)
    }

    /// How much of the original has been said when `spoken` Unicode scalars of `text` have been.
    package func originalOffset(ofSpoken spoken: Int) -> Int {
        if spoken <= 0 { return 0 }
        return spoken < origins.count ? Int(origins[spoken]) : originalCount
    }
}

package struct SpokenForm: Sendable {
    /// nil: each sentence tells.
    private let language: (any SpokenLanguage)?

    /// - Parameter language: a language by name ("german") or code ("de", "pt-BR"), in any case. "auto", and names that are
    ///   not known, guess it for each sentence; what tells nothing is English.
    package init(language: String = "auto") {
        self.language = Language.named(language)?.spoken
    }

    /// - Parameter earlier: what came before, which may tell the language where the text alone does not.
    package func convert(_ text: String, after earlier: String = "") -> SpokenText {
        let scalars = Array(text.unicodeScalars)
        if let language {
            var verbalizer = Verbalizer(Markup.removed(from: scalars, fullStop: language.words.fullStop), language)
            return SpokenText(verbalizer.convert(), originalCount: scalars.count)
        }
        let whole = LanguageGuess.likely(of: earlier + text.prefix(Self.enough)) ?? Self.fallback
        let plain = Markup.removed(from: scalars, fullStop: whole.spoken.words.fullStop)
        var spoken = TracedText()
        for part in LanguageGuess.parts(of: plain.scalars, in: whole) {
            var verbalizer = Verbalizer(plain[part.range], part.language.spoken)
            spoken.append(verbalizer.convert())
        }
        return SpokenText(spoken, originalCount: scalars.count)
    }

    /// Characters that tell a language as well as a whole book does.
    private static let enough = 4000

    /// Of a text without letters, or whose few words tell nothing.
    private static let fallback = Language.all[0]
}

/// Scalars, each with the offset in the original it comes from.
struct TracedText: Sendable {
    private(set) var scalars: [Unicode.Scalar] = []
    private(set) var origins: [Int32] = []

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
    init(scalars: some Sequence<Unicode.Scalar>) {
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

    var isUpper: Bool { value < 0x80 ? value >= 0x41 && value <= 0x5A : properties.isUppercase }
}
