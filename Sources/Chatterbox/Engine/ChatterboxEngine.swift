// Chatterbox as an engine: turns text into groups of sentences, groups into speech tokens, tokens into sound.

package import Compute
package import Speech
import Tokenization

package final class ChatterboxEngine: SpeechEngine {
    package let information: ModelInformation
    package let voiceMaker: any VoiceMaker
    private let tokenizer: Tokenizer
    private let t3: T3
    private let s3gen: S3Gen
    private let processor: Processor
    private let loop: T3GenerationLoop
    private let sizes: VoiceSizes
    /// The checkpoint's own voice.
    private let ownVoice: PreparedVoice?
    private var voices: SpeakingVoices
    // Used again by every call.
    private var events: [SpeechEvent] = []
    private var active: [ChatterboxUtterance] = []
    private var generations: [T3Generation] = []

    static let language = "english"
    /// Tokens of a frame of 80 ms.
    static let tokensPerFrame = 2
    static let samplesPerFrame = tokensPerFrame * Flow.framesPerToken * Vocoder.samplesPerFrame

    /// Speaks the checkpoint of a folder. Without a number of threads the fastest is found by trying.
    /// - Parameters:
    ///   - precision: of flow and vocoder; where nothing is said, float32 when all of T3 is, too.
    ///   - resample: brings clips from 24 kHz to 16 kHz.
    package init(
        directory: String, threads: Int? = 1, kernels: Kernels = .best,
        promptCache: Int = EngineOptions.defaultPromptCache, precision: S3GenPrecision? = nil,
        resample: @escaping ChatterboxVoiceMaker.Resampling
    ) throws {
        let checkpoint = try ChatterboxCheckpoint(directory: directory)
        information = try checkpoint.information
        tokenizer = try checkpoint.tokenizer()
        processor = threads.map { Processor(kernels: kernels, threads: $0) } ?? .measured(kernels: kernels)
        // First what is packed: the pages that were read for it give way to T3's weights, which stay mapped.
        s3gen = try checkpoint.s3gen(precision ?? .speaking(with: information.format))
        t3 = try checkpoint.t3()
        let maker = try ChatterboxVoiceMaker(
            encoder: checkpoint.encoderWeights, s3gen: checkpoint.s3genWeights, kernels: kernels, resample: resample)
        voiceMaker = maker
        sizes = maker.sizes
        ownVoice = try checkpoint.voice(for: maker.sizes)?.prepared
        loop = T3GenerationLoop(t3, on: processor)
        voices = SpeakingVoices(limit: promptCache)
    }

    // MARK: Requests

    package func begin(_ request: SpeechRequest) throws(SynthesisError) -> ChatterboxUtterance {
        let text = TextQueue(request.text, isOpen: request.isOpen)
        guard request.isOpen || !text.isExhausted else { throw .emptyText }
        guard ["auto", Self.language].contains(request.language.lowercased()) else {
            throw .unknownLanguage(request.language, known: ["auto", Self.language])
        }
        guard request.instruction?.isEmpty ?? true else {
            throw .unsupported("This checkpoint takes no instruction how to speak.")
        }
        return ChatterboxUtterance(request, try voice(request.voice), try options(request.options), text)
    }

    private func voice(_ voice: SpeechVoice) throws(SynthesisError) -> SpeakingVoice {
        let (id, name, source): (String, String, PreparedVoice)
        switch voice {
        case .preset(let name): throw .unknownSpeaker(name, known: [])
        case .none:
            guard let ownVoice else {
                throw .unsupported("This checkpoint has no voice of its own (conds.pt). Name one of the voices.")
            }
            (id, name, source) = ("", "of the checkpoint", ownVoice)
        case .cloned(let voice, let prepared): (id, name, source) = ("cloned:" + voice, voice, prepared)
        }
        // To read a voice takes milliseconds, which nobody waits for twice.
        if let known = voices.find(id, source) { return known }
        guard let value = ChatterboxVoice(source, for: sizes) else {
            throw .unsupported("The voice \(name) was prepared with another model. Prepare it again with this one.")
        }
        do {
            let voice = try SpeakingVoice(value, t3, on: processor)
            voices.keep(voice, id, source)
            return voice
        } catch {
            throw .failed("\(error)")
        }
    }

    /// The model's own settings with the changes of a request.
    private func options(_ request: SpeechOptions) throws(SynthesisError) -> T3Options {
        try request.check()
        var options = T3Options()
        options.seed = request.seed ?? UInt64.random(in: 0 ... .max)
        options.sampling.change(temperature: request.temperature, topK: request.topK, topP: request.topP)
        if let penalty = request.repetitionPenalty { options.repetitionPenalty = penalty }
        return options
    }

    package func append(_ text: String, isLast: Bool, to utterance: ChatterboxUtterance) throws(SynthesisError) {
        guard utterance.text.isOpen else { throw .failed("text was appended behind the last") }
        utterance.text.append(text, isLast: isLast)
    }

    package func giveBackMemory() { voices.removeAll() }

    /// Who waits for the end hears the whole decoded at once; a piece that is begun goes on in pieces.
    package func allow(_ leeway: Leeway, for utterance: ChatterboxUtterance) {
        utterance.isWhole = leeway.frames == .max
        utterance.group?.decoder.isWhole = utterance.isWhole
    }

    package func more(of utterance: ChatterboxUtterance) -> SpeechEvent? {
        utterance.ending == nil ? utterance.sound.take() : nil
    }

    // MARK: Frames

    package func advance(
        _ batch: [ChatterboxUtterance], isCancelled: (ChatterboxUtterance) -> Bool
    ) -> [SpeechEvent] {
        // First of all: the events of the last call share their samples with the utterances.
        events.removeAll(keepingCapacity: true)
        active.removeAll(keepingCapacity: true)
        generations.removeAll(keepingCapacity: true)
        for utterance in batch where utterance.ending == nil {
            if isCancelled(utterance) {
                utterance.ending = .ended(.cancelled)
            } else if utterance.sound.isEmpty {
                feed(utterance)
            }
        }
        let speaking = active
        loop.advance(generations) { isCancelled(speaking[$0]) }
        for utterance in batch { events.append(event(of: utterance)) }
        return events
    }

    /// Gives T3 what text there is, and takes part in the turn.
    private func feed(_ utterance: ChatterboxUtterance) {
        if utterance.group == nil {
            if utterance.text.isExhausted {
                utterance.ending = .ended(utterance.reason)
            } else if let part = utterance.text.next(whole: true) {
                begin(part, of: utterance)
            }
        }
        guard utterance.ending == nil, let group = utterance.group, !group.generation.step.isEnd else { return }
        active.append(utterance)
        generations.append(group.generation)
    }

    private func begin(_ part: TextQueue.Part, of utterance: ChatterboxUtterance) {
        let spoken = SpokenGroup(part)
        var options = utterance.options
        let left = utterance.maximumFrames - utterance.sound.frames
        options.limit(to: spoken.budget)
        options.maxTokens = max(1, min(options.maxTokens, Self.tokensPerFrame * left))
        utterance.groups += 1
        do {
            let generation = try T3Generation(
                t3, utterance.voice.t3, text: tokenizer.encode(PunctuationNorm(part.text).text), options: options,
                random: RandomStream(seed: utterance.seed, stream: UInt64(utterance.groups)))
            let decoder = S3GenStream(
                s3gen, utterance.voice.s3gen, noise: SeededNoise(seed: utterance.seed, group: utterance.groups))
            decoder.isWhole = utterance.isWhole
            utterance.group = ChatterboxUtterance.Group(generation: generation, decoder: decoder, spoken: spoken)
        } catch {
            utterance.ending = .failed(.failed("\(error)"))
        }
    }

    /// What has come of the turn. An event that was the last stays.
    private func event(of utterance: ChatterboxUtterance) -> SpeechEvent {
        if let ending = utterance.ending { return ending }
        let event = outcome(of: utterance)
        switch event {
        case .ended, .failed: utterance.ending = event
        case .frame, .working, .starved: break
        }
        return event
    }

    private func outcome(of utterance: ChatterboxUtterance) -> SpeechEvent {
        if let frame = utterance.sound.take() { return frame }
        guard let group = utterance.group else { return .starved }
        if group.isDecoded { return finish(group, of: utterance) }
        switch group.generation.step {
        case .reading: return .working
        case .token: return group.decoder.isDue(group.generation.tokens) ? sound(utterance, isLast: false) : .working
        case .endOfSpeech: return sound(utterance, isLast: true)
        case .limit:
            utterance.reason = .budget
            return sound(utterance, isLast: true)
        case .cancelled: return .ended(.cancelled)
        case .notFinite: return retry(utterance) ?? .failed(.notFinite(frame: utterance.sound.frames))
        }
    }

    /// Makes sound of the tokens that have none.
    private func sound(_ utterance: ChatterboxUtterance, isLast: Bool) -> SpeechEvent {
        guard let group = utterance.group else { return .starved }
        do {
            let samples = try group.decoder.next(group.generation.tokens, isLast: isLast, on: processor)
            utterance.group?.isDecoded = isLast
            hear(samples, utterance)
        } catch S3GenError.notFinite {
            return retry(utterance) ?? .failed(.notFinite(frame: utterance.sound.frames))
        } catch {
            return .failed(.failed("\(error)"))
        }
        return utterance.sound.take() ?? .working
    }

    /// Frames until there are as many as there may be, or two seconds of silence, which end the group.
    private func hear(_ samples: [Float], _ utterance: ChatterboxUtterance) {
        let left = utterance.maximumFrames - utterance.sound.frames
        var rest = samples[..<min(samples.count, left * Self.samplesPerFrame)]
        while rest.count >= Self.samplesPerFrame, var spoken = utterance.group?.spoken {
            let count = min(rest.count / Self.samplesPerFrame, spoken.silenceLeft)
            let isSilent = utterance.sound.hear(
                rest.prefix(count * Self.samplesPerFrame), frames: count, of: &spoken)
            utterance.group?.spoken = spoken
            rest = rest.dropFirst(count * Self.samplesPerFrame)
            guard isSilent else { continue }
            utterance.group?.isDecoded = true
            utterance.reason = .silence
            return
        }
    }

    /// One more try with another seed, as long as nothing was given out.
    private func retry(_ utterance: ChatterboxUtterance) -> SpeechEvent? {
        guard utterance.sound.frames == 0, !utterance.hasRetried, let group = utterance.group else { return nil }
        utterance.hasRetried = true
        utterance.groups -= 1
        let part = TextQueue.Part(text: group.spoken.text, characters: group.spoken.characters, isLast: true)
        utterance.group = nil
        begin(part, of: utterance)
        return utterance.ending ?? .working
    }

    private func finish(_ group: ChatterboxUtterance.Group, of utterance: ChatterboxUtterance) -> SpeechEvent {
        let end = utterance.sound.finish(group.spoken)
        utterance.group = nil
        let isOver = utterance.text.isExhausted || utterance.sound.frames >= utterance.maximumFrames
        return isOver ? .ended(utterance.reason) : end
    }
}
