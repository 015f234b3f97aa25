// Checkpoints of Qwen3-TTS: `config.json`, the talker in `model.safetensors` or its shards, the codec in a folder of its own.

import Compute
import FoundationEssentials
import ModelFile
import Qwen3TTS

struct Qwen3Source: CheckpointFamily {
    let path: String
    let parts: [SourcePart]
    let codec: CodecRecord?
    let heard: HeardQwen3
    private let configuration: [UInt8]

    private static let weights = "model.safetensors"
    private static let configurationFile = "config.json"
    static let speechTokenizer = "speech_tokenizer/"
    static let marks = "the \(configurationFile) of Qwen3-TTS"

    let folders = [speechTokenizer]

    static func mainFile(in folder: String) -> String? {
        FileManager.default.fileExists(atPath: folder + "/" + configurationFile) ? weights : nil
    }

    init(_ path: String) throws {
        self.path = path
        let configuration: Configuration
        let codec: CodecRecord
        do {
            configuration = try Configuration(directory: path)
            codec = try CodecRecord(directory: path)
        } catch {
            throw QuantizationError.notACheckpoint(path: path, reason: "\(error)")
        }
        self.codec = codec
        heard = HeardQwen3(path, codec.configuration)
        self.configuration = Array(try Data(contentsOf: URL(filePath: path + "/" + Self.configurationFile)))
        struct Marks: Decodable { let quantization_config: Anything? }
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        if try JSONDecoder().decode(Marks.self, from: Data(self.configuration)).quantization_config != nil {
            throw QuantizationError.alreadyQuantized(path: path, evidence: "config.json has a quantization_config")
        }
        let folder = String(Self.speechTokenizer.dropLast())
        parts = [
            try SourcePart(Self.weights, rules: "model", Safetensors.directory(path), of: path),
            try SourcePart(
                Self.speechTokenizer + Self.weights, rules: folder, Safetensors.directory(path + "/" + folder), of: path
            ),
        ]
        // Shapes are those the configuration promises.
        _ = try Talker(Safetensors.directory(path)["talker"], configuration)
    }

    func isWritten(_ file: String) -> Bool {
        let name = file.split(separator: "/").last ?? ""
        return [Self.configurationFile, Self.weights, Self.weights + ".index.json"].contains(String(name))
            || name.wholeMatch(of: /model-\d+-of-\d+\.safetensors/) != nil
    }

    func description(of plans: [TensorPlan]) throws -> [StagedFile] {
        let bytes = try QuantizationConfig.adding(plans, to: configuration)
        return [StagedFile(name: Self.configurationFile, bytes: bytes)]
    }
}
