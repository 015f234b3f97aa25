// Wyoming's events out of bytes as they come. Each byte is looked at once, however small the pieces are.

import FoundationEssentials
import JSONText
package import NIOCore

package struct WyomingDecoder {
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

    /// An event whose line has come, and how many bytes of data and of payload follow it.
    private struct Begun {
        var header: WyomingHeader
        var data, payload: Int
    }

    private var buffer = ByteBuffer()
    /// Bytes at the front of the buffer that are known to hold no end of a line.
    private var searched = 0
    private var begun: Begun?

    package init() {}

    package mutating func append(_ bytes: ByteBuffer) {
        buffer.discardReadBytes()
        buffer.writeImmutableBuffer(bytes)
    }

    /// The next event; nil when it is not all there yet. Once it throws, nobody can tell where another event begins.
    package mutating func next() throws(Malformed) -> WyomingEvent? {
        if begun == nil { begun = try line() }
        guard let begun else { return nil }
        guard buffer.readableBytes >= begun.data + begun.payload else { return nil }
        self.begun = nil
        let data = buffer.readBytes(length: begun.data) ?? []
        let payload = buffer.readBytes(length: begun.payload) ?? []
        var event = WyomingEvent(begun.header.type, (begun.header.data ?? [:]).mapValues(\.mended), payload: payload)
        if !data.isEmpty {
            let fields = try Self.json(data, as: [String: JSONValue].self)
            event.data.merge(fields.mapValues(\.mended)) { _, new in new }
        }
        return event
    }

    private mutating func line() throws(Malformed) -> Begun? {
        let unseen = buffer.readableBytesView.dropFirst(searched)
        guard let newline = unseen.firstIndex(of: UInt8(ascii: "\n")) else {
            searched = buffer.readableBytes
            guard searched <= Self.lineLimit else { throw .line(limit: Self.lineLimit) }
            return nil
        }
        searched = 0
        let length = newline - buffer.readerIndex
        guard length <= Self.lineLimit else { throw .line(limit: Self.lineLimit) }
        let line = buffer.readBytes(length: length) ?? []
        buffer.moveReaderIndex(forwardBy: 1)
        let header = try Self.json(line, as: WyomingHeader.self)
        return Begun(
            header: header, data: try Self.size(header.data_length, "data_length"),
            payload: try Self.size(header.payload_length, "payload_length"))
    }

    private static func json<Value: Decodable>(_ bytes: [UInt8], as: Value.Type) throws(Malformed) -> Value {
        do { return try JSONDecoder().decode(Value.self, from: Data(SurrogateHalves.marked(bytes))) } catch {
            throw .json
        }
    }

    private static func size(_ value: Int?, _ name: String) throws(Malformed) -> Int {
        let size = value ?? 0
        guard (0...partLimit).contains(size) else { throw .length(name, limit: partLimit) }
        return size
    }
}
