import FoundationEssentials

/// Reads the files of a checkpoint that describe its text vocabulary.
struct TokenizerFiles {
    let vocabularyPath: String
    let mergesPath: String
    let configurationPath: String
    private let addedTokensPath: String

    init(directory: String) {
        vocabularyPath = directory + "/vocab.json"
        mergesPath = directory + "/merges.txt"
        configurationPath = directory + "/tokenizer_config.json"
        addedTokensPath = directory + "/added_tokens.json"
    }

    func vocabulary() throws(TokenizerError) -> [String: Int] {
        try decode([String: Int].self, from: vocabularyPath)
    }

    /// One pair a line, separated by one space; the `#version` line and empty lines are skipped, CRLF is accepted.
    func merges() throws(TokenizerError) -> [(String, String)] {
        guard let text = String(validating: try read(mergesPath), as: UTF8.self) else {
            throw .malformed(file: mergesPath, what: "not UTF-8")
        }
        var pairs: [(String, String)] = []
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (number, rawLine) in lines.enumerated() {
            let line = rawLine.last == UInt8(ascii: "\r") ? rawLine.dropLast() : rawLine
            if line.isEmpty || line.starts(with: "#version".utf8) { continue }
            let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                let shown = String(decoding: line.prefix(80), as: UTF8.self).debugDescription
                throw .malformed(file: mergesPath, what: "line \(number + 1) is not two tokens and a space: \(shown)")
            }
            pairs.append((String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self)))
        }
        return pairs
    }

    /// Those of `tokenizer_config.json`, and of `added_tokens.json` where older files keep them. Such files do not
    /// list the special tokens that are in the vocabulary anyway.
    func addedTokens(_ vocabulary: [String: Int]) throws(TokenizerError) -> [String: Int] {
        let configuration = try decode(Configuration.self, from: configurationPath)
        let hasList = FileManager.default.fileExists(atPath: addedTokensPath)
        var ids = hasList ? try addedTokenList() : [:]
        guard let entries = configuration.addedTokensDecoder else {
            guard hasList else {
                throw .malformed(file: configurationPath, what: "no added_tokens_decoder, and no added_tokens.json")
            }
            for token in configuration.specialTokens where ids[token] == nil { ids[token] = vocabulary[token] }
            return ids
        }
        for (content, id) in try checked(entries) {
            guard let known = ids.updateValue(id, forKey: content), known != id else { continue }
            throw .malformed(
                file: addedTokensPath,
                what: "added token \(content.debugDescription) is \(known), but \(id) in tokenizer_config.json")
        }
        return ids
    }

    private func addedTokenList() throws(TokenizerError) -> [String: Int] {
        let ids = try decode([String: Int].self, from: addedTokensPath)
        for (content, id) in ids where content.isEmpty || UInt32(exactly: id) == nil {
            throw .malformed(file: addedTokensPath, what: "added token \(content.debugDescription) with id \(id)")
        }
        return ids
    }

    private func checked(_ entries: [String: Configuration.Token]) throws(TokenizerError) -> [String: Int] {
        var ids: [String: Int] = [:]
        for (key, token) in entries {
            let shown = token.content.debugDescription
            guard let id = Int(key), id >= 0 else {
                throw .malformed(file: configurationPath, what: "added token id \(key.debugDescription) is no number")
            }
            if token.lstrip == true || token.rstrip == true || token.singleWord == true {
                throw .malformed(
                    file: configurationPath,
                    what: "added token \(shown) wants lstrip, rstrip or single_word: unsupported")
            }
            guard ids.updateValue(id, forKey: token.content) == nil else {
                throw .malformed(file: configurationPath, what: "added token \(shown) is listed twice")
            }
        }
        return ids
    }

    private struct Configuration: Decodable {
        struct Token: Decodable {
            let content: String
            let lstrip: Bool?
            let rstrip: Bool?
            let singleWord: Bool?

            enum CodingKeys: String, CodingKey {
                case content, lstrip, rstrip
                case singleWord = "single_word"
            }
        }

        /// A special token: its text, or an entry that says more of it.
        enum Special: Decodable {
            case text(String)
            case token(Token)

            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let text = try? container.decode(String.self) {
                    self = .text(text)
                } else {
                    self = .token(try container.decode(Token.self))
                }
            }

            var content: String {
                switch self {
                case .text(let text): text
                case .token(let token): token.content
                }
            }
        }

        let addedTokensDecoder: [String: Token]?
        private let bos, eos, unknown, padding: Special?

        var specialTokens: [String] { [bos, eos, unknown, padding].compactMap { $0?.content } }

        enum CodingKeys: String, CodingKey {
            case addedTokensDecoder = "added_tokens_decoder"
            case bos = "bos_token"
            case eos = "eos_token"
            case unknown = "unk_token"
            case padding = "pad_token"
        }
    }

    private func decode<Value: Decodable>(_ type: Value.Type, from path: String) throws(TokenizerError) -> Value {
        let data = try read(path)
        do {
            return try JSONDecoder().decode(type, from: data)
        } catch let error as DecodingError {
            throw .malformed(file: path, what: Self.explain(error))
        } catch {
            throw .malformed(file: path, what: "not JSON")
        }
    }

    private func read(_ path: String) throws(TokenizerError) -> Data {
        guard FileManager.default.fileExists(atPath: path) else {
            throw .unreadable(file: path, reason: "no such file")
        }
        do {
            return try Data(contentsOf: URL(fileURLWithPath: path))
        } catch {
            throw .unreadable(file: path, reason: "it is a folder, or may not be read")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        let (text, path): (String, [any CodingKey]) =
            switch error {
            case .keyNotFound(let key, let context): ("no \(key.stringValue)", context.codingPath)
            case .valueNotFound(_, let context), .typeMismatch(_, let context), .dataCorrupted(let context):
                (context.debugDescription, context.codingPath)
            @unknown default: ("not as expected", [])
            }
        return path.isEmpty ? text : "\(path.map(\.stringValue).joined(separator: ".")): \(text)"
    }
}
