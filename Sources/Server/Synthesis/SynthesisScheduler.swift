// Who speaks when: all utterances in progress advance together, one frame a turn, on the model's own thread.

package import Speech
import Synchronization

package struct SchedulerLimits: Sendable {
    /// Frames an utterance may be ahead of its reader: four seconds.
    static let backlog = 50
    /// A normal request that waited so long counts as a high one, so that nobody waits for ever.
    static let patience = Duration.seconds(10)

    /// Utterances that advance together.
    package var running = 10
    /// Utterances that wait for a place.
    package var waiting = 256
    /// The most an utterance may take from request to end, without the time it waits for its reader or for text.
    package var deadline = Duration.seconds(300)
    /// The longest wait for a reader, or for more text.
    package var stall = Duration.seconds(60)
    /// Bytes of memory that must be left for one more utterance to begin.
    package var memoryReserve = 64 << 20

    package init() {}
}

/// How one utterance went, for metrics and the log.
package struct SpeechReport: Sendable {
    package var client: String
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
    private var waiting: [Entry] = []
    private var running: [Entry] = []
    private var isRunning = false
    private var nap: Task<Void, Never>?
    private var lastTurn = ContinuousClock.now

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

    /// An utterance and where it stands.
    private final class Entry {
        let request: SpeechRequest
        let priority: SpeakRequest.Priority
        /// Whose share of the machine it takes.
        let client: String
        /// From the request's text to what the client sent, where the two differ.
        let source: SpokenText?
        let ticket: SpeechTicket
        let submitted = ContinuousClock.now
        var deadline: ContinuousClock.Instant
        var utterance: Engine.Utterance?
        var began: ContinuousClock.Instant?
        /// Text that came before a place was free, and whether it was the last.
        var early: [(text: String, isLast: Bool)] = []
        var isOpen: Bool
        var isStarved = false
        var pausedFor = Duration.zero
        var firstFrame: ContinuousClock.Instant?
        var summary = SpeechSummary()
        var underruns = 0

        init(
            _ request: SpeechRequest, _ priority: SpeakRequest.Priority, client: String, source: SpokenText?,
            _ ticket: SpeechTicket, deadline: Duration
        ) {
            self.request = request
            self.priority = priority
            self.client = client
            self.source = source
            self.ticket = ticket
            self.deadline = submitted + deadline
            isOpen = request.isOpen
        }
    }
}

// MARK: - What doors ask

extension SynthesisScheduler: Synthesizer {
    package func speak(
        _ request: SpeechRequest, priority: SpeakRequest.Priority, client: String, source: SpokenText?
    ) throws(SpeakError) -> SpeechStream {
        guard waiting.count < limits.waiting else {
            throw SpeakError(
                .rateLimited, "\(waiting.count) requests wait already, which is the limit. Try again in a few seconds.",
                retryAfter: .seconds(5))
        }
        let (events, continuation) = AsyncStream.makeStream(of: SpokenEvent.self, bufferingPolicy: .unbounded)
        let ticket = SpeechTicket(continuation)
        waiting.append(
            Entry(request, priority, client: client, source: source, ticket, deadline: limits.deadline))
        publishGauges()
        wake()
        return SpeechStream(
            sampleRate: information.sampleRate, ticket: ticket, events: events, control: self)
    }

    package nonisolated func prepare(_ clip: [Float], transcript: String?) async throws(SpeakError) -> PreparedVoice {
        do { return try await preparation.prepare(clip, transcript: transcript) } catch { throw SpeakError(error) }
    }

    package nonisolated func accepts(_ voice: PreparedVoice) -> Bool { preparation.accepts(voice) }

    func append(_ text: String, isLast: Bool, to ticket: SpeechTicket) throws(SpeakError) {
        guard let entry = (running + waiting).first(where: { $0.ticket === ticket }), entry.isOpen else { return }
        entry.isOpen = !isLast
        entry.isStarved = false
        entry.deadline = max(entry.deadline, .now + limits.deadline)
        if let utterance = entry.utterance {
            do { try engine.append(text, isLast: isLast, to: utterance) } catch { throw SpeakError(error) }
        } else {
            entry.early.append((text, isLast))
        }
        wake()
    }

    func wake() {
        nap?.cancel()
        guard !isRunning, !waiting.isEmpty || !running.isEmpty else { return }
        isRunning = true
        lastTurn = .now
        Task { await run() }
    }

    package func cancelAll() {
        for entry in waiting + running { entry.ticket.cancel() }
        wake()
    }
}

// MARK: - Turns

extension SynthesisScheduler {
    private func run() async {
        while !waiting.isEmpty || !running.isEmpty {
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
        admit(now)
        let batch = running.filter { !isPaused($0) }
        publishGauges()
        guard !batch.isEmpty else { return false }
        let events = engine.advance(batch.map { $0.utterance! }) { utterance in
            batch.first { $0.utterance === utterance }?.ticket.isCancelled ?? true
        }
        let end = ContinuousClock.now
        for (entry, event) in zip(batch, events) {
            entry.summary.computing += end - now
            deliver(event, to: entry, at: end)
        }
        gauges.turns.add(1, ordering: .relaxed)
        return true
    }

    private func isPaused(_ entry: Entry) -> Bool {
        entry.isStarved || entry.ticket.backlog >= SchedulerLimits.backlog
    }

    /// Ends what was cancelled, took too long, or waits in vain.
    private func retire(_ now: ContinuousClock.Instant, _ elapsed: Duration) {
        for entry in running + waiting {
            if isPaused(entry) {
                entry.pausedFor += elapsed
                entry.deadline += elapsed
            } else {
                entry.pausedFor = .zero
            }
            if entry.ticket.isCancelled {
                finish(entry, .finished(.cancelled))
            } else if now >= entry.deadline {
                fail(
                    entry,
                    SpeakError(.timeout, "Speech was not finished within \(limits.deadline). Ask for a shorter text."))
            } else if entry.pausedFor > limits.stall {
                let what = entry.isStarved ? "no more text came" : "the client read nothing"
                fail(entry, SpeakError(.timeout, "The utterance was ended: \(what) for \(limits.stall)."))
            }
        }
    }

    /// Lets those begin for whom there is a place. They cost the others little: the model reads a few rows of prompts a turn,
    /// whoever they belong to.
    private func admit(_ now: ContinuousClock.Instant) {
        while running.count < limits.running, let index = next(now) {
            let entry = waiting.remove(at: index)
            running.append(entry)
            entry.began = now
            begin(entry)
        }
    }

    /// Who of those that wait comes next: high before normal, then whose client has least in progress, then who came first.
    private func next(_ now: ContinuousClock.Instant) -> Int? {
        func rank(_ entry: Entry) -> (SpeakRequest.Priority, Int) {
            let impatient = now - entry.submitted > SchedulerLimits.patience
            let share = running.count { $0.client == entry.client }
            return (impatient ? .high : entry.priority, share)
        }
        return waiting.indices.min { rank(waiting[$0]) < rank(waiting[$1]) }
    }

    private func begin(_ entry: Entry) {
        do throws(SynthesisError) {
            if let available = AvailableMemory.bytes(), available < limits.memoryReserve {
                throw SynthesisError.outOfMemory(bytes: limits.memoryReserve)
            }
            let utterance = try engine.begin(entry.request)
            entry.utterance = utterance
            for piece in entry.early { try engine.append(piece.text, isLast: piece.isLast, to: utterance) }
            entry.early = []
        } catch {
            fail(entry, SpeakError(error))
        }
    }

    private func deliver(_ event: SpeechEvent, to entry: Entry, at now: ContinuousClock.Instant) {
        switch event {
        case .frame(let samples, let characters):
            // The model may have read without making sound.
            guard !samples.isEmpty else { return }
            count(samples, of: entry, at: now)
            let characters = entry.source?.originalOffset(ofSpoken: characters) ?? characters
            entry.ticket.send(.frame(samples, characters: characters))
        case .starved:
            entry.isStarved = true
            entry.ticket.send(.starved)
        case .ended(let reason):
            finish(entry, .finished(reason))
        case .failed(let error):
            fail(entry, SpeakError(error))
        }
    }

    private func count(_ samples: [Float], of entry: Entry, at now: ContinuousClock.Instant) {
        if let first = entry.firstFrame {
            if now - first > entry.summary.audio, entry.pausedFor == .zero { entry.underruns += 1 }
        } else {
            entry.firstFrame = now
            entry.summary.firstAudio = now - entry.submitted
        }
        entry.summary.frames += 1
        entry.summary.audio += .seconds(1) * samples.count / information.sampleRate
    }

    private func fail(_ entry: Entry, _ error: SpeakError) {
        entry.ticket.send(.failed(error))
        close(entry, .failed(error.code))
    }

    private func finish(_ entry: Entry, _ outcome: SpeechReport.Outcome) {
        if case .finished(let reason) = outcome { entry.ticket.send(.ended(reason, entry.summary)) }
        close(entry, outcome)
    }

    private func close(_ entry: Entry, _ outcome: SpeechReport.Outcome) {
        entry.ticket.continuation.finish()
        entry.utterance = nil
        running.removeAll { $0 === entry }
        waiting.removeAll { $0 === entry }
        publishGauges()
        report(
            SpeechReport(
                client: entry.client, outcome: outcome, summary: entry.summary,
                waited: entry.began.map { $0 - entry.submitted },
                cancelLatency: outcome == .finished(.cancelled) ? entry.ticket.cancelTime.map { .now - $0 } : nil,
                underruns: entry.underruns))
    }

    private func publishGauges() {
        gauges.runningNow.store(running.count, ordering: .relaxed)
        gauges.waitingNow.store(waiting.count, ordering: .relaxed)
    }
}
