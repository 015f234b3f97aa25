import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import Server
import Speech

/// `makima say --file`: a book to the loudspeaker, another program, or sound files that an interrupted run goes on with.
extension Say {
    func speak(book path: String) throws {
        let text = try Book.read(path)
        var choice = try EngineChoice(model: voice.model)
        choice.options.threads = threads
        try speak(book: text, with: try choice.load(), identity: choice.engine.identity(choice.options.folder))
    }

    private func speak<Engine: SpeechEngine>(book text: String, with engine: Engine, identity: String) throws {
        let model = engine.information
        let language = try chosenLanguage(of: model)
        let form = SpokenForm(language: language, pronunciations: try PronunciationLocations.files().current)
        let book = Book(text, form: textAsIs ? nil : form)
        guard !book.parts.isEmpty else { throw Failure.nothingToSay }
        var request = SpeechRequest(
            text: "", voice: try voice.resolve(for: engine), language: language, instruction: voice.instruct,
            options: sampling.options)
        var manner = try VoiceManner(voice, request.voice, engine, identity: identity)
        manner.speed = speed ?? manner.speed
        request.options.maximumFrames = sampling.maximumFrames(of: model)
        let writesFiles = output != nil && output != "-" && !play
        let speaker = PieceSpeaker(engine, request, manner, lanes: writesFiles ? 2 : 1)
        if writesFiles, let output { return try write(book, speaker, to: output, model) }
        try hear(book, speaker, model)
    }

    /// Plays it, or writes raw samples to standard output.
    private func hear<Engine>(_ book: Book, _ speaker: PieceSpeaker<Engine>, _ model: ModelInformation) throws {
        var speaker = speaker
        // The pieces have their speed already.
        let sound = try SpeechOutput(path: output, plays: play, sound, speed: 1, sampleRate: model.sampleRate)
        for (index, part) in book.parts.enumerated() {
            var pieces = part.pieces
            if index > 0 { pieces.insert(Book.Piece(pause: Book.chapterPause), at: 0) }
            do {
                try speaker.speak(pieces, from: 0, take: { try sound.write($0, progress: 0) }, complete: { _ in })
            } catch is Interrupted {
                throw ExitCode(130)
            }
        }
        tell(cut: speaker.cut)
        try sound.finish()
        if let path = sound.path { printError("\(path): \(sound.seconds) s") }
    }

    // MARK: - Files

    private func write<Engine>(
        _ book: Book, _ speaker: PieceSpeaker<Engine>, to path: String, _ model: ModelInformation
    ) throws {
        let parts = self.book.chapters ? book.parts : [book.joined]
        let settings = [
            model.engine, model.name, model.format, "\(model.sampleRate)", voice.voice ?? "", voice.reference ?? "",
            voice.transcript ?? "", voice.instruct ?? "", speaker.request.language, "\(speaker.manner)",
            "\(sampling.options)",
            "\(self.book.chapters)",
        ].joined(separator: "|")
        var sound = try PartialSound(
            beside: path, fingerprint: book.fingerprint(settings), sampleRate: model.sampleRate,
            startsOver: self.book.startOver)
        var progress = BookProgress(parts, speaks: book.parts)
        if sound.progress.part > 0 || sound.progress.pieces > 0 {
            progress.goOn(at: sound.progress)
            printError("Going on where an earlier run stopped: \(progress.percent) % is spoken.")
        }
        var speaker = speaker
        while sound.progress.part < parts.count {
            let index = sound.progress.part
            try write(parts[index], to: &sound, &speaker, &progress, path)
            let name = self.book.chapters ? Self.name(path, index + 1, of: parts.count) : path
            let seconds = sound.seconds
            try sound.completePart(name)
            progress.clear()
            printError("\(name): \((seconds * 10).rounded() / 10) s")
        }
        try sound.finish()
        tell(cut: speaker.cut)
    }

    private func write<Engine>(
        _ part: Book.Part, to sound: inout PartialSound, _ speaker: inout PieceSpeaker<Engine>,
        _ progress: inout BookProgress, _ path: String
    ) throws {
        do {
            try speaker.speak(
                part.pieces, from: sound.progress.pieces, take: { sound.append($0) },
                complete: { index in
                    try sound.completePiece()
                    progress.complete(part.pieces[index])
                })
        } catch is Interrupted {
            progress.clear()
            printError("Stopped at \(progress.percent) %. The same command goes on from there, with \(path).partial.")
            throw ExitCode(130)
        }
    }

    /// "book.wav" → "book-03.wav"
    private static func name(_ path: String, _ number: Int, of count: Int) -> String {
        let digits = max(2, String(count).count)
        let padded = String(repeating: "0", count: digits - String(number).count) + String(number)
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return "\(path)-\(padded)" }
        return "\(path[..<dot])-\(padded)\(path[dot...])"
    }

    private func tell(cut: Int) {
        guard cut > 0 else { return }
        printError("\(cut) \(cut == 1 ? "passage was" : "passages were") cut: the model found no end.")
    }
}

extension Book {
    /// All chapters as one, with pauses between them.
    fileprivate var joined: Part {
        var pieces: [Piece] = []
        for part in parts {
            if !pieces.isEmpty { pieces.append(Piece(pause: Self.chapterPause)) }
            pieces += part.pieces
        }
        return Part(title: nil, pieces: pieces)
    }
}

/// How far a book is spoken, and how long the rest will take. On a terminal a line that changes, else a line for each chapter.
private struct BookProgress {
    private let parts: [Book.Part]
    /// Where chapters begin, in characters, with their titles.
    private let chapters: [(start: Int, title: String?)]
    private let total: Int
    private var done = 0
    private var doneBefore = 0
    private var chapter = -1
    private let start = ContinuousClock.now
    private let isTerminal = isatty(STDERR_FILENO) == 1

    init(_ parts: [Book.Part], speaks chapters: [Book.Part]) {
        self.parts = parts
        var starts: [(start: Int, title: String?)] = []
        var sum = 0
        for part in chapters {
            starts.append((sum, part.title))
            sum += part.characters
        }
        self.chapters = starts
        total = max(sum, 1)
    }

    var percent: Int { done * 100 / total }

    mutating func goOn(at progress: PartialSound.Progress) {
        done = parts.prefix(progress.part).reduce(0) { $0 + $1.characters }
        if progress.part < parts.count {
            done += parts[progress.part].pieces.prefix(progress.pieces).reduce(0) { $0 + $1.text.utf8.count }
        }
        doneBefore = done
    }

    mutating func complete(_ piece: Book.Piece) {
        done += piece.text.utf8.count
        let current = (chapters.lastIndex { $0.start < done } ?? 0)
        if isTerminal {
            writeError("\r\u{1B}[K\(line(current))")
        } else if current != chapter {
            printError(line(current))
        }
        chapter = current
    }

    func clear() {
        if isTerminal { writeError("\r\u{1B}[K") }
    }

    private func line(_ current: Int) -> String {
        let name = chapters.count > 1 ? "chapter \(current + 1) of \(chapters.count), " : ""
        let title = chapters[current].title.map { " (\($0.prefix(40)))" } ?? ""
        return "\(name)\(percent) %, \(left)\(title)"
    }

    private var left: String {
        let spent = (ContinuousClock.now - start) / .seconds(1)
        let seconds = Double(total - done) * spent / Double(max(done - doneBefore, 1))
        let minutes = Int((seconds / 60).rounded(.up))
        if minutes < 2 { return "about a minute left" }
        return minutes < 120 ? "about \(minutes) min left" : "about \(minutes / 60) h \(minutes % 60) min left"
    }
}
