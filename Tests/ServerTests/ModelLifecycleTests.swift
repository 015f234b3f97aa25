import Logging
import Speech
import Synchronization
import Testing

@testable import Server

@Suite struct ModelLifecycleTests {
    private struct Broken: Error {}

    /// A loader that fails until it is mended, and counts.
    private final class Loads: Sendable {
        private let state = Mutex((count: 0, isBroken: true))
        var count: Int { state.withLock { $0.count } }
        func mend() { state.withLock { $0.isBroken = false } }
        func load(_ limits: SchedulerLimits) throws -> any Synthesizer {
            let isBroken = state.withLock { state in
                state.count += 1
                return state.isBroken
            }
            if isBroken { throw Broken() }
            return SynthesisScheduler(ToneEngine(), limits: limits)
        }
    }

    private func lifecycle(_ loads: Loads, pause: Duration = .seconds(1)) -> ModelLifecycle {
        ModelLifecycle(
            limits: SchedulerLimits(), pause: pause, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            loader: { limits, _ in try loads.load(limits) }, report: { _ in })
    }

    @Test func aModelThatWasMendedIsLoadedWhenItIsAskedFor() async throws {
        let loads = Loads()
        let model = lifecycle(loads, pause: .zero)
        await model.load()
        guard case .failed = model.state else {
            Issue.record("\(model.state)")
            return
        }
        #expect(throws: SpeakError.self) { try model.use() }
        loads.mend()
        #expect(model.isWaitingToBeAsked)
        #expect(await model.load() != nil)
        #expect(loads.count == 2)
        _ = try model.use()
    }

    @Test func aModelThatFailedRestsHoweverOftenItIsAskedFor() async throws {
        let loads = Loads()
        let model = lifecycle(loads, pause: .seconds(86_400))
        for _ in 0..<5 { await model.load() }
        #expect(loads.count == 1)
        #expect(!model.isWaitingToBeAsked)
    }

    @Test func anIdleModelIsGivenBackAndLoadedAgain() async throws {
        let loads = Loads()
        loads.mend()
        let model = lifecycle(loads)
        await model.load()
        #expect(!model.unload(idleFor: .seconds(60)))
        #expect(model.unload(idleFor: .zero))
        #expect(model.synthesizer == nil && model.isWaitingToBeAsked)
        await model.load()
        #expect(loads.count == 2 && model.synthesizer != nil)
    }

    @Test func aModelThatSpeaksIsNotGivenBack() async throws {
        let loads = Loads()
        loads.mend()
        let model = lifecycle(loads)
        await model.load()
        let synthesizer = try model.use()
        let request = SpeechRequest(text: "open", voice: .none, isOpen: true)
        let stream = try await synthesizer.speak(
            request, of: TextInlet(OpenText(nil), limit: 100), priority: .normal, client: "a")
        #expect(!model.unload(idleFor: .zero))
        stream.cancel()
        for await _ in stream {}
        #expect(model.unload(idleFor: .zero))
    }

    @Test func aServerThatStopsLoadsNothing() async {
        let loads = Loads()
        loads.mend()
        let model = lifecycle(loads)
        #expect(model.stop() == nil)
        await model.load()
        #expect(loads.count == 0)
        #expect(throws: SpeakError.self) { try model.use() }
    }
}
