// What every door talks to: a text and a voice's name in, sound out.

package import Logging
package import Speech

package final class SpeechService: Sendable {
    package struct Settings: Sendable {
        package var scheduler = SchedulerLimits()
        package var requestsPerSecond = 50.0
        package var requestBurst = 100.0
        /// Unicode scalars of a text; of one that is still being written, of what waits to be said.
        package var textLimit = 10_000
        /// How long an open WebSocket may take to name a good token, where one is asked for.
        package var tokenWait = Duration.seconds(30)
        /// LUFS of every voice; nil leaves voices as the model makes them.
        package var loudness: Double?
        /// For those who name no speed.
        package var speed = 1.0
        /// Characters go to the log only when asked.
        package var logsText = false
        /// Bytes of an upload.
        package var uploadLimit = 20 << 20
        /// Connections that may be open at once.
        package var sessions = 512
        /// Of the program, for those who ask what it is.
        package var version = ""
        /// Of texts that nothing else tells the language of; "auto" guesses it.
        package var defaultLanguage = "auto"
        /// Lists of pronunciations; entries of later ones win.
        package var pronunciationFiles: [String] = []
        /// Where finished sound is kept; nil keeps none.
        package var phraseFolder: String?
        /// Bytes of finished sound; nil keeps all that is said only on a computer that is too slow to speak while it is heard, and
        /// elsewhere what is said to be kept.
        package var phraseLimit: Int?
        /// What doors without a wish of their own do where speech is made more slowly than it is heard.
        package var slowSpeech = SlowSpeech.wait

        package init() {}
    }

    /// What speaks, as far as it is known before a model is loaded.
    package let engine: EngineDescription
    package let voices: VoiceLibrary
    package let model: ModelLifecycle
    package let metrics: ServerMetrics
    package let authenticator: Authenticator
    package let sessions = SessionRegistry()
    package let contracts = ContractHub()
    /// How the household wants words to be said.
    package let pronunciations: PronunciationFiles
    /// How fast this computer speaks now.
    package let speed = SpeechSpeed()
    let phrases: RenderedPhrases?
    let defaultLanguage: String
    package let logger: Logger
    let settings: Settings
    private let limiter: RateLimiter
    let reports: SpeechReports

    package init(
        _ engine: EngineDescription, voices: VoiceLibrary, authenticator: Authenticator = .off,
        settings: Settings = Settings(), logger: Logger, loader: @escaping ModelLifecycle.Loader
    ) {
        let metrics = ServerMetrics()
        self.engine = engine
        self.voices = voices
        self.authenticator = authenticator
        self.settings = settings
        self.logger = logger
        self.metrics = metrics
        defaultLanguage = settings.defaultLanguage
        pronunciations = PronunciationFiles(settings.pronunciationFiles) { fault in
            logger.warning("pronunciation not used", metadata: ["where": "\(fault)"])
        }
        phrases = settings.phraseFolder.map {
            RenderedPhrases(folder: $0, limit: settings.phraseLimit ?? Self.phraseLimit)
        }
        let reports = SpeechReports(metrics: metrics, logger: logger)
        self.reports = reports
        model = ModelLifecycle(limits: settings.scheduler, logger: logger, loader: loader) { [speed] report in
            speed.record(report.summary)
            reports.note(report)
        }
        limiter = RateLimiter(rate: settings.requestsPerSecond, burst: settings.requestBurst)
    }

    package var version: String { settings.version }

    /// nil until the model is loaded.
    package var information: ModelInformation? { model.synthesizer?.information }

    /// Languages of the model, or of the engine's models as long as none is loaded.
    package var languages: [String] { information?.languages ?? engine.languages }

    /// Counters of the scheduler; nil until the model is loaded.
    package var gauges: SchedulerGauges? { model.synthesizer?.gauges }

    /// Loads the model, and makes the default voice ready with it; later calls return at once.
    package func load() async {
        guard let synthesizer = await model.load() else { return }
        await prepare(defaultVoice)
        await measureSpeed(synthesizer)
    }

    /// Makes a voice ready before anybody asks for it; without a model that is left to whoever asks first.
    package func prepare(_ voice: String) async {
        guard let synthesizer = model.synthesizer else { return }
        do { _ = try await voices.voice(voice, for: synthesizer) } catch {
            logger.warning("voice not ready", metadata: ["voice": "\(voice)", "error": "\(error.message)"])
        }
    }

    package var defaultVoice: String {
        // A model that cannot clone speaks in a voice of its own.
        guard let information, !information.clones, let first = information.speakers.first else {
            return voices.store.defaultVoice
        }
        let speakers = information.speakers.map { $0.lowercased() }
        let wanted = [voices.store.chosenVoice, voices.store.settingsVoice].compactMap { $0?.lowercased() }
        return wanted.first { speakers.contains($0) } ?? first.lowercased()
    }

    /// The id of the voice that a request names by its id or the name it is shown under, in any case; nil when there is none.
    package func voice(named name: String) -> String? {
        guard !name.isEmpty else { return defaultVoice }
        if let speaker = information?.speakers.first(where: { $0.lowercased() == name.lowercased() }) {
            return speaker.lowercased()
        }
        return try? voices.store.find(named: name).metadata.id
    }
}

// MARK: - Speaking

extension SpeechService {
    package func speak(_ request: SpeakRequest) async throws(SpeakError) -> SpeechStream {
        do throws(SpeakError) {
            try limiter.check(request.client)
            let synthesizer = try synthesizer()
            if settings.logsText {
                logger.info("text", metadata: ["client": "\(request.client)", "text": "\(request.text)"])
            }
            let manner = manner(request)
            let (speech, text) = try await speech(request, manner, synthesizer)
            var stream = try await stream(speech, of: text, request, synthesizer)
            stream.speed = speech.playingSpeed
            hold(&stream, request)
            return stream
        } catch {
            metrics.refused(error.code, at: request.door)
            throw error
        }
    }

    /// Refuses a client that asks too often.
    package func limit(_ client: String) throws(SpeakError) { try limiter.check(client) }

    /// The loaded model, or why there is none; who asks has it loaded.
    package func synthesizer() throws(SpeakError) -> any Synthesizer {
        defer { if model.isWaitingToBeAsked { Task { await load() } } }
        return try model.use()
    }

    /// The model's name of a language that is given by name or code, with or without a region, in any case; "auto" as it is.
    package func language(_ text: String) throws(SpeakError) -> String {
        let known = languages
        let name = Language.named(text)?.name ?? text.lowercased()
        guard name == "auto" || known.contains(name) else {
            throw SpeakError(SynthesisError.unknownLanguage(String(text.prefix(80)), known: known))
        }
        return name
    }

    /// Does something when a WebSocket's client has had its time to name a token.
    func whenTokenIsDue(_ act: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task { [wait = settings.tokenWait] in
            guard (try? await Task.sleep(for: wait)) != nil else { return }
            await act()
        }
    }

    /// What the server takes at most.
    package var limits: ServiceLimits { ServiceLimits(settings) }

    /// Unicode scalars that a text may have.
    package var textLimit: Int { settings.textLimit }

    /// Bytes of JSON about a text: room for the longest one with every character written as two escapes.
    var jsonLimit: Int { textLimit * 12 + 20_000 }

    /// Who asks, in which voice.
    func client(_ request: SpeakRequest) -> SpeechClient {
        let name = voiceName(request)
        return SpeechClient(request.client, door: request.door, voice: voice(named: name) ?? name)
    }

    private func voiceName(_ request: SpeakRequest) -> String {
        if let name = request.voice, !name.isEmpty { name } else { defaultVoice }
    }

    /// The request in the engine's terms, and what its words come from.
    private func speech(
        _ request: SpeakRequest, _ manner: VoiceMetadata?, _ synthesizer: any Synthesizer
    ) async throws(SpeakError) -> (SpeechRequest, TextInlet) {
        let count = request.text.unicodeScalars.count
        guard count <= textLimit else {
            throw SpeakError(SynthesisError.textTooLong(characters: count, limit: textLimit))
        }
        guard request.isOpen || request.text.isSpeakable else { throw SpeakError(SynthesisError.emptyText) }
        let language = try language(requested: request.language, of: manner)
        let voice = try await voices.voice(voiceName(request), for: synthesizer)
        let (text, inlet, own) = try words(request, language)
        var speech = SpeechRequest(
            text: text, voice: voice, language: own ?? language, instruction: request.instruction,
            isOpen: request.isOpen, options: request.options)
        speech.gain = await gain(manner, voice, synthesizer)
        speech.playingSpeed = request.speed ?? manner?.speed ?? settings.speed
        return (speech, inlet)
    }

    /// What is said of the request's voice where it is kept; nil for a speaker of the model itself.
    private func manner(_ request: SpeakRequest) -> VoiceMetadata? {
        try? voices.store.find(named: voiceName(request)).metadata
    }

    /// Decibels between what the model makes of the voice and what is asked for.
    private func gain(_ manner: VoiceMetadata?, _ voice: SpeechVoice, _ synthesizer: any Synthesizer) async -> Double {
        let own = manner?.gain ?? 0
        guard let target = settings.loudness, let level = await voices.loudness(of: voice, for: synthesizer) else {
            return own
        }
        return target - level + own
    }

    /// What is said of a request's text, where the rest of an open one goes, and the language in which a whole one begins.
    private func words(
        _ request: SpeakRequest, _ language: String
    ) throws(SpeakError) -> (String, TextInlet, language: String?) {
        let form = request.normalizes ? form(language: language) : nil
        if request.isOpen {
            let inlet = TextInlet(
                OpenText(form, format: request.format), limit: textLimit, ahead: textAhead,
                tellsSentences: request.tellsSentences)
            try inlet.add(request.text, isLast: false)
            return (inlet.next()?.words ?? "", inlet, nil)
        }
        let script = SpeechScript(request.text, format: request.format ?? TextFormat(of: request.text), form: form)
        guard script.isSpeakable else { throw SpeakError(SynthesisError.emptyText) }
        let spoken = script.marked
        let inlet = TextInlet(spoken, source: request.tellsSentences ? request.text : nil)
        return (spoken.text, inlet, script.language.flatMap { languages.contains($0) ? $0 : nil })
    }
}
