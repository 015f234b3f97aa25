import Memory
import Speech
import Testing

@testable import makima

/// What is said of a model that is too large, and of one that is nearly so.
struct ModelMemoryTests {
    private let large = ModelMemory(model: "large", demand: MemoryDemand(model: 870_000_000, utterance: 100_000_000))
    private let small = ModelMemory(model: "small", demand: MemoryDemand(model: 20_000_000, utterance: 10_000_000))
    private static let group = MemoryBound.Source.group(file: "/sys/fs/cgroup/a/memory.max")

    private func memory(
        _ limit: Int, available: Int? = nil, _ source: MemoryBound.Source = group
    ) -> SystemMemory {
        SystemMemory(
            limit: MemoryBound(bytes: limit, source: source),
            available: MemoryBound(bytes: available ?? limit, source: source))
    }

    @Test func whatFitsIsLoadedWithoutAWord() throws {
        #expect(try large.check(memory(1_000_000_000), utterances: 1, smaller: small) == nil)
        #expect(try large.check(memory(1_100_000_000), utterances: 2, smaller: small) == nil)
    }

    @Test func aModelWithoutRoomForAnUtteranceIsRefusedWithWhatHelps() throws {
        let error = #expect(throws: ModelMemoryError.self) {
            try large.check(memory(999_999_999), utterances: 1, smaller: small)
        }
        let sentence = """
            large needs 1000 MB of memory, and there are 999 MB, as /sys/fs/cgroup/a/memory.max says. Take small, which needs \
            60 MB: --model small. Or raise that limit (systemd: MemoryMax; Docker: --memory).
            """
        #expect(error?.description == sentence)
        let alone = #expect(throws: ModelMemoryError.self) {
            try large.check(memory(50_000_000), utterances: 1, smaller: small)
        }
        #expect(
            alone?.description
                == "large needs 1000 MB of memory, and there are 50 MB, as /sys/fs/cgroup/a/memory.max says. "
                + "Raise that limit (systemd: MemoryMax; Docker: --memory).")
        let computers = #expect(throws: ModelMemoryError.self) {
            try large.check(memory(900_000_000, .computer), utterances: 1, smaller: nil)
        }
        #expect(computers?.description == "large needs 1000 MB of memory, and there are 900 MB.")
        #expect(throws: ModelMemoryError.self) {
            try small.check(memory(59_999_999, .computer), utterances: 1, smaller: small)
        }
    }

    @Test func whatIsLeftFreeForAnotherUtteranceCounts() {
        var served = small
        served.reserve = 64 << 20
        #expect(small.needs(1) == 60_000_000 && served.needs(1) == 118_000_000)
        #expect(served.needs(3) == 138_000_000)
    }

    @Test func whatIsNotFreeNowIsAWarning() throws {
        let warning = try large.check(
            memory(2_000_000_000, available: 400_000_000, .computer), utterances: 1, smaller: nil)
        #expect(
            warning == "large needs 1000 MB of memory, of which 400 MB are free: it may be slow until others end.")
    }

    @Test func roomForFewerUtterancesIsAWarning() throws {
        let warning = try #require(
            try large.check(memory(1_250_000_000), utterances: 10, smaller: nil))
        #expect(
            warning.contains("3 utterances") && warning.contains("10") && warning.contains("speakers"), "\(warning)")
    }

    @Test func whereNothingIsKnownNothingIsRefused() throws {
        #expect(try large.check(SystemMemory(limit: nil, available: nil), utterances: 1, smaller: nil) == nil)
        let hum = ModelMemory(model: "tone", demand: .none)
        #expect(try hum.check(memory(1), utterances: 10, smaller: nil) == nil)
    }

    @Test func doctorSaysWhatSetsTheLimit() {
        let limited = DoctorChecks.memory(memory(512_000_000, available: 300_000_000))
        #expect(limited.status == .warn && limited.advice?.contains("end other programs") == false)
        #expect(limited.detail == "300 MB available of 512 MB, as /sys/fs/cgroup/a/memory.max says")
        let ample = DoctorChecks.memory(memory(8_000_000_000, available: 4_000_000_000, .computer))
        #expect(ample.status == .ok && ample.detail == "4.0 GB available of 8.0 GB")
        #expect(DoctorChecks.memory(SystemMemory(limit: nil, available: nil)).status == .warn)
    }

    @Test func theSpeedIsMeasuredWhereThereIsMemoryForIt() {
        #expect(
            SpeedMeasurement.fits(memory(512_000_000))
                && SpeedMeasurement.fits(SystemMemory(limit: nil, available: nil)))
        #expect(!SpeedMeasurement.fits(memory(512_000_000, available: 200_000_000)))
    }
}
