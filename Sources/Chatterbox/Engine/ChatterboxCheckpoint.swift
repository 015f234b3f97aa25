// What a checkpoint's folder holds, read and checked. It has no configuration: files are known by their names, sizes by the
// shapes of tensors.

import Compute
import FoundationEssentials
package import ModelFile
import Speech
package import Tokenization

package struct ChatterboxCheckpoint: Sendable {
    let directory: String
    package let t3Weights: Weights
    package let s3genWeights: Weights
    package let encoderWeights: Weights
    package let heads: HeadCounts

    package static let s3gen = "s3gen_meanflow.safetensors"
    package static let encoder = "ve.safetensors"
    /// The voice that comes with a checkpoint.
    package static let conditionals = "conds.pt"
    /// The files that a prepared voice depends on.
    static let voiceFiles = [s3gen, encoder]

    /// Whether a folder looks like such a checkpoint.
    package static func exists(in directory: String) -> Bool {
        let names = T3Files.names + [s3gen]
        return names.contains { FileManager.default.fileExists(atPath: directory + "/" + $0) }
    }

    /// `directory` is a checkpoint in the official layout.
    package init(directory: String) throws {
        self.directory = directory
        t3Weights = try T3Files.weights(directory)
        s3genWeights = try Self.weights(directory, Self.s3gen)
        encoderWeights = try Self.weights(directory, Self.encoder)
        heads = try HeadCounts(directory: directory)
    }

    private static func weights(_ directory: String, _ file: String) throws -> Weights {
        let path = directory + "/" + file
        return Weights(tensors: try Safetensors(path: path).tensors, path: path)
    }

    package func tokenizer() throws(TokenizerError) -> Tokenizer { try Tokenizer(directory: directory, pattern: .gpt2) }

    package func t3() throws -> T3 { try T3(t3Weights, heads: heads.t3) }

    package func s3gen(_ precision: S3GenPrecision = .float32) throws -> S3Gen {
        try S3Gen(s3genWeights, heads: heads, precision: precision)
    }

    /// The voice in the folder; nil where there is none.
    package func voice(for sizes: VoiceSizes) throws -> ChatterboxVoice? {
        let path = directory + "/" + Self.conditionals
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        return try ChatterboxVoice(torch: path, for: sizes)
    }

    /// What doors say of the model.
    var information: ModelInformation {
        get throws {
            let path = try T3Files.path(directory)
            return ModelInformation(
                engine: ChatterboxVoice.engine, name: ModelInformation.name(ofFolder: directory),
                variant: path.hasSuffix(T3Files.names[0]) ? "turbo" : "nano",
                format: try WeightFormat.name(of: t3Weights) { $0.hasPrefix("tfmr.h.") && $0.contains(".c_") },
                sampleRate: Vocoder.sampleRate,
                samplesPerFrame: ChatterboxEngine.samplesPerFrame, languages: [ChatterboxEngine.language],
                speakers: [], clones: true, clonesInContext: false)
        }
    }
}
