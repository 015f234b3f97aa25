// The codec decoder's precision as `speech_tokenizer/config.json` records it.

import FoundationEssentials
import Qwen3TTS

struct CodecRecord {
    /// In a checkpoint's folder.
    static let file = "speech_tokenizer/config.json"

    let path: String
    let configuration: CodecConfiguration
    let recorded: CodecPrecision?
    /// Content of the file.
    private let bytes: [UInt8]

    /// Reads the record of a checkpoint; one that is there has to be readable.
    init(directory: String) throws {
        path = directory + "/" + Self.file
        configuration = try Configuration.codec(directory: directory)
        recorded = try configuration.recordedPrecision(in: directory)
        bytes = Array(try Data(contentsOf: URL(filePath: path)))
    }

    /// The file with another record, or without one; everything else as it was.
    func recording(_ precision: CodecPrecision?) throws -> [UInt8] {
        var file = configuration.record == nil ? bytes : try withoutRecord()
        if let precision {
            file = QuantizationConfig.adding(
                CodecConfiguration.precisionKey, "\"\(precision.rawValue)\"", to: file)
        }
        let written = try? JSONDecoder().decode(CodecConfiguration.self, from: Data(file))
        guard let written, written.record == precision.map({ .text($0.rawValue) }) else {
            throw QuantizationError.notACheckpoint(
                path: path, reason: "it writes \(CodecConfiguration.precisionKey) in a way that cannot be changed")
        }
        return file
    }

    /// The member goes with the comma before it; the first one with the comma behind it.
    private func withoutRecord() throws -> [UInt8] {
        let member = "\"\(CodecConfiguration.precisionKey)\"\\s*:\\s*\"[a-z0-9]*\""
        let text = String(decoding: bytes, as: UTF8.self)
        return Array(text.replacing(try Regex(",\\s*\(member)|\(member)\\s*,?"), with: "").utf8)
    }
}
