// Text that arrives piece by piece, on its way to its spoken form: plain words go on at once, and whatever may still change its
// reading ("3", "3.5", "3.5 km", "**bold") waits for the end of its sentence.

package struct OpenText: Sendable {
    /// Unicode scalars after which text is handed on without the end of a sentence.
    private static let patience = 200

    private let form: SpokenForm?
    private var waiting: [Unicode.Scalar] = []
    /// The end of what was handed on, which tells the language of what follows.
    private var earlier = String.UnicodeScalarView()
    private static let earlierLimit = 400

    /// - Parameter form: nil leaves the text as it is.
    package init(_ form: SpokenForm?) {
        self.form = form
    }

    /// What of the text so far can be spoken, and how much of it that stands for. `isLast`: all of it.
    package mutating func append(_ text: String, isLast: Bool) -> SpokenText {
        guard let form else { return SpokenText(verbatim: text) }
        waiting += text.unicodeScalars
        let ready = isLast ? waiting.count : settled
        let skipped = isLast ? 0 : forgetThought(from: ready)
        guard ready > 0 else { return SpokenText(silent: skipped) }
        let piece = Array(waiting[..<ready])
        waiting.removeFirst(ready)
        let spoken = form.convert(String(scalars: piece), after: String(earlier))
        earlier.append(contentsOf: piece)
        earlier.removeFirst(max(0, earlier.count - Self.earlierLimit))
        return spoken.keepingSpace(of: piece).adding(skipped)
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
        min(endOfPlainText, HiddenText.openThought(in: waiting) ?? waiting.count)
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
