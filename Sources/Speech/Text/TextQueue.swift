// Text on its way to the talker. A long text is spoken in groups of sentences, each with a prompt of its own; text that
// is still being written is handed over as far as its tokens can no longer change.

package struct TextQueue: Sendable {
    package struct Part: Sendable, Equatable {
        /// What to speak, without white space around it (inside an open group, with the space in front).
        package var text: String
        /// Characters of the source it stands for.
        package var characters: Int
        /// The group ends here.
        package var isLast: Bool

        package init(text: String, characters: Int, isLast: Bool) {
            self.text = text
            self.characters = characters
            self.isLast = isLast
        }
    }

    /// Unicode scalars of a group: about fifteen seconds of speech.
    package static let groupLength = 200

    private var rest: Substring
    package private(set) var isOpen: Bool
    private let splitter = SentenceSplitter(maximumLength: 2 * TextQueue.groupLength)
    /// Unicode scalars of the open group.
    private var length = 0
    private var endsSentence = true

    package init(_ text: String, isOpen: Bool) {
        rest = text[...]
        self.isOpen = isOpen
    }

    package mutating func append(_ text: String, isLast: Bool) {
        rest += text
        isOpen = !isLast
    }

    /// Nothing is left to say and nothing will come.
    package var isExhausted: Bool { !isOpen && !rest.isSpeakable }

    /// The start of the next group; nil when there is none yet. With `whole` sentences the group never stays open.
    package mutating func next(whole: Bool) -> Part? {
        length = 0
        endsSentence = true
        let available = isOpen && !whole ? Self.settled(rest) : rest
        var pieces = splitter.split(String(available))
        // The last sentence may go on in what is still to come.
        if isOpen && whole { _ = pieces.popLast() }
        guard pieces.contains(where: { $0.text.isSpeakable }) else { return nil }
        return take(pieces, isComplete: whole || !isOpen)
    }

    /// More text of the open group; nil when there is none yet.
    package mutating func more() -> Part? {
        let available = isOpen ? Self.settled(rest) : rest
        guard !available.isEmpty || !isOpen else { return nil }
        return take(splitter.split(String(available)), isComplete: !isOpen)
    }

    /// As many pieces as the group has room for. `isComplete`: the group ends even when all of them fit.
    private mutating func take(_ pieces: [SentenceSplitter.Piece], isComplete: Bool) -> Part {
        var text = ""
        var count = 0
        var isLast = isComplete
        for piece in pieces {
            // A sentence that is begun may go beyond the length of a group, but not without end.
            let limit = endsSentence ? Self.groupLength : 2 * Self.groupLength
            if length > 0, length + piece.text.unicodeScalars.count > limit {
                isLast = true
                break
            }
            text += piece.text
            count += 1
            length += piece.text.unicodeScalars.count
            endsSentence = true
            if piece.endsParagraph {
                isLast = true
                break
            }
        }
        if count == pieces.count { endsSentence = Self.endsSentence(text) }
        rest = rest[rest.index(rest.startIndex, offsetBy: text.count)...]
        let isFirst = length == text.unicodeScalars.count
        return Part(text: text.trimmingWhitespace(front: isFirst, back: isLast), characters: text.count, isLast: isLast)
    }

    /// Whether the text so far may be the end of a sentence.
    private static func endsSentence(_ text: String) -> Bool {
        let last = text.unicodeScalars.last { scalar in
            !scalar.properties.isWhitespace && !scalar.properties.isQuotationMark && scalar != ")"
        }
        return last.map { ".!?…。！？".unicodeScalars.contains($0) } ?? true
    }

    /// The part of unfinished text whose words and tokens can no longer change: up to a word that is followed by a space or
    /// an East Asian mark and has no digit, since figures are read together with what follows them.
    package static func settled(_ text: Substring) -> Substring {
        let scalars = text.unicodeScalars
        var end = scalars.endIndex
        while end > scalars.startIndex {
            let before = scalars.index(before: end)
            if end < scalars.endIndex, separates(scalars[end]), !separates(scalars[before]) {
                let word = scalars[..<end].suffix(while: { !separates($0) })
                if !word.contains(where: { $0.properties.numericType != nil }) { return text[..<end] }
            }
            end = before
        }
        return text.prefix(0)
    }

    private static func separates(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\u{3001}", "\u{3002}", "\u{FF01}", "\u{FF0C}", "\u{FF1A}", "\u{FF1B}", "\u{FF1F}": true
        default: false
        }
    }
}

extension BidirectionalCollection {
    /// The longest end whose elements all fulfil the condition.
    fileprivate func suffix(while condition: (Element) -> Bool) -> SubSequence {
        var start = endIndex
        while start > startIndex, condition(self[index(before: start)]) { start = index(before: start) }
        return self[start...]
    }
}
