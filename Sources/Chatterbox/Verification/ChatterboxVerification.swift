// Every stage of a checkpoint against the goldens made from it. Sizes come from the tensors, stages from what the golden file
// holds.

package import Compute
package import Verifying

package struct ChatterboxVerification {
    private let t3: T3Verification
    private let voice: VoiceVerification
    private let flow: FlowVerification
    private let vocoder: VocoderVerification
    private let s3gen: S3GenVerification

    /// Whether a folder holds a checkpoint of this engine.
    package static func accepts(_ directory: String) -> Bool { ChatterboxCheckpoint.exists(in: directory) }

    /// `directory` is a checkpoint in the official layout.
    package init(directory: String, _ goldens: ChatterboxGoldens, on processor: Processor) throws {
        let checkpoint = try ChatterboxCheckpoint(directory: directory)
        t3 = T3Verification(
            try T3(checkpoint.t3Weights, heads: checkpoint.heads.t3, cachePrecision: .float32),
            try checkpoint.tokenizer(),
            goldens, on: processor)
        voice = VoiceVerification(
            encoder: checkpoint.encoderWeights, s3gen: checkpoint.s3genWeights, goldens, on: processor)
        let model = try checkpoint.s3gen()
        flow = FlowVerification(model.flow, goldens, on: processor)
        vocoder = VocoderVerification(model.vocoder, goldens, on: processor)
        s3gen = S3GenVerification(model, goldens, on: processor)
    }

    package func run() throws -> VerificationReport {
        var report = VerificationReport()
        try voice.run(into: &report)
        try t3.run(into: &report)
        try flow.run(into: &report)
        try vocoder.run(into: &report)
        try s3gen.run(into: &report)
        return report
    }
}
