// Takes out what is for the eye: Markdown, HTML tags, code blocks, emoji, invisible characters. What remains is prose.

/// A text without what is for the eye.
struct PlainText {
    var text = TracedText()
    /// Where in `text` a pause was asked for, and how long it is. Positions rise.
    var pauses: [(position: Int, length: Duration)] = []
}

/// One pass over the lines of a text; each line is read a fixed number of times.
struct Markup {
    let input: [Unicode.Scalar]
    private let fullStop: String
    var output = TracedText()
    /// Something was dropped since the last scalar that was kept.
    var hasDropped = false
    /// The number of a list, "①", was put in last: no digit may join it.
    var endsEnumerator = false
    /// The ">" of a "<name>" that is no tag.
    var endOfPlaceholder: Int?
    /// The fence that opened the code block the line is in.
    private var fence: (mark: Unicode.Scalar, count: Int)?
    private var pauses: [(position: Int, length: Duration)] = []

    static func removed(from text: [Unicode.Scalar], fullStop: String) -> PlainText {
        let input = HiddenText.blanked(text)
        var markup = Markup(input: input, fullStop: fullStop)
        var start = 0
        while start < input.count {
            let end = input[start...].firstIndex { $0 == "\n" || $0 == "\r" } ?? input.count
            markup.line(start..<end)
            start = end
            while start < input.count, input[start] == "\n" || input[start] == "\r" {
                if markup.fence == nil { markup.output.append(input[start], from: start) }
                start += 1
            }
        }
        return PlainText(text: markup.output, pauses: markup.pauses)
    }

    /// Prose without invisible characters and pictures, its special letters and digits as plain ones. Nothing in it is
    /// taken for Markdown.
    static func characters(of text: TracedText) -> TracedText {
        var markup = Markup(input: text.scalars, fullStop: "")
        let whole = text.scalars.indices
        var position = 0
        while position < whole.upperBound {
            if markup.isInvisible(at: position, in: whole) {
                markup.drop(&position)
            } else {
                position = markup.kept(position)
            }
        }
        return markup.output.traced(through: text)
    }

    private init(input: [Unicode.Scalar], fullStop: String) {
        self.input = input
        self.fullStop = fullStop
    }

    // MARK: - Blocks

    private mutating func line(_ range: Range<Int>) {
        hasDropped = false
        var start = range.lowerBound
        while start < range.upperBound, input[start] == " " || input[start] == "\t" { start += 1 }
        let content = start..<range.upperBound
        if closesOrOpensFence(content) || fence != nil || isRule(content) || isDefinition(content) { return }

        var isBlock = false
        while start < range.upperBound {
            guard let after = endOfBlockMark(start..<range.upperBound) else { break }
            isBlock = isBlock || input[start] != ">"
            start = after
            while start < range.upperBound, input[start] == " " || input[start] == "\t" { start += 1 }
        }
        let isTable = start < range.upperBound && input[start] == "|"
        let before = output.scalars.count
        inline(start..<range.upperBound, isTable: isTable)
        if isBlock || isTable, output.scalars.count > before { endSentence(from: range.upperBound) }
    }

    /// A heading, a list item or a table row is a sentence of its own.
    private mutating func endSentence(from origin: Int) {
        while output.scalars.last == " " || output.scalars.last == "," { output.removeLast() }
        guard let last = output.scalars.last, last.isWordPart || last == ")" || last == "\"" || last == "%" else {
            return
        }
        let end = output.scalars.count
        output.append(fullStop, from: origin)
        // The full stop goes before a pause at the end of the line.
        for index in pauses.indices.reversed() {
            guard pauses[index].position >= end else { break }
            pauses[index].position = output.scalars.count
        }
    }

    private mutating func closesOrOpensFence(_ content: Range<Int>) -> Bool {
        guard let mark = input[content].first, mark == "`" || mark == "~" else { return false }
        let count = input[content].prefix { $0 == mark }.count
        guard count >= 3 else { return false }
        let rest = input[content].dropFirst(count)
        if let open = fence {
            guard open.mark == mark, count >= open.count, rest.allSatisfy({ $0 == " " }) else { return false }
            fence = nil
            return true
        }
        // "```code```" on one line is no block.
        if mark == "`", rest.contains("`") { return false }
        fence = (mark, count)
        return true
    }

    /// A thematic break, the underline of a heading, or the line under the head of a table.
    private func isRule(_ content: Range<Int>) -> Bool {
        guard let first = input[content].first, "-*_=|:+".unicodeScalars.contains(first) else { return false }
        var marks = 0
        for scalar in input[content] {
            if scalar == " " || scalar == "\t" { continue }
            let isTableRule = first == "|" || first == ":" || first == "+" || scalar == "|"
            guard scalar == first || (isTableRule && "-:|+=".unicodeScalars.contains(scalar)) || scalar == "|" else {
                return false
            }
            marks += 1
        }
        return marks >= 3
    }

    /// `[name]: address`, which only serves links elsewhere.
    private func isDefinition(_ content: Range<Int>) -> Bool {
        guard input[content].first == "[", let close = input[content].firstIndex(of: "]") else { return false }
        return close + 2 < content.upperBound && input[close + 1] == ":" && input[close + 2] == " "
            && input[(close + 3)...].prefix(8).contains { $0 == ":" || $0 == "/" || $0 == "#" }
    }

    /// The end of a heading's, quotation's or list item's mark.
    private func endOfBlockMark(_ content: Range<Int>) -> Int? {
        let start = content.lowerBound
        switch input[start] {
        case "#":
            let end = start + input[content].prefix(7).prefix { $0 == "#" }.count
            return end - start <= 6 && end < content.upperBound && input[end].isSpace ? end : nil
        case ">":
            return start + 1
        case "-", "*", "+", "•", "‣", "▪", "◦", "●":
            guard start + 1 < content.upperBound, input[start + 1] == " " || input[start + 1] == "\t" else {
                return nil
            }
            return endOfTaskBox(after: start + 1, in: content) ?? start + 1
        default:
            return nil
        }
    }

    /// `- [x] done`
    private func endOfTaskBox(after space: Int, in content: Range<Int>) -> Int? {
        guard space + 4 < content.upperBound, input[space + 1] == "[", input[space + 3] == "]" else { return nil }
        return " xX".unicodeScalars.contains(input[space + 2]) && input[space + 4] == " " ? space + 4 : nil
    }

    // MARK: - Inside a line

    private mutating func inline(_ range: Range<Int>, isTable: Bool) {
        let brackets = Brackets(input, range)
        /// Where to go on after a closing bracket of a link.
        var continueAt: [Int: Int] = [:]
        var position = range.lowerBound
        while position < range.upperBound {
            let scalar = input[position]
            let next = position + 1 < range.upperBound ? input[position + 1] : "\n"
            if scalar == "$" || scalar == "\\", let end = sayFormula(at: position, before: range.upperBound) {
                position = end
                continue
            }
            switch scalar {
            case "\\" where next.value < 0x80 && !next.isWordPart && !next.isSpace && next != "\n":
                keep(next, from: position)
                position += 2
            case "!" where next == "[" && link(at: position + 1, brackets) != nil:
                drop(&position)
            case "[":
                if addPause(at: &position, before: range.upperBound) { continue }
                if let link = link(at: position, brackets) { continueAt[link.close] = link.end }
                drop(&position)
            case "]":
                let end = continueAt[position] ?? position + 1
                hasDropped = true
                position = end
            case "<":
                position = tag(at: position, closing: brackets.tagEnd[position]) ?? kept(position)
            case ">" where endOfPlaceholder == position:
                keep(" ", from: position)
                drop(&position)
            case "&":
                position = entity(at: position, before: range.upperBound) ?? kept(position)
            case "`":
                drop(&position)
            case "*", "_", "~":
                position = emphasis(at: position, in: range)
            case "|" where isTable:
                separateCells(from: position)
                position += 1
            default:
                if isInvisible(at: position, in: range) { drop(&position) } else { position = kept(position) }
            }
        }
        if isTable { while output.scalars.last == " " || output.scalars.last == "," { output.removeLast() } }
        if hasDropped, output.scalars.last == " " { output.removeLast() }
    }

    private mutating func drop(_ position: inout Int) {
        hasDropped = true
        position += 1
    }

    /// "[pause:1s]"
    private mutating func addPause(at position: inout Int, before end: Int) -> Bool {
        guard let mark = PauseMark.mark(input, at: position, before: end) else { return false }
        addPause(mark.length)
        position = mark.end
        return true
    }

    mutating func addPause(_ length: Duration) {
        hasDropped = true
        pauses.append((output.scalars.count, length))
    }

    mutating func kept(_ position: Int) -> Int {
        if let end = keepRaisedOrLowered(at: position) { return end }
        keep(input[position], from: position)
        return position + 1
    }

    /// Keeps a scalar; of the spaces around what was dropped one remains, and none before a closing mark.
    mutating func keep(_ scalar: Unicode.Scalar, from origin: Int) {
        if let plain = Compatibility.plain(scalar) { return keep(plain, from: origin) }
        let folded: Unicode.Scalar = scalar == "\t" ? " " : scalar
        if hasDropped, output.scalars.last == " " {
            if folded == " " { return }
            if ".,!?;:)".unicodeScalars.contains(folded) { output.removeLast() }
        }
        if hasDropped, folded == " ", output.scalars.isEmpty || output.scalars.last == "\n" { return }
        if endsEnumerator, folded.isDigit { output.append(" ", from: origin) }
        endsEnumerator = false
        hasDropped = false
        output.append(folded, from: origin)
    }

    private mutating func separateCells(from origin: Int) {
        while output.scalars.last == " " { output.removeLast() }
        guard let last = output.scalars.last, last != "\n" else { return }
        if last != "," { output.append(",", from: origin) }
        output.append(" ", from: origin)
        hasDropped = true
    }

    /// `[text](address)`, `[text][name]`, `[^note]`: what is kept ends at `close`, and reading goes on at `end`.
    private func link(at open: Int, _ brackets: Brackets) -> (close: Int, end: Int)? {
        guard let close = brackets.partner[open] else { return nil }
        if open + 1 < close, input[open + 1] == "^" { return (open + 1, close + 1) }
        let after = close + 1
        guard after < input.count, input[after] == "(" || input[after] == "[" else { return nil }
        guard let end = brackets.partner[after] else { return nil }
        return (close, end + 1)
    }

    /// Drops `*`, `_` and `~~` that mark emphasis: those that touch a word on one side. "2 * 3", "~5" and `snake_case` stay.
    private mutating func emphasis(at position: Int, in range: Range<Int>) -> Int {
        let mark = input[position]
        let end = position + input[position..<range.upperBound].prefix { $0 == mark }.count
        let before: Unicode.Scalar = position > range.lowerBound ? input[position - 1] : " "
        let after: Unicode.Scalar = end < range.upperBound ? input[end] : " "
        let isBetweenDigits = before.isDigit && after.isDigit
        let isAlone = before.isSpace && after.isSpace
        let stays =
            mark == "~" ? end - position != 2 : mark == "*" && end - position == 1 && (isBetweenDigits || isAlone)
        if stays {
            for index in position..<end { keep(mark, from: index) }
        } else if mark == "_", before.isWordPart, after.isWordPart {
            keep(mark, from: position)
        } else {
            hasDropped = true
        }
        return end
    }
}

/// Which bracket closes which, and where a tag that opens at "<" ends, for one line: found in one pass.
private struct Brackets {
    private(set) var partner: [Int: Int] = [:]
    private(set) var tagEnd: [Int: Int] = [:]

    init(_ input: [Unicode.Scalar], _ range: Range<Int>) {
        var squares: [Int] = []
        var rounds: [Int] = []
        var angle: Int?
        var isEscaped = false
        for position in range {
            let scalar = input[position]
            if isEscaped {
                isEscaped = false
                continue
            }
            switch scalar {
            case "\\": isEscaped = true
            case "[": squares.append(position)
            case "]": if let open = squares.popLast() { partner[open] = position }
            case "(": rounds.append(position)
            case ")": if let open = rounds.popLast() { partner[open] = position }
            case "<": angle = position
            case ">":
                if let open = angle { tagEnd[open] = position }
                angle = nil
            default: break
            }
        }
    }
}
