import ArgumentParser
import FoundationEssentials
import Speech

/// `makima render`: phrases are said to an appliance's disk, so that they are said at once when they are wanted.
struct Render: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Has phrases made beforehand, so that an appliance says them at once.",
        discussion: """
            Reads a file with a phrase a line; empty lines and lines that begin with # are left out. The appliance makes each in \
            turn and keeps the sound (its setting phrase-cache); what it has already is not made again. A phrase is found by its \
            words, voice and language, whatever door asks for it, and at any speed. For a computer that speaks more slowly than it \
            is heard: at night, say.

              makima render phrases.txt
              makima render phrases.txt --voice denji --language de
              echo "Dinner is ready." | makima render - --remote kitchen
            """)

    @Argument(help: ArgumentHelp("File of phrases, a line each; - for standard input.", valueName: "phrases.txt"))
    var file: String

    @Option(
        help: ArgumentHelp(
            "Appliance that makes and keeps them: a name, an address, or the beginning of a name.",
            discussion: "A token it asks for is read from MAKIMA_TOKEN.", valueName: "appliance"))
    var remote = "localhost"

    @Option(help: ArgumentHelp("A voice by its name; the appliance's own unless given.", valueName: "id"))
    var voice: String?

    @OptionGroup var written: WrittenLanguage

    func run() async throws {
        let phrases = try phrases()
        guard !phrases.isEmpty else { throw Failure("There is no phrase in \(file).") }
        let speech = try RemoteSpeech(
            through: remote,
            RemoteSpeech.Start(voice: voice, language: written.language, normalize: true, keep: true))
        var seconds = 0.0
        for (index, phrase) in phrases.enumerated() {
            let length = try await render(phrase, speech)
            seconds += length
            print("\(index + 1) of \(phrases.count), \(tenths(length)) s: \(phrase)")
        }
        print("\(phrases.count) phrases, \(tenths(seconds)) s of speech, are ready at \(speech.address.url).")
    }

    private func phrases() throws -> [String] {
        let name = file == "-" ? "/dev/stdin" : file
        guard let bytes = FileManager.default.contents(atPath: name) else {
            throw Failure("\(file) cannot be read. It is a text file with a phrase a line.")
        }
        let lines = String(decoding: bytes, as: UTF8.self).split { $0.isNewline }
        return lines.map { $0.trimmingWhitespace() }.filter { !$0.hasPrefix("#") && $0.isSpeakable }
    }

    /// Seconds of its sound.
    private func render(_ phrase: String, _ speech: RemoteSpeech) async throws -> Double {
        var seconds = 0.0
        let reason = try await speech.run(phrase) { samples, rate in seconds += Double(samples.count) / Double(rate) }
        guard reason == .endOfSpeech else {
            throw Failure("The model did not end: \"\(phrase)\" (\(reason.rawValue)). Write it in other words.")
        }
        return seconds
    }

    private func tenths(_ seconds: Double) -> Double { (seconds * 10).rounded() / 10 }
}
