import FoundationEssentials

/// Reads the three files of a checkpoint that describe its text vocabulary.
struct TokenizerFiles {
    let vocabularyPath: String
    let mergesPath: String
    let configurationPath: String

    init(directory: String) {
        vocabularyPath = directory + "/vocab.json"
        mergesPath = directory + "/merges.txt"
        configurationPath = directory + "/tokenizer_config.json"
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

    func addedTokens() throws(TokenizerError) -> [String: Int] {
        let entries = try decode(Configuration.self, from: configurationPath).addedTokensDecoder
        var ids: [String: Int] = [:]
        for (key, token) in entries {
            guard let id = Int(key), id >= 0 else {
                throw .malformed(file: configurationPath, what: "added token id \(key.debugDescription) is no number")
            }
            if token.lstrip == true || token.rstrip == true || token.singleWord == true {
                let shown = token.content.debugDescription
                throw .malformed(
                    file: configurationPath,
                    what: "added token \(shown) wants lstrip, rstrip or single_word: unsupported")
            }
            guard ids.updateValue(id, forKey: token.content) == nil else {
                throw .malformed(
                    file: configurationPath, what: "added token \(token.content.debugDescription) is listed twice")
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

        let addedTokensDecoder: [String: Token]

        enum CodingKeys: String, CodingKey { case addedTokensDecoder = "added_tokens_decoder" }
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
