// What a language model writes beside its answer: its thoughts, and the marks of a conversation's turns.

enum HiddenText {
    /// In the place of what is hidden; nobody sees it and it is dropped with all invisible characters.
    private static let blank: Unicode.Scalar = "\u{200B}"

    /// Elements whose body is not said either.
    private static let bodies: Set<String> = ["think", "thinking", "thought", "reasoning", "script", "style"]
    private static let marks: Set<String> = [
        "bos", "eos", "start_of_turn", "end_of_turn", "INST", "/INST", "<SYS", "</SYS",
    ]
    private static let roles: Set<String> = ["assistant", "user", "system", "model", "tool"]

    /// The text with what is hidden in it blanked; its length stays. Thoughts that never end are said.
    static func blanked(_ text: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard text.contains(where: { $0 == "<" || $0 == "[" }) else { return text }
        var result = text
        /// Where the outermost element of a name begins.
        var open: [String: Int] = [:]
        var position = 0
        while position < text.count {
            guard text[position] == "<" || text[position] == "[", let mark = mark(text, at: position) else {
                position += 1
                continue
            }
            switch mark.kind {
            case .open: if open[mark.name] == nil { open[mark.name] = position }
            case .close:
                guard let start = open.removeValue(forKey: mark.name) else { break }
                blank(&result, start..<endOfSpaces(text, from: mark.end))
                // What began inside of it ended with it.
                open = open.filter { $0.value < start }
            case .turn: blank(&result, position..<mark.end)
            }
            position = mark.end
        }
        // What stays of thoughts that never end, or end without a beginning, loses its marks as any tag does.
        return result
    }

    /// Where a thought begins that has not ended yet, in a text that is still arriving.
    static func openThought(in text: [Unicode.Scalar]) -> Int? {
        guard text.contains("<") else { return nil }
        var open: [String: Int] = [:]
        var position = 0
        while position < text.count {
            guard text[position] == "<", let mark = mark(text, at: position) else {
                position += 1
                continue
            }
            if mark.kind == .open, open[mark.name] == nil { open[mark.name] = position }
            if mark.kind == .close, let start = open.removeValue(forKey: mark.name) {
                open = open.filter { $0.value < start }
            }
            position = mark.end
        }
        return open.values.min()
    }

    private static func blank(_ text: inout [Unicode.Scalar], _ range: Range<Int>) {
        for index in range { text[index] = blank }
    }

    private static func endOfSpaces(_ text: [Unicode.Scalar], from start: Int) -> Int {
        var end = start
        while end < text.count, text[end].properties.isWhitespace { end += 1 }
        return end
    }

    private enum Kind { case open, close, turn }

    private static func mark(_ text: [Unicode.Scalar], at start: Int) -> (kind: Kind, name: String, end: Int)? {
        let closer: Unicode.Scalar = text[start] == "<" ? ">" : "]"
        var end = start + 1
        while end < text.count, end - start < 40, text[end] != closer, text[end] != "\n" { end += 1 }
        guard end < text.count, text[end] == closer else { return nil }
        let content = String(scalars: text[(start + 1)..<end])
        end += 1
        let name = content.lowercased()
        if closer == ">" {
            if bodies.contains(name) { return (.open, name, end) }
            if name.hasPrefix("/"), bodies.contains(String(name.dropFirst())) {
                return (.close, String(name.dropFirst()), end)
            }
        }
        if let first = content.first, first == "|" || first == "｜", content.last == first, content.count > 2 {
            return (.turn, "", endOfRole(text, after: name, from: end))
        }
        guard marks.contains(content) else { return nil }
        // "<<SYS>>"
        if content.first == "<", end < text.count, text[end] == ">" { end += 1 }
        return (.turn, "", endOfRole(text, after: name, from: end))
    }

    /// "<|im_start|>assistant": the name of who speaks goes with the mark that opens a turn.
    private static func endOfRole(_ text: [Unicode.Scalar], after name: String, from start: Int) -> Int {
        guard name.contains("start") else { return start }
        let word = text[start...].prefix(12).prefix { $0.isLetter }
        return roles.contains(String(scalars: word)) ? endOfSpaces(text, from: word.endIndex) : start
    }
}
