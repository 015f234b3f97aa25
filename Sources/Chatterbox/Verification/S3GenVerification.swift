// Runs flow and vocoder together on the speech tokens, the voice and the random numbers of a whole utterance.

package import Compute
package import Verifying

package struct S3GenVerification {
    private let s3gen: S3Gen
    private let goldens: ChatterboxGoldens
    private let processor: Processor

    package init(_ s3gen: S3Gen, _ goldens: ChatterboxGoldens, on processor: Processor) {
        self.s3gen = s3gen
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        let bands = s3gen.flow.bands
        let voice = S3GenVoice(
            promptTokens: try goldens.integers("voice/gen_prompt_token"),
            promptMel: try goldens.rows("voice/gen_prompt_feat", columns: bands).values,
            xVector: try goldens.floats("voice/gen_embedding"))
        let tokens = SpeechTokens.spoken(try goldens.integers("speak/tokens"))
        let noise = draws(prompt: voice.promptMel.count / bands, spoken: Flow.framesPerToken * tokens.count)
        let samples = try s3gen.sound(tokens, voice, noise: noise, on: processor)
        try report.compare("speak/wav", samples, with: goldens)
    }

    /// The numbers that the official implementation drew: mel of all that is spoken, then of the prompt as well, of which it
    /// keeps the prompt's; the phases; the noise of the excitation.
    private func draws(prompt: Int, spoken: Int) -> RecordedNoise {
        let tag = goldens.cases["speak"]?.tag ?? "speak"
        let (bands, harmonics) = (s3gen.flow.bands, s3gen.vocoder.harmonics)
        let samples = spoken * Vocoder.samplesPerFrame
        var phases = GoldenDraws(tag: tag + "/2")
        return RecordedNoise(
            frames: joined(
                signal(tag + "/1", channels: bands, count: prompt + spoken)[0..<prompt],
                signal(tag + "/0", channels: bands, count: spoken)),
            promptFrames: prompt, samples: signal(tag + "/3", channels: harmonics, count: samples),
            starts: phases.uniforms(harmonics, in: -Double.pi..<Double.pi))
    }

    /// [count, channels] of numbers that were drawn as [channels, count].
    private func signal(_ tag: String, channels: Int, count: Int) -> Rows {
        var draws = GoldenDraws(tag: tag)
        let rows = Rows(rows: count, columns: channels)
        for channel in 0..<channels {
            for (row, value) in draws.normals(count).enumerated() { rows[row, channel] = value }
        }
        return rows
    }

    private func joined(_ first: Rows, _ second: Rows) -> Rows {
        let all = Rows(rows: first.rows + second.rows, columns: first.columns)
        all[0..<first.rows].copy(from: first)
        all[first.rows..<all.rows].copy(from: second)
        return all
    }
}
