import Compute
import ModelFile
import TestSupport
import Verifying

@testable import Qwen3TTS

/// The tiny checkpoints, whose weights are random, and what the official implementation does with them.
enum TinyCheckpoint {
    static let folder = Repository.tiny

    static func directory(_ name: String = "base") -> String { folder + "/" + name }

    static func goldens(_ name: String = "base") throws -> Qwen3Goldens {
        try Qwen3Goldens(path: "\(folder)/\(name).safetensors")
    }

    static func talker(_ name: String = "base") throws -> Talker {
        try Talker(Safetensors.directory(directory(name))["talker"], Configuration(directory: directory(name)))
    }

    static func codec() throws -> (weights: Weights, configuration: CodecConfiguration) {
        (try Safetensors.directory(directory() + "/speech_tokenizer"), try Configuration.codec(directory: directory()))
    }

    static func codes(_ name: String) throws -> [[Int]] { try goldens().frames(name, groups: 16, below: 64) }
}
