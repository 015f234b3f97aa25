import Speech
import Testing

@testable import Server

@Suite struct MemoryReserveTests {
    @Test func withoutMemoryAnUtteranceDoesNotBegin() async throws {
        var limits = SchedulerLimits()
        limits.memoryReserve = 1 << 60
        let scheduler = SynthesisScheduler(ToneEngine(), limits: limits)
        let heard = await SynthesisSchedulerTests.hear(try await SynthesisSchedulerTests.speak("ab", on: scheduler))
        guard case .failed(let error) = heard.last else {
            Issue.record("it did not fail")
            return
        }
        #expect(error.code == .outOfMemory && error.retryAfter != nil)
        #expect(heard.samples.isEmpty && scheduler.gauges.running == 0)
    }
}
