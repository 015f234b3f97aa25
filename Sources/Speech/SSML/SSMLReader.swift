// Reads the part of SSML 1.1 that people and programs write: speak, p, s, break, say-as, sub, lang, phoneme, prosody rate.
//
//   text → tokens (text, tags) → which tag closes which → runs of text in one style, pauses, paragraphs → SpeechScript
//
// Whatever is broken is spoken as it stands: a tag that nothing closes, a "<" that begins none. Tags that are not known go, and
// their text stays. Each step takes time in proportion to the text.

struct SSMLReader {
    /// How a run of text is read.
    struct Style: Equatable {
        /// A name of `Language`; nil: as the request says.
        var language: String?
        var rate = 1.0
        var reading = SayAs.prose
    }

    enum Segment: Equatable {
        case text(TracedText, Style)
        case pause(Duration)
        case paragraph
    }

    private let scalars: [Unicode.Scalar]
    private let tokens: [SSMLToken]
    /// For each opening tag the token that ends it, and whether that closes it by name.
    private let ends: [Int: (token: Int, isClosed: Bool)]
    private(set) var segments: [Segment] = []
    private var run = TracedText()
    private var style = Style()
    /// Styles to go back to, and at which token.
    private var outer: [(end: Int, style: Style)] = []

    /// The runs of text of a document.
    static func segments(of scalars: [Unicode.Scalar]) -> [Segment] {
        var reader = SSMLReader(scalars)
        reader.read()
        return reader.segments
    }

    private init(_ scalars: [Unicode.Scalar]) {
        self.scalars = scalars
        tokens = SSMLToken.all(in: scalars)
        ends = Self.ends(of: tokens)
    }

    /// Elements whose content is about the document and not of it.
    private static let silent: Set<String> = ["metadata", "desc", "lexicon"]

    private static func ends(of tokens: [SSMLToken]) -> [Int: (token: Int, isClosed: Bool)] {
        var ends: [Int: (token: Int, isClosed: Bool)] = [:]
        var open: [(name: String, token: Int)] = []
        var count: [String: Int] = [:]
        for (index, token) in tokens.enumerated() {
            guard case .tag(let tag, _) = token else { continue }
            switch tag.kind {
            case .empty: break
            case .open:
                open.append((tag.name, index))
                count[tag.name, default: 0] += 1
            case .close:
                guard count[tag.name, default: 0] > 0 else { break }
                while let last = open.popLast() {
                    count[last.name, default: 0] -= 1
                    ends[last.token] = (index, last.name == tag.name)
                    if last.name == tag.name { break }
                }
            }
        }
        for (_, token) in open { ends[token] = (tokens.count, false) }
        return ends
    }

    // MARK: - Tokens

    private mutating func read() {
        var index = 0
        while index < tokens.count {
            while let last = outer.last, last.end <= index {
                change(to: last.style)
                outer.removeLast()
            }
            switch tokens[index] {
            case .text(let range): append(range)
            case .verbatim(let range): for position in range { append(scalars[position], from: position) }
            case .tag(let tag, let start):
                if let end = skipped(tag, at: index, start) {
                    index = end
                    continue
                }
                mark(tag)
                if tag.kind == .open { begin(tag, at: index) }
            }
            index += 1
        }
        flush()
    }

    /// The token to go on at where an element's content is not read: `sub` says its alias instead.
    private mutating func skipped(_ tag: SSMLTag, at index: Int, _ start: Int) -> Int? {
        let end = ends[index]
        if tag.name == "sub", let alias = tag.attributes["alias"], tag.kind == .empty || end?.isClosed == true {
            for scalar in alias.unicodeScalars { append(scalar, from: start) }
            return (end?.token ?? index) + 1
        }
        guard Self.silent.contains(tag.name), let end, end.isClosed else { return nil }
        return end.token + 1
    }

    /// What a tag means at its place.
    private mutating func mark(_ tag: SSMLTag) {
        switch tag.name {
        case "break" where tag.kind != .close:
            flush()
            segments.append(.pause(PauseMark.length(of: tag.attributes)))
        case "s", "sentence":
            endSentence()
        case "p", "paragraph":
            endSentence()
            flush()
            if segments.last != .paragraph { segments.append(.paragraph) }
        case _ where Markup.separatingTags.contains(tag.name):
            append(" ", from: run.origins.last.map(Int.init) ?? 0)
        default: break
        }
    }

    /// The style of an element's content.
    private mutating func begin(_ tag: SSMLTag, at index: Int) {
        guard let end = ends[index] else { return }
        var inner = style
        if let language = tag.attributes["xml:lang"] ?? (tag.name == "lang" ? tag.attributes["lang"] : nil),
            let known = Language.named(language)
        {
            inner.language = known.name
        }
        if tag.name == "prosody", let rate = tag.attributes["rate"].flatMap(Self.rate) {
            inner.rate = min(max(style.rate * rate, 0.25), 4)
        }
        if tag.name == "say-as", end.isClosed { inner.reading = SayAs(tag.attributes) }
        guard inner != style else { return }
        outer.append((end.token, style))
        change(to: inner)
    }

    /// "slow", "120%" of the usual, "+20%", "1.2".
    private static func rate(_ text: String) -> Double? {
        let names = ["x-slow": 0.5, "slow": 0.75, "medium": 1, "default": 1, "fast": 1.25, "x-fast": 1.6]
        let text = text.trimmingWhitespace().lowercased()
        if let rate = names[text] { return rate }
        let isPercent = text.hasSuffix("%")
        let isChange = text.hasPrefix("+") || text.hasPrefix("-")
        guard let value = Double(String(isPercent ? text.dropLast() : text[...])), value.isFinite else { return nil }
        let factor = isPercent ? value / 100 : value
        let rate = isChange && isPercent ? 1 + factor : factor
        return rate > 0 ? rate : nil
    }

    // MARK: - Runs

    private mutating func change(to next: Style) {
        guard next != style else { return }
        flush()
        style = next
    }

    private mutating func flush() {
        if !run.scalars.isEmpty { segments.append(.text(run, style)) }
        run = TracedText()
    }

    private mutating func append(_ range: Range<Int>) {
        var position = range.lowerBound
        while position < range.upperBound {
            if scalars[position] == "&", let (scalar, end) = Entity.at(position, in: scalars[..<range.upperBound]) {
                append(scalar, from: position)
                position = end
            } else {
                append(scalars[position], from: position)
                position += 1
            }
        }
    }

    /// White space of any kind and length is one space.
    private mutating func append(_ scalar: Unicode.Scalar, from origin: Int) {
        guard scalar.isWhite else { return run.append(scalar, from: origin) }
        if let last = run.scalars.last, last != " " { run.append(" ", from: origin) }
        if run.scalars.isEmpty, case .text(let text, _)? = segments.last, text.scalars.last != " " {
            run.append(" ", from: origin)
        }
    }

    /// A sentence that has no mark at its end gets one, so that it is spoken as a sentence.
    private mutating func endSentence() {
        while run.scalars.last == " " { run.removeLast() }
        guard let last = run.scalars.last, let origin = run.origins.last else { return }
        if last.isWordPart || last == ")" || last == "\"" {
            run.append(last.isLetter && !last.isSpacedLetter ? "。" : ".", from: Int(origin))
        }
        run.append(" ", from: Int(origin))
    }
}

/// Text, or a tag.
enum SSMLToken {
    case text(Range<Int>)
    /// Text in which nothing stands for anything else: CDATA.
    case verbatim(Range<Int>)
    case tag(SSMLTag, start: Int)

    /// The tokens of a text; comments, declarations and instructions are left out.
    static func all(in scalars: [Unicode.Scalar]) -> [SSMLToken] {
        var scanner = Scanner(scalars: scalars)
        scanner.scan()
        return scanner.tokens
    }

    private struct Scanner {
        let scalars: [Unicode.Scalar]
        var tokens: [SSMLToken] = []
        private var start = 0
        /// Ends that were looked for and are nowhere: nobody has to look again.
        private var missing: Set<String> = []

        init(scalars: [Unicode.Scalar]) { self.scalars = scalars }

        mutating func scan() {
            var position = 0
            while position < scalars.count {
                guard scalars[position] == "<", let end = markup(at: position) else {
                    position += 1
                    continue
                }
                position = end
                start = end
            }
            addText(until: scalars.count)
        }

        private mutating func addText(until end: Int) {
            if end > start { tokens.append(.text(start..<end)) }
        }

        /// The end of what begins with this "<"; nil when it is text.
        private mutating func markup(at position: Int) -> Int? {
            if follows("<!--", at: position) { return removed(position, "-->") }
            if follows("<![CDATA[", at: position) {
                guard let end = find("]]>", from: position + 9) else { return nil }
                addText(until: position)
                tokens.append(.verbatim((position + 9)..<end))
                return end + 3
            }
            if follows("<?", at: position) { return removed(position, "?>") }
            if follows("<!", at: position) { return removed(position, ">") }
            guard let close = endOfTag(from: position + 1), let tag = SSMLTag(scalars[(position + 1)..<close]),
                tag.isWellFormed || SSMLToken.known.contains(tag.name)
            else { return nil }
            addText(until: position)
            tokens.append(.tag(tag, start: position))
            return close + 1
        }

        private mutating func removed(_ position: Int, _ end: String) -> Int? {
            guard let found = find(end, from: position + 2) else { return nil }
            addText(until: position)
            return found + end.unicodeScalars.count
        }

        /// The ">" before the next "<", outside of quotes where these are whole.
        private func endOfTag(from first: Int) -> Int? {
            var quote: Unicode.Scalar?
            var inQuotes: Int?
            var position = first
            while position < scalars.count, scalars[position] != "<" {
                let scalar = scalars[position]
                if let open = quote {
                    if scalar == open { quote = nil }
                    if scalar == ">" { inQuotes = inQuotes ?? position }
                } else if scalar == ">" {
                    return position
                } else if scalar == "\"" || scalar == "'" {
                    quote = scalar
                }
                position += 1
            }
            return inQuotes
        }

        private func follows(_ text: String, at position: Int) -> Bool {
            scalars[position...].starts(with: text.unicodeScalars)
        }

        private mutating func find(_ text: String, from first: Int) -> Int? {
            guard !missing.contains(text) else { return nil }
            var position = first
            while position < scalars.count {
                if follows(text, at: position) { return position }
                position += 1
            }
            missing.insert(text)
            return nil
        }
    }

    /// The elements of SSML 1.1.
    private static let known: Set<String> = [
        "speak", "p", "paragraph", "s", "sentence", "break", "say-as", "sub", "lang", "phoneme", "prosody", "emphasis",
        "voice", "audio", "desc", "mark", "meta", "metadata", "lexicon", "lookup", "token", "w",
    ]
}
