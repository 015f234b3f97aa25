import Compute
import FoundationEssentials
import TestSupport
import Testing
import Verifying

@testable import Qwen3TTS

@Test(arguments: ["base", "custom_voice"], [1, 2])
func everyStageEqualsTheOfficialImplementation(checkpoint: String, threads: Int) throws {
    let goldens = try TinyCheckpoint.goldens(checkpoint)
    let verification = try Verification(
        directory: TinyCheckpoint.directory(checkpoint), goldens, on: Processor(threads: threads))
    let report = try verification.run()
    for line in report.failures {
        Issue.record("\(line.stage) \(line.shape): error \(line.error), tolerance \(line.tolerance)")
    }
    #expect(report.lines.count > 25)
    // The resampler belongs to another module; the official chunked decode is not what a stream gives.
    let left = goldens.unused.filter { !$0.hasPrefix("resample/") }
    #expect(
        left
            == (checkpoint == "base"
                ? ["decoder/chunk/difference", "decoder/chunk/official_frames", "sampling/predictor_codes"] : []))
}

/// Verification can fail: a configuration that is wrong in one number, and goldens of another checkpoint.
@Test func aWrongModelIsNoticed() throws {
    try withCopy(of: TinyCheckpoint.directory("custom_voice")) { folder in
        let path = folder + "/config.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let wrong = text.replacing("\"rope_theta\": 1000000", with: "\"rope_theta\": 10000")
        #expect(wrong != text)
        try Data(wrong.utf8).write(to: URL(filePath: path))
        let goldens = try TinyCheckpoint.goldens("custom_voice")
        let report = try Verification(directory: folder, goldens, on: Processor()).run()
        let failed = Set(report.failures.map(\.stage))
        #expect(failed.contains("generate/cv/hidden") && !failed.contains("prompt/cv/embeds"))
    }
}

@Test func everyKernelSetGivesTheSameStages() throws {
    for kernels in Kernels.available {
        let goldens = try TinyCheckpoint.goldens("custom_voice")
        let verification = try Verification(
            directory: TinyCheckpoint.directory("custom_voice"), goldens, on: Processor(kernels: kernels))
        #expect(try verification.run().failures.isEmpty, "\(kernels.name)")
    }
}
