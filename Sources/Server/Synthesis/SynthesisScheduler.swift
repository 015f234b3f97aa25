// Who speaks when: all utterances in progress advance together, one frame a turn, on the model's own thread.

import Memory
package import Speech
import Synchronization

package struct SchedulerLimits: Sendable {
    /// Sound by which an utterance may be ahead of its reader.
    static let backlog = Duration.seconds(4)
    /// A normal request that waited so long counts as a high one, so that nobody waits for ever.
    static let patience = Duration.seconds(10)
    /// How long an utterance that waits for text or its listener keeps what it holds, when others need it.
    static let keep = Duration.seconds(5)

    /// Utterances that advance together.
    package var running = 10
    /// Utterances that wait for a place.
    package var waiting = 256
    /// The most an utterance may take beyond the length of its sound, without the time it waits for its reader or for text.
    package var deadline = Duration.seconds(300)
    /// The longest wait for a reader, or for more text.
    package var stall = Duration.seconds(60)
    /// Bytes of memory that must be left for one more utterance to begin.
    package var memoryReserve = 64 << 20

    package init() {}

    /// Utterances that may hold memory of the model at once: those that advance, and as many that wait for text or a reader.
    var begun: Int { 2 * running }
    /// Requests that may wait as long as one client has most of them: the rest of the queue is for the others.
    var crowd: Int { waiting - waiting / 4 }
    /// Requests of a client that may wait in that rest.
    var modest: Int { max(1, waiting / 32) }
}

/// How one utterance went, for metrics and the log.
package struct SpeechReport: Sendable {
    package var client: SpeechClient
    /// What the model was told; "auto" is its own to tell.
    package var language: String
    /// Unicode scalars of the door's text.
    package var characters: Int
    package var outcome: Outcome
    package var summary: SpeechSummary
    /// From the request until synthesis began; nil when it never did.
    package var waited: Duration?
    /// From the request to cancel until synthesis had stopped.
    package var cancelLatency: Duration?
    /// How often the sound would have run out for a listener who began to play at once.
    package var underruns: Int

    package enum Outcome: Sendable, Equatable { case finished(FinishReason), failed(SpeakError.Code) }
}

/// Counters that are read without asking the synthesis thread, which may be in the middle of a frame.
package final class SchedulerGauges: Sendable {
    let turns = Atomic(0)
    let busy = Atomic(false)
    let runningNow = Atomic(0)
    let waitingNow = Atomic(0)

    package var running: Int { runningNow.load(ordering: .relaxed) }
    package var waiting: Int { waitingNow.load(ordering: .relaxed) }
    /// Whether the model computes right now.
    package var isBusy: Bool { busy.load(ordering: .relaxed) }
    /// Grows with every turn; stands still when the model hangs.
    package var progress: Int { turns.load(ordering: .relaxed) }
}

package actor SynthesisScheduler<Engine: SpeechEngine>: SpeechControl {
    private let thread = SynthesisThread()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

    package nonisolated let gauges = SchedulerGauges()
    package nonisolated let information: ModelInformation
    package nonisolated let identity: String
    private nonisolated let preparation: VoicePreparation
    private let engine: Engine
    private let limits: SchedulerLimits
    private let report: @Sendable (SpeechReport) -> Void
    private typealias Entry = ScheduledUtterance<Engine>
    /// Those that the engine has not begun, and those that it has, in the order in which they came to that.
    private var waiting: [Entry] = []
    private var begun: [Entry] = []
    private var isRunning = false
    private var nap: Task<Void, Never>?
    private var lastTurn = ContinuousClock.now
    /// How long a slow turn takes, of the last few.
    private var slowTurn = Duration.zero

    /// - Parameter identity: tells voices prepared with this model from another's.
    package init(
        _ engine: sending Engine, identity: String = "", limits: SchedulerLimits = SchedulerLimits(),
        report: @escaping @Sendable (SpeechReport) -> Void = { _ in }
    ) {
        information = engine.information
        preparation = VoicePreparation(engine.voiceMaker)
        self.engine = engine
        self.identity = identity
        self.limits = limits
        self.report = report
    }
}

// MARK: - What doors ask

extension SynthesisScheduler: Synthesizer {
    package func speak(
        _ request: SpeechRequest, of text: TextInlet, priority: SpeakRequest.Priority, client: SpeechClient
    ) throws(SpeakError) -> SpeechStream {
        try checkQueue(client.name)
        let (events, continuation) = AsyncStream.makeStream(of: SpokenEvent.self, bufferingPolicy: .unbounded)
        let ticket = SpeechTicket(continuation, sampleRate: information.sampleRate)
        waiting.append(
            Entry(
                request, of: text, priority, client: client, ticket, deadline: limits.deadline, model: information))
        publishGauges()
        wake()
        return SpeechStream(
            sampleRate: information.sampleRate, ticket: ticket, events: events, text: text, control: self)
    }

    /// A client alone cannot fill the queue.
    private func checkQueue(_ client: String) throws(SpeakError) {
        let own = waiting.count { $0.client.name == client }
        let isFull = waiting.count >= limits.waiting
        guard isFull || (waiting.count >= limits.crowd && own >= limits.modest) else { return }
        let what = isFull ? "\(waiting.count) requests wait" : "\(own) of your requests wait"
        throw SpeakError(
            .rateLimited, "\(what) already, which is the limit. Try again in a few seconds.", retryAfter: .seconds(5))
    }

    package nonisolated func prepare(_ clip: [Float], transcript: String?) async throws(SpeakError) -> PreparedVoice {
        do { return try await preparation.prepare(clip, transcript: transcript) } catch { throw SpeakError(error) }
    }

    package nonisolated func accepts(_ voice: PreparedVoice) -> Bool { preparation.accepts(voice) }

    func textCame(for ticket: SpeechTicket) {
        guard let entry = (begun + waiting).first(where: { $0.ticket === ticket }) else { return }
        feed(entry)
        wake()
    }

    /// Hands on what has come of an open text, as far ahead of the sound as it may go: until there is something to say.
    private func feed(_ entry: Entry) {
        while entry.isOpen, let (words, isLast) = entry.text.next(isStarved: entry.isStarved) {
            entry.isOpen = !isLast
            entry.isStarved = entry.isStarved && !isLast && !words.isSpeakable
            if let utterance = entry.utterance {
                do { try engine.append(words, isLast: isLast, to: utterance) } catch { fail(entry, SpeakError(error)) }
            } else {
                entry.early.append((words, isLast))
            }
            guard entry.isStarved else { return }
        }
    }

    func wake() {
        nap?.cancel()
        guard !isRunning, !waiting.isEmpty || !begun.isEmpty else { return }
        isRunning = true
        lastTurn = .now
        Task { await run() }
    }

    package func cancelAll() {
        for entry in waiting + begun { entry.ticket.cancel() }
        wake()
    }
}

// MARK: - Turns

extension SynthesisScheduler {
    private func run() async {
        while !waiting.isEmpty || !begun.isEmpty {
            // Yielding lets new requests, text and cancels in between two turns.
            if turn() { await Task.yield() } else { await rest() }
        }
        isRunning = false
    }

    /// Nobody can advance: all wait for their readers or for text. `wake` ends the rest at once.
    private func rest() async {
        let nap = Task { _ = try? await Task.sleep(for: .milliseconds(100)) }
        self.nap = nap
        await nap.value
        self.nap = nil
    }

    /// Advances whoever can by one frame; false when nobody could.
    private func turn() -> Bool {
        gauges.busy.store(true, ordering: .relaxed)
        defer { gauges.busy.store(false, ordering: .relaxed) }
        let now = ContinuousClock.now
        let elapsed = now - lastTurn
        lastTurn = now
        retire(now, elapsed)
        let batch = admit(now)
        publishGauges()
        guard !batch.isEmpty else { return false }
        let leeway = leeway(of: batch, at: now)
        for entry in batch { engine.allow(leeway, for: entry.utterance!) }
        let events = engine.advance(batch.map { $0.utterance! }) { utterance in
            batch.first { $0.utterance === utterance }?.ticket.isCancelled ?? true
        }
        let end = ContinuousClock.now
        slowTurn = max(end - now, slowTurn - (slowTurn - (end - now)) / 32)
        for (entry, event) in zip(batch, events) {
            entry.count(computing: end - now)
            deliver(event, to: entry, at: end)
            while let utterance = entry.utterance, let event = engine.more(of: utterance) {
                deliver(event, to: entry, at: end)
            }
        }
        for entry in batch { feed(entry) }
        gauges.turns.add(1, ordering: .relaxed)
        return true
    }

    /// A turn in which frames become sound together is longer for all: the listener who is least ahead decides, or who waits.
    /// Several who speak share the weights already, and nobody's next sentences are to delay the others.
    private func leeway(of batch: [Entry], at now: ContinuousClock.Instant) -> Leeway {
        guard waiting.isEmpty else { return .none }
        let frames = batch.map { $0.framesAtOnce(at: now, turn: slowTurn) }.min() ?? 1
        return Leeway(frames: frames, inPairs: batch.count == 1 && batch[0].mayGoInPairs(at: now, turn: slowTurn))
    }

    /// Ends what was cancelled, took too long, or waits in vain.
    private func retire(_ now: ContinuousClock.Instant, _ elapsed: Duration) {
        for entry in begun + waiting {
            entry.lookAtListener(at: now)
            if entry.isPaused { entry.wait(elapsed) }
            if entry.ticket.isCancelled {
                finish(entry, .finished(.cancelled))
            } else if now >= entry.deadline {
                fail(
                    entry,
                    SpeakError(.timeout, "Speech was not finished within \(limits.deadline). Ask for a shorter text."))
            } else if entry.isPaused, entry.pausedFor > limits.stall {
                fail(entry, waitedInVain(entry, for: limits.stall))
            }
        }
    }

    private func waitedInVain(_ entry: Entry, for time: Duration) -> SpeakError {
        let what = entry.isStarved ? "no more text came" : "the client read nothing"
        return SpeakError(.timeout, "The utterance was ended: \(what) for \(time).")
    }

    /// Who advances in this turn. Those who begin cost the others little: the model reads a few rows of prompts a turn, whoever
    /// they belong to.
    private func admit(_ now: ContinuousClock.Instant) -> [Entry] {
        let chosen = (begun + waiting).inTurn(places: limits.running, at: now)
        for entry in chosen where entry.utterance == nil && makeRoom() {
            waiting.removeAll { $0 === entry }
            begun.append(entry)
            entry.began = now
            begin(entry)
        }
        return chosen.filter { $0.utterance != nil }
    }

    /// Whether another utterance may hold memory; ends the one that has waited longest when it is in the way.
    private func makeRoom() -> Bool {
        guard begun.count >= limits.begun else { return true }
        guard let longest = begun.filter(\.isPaused).max(by: { $0.pausedFor < $1.pausedFor }),
            longest.pausedFor > SchedulerLimits.keep
        else { return false }
        fail(longest, waitedInVain(longest, for: longest.pausedFor))
        return true
    }

    private func begin(_ entry: Entry) {
        do throws(SynthesisError) {
            if isShortOfMemory {
                engine.giveBackMemory()
                if isShortOfMemory { throw SynthesisError.outOfMemory(bytes: limits.memoryReserve) }
            }
            let utterance = try engine.begin(entry.request)
            entry.utterance = utterance
            for piece in entry.early { try engine.append(piece.words, isLast: piece.isLast, to: utterance) }
            entry.early = []
        } catch {
            fail(entry, SpeakError(error))
        }
    }

    private var isShortOfMemory: Bool { SystemMemory().available.map { $0.bytes < limits.memoryReserve } ?? false }

    private func deliver(_ event: SpeechEvent, to entry: Entry, at now: ContinuousClock.Instant) {
        switch event {
        case .frame(let samples, let characters):
            let characters = entry.text.originalOffset(ofSpoken: characters)
            let events = entry.finished(samples, characters: characters)
            entry.send(events, at: now)
        case .working: break
        case .starved:
            entry.isStarved = true
            feed(entry)
            if entry.isStarved { entry.ticket.send(.starved) }
        case .ended(let reason):
            finish(entry, .finished(reason))
        case .failed(let error):
            fail(entry, SpeakError(error))
        }
    }

    private func fail(_ entry: Entry, _ error: SpeakError) {
        entry.ticket.send(.failed(error))
        close(entry, .failed(error.code))
    }

    private func finish(_ entry: Entry, _ outcome: SpeechReport.Outcome) {
        if case .finished(let reason) = outcome {
            if reason != .cancelled { sendRest(of: entry, isWhole: reason == .endOfSpeech) }
            entry.ticket.send(.ended(reason, entry.summary))
        }
        close(entry, outcome)
    }

    private func sendRest(of entry: Entry, isWhole: Bool) {
        entry.send(entry.sound.finish(isWhole: isWhole), at: .now)
    }

    private func close(_ entry: Entry, _ outcome: SpeechReport.Outcome) {
        // At last, so that whoever has heard the end finds it counted.
        defer { entry.ticket.continuation.finish() }
        entry.text.end()
        entry.utterance = nil
        begun.removeAll { $0 === entry }
        waiting.removeAll { $0 === entry }
        publishGauges()
        report(
            SpeechReport(
                client: entry.client, language: entry.request.language, characters: entry.text.characters,
                outcome: outcome, summary: entry.summary,
                waited: entry.began.map { $0 - entry.submitted },
                cancelLatency: outcome == .finished(.cancelled) ? entry.ticket.cancelTime.map { .now - $0 } : nil,
                underruns: entry.underruns))
    }

    private func publishGauges() {
        gauges.runningNow.store(begun.count, ordering: .relaxed)
        gauges.waitingNow.store(waiting.count, ordering: .relaxed)
    }
}
