// Wyoming's wire format: a line of JSON, then as many bytes of JSON data and of payload as it says.

import FoundationEssentials
package import NIOCore

/// Any JSON value.
package enum WyomingValue: Sendable, Equatable, Codable {
    case null, flag(Bool), number(Double), text(String)
    indirect case list([WyomingValue]), object([String: WyomingValue])

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .flag(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(SurrogateHalves.mended(value))
        } else if let value = try? container.decode([WyomingValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: WyomingValue].self))
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .flag(let value): try container.encode(value)
        case .number(let value):
            if let whole = Int(exactly: value) { try container.encode(whole) } else { try container.encode(value) }
        case .text(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .object(let values): try container.encode(values)
        }
    }

    package subscript(_ name: String) -> WyomingValue? {
        if case .object(let values) = self { values[name] } else { nil }
    }

    package var text: String? {
        if case .text(let value) = self { value } else { nil }
    }
}

/// The line that every event begins with.
struct WyomingHeader: Codable {
    var type: String
    var version: String?
    var data: [String: WyomingValue]?
    var data_length: Int?
    var payload_length: Int?
}

package struct WyomingEvent: Sendable, Equatable {
    package var type: String
    package var data: [String: WyomingValue]
    package var payload: [UInt8]

    package init(_ type: String, _ data: [String: WyomingValue] = [:], payload: [UInt8] = []) {
        self.type = type
        self.data = data
        self.payload = payload
    }

    /// Of the `wyoming` package whose events these are.
    private static let protocolVersion = "1.10.2"

    /// As the field's own clients write it: the data after the line.
    package var bytes: ByteBuffer {
        var buffer = bytes(before: payload.count)
        buffer.writeBytes(payload)
        return buffer
    }

    /// Everything but the payload, of which so many bytes are to follow.
    func bytes(before payload: Int) -> ByteBuffer {
        let body = data.isEmpty ? [] : Array(JSON.encode(data).utf8)
        let header = WyomingHeader(
            type: type, version: Self.protocolVersion, data_length: body.isEmpty ? nil : body.count,
            payload_length: payload > 0 ? payload : nil)
        var buffer = ByteBuffer(string: JSON.encode(header) + "\n")
        buffer.writeBytes(body)
        return buffer
    }
}
