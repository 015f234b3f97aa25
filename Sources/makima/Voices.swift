import ArgumentParser
import Audio
import FoundationEssentials
import JSONText
import Server
import Speech

/// `makima voices`: whose voices there are, and how to make one.
struct Voices: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists, checks, adds and removes voices.",
        discussion: """
            A voice is a folder with reference.wav, and perhaps transcript.txt or .json and metadata.json. A server that runs sees \
            changes at once.
            """,
        subcommands: [List.self, Show.self, Check.self, Add.self, Remove.self], defaultSubcommand: List.self)

    struct Place: ParsableArguments {
        @Option(help: ArgumentHelp("Folder of voices.", valueName: "directory"))
        var voicesDir: String?

        /// The same folders that `serve` would use.
        func store() throws -> VoiceStore { try VoiceLocations.store(voicesDir) }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists the voices.")
        @OptionGroup var place: Place
        @Flag(help: "For programs.") var json = false

        func run() throws {
            let store = try place.store()
            let (voices, unusable) = store.list()
            if json { return print(JSON.encode(voices.map(\.metadata))) }
            for voice in voices {
                let metadata = voice.metadata
                let mark = metadata.id == store.defaultVoice ? "*" : " "
                let id = metadata.id + String(repeating: " ", count: max(1, 20 - metadata.id.count))
                print("\(mark) \(id)\(metadata.name), \(metadata.language)\(voice.isBuiltIn ? ", built in" : "")")
            }
            for problem in unusable { print("! \(problem)") }
            if voices.isEmpty {
                print("There is no voice in \(store.directory). Add one: makima voices add clip.wav --name NAME")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Shows what is known about a voice.")
        @OptionGroup var place: Place
        @Argument(help: "The voice, by its id or name.") var id: String

        func run() throws {
            let voice = try place.store().find(named: id)
            let metadata = voice.metadata
            let transcript = try voice.transcript()
            let lines: [(String, String?)] = [
                ("id", metadata.id), ("name", metadata.name), ("language", metadata.language),
                ("description", metadata.description), ("mode", metadata.mode.rawValue),
                ("transcript", transcript), ("consent", metadata.consent), ("source", metadata.source),
                ("license", metadata.license), ("gain", metadata.gain.map { "\($0) dB" }),
                ("speed", metadata.speed.map { "\($0)" }), ("folder", voice.folder),
            ]
            for (name, value) in lines { if let value, !value.isEmpty { print("\(name): \(value)") } }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says whether a recording is good enough, and how to record it better.",
            discussion: "Exit status 1 when a voice could not be made of it.")
        @OptionGroup var place: Place
        @Argument(help: "A recording, or a voice by its name.") var clip: String
        @Flag(help: "For programs.") var json = false

        func run() throws {
            // A path has a slash or a dot, a voice's id or name rarely has.
            let isPath = clip.contains("/") || clip.contains(".")
            let path = isPath ? clip : try place.store().find(named: clip).clipPath
            let report = ClipReport(try AudioFile.read(path: path))
            if json {
                print(JSON.encode(report))
            } else {
                print(report.table)
                print(report.description)
            }
            guard report.isUsable else { throw ExitCode(1) }
        }
    }

    struct Add: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Makes a voice of a recording.")
        @OptionGroup var place: Place
        @Argument(help: "The recording, of one person: \(ClipLength.advice).") var clip: String
        @Option(help: "Name of the voice.") var name: String
        @Option(help: "That the person heard agreed, for example 'Recorded by myself'.") var consent: String
        @Option(help: "What the recording says, word for word.") var transcript = ""
        @Option(help: "Language of the recording.") var language = "auto"
        @Option(help: "A sentence about the voice.") var description = ""
        @Option(help: "Id of the voice; made from the name unless given.") var id: String?

        func run() throws {
            let proposal = VoiceProposal(
                name: name, id: id, language: language, description: description, transcript: transcript,
                consent: consent)
            let (voice, report) = try place.store().add(AudioFile.read(path: clip), proposal)
            for finding in report.findings { print(finding.message) }
            print("Added \(voice.metadata.id) in \(voice.folder).")
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Removes a voice.")
        @OptionGroup var place: Place
        @Argument(help: "The voice, by its id or name.") var id: String

        func run() throws {
            let store = try place.store()
            let id = try store.find(named: id).metadata.id
            try store.remove(id)
            print("Removed \(id).")
        }
    }
}

extension ClipReport {
    fileprivate var table: String {
        func round(_ value: Double) -> Double { (value * 10).rounded() / 10 }
        return """
            duration     \(round(durationSeconds)) s
            sample rate  \(sampleRate) Hz
            speech       \(round(speechLevel)) dB
            background   \(round(noiseLevel)) dB
            clipped      \(round(clipped * 100)) %
            silence      \(round(silence * 100)) %
            """
    }
}
