// What the quantizer has to know of an engine's checkpoints: which files hold weights, and how a model is heard. A family is one
// type, in the list below.

enum CheckpointFamilies {
    /// Every family. A folder is of the first one that knows it.
    static let all: [any CheckpointFamily.Type] = [ChatterboxSource.self, Qwen3Source.self]

    static func of(_ folder: String) -> (any CheckpointFamily.Type)? {
        all.first { $0.mainFile(in: folder) != nil }
    }

    /// What a folder of no family lacks.
    static var missing: String { "neither " + all.map { $0.marks }.joined(separator: " nor ") }
}

/// A checkpoint as it was released.
protocol CheckpointFamily: Sendable {
    associatedtype Heard: HeardCheckpoint

    /// By what files a folder is known, for messages.
    static var marks: String { get }
    /// The file of weights that says by which recipe it was made; nil for a folder of another family.
    static func mainFile(in folder: String) -> String?

    /// Reads the checkpoint of a folder, so far as to know that its tensors are there and have the right shapes.
    init(_ path: String) throws

    var path: String { get }
    var parts: [SourcePart] { get }
    /// Folders below the checkpoint's own that it has, as "speech_tokenizer/".
    var folders: [String] { get }
    /// Whether the quantizer writes a file of this name itself, or those that take its place.
    func isWritten(_ file: String) -> Bool
    /// Whether a file is copied though it is called like weights.
    func needs(_ file: String) -> Bool

    /// Files that say how the weights are stored.
    func description(of plans: [TensorPlan]) throws -> [StagedFile]

    /// How it is listened to.
    var heard: Heard { get }
    /// What a checkpoint records of its codec decoder, which may compute in bytes; nil where there is no such choice.
    var codec: CodecRecord? { get }
}

extension CheckpointFamily {
    var folders: [String] { [] }
    func needs(_ file: String) -> Bool { false }
    func description(of plans: [TensorPlan]) throws -> [StagedFile] { [] }
    var codec: CodecRecord? { nil }
}

/// A small file of a checkpoint that is being written.
struct StagedFile {
    let name: String
    let bytes: [UInt8]
}
