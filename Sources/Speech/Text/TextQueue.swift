// Text on its way to the talker. A long text is spoken in groups of sentences, each with a prompt of its own; text that
// is still being written is handed over as far as its tokens can no longer change.

package struct TextQueue: Sendable {
    package struct Part: Sendable, Equatable {
        /// What to speak, without white space around it (inside an open group, with the space in front).
        package var text: String
        /// Unicode scalars of the source it stands for.
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

    /// Unicode scalars that are looked at when a group is put together: so many that the longest group and the sentence behind
    /// it fit, so that what is cut does not depend on where they end.
    private static let window = 8 * groupLength

    /// What is left begins at `start`; what was taken is dropped now and then.
    private var scalars: [Unicode.Scalar] = []
    private var start = 0
    /// Marks in front of what is left that no part stands for yet.
    private var skipped = 0
    /// What is known of all text so far: how far its tokens can no longer change, and where the last word is.
    private var scan = Scan()
    package private(set) var isOpen: Bool
    private let splitter = SentenceSplitter(maximumLength: 2 * TextQueue.groupLength)
    /// Unicode scalars of the open group.
    private var length = 0
    private var endsSentence = true

    package init(_ text: String, isOpen: Bool) {
        self.isOpen = isOpen
        append(text, isLast: !isOpen)
    }

    /// Takes time in proportion to `text`, however much waits already.
    package mutating func append(_ text: String, isLast: Bool) {
        for scalar in text.unicodeScalars {
            scan.take(scalar, at: scalars.count)
            scalars.append(scalar)
        }
        isOpen = !isLast
    }

    /// Nothing is left to say and nothing will come.
    package var isExhausted: Bool { !isOpen && !isSpeakable }

    private var isSpeakable: Bool { scan.lastSpeakable >= start }

    /// The end of what can be spoken now: of open text, of what can no longer change.
    private var end: Int { isOpen ? max(start, scan.settled) : scalars.count }

    /// The start of the next group; nil when there is none yet. With `whole` sentences the group never stays open.
    package mutating func next(whole: Bool) -> Part? {
        length = 0
        endsSentence = true
        skipMarks()
        let end = isOpen && whole ? scalars.count : end
        guard isSpeakable, start < end else { return nil }
        let limit = min(end, start + Self.window)
        var pieces = pieces(to: limit)
        // The last sentence may go on in what is still to come, or in what is not looked at.
        if isOpen && whole { _ = pieces.popLast() }
        guard pieces.contains(where: { $0.text.isSpeakable }) else { return nil }
        var part = take(pieces, isComplete: limit == end && (whole || !isOpen))
        part.characters += skipped
        skipped = 0
        return part
    }

    /// More text of the open group; nil when there is none yet.
    package mutating func more() -> Part? {
        let end = end
        guard start < end || !isOpen else { return nil }
        let limit = min(end, start + Self.window)
        return take(pieces(to: limit), isComplete: limit == end && !isOpen)
    }

    private func pieces(to limit: Int) -> [SentenceSplitter.Piece] {
        splitter.split(String(scalars: scalars[start..<limit]))
    }

    /// Leaves out marks without a word, where there are more of them than a group holds.
    private mutating func skipMarks() {
        var position = start
        while position < scalars.count, !scalars[position].isSpeakable { position += 1 }
        guard position - start > 2 * Self.groupLength else { return }
        skipped += position - start
        drop(position)
    }

    /// What is before `position` is done.
    private mutating func drop(_ position: Int) {
        start = position
        guard start > Self.window, start > scalars.count / 2 else { return }
        scalars.removeFirst(start)
        scan.move(start)
        start = 0
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
        let isFirst = length == text.unicodeScalars.count
        let taken = text.unicodeScalars.count
        drop(start + taken)
        return Part(text: text.trimmingWhitespace(front: isFirst, back: isLast), characters: taken, isLast: isLast)
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
    private struct Scan {
        /// The end of that part.
        private(set) var settled = 0
        private(set) var lastSpeakable = -1
        private var wordHasNumber = false
        private var wasSeparator = true

        mutating func take(_ scalar: Unicode.Scalar, at position: Int) {
            let separates = Self.separates(scalar)
            if separates {
                if !wasSeparator, !wordHasNumber { settled = position }
                wordHasNumber = false
            } else if scalar.isSpeakable {
                lastSpeakable = position
                if scalar.properties.numericType != nil { wordHasNumber = true }
            }
            wasSeparator = separates
        }

        /// The first `count` scalars are gone.
        mutating func move(_ count: Int) {
            settled -= count
            lastSpeakable -= count
        }

        private static func separates(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case " ", "\u{3001}", "\u{3002}", "\u{FF01}", "\u{FF0C}", "\u{FF1A}", "\u{FF1B}", "\u{FF1F}": true
            default: false
            }
        }
    }
}
