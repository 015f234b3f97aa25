// When talk interrupts speech, as a value: events and the time in, decisions out.

package struct BargeIn: Sendable {
    package enum Event: Sendable, Equatable {
        case speechStarted, speechStopped
        case partial(String), final(String)
        /// A speaker of the contract began or ended.
        case speaking(Bool)
        /// The time of `wakeAt` has come.
        case timer
    }

    package enum Decision: Sendable, Equatable {
        case interrupt(mayResume: Bool)
        /// What was held is to be dropped: the talk was meant, or something else is said.
        case confirm
        /// It was a false start.
        case resume
    }

    package let policy: ListenPolicy
    /// When to give `timer`; nil when there is nothing to wait for.
    package private(set) var wakeAt: ContinuousClock.Instant?
    private var isSpeaking = false
    private var talkBegan: ContinuousClock.Instant?
    private var wordCount = 0
    /// An interruption of ours holds the speech back.
    private var isHolding = false

    package init(_ policy: ListenPolicy) {
        self.policy = policy
    }

    package mutating func handle(_ event: Event, at now: ContinuousClock.Instant) -> Decision? {
        switch event {
        case .speaking(let isOn):
            isSpeaking = isOn
            return isOn ? yield() : nil
        case .speechStarted:
            talkBegan = now
            wordCount = 0
            wakeAt = nil
        case .speechStopped:
            talkBegan = nil
            wakeAt = isHolding ? policy.resumeAfter.map { now + $0 } : nil
            return nil
        case .partial(let text): wordCount = max(wordCount, words(of: text).count)
        case .final(let text): wordCount = max(wordCount, words(of: text).count)
        case .timer: if let decision = timer(now) { return decision }
        }
        return isHolding ? confirmation(event) : interruption(event, now)
    }

    /// What begins to speak takes the place of what was held: talk interrupts it like any other.
    private mutating func yield() -> Decision? {
        guard isHolding else { return nil }
        isHolding = false
        wakeAt = nil
        return .confirm
    }

    /// A false start is over when the talk stopped and no word came.
    private mutating func timer(_ now: ContinuousClock.Instant) -> Decision? {
        guard let wake = wakeAt, now >= wake else { return nil }
        wakeAt = nil
        guard isHolding, talkBegan == nil else { return nil }
        isHolding = false
        return .resume
    }

    private mutating func confirmation(_ event: Event) -> Decision? {
        guard case .final = event, wordCount > 0 else { return nil }
        isHolding = false
        wakeAt = nil
        return .confirm
    }

    private mutating func interruption(_ event: Event, _ now: ContinuousClock.Instant) -> Decision? {
        guard isSpeaking, isSatisfied(event, now) else { return nil }
        wakeAt = nil
        isHolding = policy.resumeAfter != nil
        if case .final = event, wordCount > 0 { isHolding = false }
        isSpeaking = false
        return .interrupt(mayResume: isHolding)
    }

    private mutating func isSatisfied(_ event: Event, _ now: ContinuousClock.Instant) -> Bool {
        switch policy.kind {
        case .off, .halfDuplex: return false
        case .keyword:
            guard case .partial(let text) = event else {
                if case .final(let text) = event { return hasKeyword(text) }
                return false
            }
            return hasKeyword(text)
        case .speech:
            let isText =
                switch event {
                case .partial, .final: true;
                default: false
                }
            // A recognizer that reports text without saying when talk began has heard enough.
            let lasts = talkBegan.map { now - $0 >= policy.minimumSpeech } ?? isText
            if !lasts, let talkBegan { wakeAt = talkBegan + policy.minimumSpeech }
            guard talkBegan != nil || isText else { return false }
            return lasts && wordCount >= policy.minimumWords
        }
    }

    private func hasKeyword(_ text: String) -> Bool {
        let padded = " " + words(of: text).joined(separator: " ") + " "
        return policy.keywords.contains { padded.contains(" \($0) ") }
    }
}
