// Scripts for an engine that knows words only: a passage after the other, each in its language and at its speed, with silence
// between them that no model makes.

import Audio
package import Speech

/// An engine whose texts may have marks among their words (`SpeechMark`).
package struct ScriptedEngine<Base: SpeechEngine>: SpeechEngine {
    private let base: Base

    package init(_ base: Base) { self.base = base }

    package var information: ModelInformation { base.information }
    package var voiceMaker: any VoiceMaker { base.voiceMaker }

    package func giveBackMemory() { base.giveBackMemory() }

    package func allow(_ leeway: Leeway, for utterance: Utterance) {
        utterance.leeway = leeway
        if let passage = utterance.passage { base.allow(leeway, for: passage) }
    }

    /// A script in progress.
    package final class Utterance {
        fileprivate var request: SpeechRequest
        /// What comes after the passage that is spoken.
        fileprivate var items: [SpeechMark.Item] = []
        fileprivate var isOpen: Bool
        fileprivate var language: String?
        fileprivate var rate = 1.0
        /// The passage that is spoken, how many Unicode scalars it has, and whether more may come.
        fileprivate var passage: Base.Utterance?
        fileprivate var passageCount = 0
        fileprivate var passageIsOpen = false
        fileprivate var stretch: TimeStretch?
        /// Samples of silence that are still to come.
        fileprivate var silence = 0
        /// Unicode scalars before the passage.
        fileprivate var spoken = 0
        fileprivate var frames = 0
        fileprivate var leeway = Leeway.none
        /// The worst end a passage came to.
        fileprivate var reason = FinishReason.endOfSpeech
        fileprivate var ending: SpeechEvent?

        fileprivate init(_ request: SpeechRequest) {
            self.request = request
            isOpen = request.isOpen
        }
    }

    // MARK: - Text

    package func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance {
        guard request.isOpen || request.text.isSpeakable else { throw .emptyText }
        let utterance = Utterance(request)
        utterance.items = SpeechMark.items(of: request.text)
        skipMarks(utterance)
        // What is wrong with the request shows when it begins.
        if utterance.silence == 0, isReady(utterance) { try beginPassage(utterance) }
        return utterance
    }

    package func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError) {
        for item in SpeechMark.items(of: text) { try append(item, to: utterance) }
        guard isLast else { return }
        utterance.isOpen = false
        try closePassage(utterance)
    }

    private func append(_ item: SpeechMark.Item, to utterance: Utterance) throws(SynthesisError) {
        switch item {
        case .words(let words):
            if utterance.passageIsOpen, let passage = utterance.passage {
                try base.append(words, isLast: false, to: passage)
                utterance.passageCount += words.unicodeScalars.count
            } else if case .words(let before)? = utterance.items.last {
                utterance.items[utterance.items.count - 1] = .words(before + words)
            } else {
                utterance.items.append(item)
            }
        case .mark:
            try closePassage(utterance)
            utterance.items.append(item)
        }
    }

    private func closePassage(_ utterance: Utterance) throws(SynthesisError) {
        guard utterance.passageIsOpen, let passage = utterance.passage else { return }
        utterance.passageIsOpen = false
        try base.append("", isLast: true, to: passage)
    }

    /// Takes marks, and words that are none, off the front.
    private func skipMarks(_ utterance: Utterance) {
        while let item = utterance.items.first, utterance.silence == 0 {
            switch item {
            case .words(let words):
                guard !words.isSpeakable, utterance.items.count > 1 || !utterance.isOpen else { return }
                utterance.spoken += words.unicodeScalars.count
            case .mark(let mark):
                utterance.spoken += 1
                take(mark, of: utterance)
            }
            utterance.items.removeFirst()
        }
    }

    private func take(_ mark: SpeechMark, of utterance: Utterance) {
        switch mark {
        case .pause(let length):
            utterance.silence = Int(length / .seconds(1) * Double(information.sampleRate))
        case .rate(let rate):
            utterance.rate = min(max(rate, TimeStretch.speeds.lowerBound), TimeStretch.speeds.upperBound)
        case .language(let name):
            // A model that does not know it speaks on in that of the request.
            utterance.language = name.flatMap { information.languages.contains($0) ? $0 : nil }
        }
    }

    /// Whether there are words to begin a passage with.
    private func isReady(_ utterance: Utterance) -> Bool {
        if case .words(let words)? = utterance.items.first { words.isSpeakable } else { false }
    }

    private func beginPassage(_ utterance: Utterance) throws(SynthesisError) {
        guard case .words(let words)? = utterance.items.first else { return }
        utterance.items.removeFirst()
        var request = utterance.request
        request.text = words
        request.language = utterance.language ?? request.language
        request.isOpen = utterance.isOpen && utterance.items.isEmpty
        if let most = request.options.maximumFrames { request.options.maximumFrames = max(1, most - utterance.frames) }
        do throws(AudioError) {
            utterance.stretch =
                try utterance.rate == 1
                ? nil : TimeStretch(speed: utterance.rate, sampleRate: information.sampleRate)
        } catch {
            throw .failed("\(error)")
        }
        let passage = try base.begin(request)
        base.allow(utterance.leeway, for: passage)
        utterance.passage = passage
        utterance.passageCount = words.unicodeScalars.count
        utterance.passageIsOpen = request.isOpen
    }

    // MARK: - Sound

    package func more(of utterance: Utterance) -> SpeechEvent? {
        utterance.passage.flatMap { base.more(of: $0) }.map { take($0, of: utterance) }
    }

    package func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent] {
        var events = batch.map { next($0, isCancelled: isCancelled($0)) }
        let speaking = batch.indices.filter { events[$0] == nil }
        guard !speaking.isEmpty else { return events.compactMap(\.self) }
        let spoken = base.advance(speaking.map { batch[$0].passage! }) { passage in
            speaking.first { batch[$0].passage === passage }.map { isCancelled(batch[$0]) } ?? true
        }
        for (index, event) in zip(speaking, spoken) { events[index] = take(event, of: batch[index]) }
        return events.compactMap(\.self)
    }

    /// What an utterance gives without its engine; nil when its passage has to advance.
    private func next(_ utterance: Utterance, isCancelled: Bool) -> SpeechEvent? {
        if let ending = utterance.ending { return ending }
        if utterance.passage != nil { return nil }
        if isCancelled { return end(utterance, .ended(.cancelled)) }
        skipMarks(utterance)
        if utterance.silence > 0 { return silence(of: utterance) }
        guard isReady(utterance) else {
            return utterance.isOpen ? .starved : end(utterance, .ended(utterance.reason))
        }
        do throws(SynthesisError) { try beginPassage(utterance) } catch { return end(utterance, .failed(error)) }
        return nil
    }

    private func end(_ utterance: Utterance, _ event: SpeechEvent) -> SpeechEvent {
        utterance.ending = event
        utterance.passage = nil
        return event
    }

    private func silence(of utterance: Utterance) -> SpeechEvent {
        if let most = utterance.request.options.maximumFrames, utterance.frames >= most {
            return end(utterance, .ended(.budget))
        }
        let count = min(utterance.silence, information.samplesPerFrame)
        utterance.silence -= count
        utterance.frames += 1
        return .frame([Float](repeating: 0, count: count), characters: utterance.spoken)
    }

    private func take(_ event: SpeechEvent, of utterance: Utterance) -> SpeechEvent {
        switch event {
        case .frame(let samples, let characters):
            utterance.frames += samples.isEmpty ? 0 : max(1, samples.count / information.samplesPerFrame)
            let sound = utterance.stretch == nil ? samples : utterance.stretch!.push(samples)
            return .frame(sound, characters: utterance.spoken + min(characters, utterance.passageCount))
        case .working, .starved: return event
        case .failed: return end(utterance, event)
        case .ended(.cancelled): return end(utterance, event)
        case .ended(let reason):
            if reason != .endOfSpeech { utterance.reason = reason }
            let rest = utterance.stretch?.flush() ?? []
            utterance.stretch = nil
            utterance.passage = nil
            utterance.passageIsOpen = false
            utterance.spoken += utterance.passageCount
            skipMarks(utterance)
            let isOver = utterance.items.isEmpty && utterance.silence == 0 && !utterance.isOpen
            return rest.isEmpty && isOver
                ? end(utterance, .ended(utterance.reason)) : .frame(rest, characters: utterance.spoken)
        }
    }
}
