import Compute
import Foundation
import TestSupport
import Testing

@testable import makima

/// The command that says whether this computer is ready.
struct DoctorTests {
    let command: Command

    init() throws { command = try Command() }

    private struct Report: Decodable {
        struct Finding: Decodable { var check, status, detail: String, advice: String? }
        struct Format: Decodable { var secondsPerFrame, timesRealTime, weightRate: Double }
        struct Speed: Decodable {
            var codecSecondsPerFrame, memoryBandwidth, multiplyRate: Double, int8, int4: Format, threads: Int
        }
        struct Recommended: Decodable { var model, reason: String, format: String? }
        var deviceClass: String
        var recommended: Recommended
        var speed: Speed
        var findings: [Finding]
    }

    /// The copy of a small model with the checksums that a package has, one of whose files was changed later.
    private func damagedModel() throws -> String {
        let copy = command.folder.appending(path: "model")
        try FileManager.default.copyItem(at: URL(filePath: "\(Command.tiny)/base"), to: copy)
        _ = try shell(
            "find . -type f ! -name SHA256SUMS -printf '%P\\n' | xargs sha256sum > SHA256SUMS", in: copy.path)
        let file = copy.appending(path: "model.safetensors")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count - 1] ^= 1
        try bytes.write(to: file)
        return copy.path
    }

    /// One run for all, for it measures the computer.
    @Test func everyCheckIsReportedAndADamagedModelFails() throws {
        let result = try command.run(
            ["doctor", "--json", "--threads", "1", "--port", "0", "--model", try damagedModel()])
        let report = try JSONDecoder().decode(Report.self, from: result.output)
        let checks = Set(report.findings.map(\.check))
        for check in [
            "processor", "memory", "bandwidth", "speed", "model", "voices", "disk", "sound", "discovery", "port",
            "clock", "chatterbox", "recommended",
        ] {
            #expect(checks.contains(check), "\(check)")
        }
        for finding in report.findings {
            #expect(["ok", "warn", "fail"].contains(finding.status) && !finding.detail.isEmpty)
            #expect((finding.advice == nil) == (finding.status == "ok"), "\(finding)")
        }
        let model = try #require(report.findings.first { $0.check == "model" })
        #expect(result.status == 1 && model.status == "fail" && model.detail.contains("model.safetensors"), "\(model)")

        let speed = report.speed
        for format in [speed.int8, speed.int4] {
            #expect(speed.codecSecondsPerFrame > 0 && format.secondsPerFrame > speed.codecSecondsPerFrame)
            #expect(abs(format.timesRealTime * format.secondsPerFrame - 0.08) < 1e-6)
        }
        #expect(speed.multiplyRate > 0)
        let recommended = try #require(report.findings.first { $0.check == "recommended" })
        #expect(recommended.detail.hasPrefix(report.recommended.model) && recommended.status == "ok")
        let best = max(speed.int8.timesRealTime, speed.int4.timesRealTime)
        #expect(report.deviceClass == (best >= 1 ? "live" : best >= 0.5 ? "buffered" : "pre-render"))
    }
}

struct OtherProgramsTests {
    @Test func howBusyTheProcessorsAreIsReadFromTheirTicks() throws {
        let before = try #require(ProcessorTimes("cpu  100 0 50 800 50 0 0 0 7 7\ncpu0 1 2 3 4\n"))
        let after = try #require(ProcessorTimes("cpu  130 0 70 830 70 0 0 0 9 9\n"))
        #expect(before == ProcessorTimes("cpu 100 0 50 850"))
        // Fifty of a hundred ticks were spent computing.
        #expect(abs(after.share(since: before) - 0.5) < 1e-9)
        #expect(after.share(since: after) == 0 && before.share(since: after) == 0)
        for text in ["", "cpu0 1 2 3 4", "cpu a b", "cpu 1 2 3"] { #expect(ProcessorTimes(text) == nil) }
    }

    @Test func aBusyComputerIsWarnedOf() {
        #expect(DoctorChecks.quiet(OtherPrograms(share: 0.1)).status == .ok)
        let busy = DoctorChecks.quiet(OtherPrograms(share: 0.634))
        #expect(busy.status == .warn && busy.detail == "other programs take 63 % of the processors")
    }
}

/// What is expected of computers that are known by name.
struct DeviceEstimateTests {
    @Test(arguments: [
        ("Raspberry Pi 5 Model B Rev 1.0\0\nraspberrypi,5-model-b\0brcm,bcm2712\0\n", "Raspberry Pi 5"),
        ("Raspberry Pi Compute Module 4 Rev 1.1\0\n\n", "Raspberry Pi 4"),
        ("Radxa ROCK 5B\0\nradxa,rock-5b\0rockchip,rk3588\0\n", "RK3588"),
        ("\n\nIntel(R) N100", "Intel N100"),
    ])
    func aComputerIsKnownByWhatItSaysOfItself(identity: String, device: String) {
        #expect(DeviceEstimate.of(identity)?.device == device)
    }

    @Test func anUnknownComputerIsExpectedNothingOf() {
        #expect(DeviceEstimate.of("\n\nAMD EPYC") == nil)
        #expect(DoctorChecks.estimate("Raspberry Pi 3 Model B", int8: 1, int4: 1) == nil)
    }

    @Test func everyEstimateIsPositiveAndTheSmallerModelFaster() {
        #expect(DeviceEstimate.all.count >= 4)
        for estimate in DeviceEstimate.all {
            let speeds = estimate.timesRealTime
            #expect(0 < speeds.int8 && speeds.int8 < speeds.int4 && speeds.int4 < speeds.mini, "\(estimate)")
        }
    }

    @Test func aComputerFarBelowItsEstimateIsWarnedOf() throws {
        let estimate = try #require(DeviceEstimate.of("Raspberry Pi 5"))
        let speeds = estimate.timesRealTime
        let usual = try #require(
            DoctorChecks.estimate("Raspberry Pi 5", int8: speeds.int8, int4: 0.9 * speeds.int4))
        #expect(usual.status == .ok && usual.detail.contains("estimated"))
        let slow = try #require(
            DoctorChecks.estimate("Raspberry Pi 5", int8: 0.5 * speeds.int8, int4: 0.4 * speeds.int4))
        #expect(slow.status == .warn && slow.detail.contains("50 %") && slow.advice != nil, "\(slow)")
    }
}

/// Which model is the one for a computer, and what the second engine is expected to reach.
struct ModelRecommendationTests {
    @Test(arguments: [
        (1.0, 1.4, 3.0, "Qwen/Qwen3-TTS-12Hz-0.6B-Base", "int8"),
        (0.99, 1.4, 3, "Qwen/Qwen3-TTS-12Hz-0.6B-Base", "int4"),
        (0.4, 0.7, 1, "Chatterbox-Nano", "int8"), (0.2, 0.3, 0.99, "makima-mini", nil),
    ])
    func theBestModelThatIsLiveIsRecommended(
        int8: Double, int4: Double, nano: Double, model: String, format: String?
    ) {
        let recommended = ModelRecommendation(int8: int8, int4: int4, nano: nano)
        #expect(recommended.model == model && recommended.format == format)
        // The sentence has the speed that decided, and says which of them was not measured.
        let speed = [int8, int4, nano].first { $0 >= 1 } ?? nano
        #expect(recommended.reason.contains("\(speed)"), "\(recommended.reason)")
        #expect(recommended.reason.contains("estimated") == !model.hasPrefix("Qwen"))
        #expect(recommended.sentence.hasPrefix(model + (format.map { " at \($0): " } ?? ": ")))
    }

    /// Where memory or multipliers are all that counts, the other being endless.
    @Test func chatterboxTakesWhatItsShapesSay() {
        // 25 tokens of 308.71 and 89.98 million weights.
        let memory = ChatterboxEstimate(weightRate: 1e9, memoryBandwidth: .infinity, multiplyRate: .infinity)
        #expect(abs(1 / memory.turbo - 25 * 0.30871) < 0.001 && abs(1 / memory.nano - 25 * 0.08998) < 0.001)
        let cache = ChatterboxEstimate(weightRate: .infinity, memoryBandwidth: 1e9, multiplyRate: .infinity)
        #expect(abs(1 / cache.turbo - 25 * 0.0448) < 0.001 && abs(1 / cache.nano - 25 * 0.0168) < 0.001)
        let sound = ChatterboxEstimate(weightRate: .infinity, memoryBandwidth: .infinity, multiplyRate: 1e9)
        #expect(sound.turbo == sound.nano && (30...37).contains(1 / sound.nano))
        let usual = ChatterboxEstimate(weightRate: 45e9, memoryBandwidth: 45e9, multiplyRate: 150e9)
        #expect(usual.nano > usual.turbo && (2...3).contains(usual.turbo))
    }
}
