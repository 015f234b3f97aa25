/// A text tokenizer: added tokens first, then the pieces of a pattern and byte-level byte pair encoding. Loaded from a
/// checkpoint's `vocab.json`, `merges.txt`, and `tokenizer_config.json` or `added_tokens.json`.
package struct Tokenizer: Sendable {
    private let pattern: TextPattern
    private let byteIDs: [UInt32]  // [256]
    private let merges: BytePairMerges
    private let addedTokens: AddedTokens

    package init(directory: String, pattern: TextPattern = .qwen2) throws(TokenizerError) {
        let files = TokenizerFiles(directory: directory)
        let vocabulary = try files.vocabulary()
        try self.init(
            vocabulary: vocabulary, merges: files.merges(), addedTokens: files.addedTokens(vocabulary),
            pattern: pattern, vocabularyFile: files.vocabularyPath, mergesFile: files.mergesPath,
            addedTokensFile: files.configurationPath)
    }

    /// - Parameters:
    ///   - vocabulary: token in the byte alphabet of `vocab.json` → id.
    ///   - merges: pairs of tokens, most important first.
    ///   - addedTokens: literal text → id.
    package init(
        vocabulary: [String: Int], merges: [(String, String)], addedTokens: [String: Int],
        pattern: TextPattern = .qwen2
    ) throws(TokenizerError) {
        try self.init(
            vocabulary: vocabulary, merges: merges, addedTokens: addedTokens, pattern: pattern,
            vocabularyFile: "vocabulary", mergesFile: "merges", addedTokensFile: "added tokens")
    }

    private init(
        vocabulary: [String: Int], merges: [(String, String)], addedTokens: [String: Int],
        pattern: TextPattern, vocabularyFile: String, mergesFile: String, addedTokensFile: String
    ) throws(TokenizerError) {
        self.pattern = pattern
        for (token, id) in vocabulary where UInt32(exactly: id) == nil {
            throw .malformed(file: vocabularyFile, what: "token \(token.debugDescription) has id \(id)")
        }
        byteIDs = try Self.byteIDs(in: vocabulary, file: vocabularyFile)
        self.merges = try Self.rules(merges, in: vocabulary, file: mergesFile)
        self.addedTokens = try Self.trie(addedTokens, file: addedTokensFile)
    }

    package func encode(_ text: String) -> [Int] {
        let bytes = Array(text.utf8)
        var ids: [Int] = []
        var position = 0
        while let match = addedTokens.firstMatch(in: bytes, from: position) {
            encodePlain(bytes[position..<match.range.lowerBound], into: &ids)
            ids.append(Int(match.id))
            position = match.range.upperBound
        }
        encodePlain(bytes[position...], into: &ids)
        return ids
    }

    /// Text between added tokens.
    private func encodePlain(_ bytes: ArraySlice<UInt8>, into ids: inout [Int]) {
        guard !bytes.isEmpty else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        var pieces = PreTokenizer(pattern.composes ? text.normalizedToNFC : text, pattern)
        while let piece = pieces.next() {
            for id in merges.apply(to: piece.map { byteIDs[Int($0)] }) { ids.append(Int(id)) }
        }
    }
}

// MARK: - Loading

extension Tokenizer {
    /// The printable scalars that stand for the 256 bytes in `vocab.json` and `merges.txt`: printable Latin-1 bytes for
    /// themselves, the others in order from U+0100.
    private static let byteAlphabet: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 33...126, 161...172, 174...255: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next)!
            }
        }
    }()

    private static func byteIDs(in vocabulary: [String: Int], file: String) throws(TokenizerError) -> [UInt32] {
        var ids: [UInt32] = []
        for (byte, scalar) in byteAlphabet.enumerated() {
            guard let id = vocabulary[String(scalar)] else {
                throw .malformed(
                    file: file, what: "no token for byte \(byte), written \(String(scalar).debugDescription)")
            }
            ids.append(UInt32(id))
        }
        return ids
    }

    private static func rules(
        _ merges: [(String, String)], in vocabulary: [String: Int], file: String
    ) throws(TokenizerError) -> BytePairMerges {
        var rules = BytePairMerges()
        for (rank, (left, right)) in merges.enumerated() {
            func id(_ token: String) throws(TokenizerError) -> UInt32 {
                guard let id = vocabulary[token] else {
                    let rule = "\(left) \(right)".debugDescription
                    throw .malformed(
                        file: file,
                        what: "merge \(rank + 1), \(rule), needs \(token.debugDescription), not in the vocabulary")
                }
                return UInt32(id)
            }
            rules.add(left: try id(left), right: try id(right), merged: try id(left + right), rank: UInt32(rank))
        }
        return rules
    }

    private static func trie(_ addedTokens: [String: Int], file: String) throws(TokenizerError) -> AddedTokens {
        var trie = AddedTokens()
        for (content, id) in addedTokens {
            guard !content.isEmpty, let id = UInt32(exactly: id) else {
                throw .malformed(file: file, what: "added token \(content.debugDescription) with id \(id)")
            }
            trie.add(content, id: id)
        }
        return trie
    }
}
