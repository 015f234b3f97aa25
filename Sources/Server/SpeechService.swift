// What every door talks to: a text and a voice's name in, sound out.

package import Logging
package import Speech
import Synchronization

/// A wish to speak, in a door's terms.
package struct SpeechOrder: Sendable {
    package var text: String
    /// nil for the default voice.
    package var voice: String?
    package var language: String
    package var instruction: String?
    /// Numbers, dates, signs and Markdown become words; false speaks the text as it is.
    package var normalizes = true
    package var priority: SpeechJob.Priority
    /// More text follows by `SpeechStream.append`.
    package var isOpen: Bool
    package var options: SpeechOptions
    /// Whose rate and share of the machine it takes: `Request.client`.
    package var client: String

    package init(
        text: String, voice: String? = nil, language: String = "auto", instruction: String? = nil,
        priority: SpeechJob.Priority = .normal, isOpen: Bool = false, options: SpeechOptions = SpeechOptions(),
        client: String
    ) {
        self.text = text
        self.voice = voice
        self.language = language
        self.instruction = instruction
        self.priority = priority
        self.isOpen = isOpen
        self.options = options
        self.client = client
    }
}

package final class SpeechService: Sendable {
    /// Makes the model and the scheduler around it; called once, off the threads that serve.
    package typealias Loader =
        @Sendable (_ limits: SchedulerLimits, _ report: @escaping @Sendable (SpeechReport) -> Void) async throws
        -> any Synthesizer

    package enum ModelState: Sendable {
        case unloaded, loading
        case ready(any Synthesizer)
        case failed(String)
        case stopping
    }

    package struct Settings: Sendable {
        package var scheduler = SchedulerLimits()
        package var requestsPerSecond = 50.0
        package var requestBurst = 100.0
        /// Characters go to the log only when asked.
        package var logsText = false

        package init() {}
    }

    package let voices: VoiceLibrary
    package let metrics = ServerMetrics()
    package let authenticator: Authenticator
    package let sessions = SessionRegistry()
    package let contracts = ContractHub()
    package let logger: Logger
    private let settings: Settings
    private let limiter: RateLimiter
    private let loader: Loader
    private let model = Mutex(ModelState.unloaded)

    package init(
        voices: VoiceLibrary, authenticator: Authenticator = .off, settings: Settings = Settings(), logger: Logger,
        loader: @escaping Loader
    ) {
        self.voices = voices
        self.authenticator = authenticator
        self.settings = settings
        self.logger = logger
        self.loader = loader
        limiter = RateLimiter(rate: settings.requestsPerSecond, burst: settings.requestBurst)
    }

    package var state: ModelState { model.withLock { $0 } }

    /// nil until the model is loaded.
    package var information: ModelInformation? {
        if case .ready(let synthesizer) = state { synthesizer.information } else { nil }
    }

    /// Loads the model once; later calls return at once.
    package func load() async {
        let isFirst = model.withLock { state in
            guard case .unloaded = state else { return false }
            state = .loading
            return true
        }
        guard isFirst else { return }
        let start = ContinuousClock.now
        do {
            let synthesizer = try await loader(settings.scheduler) { [weak self] in self?.record($0) }
            let isWanted = model.withLock { state in
                guard case .loading = state else { return false }
                state = .ready(synthesizer)
                return true
            }
            guard isWanted else { return }
            let information = synthesizer.information
            logger.info(
                "model loaded",
                metadata: [
                    "model": "\(information.name)", "format": "\(information.format)",
                    "seconds": "\((ContinuousClock.now - start).seconds)",
                ])
            await prepare(defaultVoice)
        } catch {
            model.withLock { $0 = .failed("\(error)") }
            logger.error("model not loaded", metadata: ["error": "\(error)"])
        }
    }

    /// Makes a voice ready before anybody asks for it; without a model that is left to whoever asks first.
    package func prepare(_ voice: String) async {
        guard case .ready(let synthesizer) = state else { return }
        do { _ = try await voices.voice(voice, for: synthesizer) } catch {
            logger.warning("voice not ready", metadata: ["voice": "\(voice)", "error": "\(error.message)"])
        }
    }

    package var defaultVoice: String {
        // A model that cannot clone speaks in a voice of its own.
        guard let information, !information.clones, let first = information.speakers.first else {
            return voices.store.defaultVoice
        }
        return information.speakers.contains(voices.store.defaultVoice) ? voices.store.defaultVoice : first.lowercased()
    }

    /// Of the scheduler; nil until the model is loaded.
    package var gauges: SchedulerGauges? {
        if case .ready(let synthesizer) = state { synthesizer.gauges } else { nil }
    }

    /// Whether a request may name this voice.
    package func hasVoice(_ id: String) -> Bool {
        if let information, information.speakers.contains(where: { $0.lowercased() == id.lowercased() }) { return true }
        return voices.store.contains(id)
    }

    package func speak(_ order: SpeechOrder) async throws(SpeakError) -> SpeechStream {
        do throws(SpeakError) {
            try limiter.check(order.client)
            let synthesizer = try await synthesizer()
            if settings.logsText {
                logger.info("text", metadata: ["client": "\(order.client)", "text": "\(order.text)"])
            }
            let job = try await job(order, synthesizer)
            return try await synthesizer.speak(job)
        } catch {
            metrics.refused(error.code)
            throw error
        }
    }

    /// The loaded model, or why there is none.
    package func synthesizer() async throws(SpeakError) -> any Synthesizer {
        switch state {
        case .ready(let synthesizer): return synthesizer
        case .unloaded, .loading:
            if case .unloaded = state { Task { await load() } }
            throw SpeakError(
                .modelLoading, "The model is still being loaded. Try again in a moment.", retryAfter: .seconds(1))
        case .failed(let why):
            throw SpeakError(.modelLoading, "The model could not be loaded: \(why)", retryAfter: .seconds(60))
        case .stopping:
            throw SpeakError(.modelLoading, "The server is shutting down.", retryAfter: .seconds(10))
        }
    }

    private func job(_ order: SpeechOrder, _ synthesizer: any Synthesizer) async throws(SpeakError) -> SpeechJob {
        let bytes = order.text.utf8.count
        guard bytes <= SpeechRequest.textLimit else {
            throw SpeakError(SynthesisError.textTooLong(bytes: bytes, limit: SpeechRequest.textLimit))
        }
        guard order.isOpen || order.text.isSpeakable else { throw SpeakError(SynthesisError.emptyText) }
        let known = synthesizer.information.languages
        let language = order.language.lowercased()
        guard language == "auto" || known.contains(language) else {
            throw SpeakError(SynthesisError.unknownLanguage(order.language, known: known))
        }
        let voice = try await voices.voice(order.voice ?? defaultVoice, for: synthesizer)
        var request = SpeechRequest(
            text: order.text, voice: voice, language: language, instruction: order.instruction, isOpen: order.isOpen,
            options: order.options)
        // Text that is still being written is converted where its pieces come together.
        guard order.normalizes, !order.isOpen else {
            return SpeechJob(request, priority: order.priority, client: order.client)
        }
        let spoken = SpokenForm(language: language).convert(order.text)
        guard spoken.text.isSpeakable else { throw SpeakError(SynthesisError.emptyText) }
        request.text = spoken.text
        return SpeechJob(
            request, priority: order.priority, client: order.client,
            sourceOffset: { spoken.originalOffset(ofSpoken: $0) })
    }

    private func record(_ report: SpeechReport) {
        metrics.record(report)
        let outcome =
            switch report.outcome {
            case .finished(let reason): reason.rawValue
            case .failed(let code): code.rawValue
            }
        logger.info(
            "utterance",
            metadata: [
                "client": "\(report.client)", "outcome": "\(outcome)", "frames": "\(report.summary.frames)",
                "firstAudioMs": "\(report.summary.firstAudio?.milliseconds ?? -1)",
                "realTimeFactor": "\(Double(Int(report.summary.realTimeFactor * 1000)) / 1000)",
            ])
    }

    /// No new speech; what runs may go on.
    package func stopAccepting() -> (any Synthesizer)? {
        model.withLock { state in
            defer { state = .stopping }
            if case .ready(let synthesizer) = state { return synthesizer }
            return nil
        }
    }
}
