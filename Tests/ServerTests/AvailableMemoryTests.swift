import Speech
import Testing

@testable import Server

@Suite struct AvailableMemoryTests {
    @Test func theKernelsLineIsRead() {
        #expect(
            AvailableMemory.bytes(meminfo: "MemTotal:  9 kB\nMemAvailable:   123 kB\nBuffers: 1 kB\n") == 123 * 1024)
        #expect(AvailableMemory.bytes().map { $0 > 0 } == true)
    }

    @Test(arguments: ["", "MemAvailable:", "MemAvailable: x kB", "MemAvailable: 1", "MemAvailable: \(Int.max) kB"])
    func whatIsNoNumberIsNotKnown(meminfo: String) {
        #expect(AvailableMemory.bytes(meminfo: meminfo) == nil)
    }

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
