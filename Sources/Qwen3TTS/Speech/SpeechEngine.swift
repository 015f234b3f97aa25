// The parts of a checkpoint and what utterances share: turns text into groups, groups into prompts, codes into sound.

import Compute
import ModelFile
import Speech

final class SpeechEngine {
    let information: ModelInformation
    private let parts: CheckpointParts
    private let processor: Processor
    private let loop: GenerationLoop
    private var prefixes = PrefixCache()
    private var active: [Utterance] = []
    private var generations: [Generation] = []
    // Used again by every call, so that a steady frame allocates nothing.
    private var events: [SpeechEvent] = []
    private var frames: [[Int]]

    init(directory: String, on processor: Processor) throws {
        parts = try CheckpointParts(directory: directory)
        information = parts.information
        loop = GenerationLoop(parts.talker, on: processor)
        self.processor = processor
        frames = [[Int](repeating: 0, count: parts.talker.codePredictor.groups)]
    }

    private var talker: Talker { parts.talker }

    /// What makes voices beside the speech.
    func cloner(_ kernels: Kernels) -> VoiceCloner { parts.cloner(kernels) }

    // MARK: Requests

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance {
        let text = TextQueue(request.text, isOpen: request.isOpen)
        guard request.isOpen || !text.isExhausted else { throw .emptyText }
        try checkLength(request.text, limit: SpeechRequest.spokenLimit)
        return Utterance(try manner(request), text: text, codec: parts.decoder.makeState())
    }

    func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        try checkLength(text, limit: SpeechRequest.spokenLimit)
        guard utterance.text.isOpen else { throw .failed("text was appended behind the last") }
        utterance.text.append(text, isLast: isLast)
    }

    private func checkLength(_ text: String, limit: Int) throws(SynthesisError) {
        guard text.utf8.count <= limit else { throw .textTooLong(bytes: text.utf8.count, limit: limit) }
    }

    private func manner(_ request: SpeechRequest) throws(SynthesisError) -> Utterance.Manner {
        let (speaker, name, prompt) = try voice(request.voice)
        let language = try language(request.language, speaker: name)
        let instruction = try instruction(request.instruction)
        // The official default: preset speakers read the whole text first, clones one token a frame.
        let nonStreaming = name != nil && !request.isOpen
        let reference = prompt.flatMap { prompt in
            prompt.codes.isEmpty
                ? nil : (ids: parts.tokenizer.encode(Template.reference(prompt.transcript)), codes: prompt.codes)
        }
        let key = PrefixCache.Key(
            voice: request.voice.cacheName, language: language, instruction: instruction, isStreaming: !nonStreaming)
        return Utterance.Manner(
            key: key, speaker: speaker, reference: reference,
            instructionIDs: instruction.map { parts.tokenizer.encode(Template.instruction($0)) },
            needsWholeText: nonStreaming || reference != nil, nonStreaming: nonStreaming,
            options: try options(request.options),
            maximumFrames: min(request.options.maximumFrames ?? Self.frameLimit, Self.frameLimit),
            inPairs: request.inPairs)
    }

    /// No utterance is longer than a day.
    private static let frameLimit = 1_080_000

    private func voice(
        _ voice: SpeechVoice
    ) throws(SynthesisError) -> (row: Rows?, preset: String?, prompt: VoicePrompt?) {
        switch voice {
        case .none: return (nil, nil, nil)
        case .preset(let name):
            let known = talker.configuration.tokens.spk_id ?? [:]
            guard let id = known[name.lowercased()] else {
                throw .unknownSpeaker(name, known: information.speakers)
            }
            let row = Rows(rows: 1, columns: talker.hidden)
            talker.codec(id, into: row)
            return (row, name.lowercased(), nil)
        case .cloned(let id, let prompt):
            guard information.clones else {
                throw .unsupported("This checkpoint (\(information.variant)) cannot clone voices; it has speakers.")
            }
            try check(prompt, id: id)
            return (Rows(prompt.speaker, columns: talker.hidden), nil, prompt)
        }
    }

    /// Whether a prepared voice was prepared with this model.
    private func check(_ prompt: VoicePrompt, id: String) throws(SynthesisError) {
        let limit = min(talker.codePredictor.vocabulary, talker.configuration.talker.vocab_size)
        let fits =
            prompt.speaker.count == talker.hidden && prompt.speaker.allSatisfy(\.isFinite)
            && prompt.codes.allSatisfy { frame in
                frame.count == talker.codePredictor.groups && frame.allSatisfy { (0..<limit).contains($0) }
            }
        guard fits else {
            throw .unsupported("The voice \(id) was prepared with another model. Prepare it again with this one.")
        }
    }

    private func language(_ name: String, speaker: String?) throws(SynthesisError) -> Int? {
        let tokens = talker.configuration.tokens
        guard name.lowercased() == "auto" || tokens.codec_language_id[name.lowercased()] != nil else {
            throw .unknownLanguage(name, known: ["auto"] + information.languages)
        }
        return tokens.language(name, speaker: speaker)
    }

    private func instruction(_ text: String?) throws(SynthesisError) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard information.variant != "base" else {
            throw .unsupported("This checkpoint takes no instruction how to speak; custom_voice and voice_design do.")
        }
        try checkLength(text, limit: SpeechRequest.textLimit)
        return text
    }

    private func options(_ request: SpeechOptions) throws(SynthesisError) -> GenerationOptions {
        var options = GenerationOptions(
            talker.configuration.generation, seed: request.seed ?? UInt64.random(in: 0 ... .max))
        if let temperature = request.temperature {
            guard (0...10).contains(temperature) else { throw .unsupported("The temperature is 0 to 10.") }
            for part in [\GenerationOptions.talker, \.codePredictor] {
                // No temperature at all: the best token always.
                options[keyPath: part].sample = temperature > 0
                if temperature > 0 { options[keyPath: part].temperature = temperature }
            }
        }
        if let topK = request.topK {
            guard topK >= 0 else { throw .unsupported("Top-k is 0 (all tokens) or more.") }
            options.talker.topK = topK
            options.codePredictor.topK = topK
        }
        if let topP = request.topP {
            guard topP > 0, topP <= 1 else { throw .unsupported("Top-p is above 0 and at most 1.") }
            options.talker.topP = topP
            options.codePredictor.topP = topP
        }
        if let penalty = request.repetitionPenalty {
            guard penalty > 0, penalty <= 10 else {
                throw .unsupported("The repetition penalty is above 0, at most 10.")
            }
            options.repetitionPenalty = penalty
        }
        if let frames = request.maximumFrames, frames < 1 { throw .unsupported("The most frames are 1 or more.") }
        return options
    }

    // MARK: Frames

    func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        // First of all: the events of the last call share their samples with the utterances.
        events.removeAll(keepingCapacity: true)
        active.removeAll(keepingCapacity: true)
        generations.removeAll(keepingCapacity: true)
        for utterance in batch where utterance.ending == nil {
            if isCancelled(utterance) {
                utterance.ending = .ended(.cancelled)
            } else {
                feed(utterance)
                activate(utterance)
            }
        }
        let speaking = active
        loop.advance(generations) { isCancelled(speaking[$0]) }
        for (utterance, generation) in zip(active, generations) where generation.step == .frame {
            if utterance.group?.generation === generation {
                utterance.group?.waiting.append(generation.codes)
            } else {
                utterance.next?.waiting.append(generation.codes)
            }
        }
        for utterance in batch { events.append(event(of: utterance)) }
        return events
    }

    /// Gives the talker what text there is.
    private func feed(_ utterance: Utterance) {
        if let group = utterance.group {
            if group.isOpen, let part = utterance.text.more() { extend(utterance, part) }
            if utterance.canGoAhead, let part = utterance.text.next(whole: true) {
                utterance.next = makeGroup(utterance, part)
            }
        } else if utterance.text.isExhausted {
            utterance.ending = .ended(utterance.reason)
        } else if let part = utterance.text.next(whole: utterance.manner.needsWholeText) {
            utterance.group = makeGroup(utterance, part)
        }
    }

    /// The generations that advance in this turn: none while an ended group's frames become sound, so that the next one waits
    /// for company.
    private func activate(_ utterance: Utterance) {
        guard let group = utterance.group, !group.hasEnded else { return }
        active.append(utterance)
        generations.append(group.generation)
        guard let next = utterance.next, !next.hasEnded else { return }
        active.append(utterance)
        generations.append(next.generation)
    }

    private func makeGroup(_ utterance: Utterance, _ part: TextQueue.Part) -> Utterance.Group {
        let manner = utterance.manner
        var request = PromptRequest(
            textIDs: parts.tokenizer.encode(Template.text(part.text)), language: manner.key.language,
            speaker: manner.speaker)
        request.reference = manner.reference
        request.nonStreaming = manner.nonStreaming
        request.instructionIDs = manner.instructionIDs
        request.isOpen = !part.isLast
        let prompt = Prompt(request, talker, on: processor)
        let prefix = prefixes.find(manner.key, for: prompt)
        var budget = FrameBudget()
        budget.add(part.text)
        let generation = Generation(
            talker, prompt: prompt, isOpen: !part.isLast, prefix: prefix, options: manner.options,
            random: utterance.random)
        utterance.groups += 1
        let group = Utterance.Group(
            generation: generation, prompt: prompt, isOpen: !part.isLast, keepsPrefix: prefix == nil, text: part.text,
            characters: part.characters, budget: budget)
        limit(group, of: utterance)
        return group
    }

    private func extend(_ utterance: Utterance, _ part: TextQueue.Part) {
        var ids = part.text.isEmpty ? [] : parts.tokenizer.encode(part.text)
        if part.isLast { ids.append(talker.configuration.textTokens.tts_eos_token_id) }
        utterance.group?.generation.append(talker.text(ids, on: processor), isLast: part.isLast)
        utterance.group?.isOpen = !part.isLast
        utterance.group?.text += part.text
        utterance.group?.budget.add(part.text)
        utterance.group?.characters += part.characters
        limit(utterance.group, of: utterance)
    }

    /// A group ends when its text's frames, the utterance's or the checkpoint's are used up. The last token gives no frame.
    private func limit(_ group: Utterance.Group?, of utterance: Utterance) {
        guard let group else { return }
        let left = utterance.manner.maximumFrames - utterance.frames + group.frames
        group.generation.maxNewTokens = min(group.budget.limit + 1, left + 1, utterance.manner.options.maxNewTokens)
    }

    private func event(of utterance: Utterance) -> SpeechEvent {
        if let ending = utterance.ending { return ending }
        guard utterance.group != nil else { return .starved }
        keepPrefix(utterance)
        let event = outcome(of: utterance)
        switch event {
        case .ended, .failed: utterance.ending = event
        case .frame, .starved: break
        }
        return event
    }

    private func outcome(of utterance: Utterance) -> SpeechEvent {
        let step = utterance.group!.generation.step
        if step != .cancelled, !utterance.group!.waiting.isEmpty { return sound(utterance) }
        switch step {
        case .frame, .reading: return .frame([], characters: utterance.spokenCharacters)
        case .starved: return .starved
        case .cancelled: return .ended(.cancelled)
        case .notFinite: return retry(utterance) ?? .failed(.notFinite(frame: utterance.frames))
        case .endOfSpeech: return retry(utterance) ?? finishGroup(utterance)
        case .limit: return finishGroup(utterance, .budget)
        }
    }

    /// The constant front of the prompt, once it is read.
    private func keepPrefix(_ utterance: Utterance) {
        guard let group = utterance.group, group.keepsPrefix, group.generation.isSpeaking else { return }
        utterance.group?.keepsPrefix = false
        prefixes.store(group.generation.snapshot(group.prompt.constant), utterance.manner.key, for: group.prompt)
    }

    /// Frames that become sound at once when several wait: the codec reads its weights once for them.
    private static let framesAtOnce = 4

    private func sound(_ utterance: Utterance) -> SpeechEvent {
        // Said ahead, when it was not known yet how much the group before would take.
        let left = utterance.manner.maximumFrames - utterance.frames
        guard left > 0 else { return finishGroup(utterance, .budget) }
        utterance.group!.takeWaiting(min(left, Self.framesAtOnce), into: &frames)
        let sound: Rows
        do {
            sound = try parts.decoder.step(frames, utterance.codec, on: processor)
        } catch {
            return .failed(.failed("\(error)"))
        }
        guard sound.isFinite else { return retry(utterance) ?? .failed(.notFinite(frame: utterance.frames)) }
        sound.read(into: &utterance.samples)
        utterance.frames += frames.count
        let isSilent = utterance.group!.gave(utterance.samples, frames: frames.count)
        let event = SpeechEvent.frame(utterance.samples, characters: utterance.spokenCharacters)
        if isSilent { _ = finishGroup(utterance, .silence) }
        return event
    }

    /// One more try with another seed, as long as nothing was given out.
    private func retry(_ utterance: Utterance) -> SpeechEvent? {
        guard utterance.frames == 0, !utterance.hasRetried, let group = utterance.group else { return nil }
        utterance.hasRetried = true
        utterance.groups -= 1
        utterance.codec = parts.decoder.makeState()
        utterance.group = makeGroup(
            utterance, TextQueue.Part(text: group.text, characters: group.characters, isLast: !group.isOpen))
        return .frame([], characters: 0)
    }

    /// `reason` says what cut the group short.
    private func finishGroup(_ utterance: Utterance, _ reason: FinishReason? = nil) -> SpeechEvent {
        guard let group = utterance.group else { return .starved }
        if let reason { utterance.reason = reason }
        utterance.characters += group.characters
        utterance.group = utterance.next.take()
        limit(utterance.group, of: utterance)
        let isLast = utterance.group == nil && utterance.text.isExhausted
        if isLast || utterance.frames >= utterance.manner.maximumFrames { return .ended(utterance.reason) }
        return .frame([], characters: utterance.characters)
    }
}

extension SpeechVoice {
    /// Equal for equal voices.
    fileprivate var cacheName: String {
        switch self {
        case .cloned(let id, let prompt): (prompt.codes.isEmpty ? "x-vector:" : "codes:") + id
        case .preset(let name): "preset:" + name.lowercased()
        case .none: ""
        }
    }
}
