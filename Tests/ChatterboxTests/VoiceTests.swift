import Compute
import ModelFile
import Testing
import Verifying

@testable import Chatterbox

@Suite struct VoiceGoldenTests {
    /// What is compared, and with what stages are fed.
    @Test func everyStageIsTheOfficialOne() throws {
        let goldens = try TinyChatterbox.goldens()
        var report = VerificationReport()
        try VoiceVerification(
            encoder: TinyChatterbox.weights("ve"), s3gen: TinyChatterbox.weights("s3gen_meanflow"), goldens,
            on: Processor(threads: 2)
        ).run(into: &report)
        for line in report.lines {
            #expect(line.passed, "\(line.stage): \(line.error) where \(line.tolerance) is allowed")
        }
        let own = ["input/", "ref/", "ve/", "prompt/", "s3tok/", "campplus/", "voice/"]
        #expect(goldens.unused.filter { name in own.contains { name.hasPrefix($0) } } == [])
    }

    /// Digits whose distance to the next value is less than the error of a computation would not be comparable.
    @Test func noDigitIsOnTheEdge() throws {
        let margins = try TinyChatterbox.goldens().floats("s3tok/margin")
        #expect(margins.allSatisfy { $0 > 0.01 })
    }
}
