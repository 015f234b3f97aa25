// What a text comes to before it is spoken: passages in words, each in one language and at one speed, and pauses.

/// How a text is written.
package enum TextFormat: String, Sendable, Equatable, CaseIterable {
    /// As people and language models write: Markdown, numbers, `[pause:1s]`.
    case plain
    /// Speech Synthesis Markup Language 1.1, the part of it that `SSMLReader` knows.
    case ssml

    /// SSML where the text begins with `<speak`, after white space and an XML declaration.
    package init(of text: String) {
        var rest = text.unicodeScalars.prefix(1000).drop { $0.isWhite || $0 == "\u{FEFF}" }
        if rest.starts(with: "<?xml".unicodeScalars), let end = rest.firstIndex(of: ">") {
            rest = rest[rest.index(after: end)...].drop { $0.isWhite }
        }
        let isElement = rest.starts(with: "<speak".unicodeScalars)
        let next = rest.dropFirst(6).first
        self = isElement && (next == ">" || next == "/" || next?.isWhite == true) ? .ssml : .plain
    }
}

package struct SpeechScript: Sendable, Equatable {
    package enum Step: Sendable, Equatable {
        case text(Passage)
        /// Silence, at most `longestPause`. Never two in a row.
        case pause(Duration)
    }

    /// Words that are spoken in one go.
    package struct Passage: Sendable, Equatable {
        /// Where in the whole original each word comes from is in them, too.
        package var words: SpokenText
        /// The name of the language they are in, as far as the text says so or shows it; nil is for others to decide.
        package var language: String?
        /// How fast, as a factor of the usual speed.
        package var rate: Double

        package init(words: SpokenText, language: String? = nil, rate: Double = 1) {
            self.words = words
            self.language = language
            self.rate = rate
        }
    }

    package static let longestPause = Duration.seconds(10)
    /// What a blank line, or the end of a paragraph, is worth.
    package static let paragraphPause = Duration.milliseconds(600)
    /// `<break/>` and `[pause]`.
    package static let usualPause = Duration.milliseconds(500)

    package private(set) var steps: [Step] = []
    /// Unicode scalars of the original.
    package let originalCount: Int

    package init(originalCount: Int) { self.originalCount = originalCount }

    package init(_ passage: Passage) {
        originalCount = passage.words.originalCount
        append(passage)
    }

    /// The text in words by `form`; without one, as it is written, and then without pauses unless it is SSML.
    package init(_ text: String, format: TextFormat, form: SpokenForm?) {
        switch format {
        case .ssml: self = SSMLReader.script(of: text, form: form)
        case .plain:
            self = form?.script(text) ?? SpeechScript(Passage(words: SpokenText(verbatim: text)))
        }
    }

    /// All words without the pauses.
    package var text: String {
        var text = ""
        for case .text(let passage) in steps {
            if !text.isEmpty, text.last?.isWhitespace == false, passage.words.text.first?.isWhitespace == false {
                text += " "
            }
            text += passage.words.text
        }
        return text
    }

    /// That of the first words, as far as it is known.
    package var language: String? {
        for case .text(let passage) in steps { return passage.language }
        return nil
    }

    package var isSpeakable: Bool {
        steps.contains { if case .text(let passage) = $0 { passage.words.text.isSpeakable } else { false } }
    }

    // MARK: - Building

    /// A passage without a letter or digit goes with the words before it.
    package mutating func append(_ passage: Passage) {
        guard passage.words.text.unicodeScalars.contains(where: { !$0.isWhite }) else { return }
        if !passage.words.text.isSpeakable, case .text(var last)? = steps.last {
            last.words.append(passage.words)
            steps[steps.count - 1] = .text(last)
        } else {
            steps.append(.text(passage))
        }
    }

    /// A blank line comes before it all.
    mutating func beginParagraph() {
        if case .pause(let length)? = steps.first {
            steps[0] = .pause(max(length, Self.paragraphPause))
        } else if !steps.isEmpty {
            steps.insert(.pause(Self.paragraphPause), at: 0)
        }
    }

    /// Changes the language of each passage.
    mutating func changeLanguages(_ change: (Passage) -> String?) {
        for index in steps.indices {
            guard case .text(var passage) = steps[index] else { continue }
            passage.language = change(passage)
            steps[index] = .text(passage)
        }
    }

    /// Two pauses in a row add up, as far as a pause may be.
    package mutating func append(pause: Duration) {
        guard pause > .zero else { return }
        replaceLast(with: min(lastPause + pause, Self.longestPause))
    }

    /// A paragraph ends: a pause that is at least so long, unless nothing was said before.
    package mutating func endParagraph() {
        guard !steps.isEmpty else { return }
        replaceLast(with: max(lastPause, Self.paragraphPause))
    }

    /// No pause at the end for a paragraph that nothing follows.
    mutating func dropParagraphAtEnd() {
        if steps.last == .pause(Self.paragraphPause) { steps.removeLast() }
    }

    private var lastPause: Duration {
        if case .pause(let last)? = steps.last { last } else { .zero }
    }

    private mutating func replaceLast(with pause: Duration) {
        if case .pause? = steps.last { steps.removeLast() }
        steps.append(.pause(pause))
    }
}

extension SpeechScript: CustomStringConvertible {
    /// The words with their pauses as people write them: a blank line for a paragraph's, `[pause:1.5s]` for others.
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .text(let passage):
                let isApart = text.isEmpty || text.last?.isWhitespace == true
                text += isApart || passage.words.text.first?.isWhitespace == true ? "" : " "
                text += passage.words.text
            case .pause(Self.paragraphPause): text += "\n\n"
            case .pause(let pause):
                text += (text.isEmpty || text.last?.isWhitespace == true ? "" : " ")
                text += "[pause:\(pause / .seconds(1))s]"
            }
        }
        return text
    }
}
