// From the runs of an SSML text to what is said.

extension SSMLReader {
    /// - Parameter form: nil leaves the text between the tags as it is.
    static func script(of text: String, form: SpokenForm?) -> SpeechScript {
        let scalars = Array(text.unicodeScalars)
        var builder = ScriptBuilder(form: form, originalCount: scalars.count)
        for segment in segments(of: scalars) { builder.add(segment) }
        return builder.finish()
    }
}

/// Puts runs of one language and one speed together, so that they are spoken in one go.
private struct ScriptBuilder {
    let form: SpokenForm?
    let originalCount: Int
    private var script: SpeechScript
    private var words = TracedText()
    private var language: String?
    private var rate = 1.0

    init(form: SpokenForm?, originalCount: Int) {
        self.form = form
        self.originalCount = originalCount
        script = SpeechScript(originalCount: originalCount)
    }

    mutating func add(_ segment: SSMLReader.Segment) {
        switch segment {
        case .pause(let length):
            flush()
            script.append(pause: length)
        case .paragraph:
            flush()
            script.endParagraph()
        case .text(let text, let style):
            for part in parts(of: text, style) {
                if part.language != language || style.rate != rate {
                    flush()
                    (language, rate) = (part.language, style.rate)
                }
                words.append(apart: part.words)
            }
        }
    }

    mutating func finish() -> SpeechScript {
        flush()
        script.dropParagraphAtEnd()
        return script
    }

    private mutating func flush() {
        script.append(
            SpeechScript.Passage(
                words: SpokenText(words, originalCount: originalCount), language: language, rate: rate))
        words = TracedText()
    }

    /// A run in words: in the language it says, else in that of the form, else in the one that each sentence is in.
    private func parts(of text: TracedText, _ style: SSMLReader.Style) -> [(words: TracedText, language: String?)] {
        guard let form else { return [(text, style.language)] }
        let plain = Markup.characters(of: text)
        let named = style.language.flatMap(Language.named) ?? form.language
        let whole = named ?? form.likely(plain.scalars)
        let language = whole ?? SpokenForm.fallback
        if let words = style.reading.words(text, in: language.spoken) { return [(words, whole?.name)] }
        if let named { return [(form.say(plain, in: named), named.name)] }
        return form.parts(of: plain, in: whole).map { part in
            (form.say(part.text, in: part.language), part.isKnown ? part.language.name : nil)
        }
    }
}
