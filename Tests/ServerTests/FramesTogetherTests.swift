import Speech
import Synchronization
import Testing

@testable import Server

/// Hums, and notes for each turn what is allowed, and whether all who speak in it have been heard.
private final class NotingEngine: SpeechEngine, Sendable {
    struct Turn {
        var allowed: Set<Leeway>
        var speakers: Int
        var allWereHeard: Bool

        var goesInPairs: Bool { allowed.contains(where: \.inPairs) }
    }

    private struct State {
        var allowed: [ObjectIdentifier: Leeway] = [:]
        var heard: Set<ObjectIdentifier> = []
        var turns: [Turn] = []
    }

    private let hum: ToneEngine
    private let state = Mutex(State())

    init(frameTime: Duration = .milliseconds(2)) { hum = ToneEngine(frameTime: frameTime) }

    var turns: [Turn] { state.withLock { $0.turns } }
    var information: ModelInformation { hum.information }
    var voiceMaker: any VoiceMaker { hum.voiceMaker }

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> ToneEngine.Utterance { try hum.begin(request) }

    func append(_ text: String, isLast: Bool, to utterance: ToneEngine.Utterance) throws(SynthesisError) {
        try hum.append(text, isLast: isLast, to: utterance)
    }

    func allow(_ leeway: Leeway, for utterance: ToneEngine.Utterance) {
        state.withLock { $0.allowed[ObjectIdentifier(utterance)] = leeway }
    }

    func advance(_ batch: [ToneEngine.Utterance], isCancelled: (ToneEngine.Utterance) -> Bool) -> [SpeechEvent] {
        let ids = batch.map { ObjectIdentifier($0) }
        state.withLock { state in
            let allowed = Set(ids.map { state.allowed[$0] ?? .all })
            let allWereHeard = state.heard.isSuperset(of: ids)
            state.turns.append(Turn(allowed: allowed, speakers: ids.count, allWereHeard: allWereHeard))
            state.heard.formUnion(ids)
        }
        return hum.advance(batch, isCancelled: isCancelled)
    }
}

/// Whoever waits for the first sound, or has little more to hear, does not wait for the others' frames to come together.
@Test(.timeLimit(.minutes(10))) func theListenerWhoIsLeastAheadDecides() async throws {
    let engine = NotingEngine()
    let scheduler = SynthesisScheduler(engine)
    let long = try await SynthesisSchedulerTests.speak(String(repeating: "x", count: 120), on: scheduler)
    async let first = SynthesisSchedulerTests.hear(long)
    while engine.turns.count < 60 { try await Task.sleep(for: .milliseconds(1)) }
    let short = try await SynthesisSchedulerTests.speak(String(repeating: "y", count: 60), on: scheduler)
    _ = await (first, SynthesisSchedulerTests.hear(short))
    let turns = engine.turns
    #expect(turns.allSatisfy { $0.allowed.count == 1 && ($0.allWereHeard || $0.allowed == [.none]) })
    #expect(turns.count { !$0.allWereHeard } == 2 && turns.contains { $0.allowed != [.none] })
}

/// On a computer that is little faster than the ear the sentences that come next are made beside those that are heard, as soon
/// as a second lies ready, while nobody else speaks; on a fast one never.
@Test(.timeLimit(.minutes(10))) func whoIsAloneAndAheadGoesInPairs() async throws {
    let engine = NotingEngine(frameTime: .milliseconds(42))
    let scheduler = SynthesisScheduler(engine)
    let long = try await SynthesisSchedulerTests.speak(String(repeating: "x", count: 300), on: scheduler)
    async let first = SynthesisSchedulerTests.hear(long)
    while !engine.turns.contains(where: \.goesInPairs), engine.turns.count < 250 {
        try await Task.sleep(for: .milliseconds(10))
    }
    let short = try await SynthesisSchedulerTests.speak("yyyyyyyy", on: scheduler)
    _ = await (first, SynthesisSchedulerTests.hear(short))
    let turns = engine.turns
    let inPairs = turns.indices.filter { turns[$0].goesInPairs }
    // Each frame of 80 ms takes 42 and more, so a second lies ready after 26 at the earliest.
    #expect(!inPairs.isEmpty && inPairs.allSatisfy { $0 > 26 && turns[$0].speakers == 1 })
    #expect(turns.contains { $0.speakers == 2 })

    let fast = NotingEngine()
    let text = String(repeating: "x", count: 140)
    _ = await SynthesisSchedulerTests.hear(
        try await SynthesisSchedulerTests.speak(text, on: SynthesisScheduler(fast)))
    #expect(fast.turns.allSatisfy { !$0.goesInPairs })
}
