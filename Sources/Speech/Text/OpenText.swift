// Text that arrives piece by piece, on its way to its spoken form: plain words go on at once, and whatever may still change its
// reading ("3", "3.5", "3.5 km", "**bold", "[pause:") waits for the end of its sentence. SSML waits for all of it.

package struct OpenText: Sendable {
    /// Unicode scalars after which text is handed on without the end of a sentence.
    private static let patience = 200

    private let form: SpokenForm?
    /// nil until the first characters show it.
    private var format: TextFormat?
    /// What the words so far are marked with, and the language they are in as far as it is known.
    private var style = SpeechScript.Style()
    private var language: String?
    private var waiting: [Unicode.Scalar] = []
    /// The end of what was handed on, which tells the language of what follows.
    private var earlier = String.UnicodeScalarView()
    private static let earlierLimit = 400

    /// - Parameters:
    ///   - form: nil leaves the text as it is.
    ///   - format: nil: SSML where it begins as such.
    package init(_ form: SpokenForm?, format: TextFormat? = nil) {
        self.form = form
        self.format = format
    }

    /// What of the text so far can be spoken, with marks for its pauses, and how much of it that stands for. `isLast`: all of it.
    package mutating func append(_ text: String, isLast: Bool) -> SpokenText {
        waiting += text.unicodeScalars
        if format == nil, isLast || !mayBecomeSSML { format = TextFormat(of: String(scalars: waiting)) }
        switch format {
        case nil: return SpokenText(silent: 0)
        case .ssml: return isLast ? SpeechScript(takeAll(), format: .ssml, form: form).marked : SpokenText(silent: 0)
        case .plain:
            if let form { return appendPlain(form, isLast: isLast) }
            return SpokenText(verbatim: takeAll())
        }
    }

    /// Drops what waits beyond its first `count` Unicode scalars: it will be written anew.
    package mutating func forget(after count: Int) {
        waiting.removeLast(max(0, waiting.count - count))
    }

    private mutating func takeAll() -> String {
        defer { waiting = [] }
        return String(scalars: waiting)
    }

    /// What is there so far may be the start of "<speak>".
    private var mayBecomeSSML: Bool {
        let start = String(scalars: waiting.prefix(1000).drop { $0.isWhite || $0 == "\u{FEFF}" })
        guard !start.hasPrefix("<?xml") else { return !start.contains("<speak") && start.count < 900 }
        return "<speak".hasPrefix(start) || "<?xml".hasPrefix(start)
    }

    private mutating func appendPlain(_ form: SpokenForm, isLast: Bool) -> SpokenText {
        let ready = isLast ? waiting.count : settled
        let skipped = isLast ? 0 : forgetThought(from: ready)
        guard ready > 0 else { return SpokenText(silent: skipped) }
        let piece = Array(waiting[..<ready])
        waiting.removeFirst(ready)
        var script = form.script(String(scalars: piece), after: String(earlier))
        if isBlankLine(before: piece) { script.beginParagraph() }
        settleLanguages(of: &script)
        earlier.append(contentsOf: piece)
        earlier.removeFirst(max(0, earlier.count - Self.earlierLimit))
        guard !script.steps.isEmpty else { return SpokenText(space: piece).adding(skipped) }
        return script.marked(after: &style).keepingSpace(of: piece).adding(skipped)
    }

    /// Only another language that begins with a sentence is marked: a few words often tell nothing, and a mark parts them from
    /// those before.
    private mutating func settleLanguages(of script: inout SpeechScript) {
        let last = earlier.last { !$0.isWhite }
        var beginsSentence = last.map { ".!?…。！？".unicodeScalars.contains($0) } ?? false
        var marked = style.language
        var known = language
        script.changeLanguages { passage in
            if beginsSentence, let own = passage.language, let before = known, own != before { marked = own }
            known = passage.language ?? known
            beginsSentence = true
            return marked
        }
        language = known
    }

    /// Whether the piece is parted from what came before by a blank line.
    private func isBlankLine(before piece: [Unicode.Scalar]) -> Bool {
        guard !earlier.isEmpty, piece.contains(where: \.isSpeakable) else { return false }
        let spaces = Array(earlier.reversed().prefix { $0.isWhite }) + piece.prefix { $0.isWhite }
        return spaces.count { $0 == "\n" } > 1
    }

    /// Scalars of a thought that are kept until its end shows.
    private static let thoughtLimit = 4000
    /// Scalars at either end of it that its marks may need.
    private static let markLength = 64

    /// Drops the middle of a thought that is longer than anybody waits for; returns how many scalars of it.
    private mutating func forgetThought(from start: Int) -> Int {
        guard waiting.count - start > Self.thoughtLimit else { return 0 }
        let middle = start + Self.markLength..<waiting.count - Self.markLength
        waiting.removeSubrange(middle)
        return middle.count
    }

    /// The end of the last whole word before the first that is not plain, or of the last whole sentence.
    private var settled: Int {
        // A thought is not said, which only its end shows.
        let end = min(endOfPlainText, HiddenText.openThought(in: waiting) ?? waiting.count)
        return startOfPause(before: end) ?? end
    }

    /// Where a "[pause:1.5s]" begins that has not ended before `end`.
    private func startOfPause(before end: Int) -> Int? {
        let last = waiting[..<end].suffix(32)
        guard let open = last.lastIndex(of: "["), !last[open...].contains("]") else { return nil }
        let name = String(scalars: last[(open + 1)...].prefix(5)).lowercased()
        return "pause".hasPrefix(name) ? open : nil
    }

    private var endOfPlainText: Int {
        var end = 0
        var isPlain = true
        for index in waiting.indices {
            let scalar = waiting[index]
            let isSpace = scalar.properties.isWhitespace
            if isPlain, isSpace { end = index + 1 }
            if !isSpace, !Self.isPlain(scalar) { isPlain = false }
            let endsSentence = isSpace && index > 0 && Self.sentenceEnds.contains(waiting[index - 1])
            if endsSentence || scalar == "\n" || Self.wideSentenceEnds.contains(scalar) {
                end = index + 1
                isPlain = true
            }
        }
        return waiting.count - end > Self.patience
            ? (waiting.lastIndex { $0.properties.isWhitespace }).map { $0 + 1 } ?? waiting.count : end
    }

    private static let sentenceEnds: Set<Unicode.Scalar> = [".", "!", "?", ":", ";"]
    /// These need no space behind them.
    private static let wideSentenceEnds: Set<Unicode.Scalar> = ["。", "！", "？", "；"]

    /// Letters and what stands between words. A full stop is not: it may belong to an abbreviation or a number.
    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isAlphabetic || scalar == "," || scalar == "'" || scalar == "’"
    }
}
