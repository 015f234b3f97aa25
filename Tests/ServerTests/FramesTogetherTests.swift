import Speech
import Synchronization
import Testing

@testable import Server

/// Hums, and notes for each turn how many frames may come together, and whether all who speak in it have been heard.
private final class NotingEngine: SpeechEngine, Sendable {
    struct Turn {
        var allowed: Set<Int>
        var allWereHeard: Bool
    }

    private struct State {
        var allowed: [ObjectIdentifier: Int] = [:]
        var heard: Set<ObjectIdentifier> = []
        var turns: [Turn] = []
    }

    private let hum = ToneEngine(frameTime: .milliseconds(2))
    private let state = Mutex(State())

    var turns: [Turn] { state.withLock { $0.turns } }
    var information: ModelInformation { hum.information }
    var voiceMaker: any VoiceMaker { hum.voiceMaker }

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> ToneEngine.Utterance { try hum.begin(request) }

    func append(_ text: String, isLast: Bool, to utterance: ToneEngine.Utterance) throws(SynthesisError) {
        try hum.append(text, isLast: isLast, to: utterance)
    }

    func allow(_ frames: Int, atOnceFor utterance: ToneEngine.Utterance) {
        state.withLock { $0.allowed[ObjectIdentifier(utterance)] = frames }
    }

    func advance(_ batch: [ToneEngine.Utterance], isCancelled: (ToneEngine.Utterance) -> Bool) -> [SpeechEvent] {
        let ids = batch.map { ObjectIdentifier($0) }
        state.withLock { state in
            let allowed = Set(ids.map { state.allowed[$0] ?? 0 })
            state.turns.append(Turn(allowed: allowed, allWereHeard: state.heard.isSuperset(of: ids)))
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
    #expect(turns.allSatisfy { $0.allowed.count == 1 && ($0.allWereHeard || $0.allowed == [1]) })
    #expect(turns.count { !$0.allWereHeard } == 2 && turns.contains { $0.allowed != [1] })
}
