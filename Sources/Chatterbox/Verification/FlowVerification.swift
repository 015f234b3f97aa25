// Runs the flow on the goldens: each stage on the input that the official implementation gave it, then all of it.

package import Compute
package import Verifying

package struct FlowVerification {
    private let flow: Flow
    private let goldens: ChatterboxGoldens
    private let processor: Processor

    package init(_ flow: Flow, _ goldens: ChatterboxGoldens, on processor: Processor) {
        self.flow = flow
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        let speaker = flow.speaker(try voice().xVector, on: processor)
        try report.compare("flow/spk", speaker.values, with: goldens)
        let tokens = try voice().promptTokens + goldens.integers("flow/tokens")
        try report.compare("flow/input_embedding", flow.embed(tokens).values, with: goldens)
        try encoder(&report)
        try estimator(&report)
        for (name, noise, steps, isFinal) in [
            ("flow/mel", "flow/noise", 2, true), ("flow/mel_1step", "flow/noise", 1, true),
            ("flow/mel_not_final", "flow/noise_not_final", 2, false),
        ] {
            try whole(name, noise, steps, isFinal, &report)
        }
    }

    private func voice() throws -> S3GenVoice {
        S3GenVoice(
            promptTokens: try goldens.integers("flow/prompt_tokens"),
            promptMel: try goldens.rows("flow/prompt_feat", columns: flow.bands).values,
            xVector: try goldens.floats("flow/xvector"))
    }

    private func encoder(_ report: inout VerificationReport) throws {
        let recorder = recorder()
        let embedded = try goldens.rows("flow/input_embedding", columns: flow.width)
        _ = flow.encode(embedded, on: processor, trace: recorder.record)
        let hidden = try goldens.rows("flow/enc_norm", columns: flow.width)
        recorder.record("mu", flow.project(hidden, on: processor))
        try compare(recorder, &report)
    }

    private func estimator(_ report: inout VerificationReport) throws {
        let recorder = recorder()
        let noise = try goldens.signal("flow/noise", channels: flow.bands)
        let mu = try goldens.rows("flow/mu", columns: flow.bands)
        let speaker = try goldens.rows("flow/spk", columns: flow.bands)
        let prompt = try goldens.rows("flow/prompt_feat", columns: flow.bands)
        guard mu.rows == noise.rows, prompt.rows <= noise.rows else {
            throw VerificationError.otherCheckpoint("flow/mu")
        }
        _ = try flow.solve(
            noise, mu: mu, speaker: speaker, prompt: prompt, steps: 2, on: processor, trace: recorder.record)
        try compare(recorder, &report)
    }

    private func whole(
        _ name: String, _ noise: String, _ steps: Int, _ isFinal: Bool, _ report: inout VerificationReport
    ) throws {
        let voice = try voice()
        let recorded = RecordedNoise(
            frames: try goldens.signal(noise, channels: flow.bands),
            promptFrames: voice.promptMel.count / flow.bands)
        let mel = try flow.mel(
            goldens.integers("flow/tokens"), voice, steps: steps, isFinal: isFinal, noise: recorded, on: processor)
        let recorder = StageRecorder(keeps: { _ in true }, isTimeMajor: { _ in false })
        recorder.record(name, mel)
        for stage in recorder.stages { try report.compare(name, stage.values, with: goldens) }
    }

    /// Convolutions are stored [channels, time], transformers [time, channels].
    private func recorder() -> StageRecorder {
        StageRecorder(
            keeps: { goldens.contains("flow/" + $0) },
            isTimeMajor: { name in
                let isConvolution = ["enc_up", "est_final_block"].contains(name) || name.hasPrefix("velocity")
                return !isConvolution && !name.hasSuffix("_resnet") && !name.hasSuffix("_conv")
            })
    }

    private func compare(_ recorder: StageRecorder, _ report: inout VerificationReport) throws {
        for stage in recorder.stages { try report.compare("flow/" + stage.name, stage.values, with: goldens) }
    }
}
