// Checkpoints of Chatterbox, which have no configuration: T3 is what is quantized; S3Gen and the voice encoder are written as they are.

import Chatterbox
import Compute
import FoundationEssentials
import ModelFile

struct ChatterboxSource: CheckpointFamily {
    let path: String
    let parts: [SourcePart]
    let heard: HeardChatterbox

    static let marks = T3Files.names.joined(separator: " nor ")

    static func mainFile(in folder: String) -> String? {
        T3Files.names.first { FileManager.default.fileExists(atPath: folder + "/" + $0) }
    }

    init(_ path: String) throws {
        self.path = path
        let checkpoint = try ChatterboxCheckpoint(directory: path)
        let t3 = checkpoint.t3Weights
        try SourcePart.checkReleased(t3, of: path)
        let configuration = try T3Configuration(t3, heads: checkpoint.heads.t3)
        try configuration.check(t3)
        heard = HeardChatterbox(path, configuration)
        let turned = configuration.inputsFirst
        let file = String(try T3Files.path(path).dropFirst(path.count + 1))
        parts = [
            try SourcePart(file, rules: "t3", t3, of: path, isTurned: turned.contains),
            try SourcePart(ChatterboxCheckpoint.s3gen, rules: "s3gen", checkpoint.s3genWeights, of: path),
            try SourcePart(ChatterboxCheckpoint.encoder, rules: "voice_encoder", checkpoint.encoderWeights, of: path),
        ]
    }

    func isWritten(_ file: String) -> Bool { parts.contains { $0.file == file } }

    func needs(_ file: String) -> Bool { file == ChatterboxCheckpoint.conditionals }
}
