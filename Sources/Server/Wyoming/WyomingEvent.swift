// Wyoming's wire format: a line of JSON, then as many bytes of JSON data and of payload as it says.

import FoundationEssentials
package import JSONText
package import NIOCore

/// The line that every event begins with.
struct WyomingHeader: Codable {
    var type: String
    var version: String?
    var data: [String: JSONValue]?
    var data_length: Int?
    var payload_length: Int?
}

package struct WyomingEvent: Sendable, Equatable {
    package var type: String
    package var data: [String: JSONValue]
    package var payload: [UInt8]

    package init(_ type: String, _ data: [String: JSONValue] = [:], payload: [UInt8] = []) {
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
