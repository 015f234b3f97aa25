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

    /// What of the text so far can be spoken. `isLast`: all of it.
    package mutating func append(_ text: String, isLast: Bool) -> String {
        guard let form else { return text }
        waiting += text.unicodeScalars
        let ready = isLast ? waiting.count : settled
        guard ready > 0 else { return "" }
        var piece = String.UnicodeScalarView()
        piece.append(contentsOf: waiting[..<ready])
        waiting.removeFirst(ready)
        let spoken = form.convert(String(piece), after: String(earlier)).text
        earlier.append(contentsOf: piece)
        earlier.removeFirst(max(0, earlier.count - Self.earlierLimit))
        return Self.keepingSpace(String(piece), spoken)
    }

    /// Converting trims; the space between two pieces separates their words.
    private static func keepingSpace(_ original: String, _ converted: String) -> String {
        guard !converted.isEmpty else { return "" }
        let leads = original.first?.isWhitespace == true && converted.first?.isWhitespace == false
        let trails = original.last?.isWhitespace == true && converted.last?.isWhitespace == false
        return (leads ? " " : "") + converted + (trails ? " " : "")
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
