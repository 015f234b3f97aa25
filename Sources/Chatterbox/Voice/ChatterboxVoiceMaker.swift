// From a reference clip to a voice. The networks compute on one thread of their own, beside the speech in progress. Each is
// loaded for a clip and goes with it: a voice is made once, then remembered.

package import Compute
package import ModelFile
package import Speech
import Synchronization

package final class ChatterboxVoiceMaker: VoiceMaker {
    /// Brings mono samples from 24 kHz to 16 kHz, as soxr does at its high quality.
    package typealias Resampling = @Sendable ([Float]) throws -> [Float]

    package let sizes: VoiceSizes
    private let encoderWeights: Weights
    private let tokenizerWeights: Weights
    private let networkWeights: Weights
    private let resample: Resampling
    /// Clips wait for one another.
    private let processor: Mutex<Processor>

    /// Hz of a clip.
    package static let sampleRate = PromptMel.sampleRate
    private static let slowRate = 16_000  // Hz
    /// Seconds that a clip has at least, and at most: the first 10 or 15 s say how it sounds, all of it who speaks.
    private static let shortest = 5.0
    private static let longest = 60.0
    private static let flowSeconds = 10
    private static let spokenSeconds = 15
    /// Root mean square below which a clip is silence, -60 dB.
    private static let silence = 0.001

    /// - Parameters:
    ///   - encoder: the tensors of `ve.safetensors`.
    ///   - s3gen: those of `s3gen_meanflow.safetensors`.
    ///   - spokenTokens: T3 goes on from at most so many.
    ///   - resample: what the voice encoder and T3's tokens hear is converted with.
    package init(
        encoder: Weights, s3gen: Weights, spokenTokens: Int = VoiceSizes().spokenTokens, kernels: Kernels = .best,
        resample: @escaping Resampling
    ) throws(ModelFileError) {
        encoderWeights = encoder
        tokenizerWeights = s3gen["tokenizer"]
        networkWeights = s3gen["speaker_encoder"]
        self.resample = resample
        sizes = VoiceSizes(
            speaker: try encoder.extents("proj.weight", rank: 2)[0],
            speakerVector: try networkWeights.extents("xvector.dense.linear.weight", rank: 3)[0],
            tokens: try S3Tokenizer.vocabulary(tokenizerWeights), spokenTokens: spokenTokens)
        processor = Mutex(Processor(kernels: kernels))
    }

    package func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> PreparedVoice {
        do {
            return try processor.withLock { try voice(clip, on: $0) }.prepared
        } catch let error as ReferenceError {
            throw .badReference("\(error).")
        } catch {
            throw .failed("\(error)")
        }
    }

    package func accepts(_ voice: PreparedVoice) -> Bool { ChatterboxVoice(voice, for: sizes) != nil }

    /// The voice of a clip of mono samples at 24 kHz. `ReferenceError` or `ModelFileError`.
    package func voice(_ clip: [Float], on processor: Processor) throws -> ChatterboxVoice {
        try check(clip)
        let loud = ReferenceLoudness.normalized(clip, sampleRate: Self.sampleRate)
        let slow = try resampled(loud)
        let flow = Array(loud.prefix(Self.flowSeconds * Self.sampleRate))
        let flowSlow = SincResampler.reference(flow)
        let tokens = try tokens(
            spoken: Array(slow.prefix(Self.spokenSeconds * Self.slowRate)), flow: flowSlow, on: processor)
        let voice = ChatterboxVoice(
            speaker: try VoiceEncoder(encoderWeights).embed(slow, on: processor),
            spokenTokens: tokens.spoken, promptTokens: tokens.flow, promptMel: try PromptMel()(flow).values,
            speakerVector: try CAMPPlus(networkWeights).embed(flowSlow, on: processor))
        if let fault = sizes.fault(in: voice) { throw ReferenceError.noVoice(reason: fault) }
        return voice
    }

    private func tokens(
        spoken: [Float], flow: [Float], on processor: Processor
    ) throws -> (spoken: [Int], flow: [Int]) {
        let tokenizer = try S3Tokenizer(tokenizerWeights)
        let limit = sizes.spokenTokens * S3Tokenizer.framesPerToken
        let tokens = try tokenizer.tokens(
            [tokenizer.mel(spoken, limit: limit), tokenizer.mel(flow)], on: processor)
        return (tokens[0], tokens[1])
    }

    private func check(_ clip: [Float]) throws(ReferenceError) {
        let seconds = Double(clip.count) / Double(Self.sampleRate)
        guard seconds > Self.shortest else { throw .tooShort(seconds: seconds, minimum: Self.shortest) }
        guard seconds <= Self.longest else { throw .tooLong(seconds: seconds, maximum: Self.longest) }
        if let index = clip.firstIndex(where: { !$0.isFinite }) { throw .notFinite(sample: index) }
        let power = clip.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(clip.count)
        guard power.squareRoot() >= Self.silence else { throw .silent }
    }

    private func resampled(_ samples: [Float]) throws(ReferenceError) -> [Float] {
        let result: [Float]
        do {
            result = try resample(samples)
        } catch {
            throw .notResampled(reason: "\(error)")
        }
        let expected = SincResampler.reference.count(of: samples.count)
        guard result.count == expected, result.allSatisfy(\.isFinite) else {
            throw .notResampled(reason: "\(result.count) samples came back where \(expected) are expected")
        }
        return result
    }
}
