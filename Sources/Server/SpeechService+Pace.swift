// A computer that makes speech more slowly than it is heard: what was said before is kept, the rest waits or is refused.

import Audio
import Logging
import Speech

extension SpeechService {
    /// Bytes of finished sound on a slow computer where nothing else is set: half a day of speech, or so.
    static let phraseLimit = 256 << 20

    /// Sound in a second that leaves a computer no other way than to compute first and speak then.
    private static let slowest = 0.5

    /// How long the first measurement may take.
    private static let patience = Duration.seconds(4)

    /// Speaks a second, so that the first listener meets a server that knows how fast it is.
    func measureSpeed(_ synthesizer: any Synthesizer) async {
        let model = synthesizer.information
        // A little more than counts.
        let frames = Double(model.sampleRate) / Double(model.samplesPerFrame) * 1.2
        guard engine.needsModel, let voice = try? await voices.voice(defaultVoice, for: synthesizer),
            let stream = await synthesizer.speakSample(in: voice, frames: Int(frames) + 1)
        else { return }
        let began = ContinuousClock.now
        var audio = Duration.zero
        for await event in stream {
            if case .frame(let samples, characters: _) = event {
                audio += .seconds(1) * samples.count / stream.sampleRate
            }
            guard ContinuousClock.now - began > Self.patience else { continue }
            speed.record(audio, computing: ContinuousClock.now - began)
            return stream.cancel()
        }
    }

    /// Whether all that is said is kept, not only what is said to be kept.
    private var keepsEverything: Bool { settings.phraseLimit != nil || (speed.current ?? 1) < Self.slowest }

    /// How far the words of an open text go ahead of its sound. Where the computer is not much faster than the ear, the engine
    /// makes two groups of sentences beside each other, and has to know both.
    var textAhead: Int { (speed.current ?? .infinity) > 2 ? TextInlet.ahead : 2 * TextInlet.ahead }

    /// The sound of a request: what was kept of it, else what the model makes now.
    func stream(
        _ speech: SpeechRequest, of text: TextInlet, _ request: SpeakRequest, _ synthesizer: any Synthesizer
    ) async throws(SpeakError) -> SpeechStream {
        let rate = synthesizer.information.sampleRate
        if request.isForKeeping, phrases == nil || request.isOpen {
            let reason =
                request.isOpen
                ? "a text that is still being written" : "anything: phrase-cache is 0, or there is no cache-dir"
            throw SpeakError(.invalidText, "The server does not keep \(reason).", field: "keep")
        }
        let key = phrases.flatMap { _ in
            RenderedPhrases.key(of: speech, identity: synthesizer.identity, sampleRate: rate)
        }
        // When each sentence is said is not kept.
        if let key, !request.tellsSentences, let sound = phrases?.sound(key, sampleRate: rate) {
            return rendered(sound, of: text, request, speech.language, synthesizer.information)
        }
        try checkSpeed(request)
        var stream = try await synthesizer.speak(
            speech, of: text, priority: request.priority, client: client(request))
        if let key, let phrases, keepsEverything || request.isForKeeping {
            stream.recorder = PhraseRecorder(sampleRate: rate) { [logger] samples in
                Task.detached(priority: .utility) {
                    do { try phrases.keep(samples, key, sampleRate: rate) } catch {
                        logger.warning("phrase not kept", metadata: ["error": "\(error)"])
                    }
                }
            }
        }
        return stream
    }

    private func rendered(
        _ sound: [Float], of text: TextInlet, _ request: SpeakRequest, _ language: String, _ model: ModelInformation
    ) -> SpeechStream {
        let (stream, summary) = RenderedSpeech.stream(
            sound, of: text, characters: request.text.unicodeScalars.count, model: model)
        let report = SpeechReport(
            client: client(request), language: language, characters: text.characters,
            outcome: .finished(.endOfSpeech), summary: summary, waited: .zero, cancelLatency: nil, underruns: 0)
        reports.note(report, more: ["kept": .stringConvertible(true)])
        return stream
    }

    /// What the request, or the server, wants of speech that is made more slowly than it is heard; nil where it is fast enough.
    private func whenSlow(_ request: SpeakRequest) -> SlowSpeech? {
        guard !request.isForKeeping, let speed = speed.current, !StartBuffer.isLive(speed) else { return nil }
        return request.whenSlow ?? settings.slowSpeech
    }

    private func checkSpeed(_ request: SpeakRequest) throws(SpeakError) {
        guard whenSlow(request) == .refuse else { return }
        let tenths = ((speed.current ?? 0) * 10).rounded() / 10
        let smaller = information?.name == "makima-mini" ? "" : "use the model makima-mini, "
        throw SpeakError(
            .timeout,
            "This computer makes \(tenths) s of speech in a second, too few to be listened to. What helps: \(smaller)have phrases "
                + "made beforehand (makima render), or let slow-speech be wait.")
    }

    func hold(_ stream: inout SpeechStream, _ request: SpeakRequest) {
        guard whenSlow(request) == .wait, !(stream.control is RenderedSpeech) else { return }
        stream.ticket.isHeld = true
        stream.hold = StartHold(
            sampleRate: stream.sampleRate, playingSpeed: stream.speed,
            characters: request.isOpen ? nil : request.text.unicodeScalars.count)
    }
}
