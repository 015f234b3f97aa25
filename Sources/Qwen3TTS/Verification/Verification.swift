// Every stage of a checkpoint against the goldens made from it. It knows nothing of a particular checkpoint: sizes come
// from the configuration, stages from what the golden file holds.

package import Compute
import ModelFile
import Tokenization
package import Verifying

package struct Verification {
    private let talker: TalkerVerification
    private let codec: CodecVerification
    private let voice: VoiceVerification?

    /// `directory` is a checkpoint in the official layout.
    package init(directory: String, _ goldens: Qwen3Goldens, on processor: Processor) throws {
        let configuration = try Configuration(directory: directory)
        let weights = try Safetensors.directory(directory)
        let codecWeights = try Safetensors.directory(directory + "/speech_tokenizer")
        let codecConfiguration = try Configuration.codec(directory: directory)
        talker = TalkerVerification(
            try Talker(weights["talker"], configuration, cachePrecision: .float32),
            try Tokenizer(directory: directory), goldens, on: processor)
        codec = CodecVerification(
            try CodecDecoder(codecWeights["decoder"], codecConfiguration),
            try CodecEncoder(codecWeights["encoder"], codecConfiguration), goldens, on: processor)
        voice = try Configuration.speakerEncoder(directory: directory).map {
            VoiceVerification(try SpeakerEncoder(weights["speaker_encoder"], $0), goldens, on: processor)
        }
    }

    package func run() throws -> VerificationReport {
        var report = VerificationReport()
        try voice?.run(into: &report)
        try codec.run(into: &report)
        try talker.run(into: &report)
        return report
    }
}
