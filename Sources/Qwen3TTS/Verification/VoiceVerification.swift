// Runs mel spectrogram and speaker encoder on the clips of the goldens.

package import Compute
package import Verifying

package struct VoiceVerification {
    private let encoder: SpeakerEncoder
    private let goldens: Qwen3Goldens
    private let processor: Processor

    package init(_ encoder: SpeakerEncoder, _ goldens: Qwen3Goldens, on processor: Processor) {
        self.encoder = encoder
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        for clip in ["clip", "ref"] where goldens.contains("speaker/\(clip)/mel") {
            let base = "speaker/\(clip)/"
            try report.compare(base + "mel", try encoder.mel(goldens.signal(clip)).values, with: goldens)
            let recorder = StageRecorder(keeps: { self.goldens.contains(base + $0) }, isTimeMajor: { _ in false })
            let vector = try encoder.embed(
                mel: goldens.rows(base + "mel", columns: encoder.mel.bands), on: processor, trace: recorder.record)
            for stage in recorder.stages { try report.compare(base + stage.name, stage.values, with: goldens) }
            try report.compare(base + "embedding", vector, with: goldens)
        }
    }
}
