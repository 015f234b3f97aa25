import ArgumentParser
import Audio
import Compute
import Qwen3TTS

/// `makima say`: text to a WAV file in the voice of a reference clip.
struct Say: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Speaks a text into a WAV file.",
        discussion: "The built-in model speaks English and reads words; write numbers as words.")

    @Argument(help: "What to say.")
    var text: String

    @Option(help: ArgumentHelp("Checkpoint in the official layout.", valueName: "directory"))
    var model = "Models/makima-mini"

    @Option(help: ArgumentHelp("A clip of the voice to speak in.", valueName: "clip.wav"))
    var reference = "Voices/makima/reference.wav"

    @Option(help: "Language of the text, or auto.")
    var language = "english"

    @Option(help: "The same seed and text give the same samples.")
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("WAV file to write.", valueName: "file.wav"))
    var output = "speech.wav"

    @Option(help: "Threads to compute with.")
    var threads = 2

    func validate() throws {
        guard (1...64).contains(threads) else { throw ValidationError("--threads takes a number from 1 to 64.") }
        let speakable = text.unicodeScalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
        guard speakable else { throw ValidationError("There is nothing to say: the text has no letter and no digit.") }
        guard text.utf8.count <= 10_000 else { throw ValidationError("The text is longer than 10000 bytes: split it.") }
    }

    func run() throws {
        let speech = try SpeechModel(directory: model)
        let processor = Processor(threads: threads)
        guard language == "auto" || speech.languages.contains(language.lowercased()) else {
            let known = (["auto"] + speech.languages).joined(separator: ", ")
            throw ValidationError("This model does not know the language \(language). It knows: \(known).")
        }
        let clip = try resample(AudioFile.read(path: reference), to: speech.sampleRate)
        let prompt = speech.prompt(
            text: text, language: speech.configuration.tokens.language(language),
            speaker: try speech.speaker(clip.samples, on: processor), on: processor)
        var frames: [[Float]] = []
        let options = GenerationOptions(speech.configuration.generation, seed: seed)
        let end = try speech.speak(prompt, options: options, on: processor) { frames.append($0) }
        guard !frames.isEmpty else { throw ValidationError("The model had nothing to say to this text.") }
        var writer = try AudioFileWriter(path: output, sampleRate: speech.sampleRate)
        for frame in frames { try writer.write(frame) }
        try writer.finish()
        let seconds = Double(frames.joined().count) / Double(speech.sampleRate)
        print("\(output): \(seconds) s" + (end == .limit ? " (cut at the model's limit)" : ""))
    }
}
