// Qwen3-TTS as an engine: turns text into groups of sentences, groups into prompts, codes into sound. It computes on a device
// below two seams, `TalkerDevice` and `CodecDevice`; everything else is here, once for every device.

package import Compute
import ModelFile
package import Speech
import Tokenization

package final class Qwen3Engine: SpeechEngine {
    package let information: ModelInformation
    package let voiceMaker: any VoiceMaker
    let configuration: Configuration
    let tokenizer: Tokenizer
    let embeddings: TalkerEmbeddings
    private let talker: any TalkerDevice
    private let codec: any CodecDevice
    /// What prompts are put together with, on this computer.
    private let processor: Processor
    private let loop: GenerationLoop
    private var prefixes: PrefixCache
    private var active: [Utterance] = []
    private var generations: [Generation] = []
    // Used again by every call, so that a steady frame allocates nothing.
    private var events: [SpeechEvent] = []
    /// Utterances of the batch whose frames become sound.
    private var sounding: [Int] = []
    private var streams: [CodecStream] = []

    /// Speaks a checkpoint on the devices given.
    /// - Parameter promptCache: bytes that the fronts of prompts may hold, so that a voice need not be read for each utterance.
    package init(
        _ checkpoint: Checkpoint, _ embeddings: TalkerEmbeddings, talker: any TalkerDevice, codec: any CodecDevice,
        on processor: Processor, promptCache: Int = EngineOptions.defaultPromptCache
    ) {
        prefixes = PrefixCache(limit: promptCache)
        information = checkpoint.information
        configuration = checkpoint.configuration
        tokenizer = checkpoint.tokenizer
        voiceMaker = checkpoint.cloner(processor.kernels)
        self.embeddings = embeddings
        self.talker = talker
        self.codec = codec
        self.processor = processor
        loop = GenerationLoop(embeddings, on: talker, kernels: processor.kernels)
    }

    /// Speaks the checkpoint of a folder on this computer's processor. Without a number of threads the fastest is found by
    /// trying.
    package convenience init(
        directory: String, threads: Int? = 1, kernels: Kernels = .best,
        promptCache: Int = EngineOptions.defaultPromptCache
    ) throws {
        let processor = threads.map { Processor(kernels: kernels, threads: $0) } ?? .measured(kernels: kernels)
        let checkpoint = try Checkpoint(directory: directory)
        // The codec first: what was read of its file is not needed again, and gives way to the talker's weights, which stay mapped.
        let decoder = try checkpoint.decoder()
        let talker = try checkpoint.talker()
        self.init(
            checkpoint, talker.embeddings, talker: CPUTalker(talker, on: processor),
            codec: CPUCodec(decoder, on: processor), on: processor, promptCache: promptCache)
    }

    // MARK: Requests

    package func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance {
        let text = TextQueue(request.text, isOpen: request.isOpen)
        guard request.isOpen || !text.isExhausted else { throw .emptyText }
        return Utterance(
            request, try conditioning(request), try options(request.options), text, CodecStream(codec.makeState()),
            sampleRate: information.sampleRate)
    }

    package func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        guard utterance.text.isOpen else { throw .failed("text was appended behind the last") }
        utterance.text.append(text, isLast: isLast)
    }

    package func giveBackMemory() { prefixes.removeAll() }

    package func more(of utterance: Utterance) -> SpeechEvent? {
        utterance.ending == nil ? utterance.sound.take() : nil
    }

    package func allow(_ leeway: Leeway, for utterance: Utterance) {
        utterance.leeway = Leeway(frames: min(max(1, leeway.frames), Self.framesAtOnce), inPairs: leeway.inPairs)
    }

    // MARK: Frames

    package func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        // First of all: the events of the last call share their samples with the utterances.
        events.removeAll(keepingCapacity: true)
        active.removeAll(keepingCapacity: true)
        generations.removeAll(keepingCapacity: true)
        for utterance in batch where utterance.ending == nil {
            if isCancelled(utterance) {
                utterance.ending = .ended(.cancelled)
            } else if utterance.sound.isEmpty {
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
        sound(batch, isCancelled)
        return events
    }

    /// Makes sound of the frames that are due, of all utterances in one pass.
    private func sound(_ batch: [Utterance], _ isCancelled: (Utterance) -> Bool) {
        sounding.removeAll(keepingCapacity: true)
        for (index, utterance) in batch.enumerated() where utterance.due > 0 {
            sounding.append(index)
            streams.append(utterance.codec)
        }
        if !streams.isEmpty { codec.decode(streams) { isCancelled(batch[sounding[$0]]) } }
        streams.removeAll(keepingCapacity: true)
        for index in sounding { events[index] = settled(heard(batch[index]), of: batch[index]) }
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
        } else if let part = utterance.text.next(whole: utterance.conditioning.needsWholeText) {
            utterance.group = makeGroup(utterance, part)
        }
    }

    /// The generations that advance in this turn: none while an ended group's frames become sound, so that the next one waits
    /// for company.
    private func activate(_ utterance: Utterance) {
        guard let group = utterance.group, !group.hasEnded else { return }
        active.append(utterance)
        generations.append(group.generation)
        guard utterance.leeway.inPairs, let next = utterance.next, !next.hasEnded else { return }
        active.append(utterance)
        generations.append(next.generation)
    }

    private func makeGroup(_ utterance: Utterance, _ part: TextQueue.Part) -> Utterance.Group {
        var request = utterance.conditioning.prompt
        request.textIDs = tokenizer.encode(Template.text(part.text))
        request.isOpen = !part.isLast
        let prompt = Prompt(request, embeddings, on: processor)
        let prefix = prefixes.find(utterance.conditioning.key, for: prompt)
        let generation = Generation(
            configuration, on: talker, prompt: prompt, isOpen: !part.isLast, prefix: prefix,
            options: utterance.options, random: utterance.random)
        utterance.groups += 1
        let group = Utterance.Group(
            generation: generation, prompt: prompt, isOpen: !part.isLast, keepsPrefix: prefix == nil,
            spoken: SpokenGroup(part))
        limit(group, of: utterance)
        return group
    }

    private func extend(_ utterance: Utterance, _ part: TextQueue.Part) {
        var ids = part.text.isEmpty ? [] : tokenizer.encode(part.text)
        if part.isLast { ids.append(configuration.textTokens.tts_eos_token_id) }
        utterance.group?.generation.append(embeddings.text(ids, on: processor), isLast: part.isLast)
        utterance.group?.isOpen = !part.isLast
        utterance.group?.spoken.append(part)
        limit(utterance.group, of: utterance)
    }

    /// A group ends when its text's frames, the utterance's or the checkpoint's are used up. The last token gives no frame.
    private func limit(_ group: Utterance.Group?, of utterance: Utterance) {
        guard let group else { return }
        let left = utterance.maximumFrames - utterance.sound.frames + group.spoken.frames
        group.generation.maxNewTokens = min(group.spoken.budget.limit + 1, left + 1, utterance.options.maxNewTokens)
    }

    /// What has come of the talker's turn. Where frames are due, it is known once they are sound.
    private func event(of utterance: Utterance) -> SpeechEvent {
        utterance.due = 0
        if let ending = utterance.ending { return ending }
        if let heard = utterance.sound.take() { return heard }
        guard utterance.group != nil else { return .starved }
        keepPrefix(utterance)
        return settled(outcome(of: utterance), of: utterance)
    }

    /// An event that was the last stays.
    private func settled(_ event: SpeechEvent, of utterance: Utterance) -> SpeechEvent {
        switch event {
        case .ended, .failed: utterance.ending = event
        case .frame, .working, .starved: break
        }
        return event
    }

    private func outcome(of utterance: Utterance) -> SpeechEvent {
        let step = utterance.group!.generation.step
        let waiting = utterance.group!.waiting.count
        // Behind the last frame no other comes.
        let isEnough = waiting >= utterance.leeway.frames || step != .frame
        if step != .cancelled, waiting > 0, isEnough { return hand(utterance) }
        switch step {
        case .frame, .reading: return .working
        case .starved: return .starved
        case .cancelled: return .ended(.cancelled)
        case .notFinite: return retry(utterance) ?? .failed(.notFinite(frame: utterance.sound.frames))
        case .endOfSpeech: return retry(utterance) ?? finishGroup(utterance)
        case .limit: return finishGroup(utterance, .budget)
        }
    }

    /// The constant front of the prompt, once it is read.
    private func keepPrefix(_ utterance: Utterance) {
        guard let group = utterance.group, group.keepsPrefix, group.generation.isSpeaking else { return }
        utterance.group?.keepsPrefix = false
        prefixes.store(group.generation.snapshot(group.prompt.constant), utterance.conditioning.key, for: group.prompt)
    }

    /// Frames that become sound at once when several wait: the codec reads its weights once for them.
    private static let framesAtOnce = 4

    /// Gives the codec the frames that become sound in this turn.
    private func hand(_ utterance: Utterance) -> SpeechEvent {
        // Said ahead, when it was not known yet how much the group before would take.
        let left = utterance.maximumFrames - utterance.sound.frames
        guard left > 0 else { return finishGroup(utterance, .budget) }
        utterance.due = utterance.group!.due(min(left, Self.framesAtOnce))
        utterance.group!.waiting.take(utterance.due, into: &utterance.codec.codes)
        return .working
    }

    /// What has come of them.
    private func heard(_ utterance: Utterance) -> SpeechEvent {
        if let error = utterance.codec.error { return .failed(.failed("\(error)")) }
        guard !utterance.codec.samples.isEmpty else { return .ended(.cancelled) }
        guard utterance.codec.samples.allFinite else {
            return retry(utterance) ?? .failed(.notFinite(frame: utterance.sound.frames))
        }
        if utterance.hear() { _ = finishGroup(utterance, .silence) }
        return utterance.sound.take() ?? .starved
    }

    /// One more try with another seed, as long as nothing was given out.
    private func retry(_ utterance: Utterance) -> SpeechEvent? {
        guard utterance.sound.frames == 0, !utterance.hasRetried, let group = utterance.group else { return nil }
        utterance.hasRetried = true
        utterance.groups -= 1
        utterance.codec = CodecStream(codec.makeState())
        utterance.group = makeGroup(
            utterance,
            TextQueue.Part(text: group.spoken.text, characters: group.spoken.characters, isLast: !group.isOpen))
        return .working
    }

    /// `reason` says what cut the group short.
    private func finishGroup(_ utterance: Utterance, _ reason: FinishReason? = nil) -> SpeechEvent {
        guard let group = utterance.group else { return .starved }
        if let reason { utterance.reason = reason }
        let end = utterance.sound.finish(group.spoken)
        utterance.group = utterance.next.take()
        limit(utterance.group, of: utterance)
        let isLast = utterance.group == nil && utterance.text.isExhausted
        if isLast || utterance.sound.frames >= utterance.maximumFrames { return .ended(utterance.reason) }
        return end
    }
}

extension [Float] {
    /// Whether every element is a number.
    fileprivate var allFinite: Bool {
        // A zero times infinity or no number is no number, and stays one in the sum.
        reduce(0) { $0 + $1 * 0 } == 0
    }
}
