import ArgumentParser
import Files
import FoundationEssentials
import Speech

/// A text file to speak, of any length.
struct BookOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A text file to speak, of any length, instead of a text.",
            discussion: """
                With --output it becomes one sound file, or one for each chapter with --chapters. When it is interrupted, the \
                same command goes on where it stopped.
                """, valueName: "book.txt"))
    var file: String?

    @Flag(help: "One sound file for each chapter of --file: book-01.wav, book-02.wav, …")
    var chapters = false

    @Flag(help: "Speaks --file from its beginning, even where an earlier run stopped in it.")
    var startOver = false

    func check(text: String?, output: String?, remote: String?) throws {
        guard let file else {
            guard !chapters, !startOver else { throw ValidationError("--chapters and --start-over go with --file.") }
            guard text != nil else {
                throw ValidationError("Say what to speak: a text, - for standard input, or --file.")
            }
            return
        }
        guard text == nil else { throw ValidationError("Give a text or --file, not both.") }
        guard remote == nil else {
            throw ValidationError("--remote speaks a text or standard input: makima say - --remote NAME < \(file)")
        }
        guard !chapters || (output != nil && output != "-") else {
            throw ValidationError("--chapters writes files: name them by --output book.wav.")
        }
    }
}

/// A book as it is spoken: pieces of a paragraph or less, with the chapter each belongs to.
struct Book: Sendable {
    struct Piece: Sendable {
        /// In words; empty for a pause.
        var text = ""
        var language: String?
        var rate = 1.0
        /// Silence instead of words.
        var pause = Duration.zero
    }

    struct Part: Sendable {
        var title: String?
        var pieces: [Piece]
        /// Of all its pieces: how long they take to say goes with them.
        var characters: Int { pieces.reduce(0) { $0 + $1.text.utf8.count } }
    }

    /// Unicode scalars of a piece: about a minute of speech, and what is lost when a run is interrupted.
    private static let pieceLength = 900
    /// Between two chapters in one file.
    static let chapterPause = Duration.milliseconds(1500)

    let parts: [Part]

    /// - Parameter form: nil leaves the text as it is.
    init(_ text: String, form: SpokenForm?) {
        let format = TextFormat(of: text)
        let chapters = format == .ssml ? [Chapter(title: nil, text: text)] : Chapter.all(in: text)
        parts = chapters.compactMap { chapter in
            let script = SpeechScript(chapter.text, format: format, form: form)
            guard script.isSpeakable else { return nil }
            return Part(title: chapter.title, pieces: script.steps.flatMap(Self.pieces))
        }
    }

    private static func pieces(_ step: SpeechScript.Step) -> [Piece] {
        switch step {
        case .pause(let length): return [Piece(pause: length)]
        case .text(let passage):
            var pieces: [Piece] = []
            for sentence in SentenceSplitter(maximumLength: pieceLength).split(passage.words.text) {
                let length = pieces.last?.text.unicodeScalars.count ?? .max
                if length < pieceLength - sentence.text.unicodeScalars.count {
                    pieces[pieces.count - 1].text += sentence.text
                } else {
                    pieces.append(Piece(text: sentence.text, language: passage.language, rate: passage.rate))
                }
            }
            return pieces.filter(\.text.isSpeakable)
        }
    }

    /// The text of a file.
    static func read(_ path: String) throws -> String {
        guard !FileSystem.isFolder(path) else { throw Failure("\(path) is a folder; --file takes a text file.") }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(
                FileSystem.exists(path) ? "You may not read \(path)." : "There is no file \(path).")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw Failure("\(path) is no text in UTF-8. Convert it, as with iconv -t UTF-8.")
        }
        return text.hasPrefix("\u{FEFF}") ? String(text.dropFirst()) : text
    }

    /// Tells this book with these settings from others: FNV-1a, 64 bits.
    func fingerprint(_ settings: String) -> String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            hash = (hash ^ 0xFF) &* 0x100_0000_01B3
        }
        add(settings)
        for part in parts {
            for piece in part.pieces { add("\(piece.text)|\(piece.language ?? "")|\(piece.rate)|\(piece.pause)") }
            add("")
        }
        return String(hash, radix: 16)
    }
}
