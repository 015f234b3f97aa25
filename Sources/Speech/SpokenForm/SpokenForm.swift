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
    private let originalCount: Int

    init(_ traced: TracedText, originalCount: Int) {
        text = traced.string
        origins = traced.origins
        self.originalCount = originalCount
    }

    /// The text as it is: nothing converted.
    package init(verbatim text: String) {
        self.text = text
        originalCount = text.unicodeScalars.count
        origins = (0..<originalCount).map { Int32(clamping: $0) }
    }

    /// How much of the original has been said when `spoken` Unicode scalars of `text` have been.
    package func originalOffset(ofSpoken spoken: Int) -> Int {
        if spoken <= 0 { return 0 }
        return spoken < origins.count ? Int(origins[spoken]) : originalCount
    }
}

package struct SpokenForm: Sendable {
    /// nil: the script of each text tells.
    private let language: (any SpokenLanguage)?

    /// - Parameter language: a language of the model by name ("german") or code ("de", "pt-BR"), in any case. "auto", and
    ///   names that are not known, guess from the script of each text; Latin letters then mean English.
    package init(language: String = "auto") {
        self.language = Language.named(language)?.spoken
    }

    package func convert(_ text: String) -> SpokenText {
        let scalars = Array(text.unicodeScalars)
        let language = self.language ?? Self.guess(scalars)
        let plain = Markup.removed(from: scalars, fullStop: language.words.fullStop)
        var verbalizer = Verbalizer(plain, language)
        return SpokenText(verbalizer.convert(), originalCount: scalars.count)
    }

    // MARK: - Languages

    /// The language whose script has most of the letters. A Han or Hangul character is about a word's half, so it counts
    /// twice; Han with any kana is Japanese.
    private static func guess(_ scalars: [Unicode.Scalar]) -> any SpokenLanguage {
        var latin = 0
        var cyrillic = 0
        var hangul = 0
        var han = 0
        var kana = 0
        for scalar in scalars {
            switch scalar.value {
            case 0x41...0x5A, 0x61...0x7A, 0xC0...0x24F: latin += 1
            case 0x400...0x52F: cyrillic += 1
            case 0xAC00...0xD7A3, 0x1100...0x11FF: hangul += 2
            case 0x3041...0x30FF: kana += 2
            case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0x20000...0x323AF: han += 2
            default: break
            }
        }
        let most = max(latin, cyrillic, hangul, han + kana)
        var code = kana > 0 ? "ja" : "zh"
        if most == 0 || most == latin {
            code = "en"
        } else if most == cyrillic {
            code = "ru"
        } else if most == hangul {
            code = "ko"
        }
        return Language.named(code)?.spoken ?? English()
    }
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

    mutating func removeLast() {
        scalars.removeLast()
        origins.removeLast()
    }

    var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

extension Unicode.Scalar {
    var isDigit: Bool { value >= 0x30 && value <= 0x39 }

    var isLetter: Bool {
        if value < 0x80 { return (value | 0x20) >= 0x61 && (value | 0x20) <= 0x7A }
        return properties.isAlphabetic
    }

    /// A letter of the scripts that write words apart.
    var isSpacedLetter: Bool { isLetter && value < 0x1100 }

    /// A letter, a digit, or a mark that belongs to a letter.
    var isWordPart: Bool { isDigit || isLetter || (value >= 0x300 && value <= 0x36F) }

    var isSpace: Bool { value == 0x20 || value == 0xA0 || value == 0x202F || value == 0x2009 || value == 0x3000 }

    var isUpper: Bool { value < 0x80 ? value >= 0x41 && value <= 0x5A : properties.isUppercase }
}
