// The log for programs: a JSON object in each line.

import FoundationEssentials
import Files
import JSONText
package import Logging

/// How the log is written.
package enum LogFormat: String, Sendable, CaseIterable {
    case text, json

    /// A logger that writes to standard error.
    package func logger(_ label: String) -> Logger {
        switch self {
        case .text: Logger(label: label) { StreamLogHandler.standardError(label: $0) }
        case .json: Logger(label: label) { JSONLogHandler(label: $0) { writeError($0) } }
        }
    }
}

/// `time`, `level`, `logger` and `message`, and beside them what the message is about: its metadata, which take none of those names.
package struct JSONLogHandler: LogHandler {
    package var logLevel = Logger.Level.info
    package var metadata: Logger.Metadata = [:]
    private let label: String
    /// Takes a line with its end, in one piece: lines of several threads do not mix.
    private let write: @Sendable (String) -> Void

    package init(label: String, write: @escaping @Sendable (String) -> Void) {
        self.label = label
        self.write = write
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var fields = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues(JSONValue.init)
        if let error = event.error { fields["error"] = .text("\(error)") }
        fields["time"] = .text(Date().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
        fields["level"] = .text(event.level.rawValue)
        fields["logger"] = .text(label)
        fields["message"] = .text(event.message.description)
        write(JSON.encode(fields) + "\n")
    }
}

extension JSONValue {
    /// Numbers and flags stay what they are; everything else is its description.
    fileprivate init(_ value: Logger.MetadataValue) {
        switch value {
        case .string(let text): self = .text(text)
        case .stringConvertible(let value):
            switch value {
            case let flag as Bool: self = .flag(flag)
            case let number as Int: self = .integer(number)
            case let number as Double where number.isFinite: self = .number(number)
            default: self = .text(value.description)
            }
        case .array(let values): self = .list(values.map(JSONValue.init))
        case .dictionary(let values): self = .object(values.mapValues(JSONValue.init))
        }
    }
}
