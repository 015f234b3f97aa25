import ArgumentParser
import Audio
import Files
import FoundationEssentials
import Glibc
import Server
import Speech

/// `makima say`: text to the loudspeaker, a file or another program.
struct Say: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Speaks a text.",
        discussion: """
            Plays through the sound device, from the first words on, or with --output writes a file, of the kind that its name \
            ends in. Without a device it writes speech.wav. A text of - is read from standard input and spoken as it arrives. The built-in model, \
            makima-mini, is small, speaks English only and gets some words wrong; makima models pull fetches the released one.

              makima say "Good morning."
              makima say "Good morning." --voice denji --output morning.wav
              makima say "Good morning." --reference me.wav --transcript "What I say in me.wav."
              some-program | makima say -
              makima say "Good morning." --output - | aplay -f S16_LE -r 24000 -c 1
              makima say "Good morning." --remote first --speed 1.2
            """)

    @Argument(help: "What to say; - for standard input.")
    var text: String?

    @OptionGroup(title: "Files") var book: BookOptions

    @Flag(help: "Speaks the text as it is: numbers, signs and Markdown do not become words.")
    var textAsIs = false

    @OptionGroup(title: "Voice") var voice: VoiceOptions
    @OptionGroup(title: "Sampling") var sampling: SamplingFlags

    @Option(help: "How fast to speak, 0.25 to 4; the pitch stays. The voice's own unless given.")
    var speed: Double?

    @Option(
        help: ArgumentHelp(
            "File to write: \(AudioFileWriter.Format.endings); - for raw 16-bit samples on standard output.",
            valueName: "file"))
    var output: String?

    @Flag(help: "Play as well when --output is given.")
    var play = false

    @OptionGroup var sound: SoundOptions

    @Option(
        help: ArgumentHelp(
            "An appliance on the network to speak through: its name, first, or its address.",
            discussion: """
                makima discover lists the names; first takes any. A token it asks for is read from MAKIMA_TOKEN.
                """, valueName: "name"))
    var remote: String?

    @Option(help: "Threads to compute with; as many as make it faster unless given.")
    var threads: Int?

    func validate() throws {
        guard threads.map({ (1...64).contains($0) }) ?? true else {
            throw ValidationError("--threads takes a number from 1 to 64.")
        }
        guard speed.map(TimeStretch.speeds.contains) ?? true else {
            throw ValidationError("--speed takes a number from 0.25 to 4.")
        }
        if let output, output != "-", AudioFileWriter.Format(ofPath: output) == nil {
            throw ValidationError(
                "--output takes a name that ends in \(AudioFileWriter.Format.endings), or - for raw samples.")
        }
        try book.check(text: text, output: output, remote: remote)
        let isLocal = voice.model != nil || voice.reference != nil || threads != nil || sampling.isTuned
        guard remote == nil || !isLocal else {
            throw ValidationError(
                "With --remote the appliance chooses --model, --threads and how to sample, and takes no --reference.")
        }
    }

    func run() async throws {
        Interruption.listen()
        if let path = book.file { return try speak(book: path) }
        let text = text ?? ""
        if let remote { try await speak(text, through: remote) } else { try speak(text) }
    }

    private func speak(_ text: String) throws {
        var choice = try EngineChoice(model: voice.model)
        choice.options.threads = threads
        try speak(text, with: try choice.load(), identity: choice.engine.identity(choice.options.folder))
    }

    /// Unicode scalars that are read before they are needed.
    private static let textAhead = 20_000

    /// The language of the text: what --language says, else what the voice's metadata say, else the setting, else what the text
    /// shows.
    func chosenLanguage(of model: ModelInformation) throws -> String {
        if let named = voice.language { return Language.named(named)?.name ?? named }
        let settings = try SettingsFile.configuration()
        let store = try VoiceLocations.store()
        let stored = voice.reference == nil ? try? store.find(named: voice.voice ?? store.defaultVoice) : nil
        return Language.first(of: [stored?.metadata.language, settings.defaultLanguage], among: model.languages)
            ?? model.defaultLanguage
    }

    /// - Parameter identity: tells the model's voices from another's.
    private func speak(_ text: String, with base: some SpeechEngine, identity: String) throws {
        let engine = ScriptedEngine(base)
        let model = engine.information
        let language = try chosenLanguage(of: model)
        let form = SpokenForm(language: language, pronunciations: try PronunciationLocations.files().current)
        var source = TextSource(text, form: textAsIs ? nil : form)
        let first = try source.first
        let speaker = try voice.resolve(for: engine)
        let manner = try VoiceManner(voice, speaker, base, identity: identity)
        let output = try SpeechOutput(
            path: output, plays: play, sound, speed: speed ?? manner.speed, gain: manner.gain,
            sampleRate: model.sampleRate)
        var request = SpeechRequest(
            text: first, voice: speaker, language: language,
            instruction: voice.instruct, isOpen: source.isOpen, options: sampling.options)
        request.options.maximumFrames = sampling.maximumFrames(of: model)
        let utterance = try engine.begin(request)
        if output.onlyWritesFile { engine.allow(.all, for: utterance) }
        while true {
            switch engine.advance([utterance], isCancelled: { _ in Interruption.isRequested })[0] {
            case .frame(let samples, let characters):
                try output.write(samples, progress: Double(characters) / Double(max(source.characters, 1)))
                // An utterance that speaks only looks whether there is more text, unless there is plenty; one that starves
                // waits for it.
                guard source.characters - characters < Self.textAhead else { continue }
                if let more = try source.read(waiting: false) {
                    try engine.append(more, isLast: !source.isOpen, to: utterance)
                }
            case .working: break
            case .starved:
                let more = try source.read(waiting: true) ?? ""
                try engine.append(more, isLast: !source.isOpen, to: utterance)
            case .ended(let reason): return try finish(output, reason)
            case .failed(let error): throw error
            }
        }
    }

    /// The appliance does the work: what is its own, such as the model, is not ours to choose. It makes the words and the
    /// speed, too.
    private func speak(_ text: String, through name: String) async throws {
        let settings = RemoteSpeech.Start(
            voice: voice.voice, language: voice.language ?? "auto", instruction: voice.instruct, seed: sampling.seed,
            speed: speed, normalize: !textAsIs)
        var opened: SpeechOutput?
        let reason = try await RemoteSpeech(through: name, settings).run(text) { samples, rate in
            let output = try opened ?? SpeechOutput(path: output, plays: play, sound, speed: 1, sampleRate: rate)
            opened = output
            try output.write(samples, progress: 0)
        }
        guard let opened else { throw Failure.nothingToSay }
        try finish(opened, reason)
    }

    private func finish(_ output: SpeechOutput, _ reason: FinishReason) throws {
        if reason == .cancelled { throw ExitCode(130) }
        if let remark = reason.remark { printError(remark) }
        guard output.hasSound else { throw Failure.nothingToSay }
        try output.finish()
        if let path = output.path { printError("\(path): \(output.seconds) s") }
    }
}

extension FinishReason {
    /// What a person should know of the end.
    var remark: String? {
        switch self {
        case .endOfSpeech, .cancelled: nil
        case .budget: "The speech was cut at the longest that the text should take."
        case .silence: "The speech was cut after two seconds of silence."
        }
    }
}

/// How loud and how fast a voice speaks to those who do not say it: by its own metadata and the server's settings.
struct VoiceManner {
    /// In dB.
    let gain: Double
    var speed: Double

    init(_ options: VoiceOptions, _ voice: SpeechVoice, _ engine: some SpeechEngine, identity: String) throws {
        let settings = try SettingsFile.configuration()
        let metadata = options.reference == nil && engine.information.clones ? try options.stored().metadata : nil
        speed = metadata?.speed ?? settings.speed
        let own = metadata?.gain ?? 0
        let level = VoiceLevel(folder: VoiceLocations.loudness) { Interruption.isRequested }
        guard let target = settings.loudness,
            let loudness = level.loudness(of: voice, speaking: engine, identity: identity)
        else {
            gain = own
            return
        }
        gain = target - loudness + own
    }
}

/// Where and how loudly sound is played.
struct SoundOptions: ParsableArguments {
    @Option(help: "Sound device of ALSA; makima play --list names them.")
    var device = "default"

    @Option(help: ArgumentHelp("Loudness of what is played, 0 to 100; files keep theirs.", valueName: "percent"))
    var volume = 100

    func validate() throws {
        guard (0...100).contains(volume) else { throw ValidationError("--volume takes a whole number from 0 to 100.") }
    }

    func open(sampleRate: Int) throws -> ALSAPlayer {
        try ALSAPlayer(device: device, sampleRate: sampleRate, volume: Float(volume) / 100)
    }
}

/// Which voice of which model.
struct VoiceOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Folder of a checkpoint, or a model of makima models; makima-mini unless given.", valueName: "model"))
    var model: String?

    @Option(help: ArgumentHelp("A voice by its name, or a speaker of the checkpoint.", valueName: "id"))
    var voice: String?

    @Option(
        help: ArgumentHelp(
            "A clip to clone the voice of, with one speaker and no noise: \(ClipLength.advice).", valueName: "clip.wav")
    )
    var reference: String?

    @Option(help: "What the clip says: the clone then takes over its manner too.")
    var transcript: String?

    @Option(help: "Language of the text, or auto.")
    var language: String?

    @Option(help: "How to speak, for checkpoints that take instructions.")
    var instruct: String?

    func validate() throws {
        guard voice == nil || reference == nil else {
            throw ValidationError("Give --voice or --reference, not both.")
        }
        guard transcript == nil || reference != nil else {
            throw ValidationError("--transcript says what the --reference clip says: give that too.")
        }
    }

    func resolve(for engine: some SpeechEngine) throws -> SpeechVoice {
        let model = engine.information
        if let reference {
            if transcript != nil, !model.clonesInContext {
                printError(
                    "\(model.name) makes voices of the sound alone: --transcript is for models like the released one.")
            }
            let clip = try AudioFile.read(path: reference)
            let prepared = try prepare(clip, transcript: transcript, with: engine)
            // One that no voice can be made of has said so by now.
            if let problem = ClipLength.problem(clip.duration) { printError(problem) }
            return .cloned(id: reference, prepared)
        }
        if !model.clones {
            guard let voice = voice ?? model.speakers.first else { return .none }
            return .preset(voice)
        }
        let stored = try stored()
        let transcript = stored.metadata.mode == .inContext ? try stored.transcript() : nil
        let clip = try AudioFile.read(path: stored.clipPath, longest: StoredVoice.longestClip)
        return .cloned(id: stored.metadata.id, try prepare(clip, transcript: transcript, with: engine))
    }

    /// The voice that was named, or the default.
    func stored() throws -> StoredVoice {
        let store = try VoiceLocations.store()
        return try store.find(named: voice ?? store.defaultVoice)
    }

    private func prepare(
        _ clip: AudioClip, transcript: String?, with engine: some SpeechEngine
    ) throws -> PreparedVoice {
        let samples = try resample(clip, to: engine.information.sampleRate).samples
        return try engine.voiceMaker.prepare(samples, transcript: transcript)
    }
}

struct SamplingFlags: ParsableArguments {
    @Option(help: "The same seed and text give the same samples. 0 unless given; with --remote, any.")
    var seed: UInt64?

    @Option(help: "Above 0, higher is livelier; 0 takes the likeliest always. The model's own unless given.")
    var temperature: Float?

    @Option(name: .customLong("top-k"), help: "Choose among the k likeliest; 0 for all.")
    var topK: Int?

    @Option(name: .customLong("top-p"), help: "Choose among the likeliest that have this share together.")
    var topP: Float?

    @Option(name: .customLong("repetition-penalty"), help: "Above 1 avoids sounds that were used.")
    var repetitionPenalty: Float?

    @Option(name: .customLong("max-seconds"), help: "Longest speech, in seconds.")
    var maxSeconds: Double?

    func validate() throws {
        func check(_ name: String, _ isRight: Bool, _ range: String) throws {
            if !isRight { throw ValidationError("--\(name) takes \(range).") }
        }
        try check("temperature", temperature.map { (0...10).contains($0) } ?? true, "a number from 0 to 10")
        try check("top-k", topK.map { $0 >= 0 } ?? true, "a whole number, 0 or more")
        try check("top-p", topP.map { $0 > 0 && $0 <= 1 } ?? true, "a number above 0, at most 1")
        try check(
            "repetition-penalty", repetitionPenalty.map { $0 > 0 && $0 <= 10 } ?? true, "a number above 0, at most 10")
        try check(
            "max-seconds", maxSeconds.map { $0 >= 0.1 && $0 <= 86_400 } ?? true, "a number from 0.1 to 86400")
    }

    /// Whether anything but the seed was chosen.
    var isTuned: Bool {
        temperature != nil || topK != nil || topP != nil || repetitionPenalty != nil || maxSeconds != nil
    }

    var options: SpeechOptions {
        var options = SpeechOptions()
        options.seed = seed ?? 0
        options.temperature = temperature
        options.topK = topK
        options.topP = topP
        options.repetitionPenalty = repetitionPenalty
        return options
    }

    func maximumFrames(of model: ModelInformation) -> Int? {
        maxSeconds.map { max(1, Int($0 * Double(model.sampleRate) / Double(model.samplesPerFrame))) }
    }
}
