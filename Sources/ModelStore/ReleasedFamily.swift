// The families of models that can be pulled: the files by which a repository or a folder is known, and those that are taken of it.

package struct ReleasedFamily: Sendable, Equatable {
    /// One on the hub, for help texts.
    package let example: String
    /// It has exactly one of these files.
    package let marks: [String]
    /// What there has to be beside it: files, or endings behind a "*".
    package let needed: [String]
    /// What is fetched besides, where it is there.
    let welcome: [String]
    /// What the file that marks it gives as its `model_type`; nil for weights, which do not.
    let modelType: String?

    /// Every family. A repository, or a folder, is of the first that knows it.
    package static let all = [chatterbox, qwen3]

    package static let qwen3 = ReleasedFamily(
        example: "Qwen/Qwen3-TTS-12Hz-0.6B-Base", marks: ["config.json"], needed: ["*.safetensors"],
        welcome: ["*.json", "*.txt", "*LICENSE"], modelType: "qwen3_tts")

    /// `conds.pt`, the voice that comes with a checkpoint, is the one pickle: it is read as data.
    package static let chatterbox = ReleasedFamily(
        example: "ResembleAI/chatterbox-turbo", marks: ["t3_turbo_v1.safetensors", "t3_nano_v1.safetensors"],
        needed: [
            "s3gen_meanflow.safetensors", "ve.safetensors", "vocab.json", "merges.txt", "tokenizer_config.json",
        ],
        welcome: ["added_tokens.json", "special_tokens_map.json", "conds.pt", "LICENSE"], modelType: nil)

    /// Whether a file of a repository is fetched. No picture is, and nothing that is hidden.
    func takes(_ path: String) -> Bool {
        !path.split(separator: "/").contains { $0.hasPrefix(".") && $0 != ".." }
            && (marks + needed + welcome).contains { Self.matches(path, $0) }
    }

    /// The family of a repository of these files; throws where one is missing that it needs.
    static func of(_ files: [String], id: String) throws(ModelStoreError) -> ReleasedFamily {
        for family in all {
            let marks = family.marks.filter(files.contains)
            if marks.isEmpty { continue }
            guard marks.count == 1 else {
                throw .notSupported(id, reason: "it has both \(marks.joined(separator: " and "))")
            }
            if let missing = family.needed.first(where: { pattern in !files.contains { matches($0, pattern) } }) {
                throw .notSupported(id, reason: "it has no \(missing)")
            }
            return family
        }
        throw .notSupported(id, reason: "it has no \(all.flatMap(\.marks).joined(separator: ", no "))")
    }

    private static func matches(_ path: String, _ pattern: String) -> Bool {
        pattern.hasPrefix("*") ? path.hasSuffix(pattern.dropFirst()) : path == pattern
    }
}
