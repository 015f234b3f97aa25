import ArgumentParser
import Files
import Glibc
import Speech

/// The text to speak, as it is said: an argument, or standard input as it arrives.
struct TextSource {
    /// Figures and signs into words; nil leaves the text as it is.
    private let form: SpokenForm?
    /// What has arrived and waits until its words are known.
    private var openText: OpenText
    /// More may come.
    private(set) var isOpen: Bool
    /// Unicode scalars handed out, in words.
    private(set) var characters = 0
    /// nil: SSML where it begins as such.
    private let format: TextFormat?
    /// Unicode scalars that may be read; nil for no limit.
    private let limit: Int?
    private let argument: String
    /// The start of a character whose other bytes have not arrived.
    private var partial: [UInt8] = []
    private var bytesRead = 0
    private var scalarsRead = 0

    init(_ argument: String, form: SpokenForm?, format: TextFormat? = nil, limit: Int? = nil) {
        self.form = form
        self.format = format
        self.limit = limit
        openText = OpenText(form, format: format)
        isOpen = argument == "-"
        self.argument = isOpen ? "" : argument
    }

    /// What is there at the start.
    var first: String {
        mutating get throws {
            try check(argument.unicodeScalars.count)
            let script = SpeechScript(argument, format: format ?? TextFormat(of: argument), form: form)
            guard isOpen || script.isSpeakable else { throw SynthesisError.emptyText }
            let text = script.marked.text
            characters = text.unicodeScalars.count
            return text
        }
    }

    /// The next piece of standard input; nil when nothing is there now or nothing will come. `waiting` for it when there
    /// is none.
    mutating func read(waiting: Bool) throws -> String? {
        guard isOpen else { return nil }
        var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        // Wakes up now and then, so that an interruption is noticed.
        while unsafe poll(&descriptor, 1, waiting ? 100 : 0) <= 0 {
            if !waiting || Interruption.isRequested { return nil }
        }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let got = unsafe Glibc.read(STDIN_FILENO, &bytes, bytes.count)
        if got < 0 {
            if errno == EINTR || errno == EAGAIN { return nil }
            guard errno != EBADF else { throw Failure("Standard input is closed: there is no text to read.") }
            throw Failure("Standard input cannot be read: \(systemMessage(errno)).")
        }
        if got == 0 {
            isOpen = false
            guard partial.isEmpty else { throw invalid(at: bytesRead - partial.count) }
            return spoken("", isLast: true)
        }
        bytesRead += got
        let text = try decode(partial + bytes[..<got])
        scalarsRead += text.unicodeScalars.count
        try check(scalarsRead)
        return spoken(text, isLast: false)
    }

    /// The limit is that of the text as it was given, not as it is said.
    private func check(_ count: Int) throws(SynthesisError) {
        if let limit, count > limit { throw .textTooLong(characters: count, limit: limit) }
    }

    /// What can be said with this piece, in words.
    private mutating func spoken(_ text: String, isLast: Bool) -> String {
        let converted = openText.append(text, isLast: isLast)
        characters += converted.count
        return converted.text
    }

    /// Keeps an unfinished character for the next piece.
    private mutating func decode(_ bytes: [UInt8]) throws -> String {
        let unfinished = Self.unfinished(bytes)
        partial = Array(bytes.suffix(unfinished))
        guard let text = String(validating: bytes.dropLast(unfinished), as: UTF8.self) else {
            throw invalid(at: bytesRead - bytes.count)
        }
        return text
    }

    private func invalid(at offset: Int) -> Failure {
        Failure("Standard input is not valid UTF-8 text (after byte \(offset)). Convert it, as with iconv -t UTF-8.")
    }

    /// Bytes at the end that begin a character and lack its rest.
    private static func unfinished(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let byte = bytes[bytes.count - back]
            if byte & 0xC0 == 0x80 { continue }
            let length = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return length > back ? back : 0
        }
        return 0
    }
}

/// Whether someone pressed Control-C or asked the program to end: speech then stops and nothing half-made is left.
enum Interruption {
    // SAFETY: written by the signal handler only, one word, read at leisure.
    nonisolated(unsafe) private static var requested: sig_atomic_t = 0

    static var isRequested: Bool { unsafe requested != 0 }

    /// Until then: a signal handler may do next to nothing, so this looks now and then.
    static func wait() async throws {
        while !isRequested { try await Task.sleep(for: .milliseconds(50)) }
        throw ExitCode(130)
    }

    static func listen() {
        unsafe requested = 0
        for number in [SIGINT, SIGTERM, SIGHUP] {
            signal(number) { _ in unsafe Interruption.requested = 1 }
        }
    }
}
