// Speech tokens to sound: flow and vocoder. `S3Token2Wav`.

package import Compute
package import ModelFile

package struct S3Gen {
    package let flow: Flow
    package let vocoder: Vocoder

    /// `weights` are those of `s3gen_meanflow.safetensors`.
    package init(
        _ weights: Weights, heads: HeadCounts, precision: S3GenPrecision = .float32
    ) throws(ModelFileError) {
        flow = try Flow(weights["flow"], heads: heads, precision: precision)
        vocoder = try Vocoder(weights["mel2wav"], bands: flow.bands, precision: precision)
    }

    /// The sound of all tokens of an utterance, 40 ms for each, at `Vocoder.sampleRate`.
    package func sound(
        _ tokens: [Int], _ voice: S3GenVoice, steps: Int = Flow.usualSteps, noise: some NoiseSource,
        on processor: Processor
    ) throws(S3GenError) -> [Float] {
        let mel = try flow.mel(tokens, voice, steps: steps, noise: noise, on: processor)
        var samples = try vocoder.sound(mel, noise: noise, on: processor)
        Vocoder.fadeIn(&samples)
        return samples
    }
}
