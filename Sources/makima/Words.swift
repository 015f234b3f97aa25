import ArgumentParser
import Server
import Speech

/// `makima words`: what becomes of a text before it is spoken.
struct Words: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints the words that a text is spoken in.",
        discussion: """
            Numbers, dates, units and signs become words, and what is for the eye is left out. Without --language the language \
            of each sentence is guessed. Pauses stand as [pause:1.5s], those between paragraphs as a blank line. A text that \
            begins with <speak is SSML. The lists of pronunciations are at work: /etc/makima/pronunciations.tsv and your own \
            ~/.config/makima/pronunciations.tsv; lines of them that cannot be used are named.

              makima words "The shop is 5 km away and closes at 8:00."
              makima words --language de "Am 24.12. um 8.30 Uhr"
              makima words - < book.txt
            """)

    @Argument(help: "The text; - or nothing for standard input.")
    var text = "-"

    @OptionGroup var written: WrittenLanguage

    @Flag(
        help: ArgumentHelp(
            "Each line of standard input is LANGUAGE, a tab and a text, and gives one line.",
            discussion: "Without a language, or with - for it, that of --language holds."))
    var lines = false

    func validate() throws {
        guard !lines || text == "-" else { throw ValidationError("--lines reads standard input and takes no text.") }
    }

    func run() throws {
        let pronunciations = try PronunciationLocations.files().current
        if lines { return printLines(pronunciations) }
        let text = text == "-" ? standardInput() : text
        let form = SpokenForm(language: written.language, pronunciations: pronunciations)
        print(SpeechScript(text, format: TextFormat(of: text), form: form))
    }

    private func standardInput() -> String {
        var text = ""
        while let line = readLine(strippingNewline: false) { text += line }
        if text.hasSuffix("\n") { text.removeLast() }
        return text
    }

    private func printLines(_ pronunciations: Pronunciations) {
        var forms: [Substring: SpokenForm] = [:]
        while let line = readLine() {
            let tab = line.firstIndex(of: "\t")
            let name = tab.map { line[..<$0] } ?? ""
            let text = tab.map { line[line.index(after: $0)...] } ?? line[...]
            let named = name.isEmpty || name == "-" ? written.language : String(name)
            let form = forms[name] ?? SpokenForm(language: named, pronunciations: pronunciations)
            forms[name] = form
            print(Self.oneLine(form.convert(String(text)).text))
        }
    }

    /// A line of its own for each line that was read.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" }) else { return text }
        return text.split { $0.isNewline }.joined(separator: " ")
    }
}

/// The language of a text that is written down.
struct WrittenLanguage: ParsableArguments {
    @Option(name: .shortAndLong, help: "The text's language, by name or code; guessed unless given.")
    var language = "auto"

    func validate() throws {
        guard language == "auto" || Language.named(language) != nil else {
            let names = Language.all.map(\.code).joined(separator: ", ")
            throw ValidationError("--language \(language) is not known: take auto or one of \(names).")
        }
    }
}
