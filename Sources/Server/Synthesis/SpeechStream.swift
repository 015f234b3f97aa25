// One utterance as its listener sees it.

package import Speech
import Synchronization

/// What a door receives. After `ended` or `failed` nothing follows.
package enum SpokenEvent: Sendable, Equatable {
    /// Mono samples in [-1, 1] at the model's rate, and how many Unicode scalars of the door's text have been taken up so far.
    case frame([Float], characters: Int)
    /// A sentence that has been said, as soon as that is known: only where the request wants to be told. Its characters are those
    /// of the door's text.
    case sentence(SpokenSentence)
    /// All text so far is spoken and more was announced.
    case starved
    /// Sound is held back until it can be heard without a hole, about so long from now: told now and then, and only where the
    /// stream holds it.
    case buffering(Duration)
    case ended(FinishReason, SpeechSummary)
    case failed(SpeakError)
}

extension SpokenEvent {
    var sampleCount: Int { if case .frame(let samples, characters: _) = self { samples.count } else { 0 } }
}

/// Figures of one utterance.
package struct SpeechSummary: Sendable, Equatable {
    package var frames = 0
    package var audio = Duration.zero
    /// From the request to the first frame.
    package var firstAudio: Duration?
    /// From the request to the first sound that can be heard, for somebody who plays at once.
    package var firstSound: Duration?
    /// Time that synthesis took, without waiting for text or for the reader.
    package var computing = Duration.zero
    /// Of both what there was until sentences were made in pairs: how fast the sound of a short text comes.
    package var single = Pace()

    package struct Pace: Sendable, Equatable {
        package var audio = Duration.zero
        package var computing = Duration.zero
    }

    package init() {}

    /// Computing time over audio time: below 1 is faster than real time.
    package var realTimeFactor: Double { audio > .zero ? computing / audio : 0 }
}

/// The part of an utterance that its listener and the synthesis thread share.
final class SpeechTicket: Sendable {
    let continuation: AsyncStream<SpokenEvent>.Continuation
    private let cancelledAt = Mutex<ContinuousClock.Instant?>(nil)
    private let cancelled = Atomic(false)
    private let unread = Atomic(0)
    private let held = Atomic(false)
    /// Samples that may be unread before the utterance waits.
    let room: Int

    init(_ continuation: AsyncStream<SpokenEvent>.Continuation, sampleRate: Int) {
        self.continuation = continuation
        room = Int(SchedulerLimits.backlog / .seconds(1) * Double(sampleRate))
        continuation.onTermination = { [self] reason in
            if case .cancelled = reason { cancel() }
        }
    }

    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
    var cancelTime: ContinuousClock.Instant? { cancelledAt.withLock { $0 } }
    /// Samples sent that the listener has not taken.
    var backlog: Int { unread.load(ordering: .relaxed) }
    /// Whether the sound is held back until it can be heard without a hole.
    var isHeld: Bool {
        get { held.load(ordering: .relaxed) }
        set { held.store(newValue, ordering: .relaxed) }
    }

    func cancel() {
        cancelledAt.withLock { $0 = $0 ?? .now }
        cancelled.store(true, ordering: .relaxed)
    }

    func send(_ event: SpokenEvent) {
        unread.add(event.sampleCount, ordering: .relaxed)
        continuation.yield(event)
    }

    /// The listener took an event; true when half of what may be unread is free again by that.
    func took(_ event: SpokenEvent) -> Bool {
        let (before, after) = unread.subtract(event.sampleCount, ordering: .relaxed)
        return before > room / 2 && after <= room / 2
    }
}

/// An utterance in progress. Dropping the iteration cancels it. A listener that stops reading pauses its own utterance and
/// nobody else's.
package struct SpeechStream: AsyncSequence, Sendable {
    package typealias Element = SpokenEvent

    /// Samples a second.
    package let sampleRate: Int
    /// How fast it is to be played, at the same pitch: for the door to do.
    package var speed = 1.0
    /// Holds the sound back until it can be heard to its end without a hole.
    var hold: StartHold?
    /// Keeps the sound for who asks for the same again.
    var recorder: PhraseRecorder?
    let ticket: SpeechTicket
    let events: AsyncStream<SpokenEvent>
    let text: TextInlet
    let control: any SpeechControl

    /// Ends the utterance within a fraction of a frame; events already sent may still be read. Whoever cancels does not wait
    /// for the model, which is in the middle of a frame of others.
    package func cancel() {
        ticket.cancel()
        Task { [control] in await control.wake() }
    }

    /// More of an open text, as its writer sends it; `isLast` closes it. Refused with `RATE_LIMITED`, and not taken, when too
    /// much waits to be said.
    package func append(_ piece: String, isLast: Bool) async throws(SpeakError) {
        if try text.add(piece, isLast: isLast) { await control.textCame(for: ticket) }
    }

    /// Other text for what begins at a character of an open text, counted from its beginning. Refused with `TOO_LATE`, and not
    /// taken, when the engine has some of that already.
    func replace(from: Int, with piece: String) async throws(SpeakError) {
        try text.replace(from: from, with: piece)
        await control.textCame(for: ticket)
    }

    /// More of an open text of any length, as there is room for it.
    package func feed(_ piece: String) async throws {
        var rest = piece.unicodeScalars[...]
        while !rest.isEmpty {
            let part = rest.prefix(text.room)
            rest = rest.dropFirst(part.count)
            if part.isEmpty {
                try await Task.sleep(for: Self.roomCheck)
            } else {
                try await append(String(part), isLast: false)
            }
        }
    }

    /// How often it is looked whether there is room: a few words are said in the meantime.
    private static let roomCheck = Duration.milliseconds(50)

    package struct AsyncIterator: AsyncIteratorProtocol {
        var base: AsyncStream<SpokenEvent>.AsyncIterator
        let ticket: SpeechTicket
        let control: any SpeechControl
        let recorder: PhraseRecorder?
        let hold: StartHold?

        package mutating func next() async -> SpokenEvent? { await next(isolation: #isolation) }

        package mutating func next(isolation actor: isolated (any Actor)?) async -> SpokenEvent? {
            while true {
                if let event = hold?.next() { return event }
                guard let event = await base.next(isolation: actor) else { return nil }
                // The scheduler leaves a full backlog alone until half of it is read.
                if ticket.took(event) { await control.wake() }
                recorder?.take(event)
                guard let hold else { return event }
                hold.take(event, at: .now)
                ticket.isHeld = hold.isHolding
            }
        }
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(
            base: events.makeAsyncIterator(), ticket: ticket, control: control, recorder: recorder, hold: hold)
    }
}

/// What a stream asks of the scheduler behind it.
protocol SpeechControl: AnyObject, Sendable {
    func wake() async
    /// There is more, or other, text for an open utterance. What is wrong with it ends the utterance.
    func textCame(for ticket: SpeechTicket) async
}
