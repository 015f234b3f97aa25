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
        struct Speed: Decodable { var codecSecondsPerFrame, memoryBandwidth: Double, int8, int4: Format, threads: Int }
        var deviceClass: String
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
            "clock",
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
        let best = max(speed.int8.timesRealTime, speed.int4.timesRealTime)
        #expect(report.deviceClass == (best >= 1 ? "live" : best >= 0.5 ? "buffered" : "pre-render"))
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
