// An utterance in the scheduler's hands, and where it stands.

import Speech

final class ScheduledUtterance<Engine: SpeechEngine> {
    let request: SpeechRequest
    let text: TextInlet
    let priority: SpeakRequest.Priority
    /// Whose share of the machine it takes.
    let client: SpeechClient
    let ticket: SpeechTicket
    private let model: ModelInformation
    let submitted = ContinuousClock.now
    /// Grows with the sound that is made and with the time it waits.
    var deadline: ContinuousClock.Instant
    /// nil until the engine has begun it.
    var utterance: Engine.Utterance?
    var began: ContinuousClock.Instant?
    /// Words that came before the engine had begun it, and whether they were the last.
    var early: [(words: String, isLast: Bool)] = []
    var isOpen: Bool
    /// Everything it was given is said, and more may come.
    var isStarved: Bool
    /// Its listener is so far behind that it waits until half of the sound is read.
    var isUnread = false
    /// How long it has waited, for text or for its listener, since its last sound.
    var pausedFor = Duration.zero
    /// The listener's sound is held back for now.
    private var isHeld = false
    /// Whether its sentences are made two groups at a time, now and at any time so far.
    private var isInPairs = false
    private var hasGoneInPairs = false
    /// When all that was sent has been heard by somebody who plays it as it comes; nil as long as there is no sound.
    private var heardUntil: ContinuousClock.Instant?
    var summary = SpeechSummary()
    var sound: SoundFinish
    var underruns = 0

    init(
        _ request: SpeechRequest, of text: TextInlet, _ priority: SpeakRequest.Priority, client: SpeechClient,
        _ ticket: SpeechTicket, deadline: Duration, model: ModelInformation
    ) {
        self.model = model
        self.request = request
        self.text = text
        self.priority = priority
        self.client = client
        self.ticket = ticket
        self.deadline = submitted + deadline
        sound = SoundFinish(sampleRate: model.sampleRate, gain: request.gain, tellsSentences: text.tellsSentences)
        isOpen = request.isOpen
        isStarved = request.isOpen && !request.text.isSpeakable
    }

    /// Whether nothing can be computed for it now.
    var isPaused: Bool { isStarved || isUnread }

    /// Looks how far its listener is behind, and whether they listen yet.
    func lookAtListener(at now: ContinuousClock.Instant) {
        let backlog = ticket.backlog
        isUnread = isUnread ? backlog > ticket.room / 2 : backlog >= ticket.room
        let wasHeld = isHeld
        isHeld = ticket.isHeld
        if wasHeld, !isHeld { heardUntil = now + summary.audio / request.playingSpeed }
    }

    /// Frames that may become sound together now: so many that the listener has enough to hear until the last of them is there, when
    /// each takes a `turn`. The first sound comes as soon as it can.
    func framesAtOnce(at now: ContinuousClock.Instant, turn: Duration) -> Int {
        if isHeld { return .max }
        guard let heardUntil, turn > .zero else { return 1 }
        let reserve = Duration.seconds(1) * model.samplesPerFrame / model.sampleRate
        return max(1, Int((heardUntil - now - reserve) / turn))
    }

    /// Whether the sentences that come next may be made beside those that are heard, when each turn takes a `turn`: where this computer
    /// is not much faster than the ear, as soon as a second of sound lies ready, until little of it is left.
    func mayGoInPairs(at now: ContinuousClock.Instant, turn: Duration) -> Bool {
        guard !isHeld, let heardUntil, summary.computing > .zero, turn > .zero else { return false }
        let isFast = summary.audio / summary.computing > 2 * request.playingSpeed
        let least = turn * 4 + (isInPairs ? .milliseconds(300) : .seconds(1))
        isInPairs = (isInPairs || !isFast) && heardUntil - now >= least
        hasGoneInPairs = hasGoneInPairs || isInPairs
        return isInPairs
    }

    func wait(_ elapsed: Duration) {
        pausedFor += elapsed
        deadline += elapsed
    }

    /// What its listener gets of a frame of the model, or of the end of a group, which has no samples.
    func finished(_ samples: [Float], characters: Int) -> [SpokenEvent] {
        if let more = text.takeUntold() { sound.append(more) }
        return sound.take(samples, characters: characters)
    }

    /// Sends what its listener gets, `now`.
    func send(_ events: [SpokenEvent], at now: ContinuousClock.Instant) {
        for event in events {
            if case .frame(let samples, characters: _) = event { count(samples, at: now) }
            ticket.send(event)
        }
    }

    private func count(_ samples: [Float], at now: ContinuousClock.Instant) {
        summary.frames += (samples.count + model.samplesPerFrame - 1) / model.samplesPerFrame
        count(.seconds(1) * samples.count / model.sampleRate, at: now)
        guard let first = sound.firstSound(in: samples) else { return }
        // Not before the sound in front of it is played, and not before it is there.
        let played = (summary.firstAudio ?? .zero) + .seconds(1) * first.position
        summary.firstSound = max(played, now - submitted + .seconds(1) * first.offset)
    }

    /// Counts the time that a turn took.
    func count(computing time: Duration) {
        summary.computing += time
        if !hasGoneInPairs { summary.single.computing += time }
    }

    /// Counts sound that was made `now`.
    private func count(_ audio: Duration, at now: ContinuousClock.Instant) {
        if let heardUntil {
            if now > heardUntil, pausedFor == .zero, !isHeld { underruns += 1 }
        } else {
            summary.firstAudio = now - submitted
        }
        heardUntil = max(heardUntil ?? now, now) + audio / request.playingSpeed
        pausedFor = .zero
        deadline += audio
        summary.audio += audio
        if !hasGoneInPairs { summary.single.audio += audio }
    }
}

// MARK: - Places

extension Array {
    /// Those who advance in a turn, `places` at most: an utterance that was begun goes on, as long as nobody waits whose client has
    /// less. Then comes who is urgent or has waited for long, then whose client has least, then who came first.
    ///
    /// The elements are in the order in which they came, those that were begun first.
    func inTurn<Engine: SpeechEngine>(
        places: Int, at now: ContinuousClock.Instant
    ) -> [ScheduledUtterance<Engine>] where Element == ScheduledUtterance<Engine> {
        var left = filter { !$0.isPaused }
        guard left.count > places else { return left }
        var shares: [String: Int] = [:]
        var chosen: [Element] = []
        while chosen.count < places {
            let best = left.indices.min { left[$0].rank(shares, now) < left[$1].rank(shares, now) }!
            let next = left.remove(at: best)
            shares[next.client.name, default: 0] += 1
            chosen.append(next)
        }
        return chosen
    }
}

extension ScheduledUtterance {
    /// The smaller, the sooner; `shares` are the places that each client has already.
    fileprivate func rank(_ shares: [String: Int], _ now: ContinuousClock.Instant) -> (Int, Int, Int) {
        let share = shares[client.name] ?? 0
        let isBegun = utterance != nil
        let waitsLong = !isBegun && now - submitted > SchedulerLimits.patience
        let isUrgent = priority == .high || waitsLong || (isBegun && share == 0)
        return (isUrgent ? 0 : 1, share, isBegun ? 0 : 1)
    }
}
