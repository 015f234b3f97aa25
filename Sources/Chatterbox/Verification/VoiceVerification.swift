// Runs what makes a voice of a clip, stage by stage on the goldens' own inputs, and then as a whole.

package import Compute
package import ModelFile
package import Verifying

package struct VoiceVerification {
    private let encoderWeights: Weights
    private let s3gen: Weights
    private let goldens: ChatterboxGoldens
    private let processor: Processor

    /// `encoder` and `s3gen` are the tensors of `ve.safetensors` and of `s3gen_meanflow.safetensors`.
    package init(encoder: Weights, s3gen: Weights, _ goldens: ChatterboxGoldens, on processor: Processor) {
        encoderWeights = encoder
        self.s3gen = s3gen
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        try prepareReference(into: &report)
        try encodeVoice(into: &report)
        try tokenize(into: &report)
        try embedSpeaker(into: &report)
        try makeVoice(into: &report)
    }

    private func prepareReference(into report: inout VerificationReport) throws {
        let clip = try goldens.floats("input/ref")
        let loud = ReferenceLoudness.normalized(clip, sampleRate: PromptMel.sampleRate)
        try report.compare("ref/loud", loud, with: goldens)
        let golden = try goldens.floats("ref/loud")
        try report.compare("ref/16k_sinc", SincResampler.reference(golden), with: goldens)
        try report.compare("prompt/mel", PromptMel()(golden).values, with: goldens)
    }

    private func encodeVoice(into report: inout VerificationReport) throws {
        let encoder = try VoiceEncoder(encoderWeights)
        let clip = try goldens.floats("ref/16k_soxr")
        let loudPart = SilenceTrim.loudPart(of: clip)
        let mel = try encoder.mel(Array(clip[loudPart]))
        try report.compare("ve/mel", mel.values, with: goldens)
        if let expected = goldens.cases["voice_encoder"] {
            let found = [
                loudPart.lowerBound, loudPart.upperBound, VoiceEncoder.step, VoiceEncoder.windows(frames: mel.rows),
            ]
            let wanted = (expected.trim ?? []) + [expected.frame_step, expected.windows].compactMap(\.self)
            report.add(
                "ve/windows", shape: [found.count], error: Double(zip(found, wanted).count { $0 != $1 }), tolerance: 0)
        }
        let vector = try stages(of: "ve/", isTimeMajor: { _ in true }, into: &report) { trace in
            try encoder.embed(mel: goldens.rows("ve/mel", columns: encoder.bands), on: processor, trace: trace)
        }
        try report.compare("ve/embed", vector, with: goldens)
    }

    private func tokenize(into report: inout VerificationReport) throws {
        let tokenizer = try S3Tokenizer(s3gen["tokenizer"])
        let mel = try tokenizer.mel(goldens.floats("s3tok/clip"))
        let recorder = StageRecorder(keeps: { _ in true }, isTimeMajor: { _ in false })
        recorder.record("logmel", mel)
        try report.compare("s3tok/logmel", recorder.stages[0].values, with: goldens)
        var low: Rows?
        let tokens = try stages(of: "s3tok/", isTimeMajor: { !$0.hasPrefix("conv") }, into: &report) { trace in
            try tokenizer.tokens([golden("s3tok/logmel", rows: tokenizer.bands)], on: processor) {
                trace($0, $1)
                if $0 == "project_down" { low = $1 }
            }
        }
        if let low { try report.compare("s3tok/margin", S3Tokenizer.margins(low), with: goldens) }
        try report.compare("s3tok/codes", tokens[0], with: goldens)
        let limit = try goldens.shape("s3tok/t3_prompt")[0] * S3Tokenizer.framesPerToken
        let frames = try tokenizer.mel(goldens.floats("ref/16k_soxr"), limit: limit)
        let prompt = try tokenizer.tokens([frames], on: processor)[0]
        try report.compare("s3tok/t3_prompt", prompt, with: goldens)
    }

    private func embedSpeaker(into report: inout VerificationReport) throws {
        let network = try CAMPPlus(s3gen["speaker_encoder"])
        try report.compare("campplus/fbank", network.bank(goldens.floats("campplus/clip")).values, with: goldens)
        _ = try stages(of: "campplus/", isTimeMajor: { _ in false }, into: &report) { trace in
            try network.embed(
                bank: goldens.rows("campplus/fbank", columns: network.bands), on: processor, trace: trace)
        }
    }

    /// From the clip alone, but for the conversion of another library.
    private func makeVoice(into report: inout VerificationReport) throws {
        let slow = try goldens.floats("ref/16k_soxr")
        let maker = try ChatterboxVoiceMaker(
            encoder: encoderWeights, s3gen: s3gen, spokenTokens: try goldens.shape("s3tok/t3_prompt")[0],
            resample: { _ in slow })
        let voice = try maker.voice(goldens.floats("input/ref"), on: processor)
        try report.compare("voice/t3_speaker_emb", voice.speaker, with: goldens)
        try report.compare("s3tok/t3_prompt", voice.spokenTokens, with: goldens)
        try report.compare("voice/gen_prompt_token", voice.promptTokens, with: goldens)
        try report.compare("voice/gen_prompt_feat", voice.promptMel, with: goldens)
        try report.compare("voice/gen_embedding", voice.speakerVector, with: goldens)
    }

    /// Runs a part and compares the stages that its trace shows.
    private func stages<Result>(
        of prefix: String, isTimeMajor: @escaping (String) -> Bool, into report: inout VerificationReport,
        _ body: (@escaping (String, Rows) -> Void) throws -> Result
    ) throws -> Result {
        let recorder = StageRecorder(
            keeps: { [goldens] in goldens.contains(prefix + $0) }, isTimeMajor: isTimeMajor)
        let result = try body(recorder.record)
        for stage in recorder.stages { try report.compare(prefix + stage.name, stage.values, with: goldens) }
        return result
    }

    /// An array that is stored [channels, time], as rows of time.
    private func golden(_ name: String, rows channels: Int) throws -> Rows {
        let stored = try goldens.rows(name)
        guard stored.rows == channels else {
            throw ModelFileError.wrongShape(
                name: name, expected: [channels, stored.columns], found: [stored.rows, stored.columns])
        }
        let result = Rows(rows: stored.columns, columns: stored.rows)
        for row in 0..<stored.rows {
            for column in 0..<stored.columns { result[column, row] = stored[row, column] }
        }
        return result
    }
}
