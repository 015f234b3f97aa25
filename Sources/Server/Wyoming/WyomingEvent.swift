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
            self = .text(value)
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

package struct WyomingEvent: Sendable, Equatable {
    package var type: String
    package var data: [String: WyomingValue]
    package var payload: [UInt8]

    package init(_ type: String, _ data: [String: WyomingValue] = [:], payload: [UInt8] = []) {
        self.type = type
        self.data = data
        self.payload = payload
    }

    private struct Header: Codable {
        var type: String
        var version: String?
        var data: [String: WyomingValue]?
        var data_length: Int?
        var payload_length: Int?
    }

    /// As the field's own clients write it: the data after the line.
    package var bytes: ByteBuffer {
        var buffer = bytes(before: payload.count)
        buffer.writeBytes(payload)
        return buffer
    }

    /// Everything but the payload, of which so many bytes are to follow.
    func bytes(before payload: Int) -> ByteBuffer {
        let body = data.isEmpty ? [] : Array(JSON.encode(data).utf8)
        let header = Header(
            type: type, version: "1.7.2", data_length: body.isEmpty ? nil : body.count,
            payload_length: payload > 0 ? payload : nil)
        var buffer = ByteBuffer(string: JSON.encode(header) + "\n")
        buffer.writeBytes(body)
        return buffer
    }

    package enum Malformed: Error, Equatable, CustomStringConvertible {
        case line(limit: Int)
        case json
        case length(String, limit: Int)

        package var description: String {
            switch self {
            case .line(let limit): "A line is longer than \(limit) bytes."
            case .json: "A line is no JSON object with a type."
            case .length(let name, let limit): "\(name) must be from 0 to \(limit)."
            }
        }
    }

    private static let lineLimit = 256 << 10
    private static let partLimit = 1 << 20

    /// Takes the next event from the front of `buffer`; nil when it is not all there yet. Once it throws, the stream has no
    /// beginning of an event any more.
    package static func next(in buffer: inout ByteBuffer) throws(Malformed) -> WyomingEvent? {
        guard let newline = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else {
            guard buffer.readableBytes <= lineLimit else { throw .line(limit: lineLimit) }
            return nil
        }
        let length = newline - buffer.readerIndex
        guard length <= lineLimit else { throw .line(limit: lineLimit) }
        let line = Array(buffer.readableBytesView.prefix(length))
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(line)) else { throw .json }
        let dataLength = try size(header.data_length, "data_length")
        let payloadLength = try size(header.payload_length, "payload_length")
        guard buffer.readableBytes >= length + 1 + dataLength + payloadLength else { return nil }
        buffer.moveReaderIndex(forwardBy: length + 1)
        let data = buffer.readBytes(length: dataLength) ?? []
        let payload = buffer.readBytes(length: payloadLength) ?? []
        buffer.discardReadBytes()
        var event = WyomingEvent(header.type, header.data ?? [:], payload: payload)
        if !data.isEmpty {
            guard let fields = try? JSONDecoder().decode([String: WyomingValue].self, from: Data(data)) else {
                throw .json
            }
            event.data.merge(fields) { _, new in new }
        }
        return event
    }

    private static func size(_ value: Int?, _ name: String) throws(Malformed) -> Int {
        let size = value ?? 0
        guard (0...partLimit).contains(size) else { throw .length(name, limit: partLimit) }
        return size
    }
}
