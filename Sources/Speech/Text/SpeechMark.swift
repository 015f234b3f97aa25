// What is between the words of a script, as single characters among them: so a text that is still being written goes to its
// engine as text, whatever is in it. Private use characters, of which no text that was put into words has one.

/// A pause, or the style of the words behind it.
package enum SpeechMark: Sendable, Equatable {
    case pause(Duration)
    /// How fast, as a factor of the usual speed.
    case rate(Double)
    /// A name of `Language`; nil for that of the request.
    case language(String?)

    /// Words without marks in them, or a mark.
    package enum Item: Sendable, Equatable {
        case words(String)
        case mark(SpeechMark)
    }

    private static let first: UInt32 = 0x10_0000
    /// A pause is so many steps of 10 ms; then come rates in percent, then languages.
    private static let rates: UInt32 = first + 2000
    private static let languages: UInt32 = first + 3000

    package var scalar: Unicode.Scalar {
        let value: UInt32
        switch self {
        case .pause(let length):
            value = Self.first + UInt32((min(length, SpeechScript.longestPause) / .milliseconds(10)).rounded())
        case .rate(let rate): value = Self.rates + UInt32((min(max(rate, 0.01), 9.99) * 100).rounded())
        case .language(let name):
            let index = Language.all.firstIndex { $0.name == name }
            value = Self.languages + UInt32(index.map { $0 + 1 } ?? 0)
        }
        return Unicode.Scalar(value) ?? " "
    }

    init?(_ scalar: Unicode.Scalar) {
        switch scalar.value {
        case Self.first...Self.first + 1000: self = .pause(.milliseconds(10) * Int(scalar.value - Self.first))
        case Self.rates + 1..<Self.languages: self = .rate(Double(scalar.value - Self.rates) / 100)
        case Self.languages...Self.languages + UInt32(Language.all.count):
            let index = Int(scalar.value - Self.languages)
            self = .language(index > 0 ? Language.all[index - 1].name : nil)
        default: return nil
        }
    }

    /// Words and marks of a text, in order.
    package static func items(of text: String) -> [Item] {
        guard text.unicodeScalars.contains(where: { $0.value >= first }) else {
            return text.isEmpty ? [] : [.words(text)]
        }
        var items: [Item] = []
        var words: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars {
            guard scalar.value >= first, let mark = SpeechMark(scalar) else {
                words.append(scalar)
                continue
            }
            if !words.isEmpty { items.append(.words(String(scalars: words))) }
            words.removeAll(keepingCapacity: true)
            items.append(.mark(mark))
        }
        if !words.isEmpty { items.append(.words(String(scalars: words))) }
        return items
    }
}

extension SpeechScript {
    /// What the words of a script are said in, where a mark has not changed it.
    package struct Style: Sendable, Equatable {
        var language: String?
        var rate = 1.0

        package init() {}
    }

    /// All words with marks between them, for an engine that knows scripts; the first ones need none for their language.
    package var marked: SpokenText {
        var style = Style()
        style.language = language
        return marked(after: &style)
    }

    /// - Parameter style: that of the words before, and then of the last ones.
    func marked(after style: inout Style) -> SpokenText {
        var text = TracedText()
        for step in steps {
            switch step {
            case .pause(let length): text.append(SpeechMark.pause(length))
            case .text(let passage):
                if passage.language != style.language { text.append(SpeechMark.language(passage.language)) }
                if passage.rate != style.rate { text.append(SpeechMark.rate(passage.rate)) }
                style.language = passage.language
                style.rate = passage.rate
                text.append(apart: passage.words.traced)
            }
        }
        return SpokenText(text, originalCount: originalCount)
    }
}

extension TracedText {
    /// A mark comes from where the words before it do.
    fileprivate mutating func append(_ mark: SpeechMark) {
        append(mark.scalar, from: origins.last.map(Int.init) ?? 0)
    }
}
