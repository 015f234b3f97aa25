// multipart/form-data (RFC 7578) as a stream: never holds more than one piece and a delimiter.

package import NIOCore

package struct MultipartParser {
    package enum Event: Equatable {
        /// A field begins.
        case part(name: String, fileName: String?)
        case data(ByteBuffer)
        case partEnd
        case end
    }

    package struct Malformed: Error, Equatable {
        package let reason: String
    }

    private enum State { case preamble, headers, body, done }

    private static let headerLimit = 16_384
    private let delimiter: [UInt8]  // CRLF "--" boundary
    private var buffer = ByteBuffer()
    private var state = State.preamble

    /// The boundary of a `Content-Type`; nil when it is not a form or names none that RFC 2046 allows.
    package static func boundary(_ contentType: String) -> String? {
        guard contentType.prefix(19).lowercased() == "multipart/form-data" else { return nil }
        let boundary = parameter("boundary", of: contentType) ?? ""
        let isAllowed = boundary.utf8.allSatisfy { (33...126).contains($0) || $0 == 32 }
        return (1...70).contains(boundary.utf8.count) && isAllowed ? boundary : nil
    }

    package init(boundary: String) {
        delimiter = Array("\r\n--\(boundary)".utf8)
        // So that the first delimiter is like the others.
        buffer.writeString("\r\n")
    }

    package var isComplete: Bool { state == .done }

    package mutating func feed(_ piece: ByteBuffer, _ emit: (Event) throws -> Void) throws {
        buffer.writeImmutableBuffer(piece)
        while try step(emit) {}
        buffer.discardReadBytes()
    }

    /// False when more bytes are needed.
    private mutating func step(_ emit: (Event) throws -> Void) throws -> Bool {
        switch state {
        case .done:
            buffer.clear()
            return false
        case .preamble, .body: return try content(emit)
        case .headers: return try headers(emit)
        }
    }

    private mutating func content(_ emit: (Event) throws -> Void) throws -> Bool {
        guard let position = find(delimiter) else {
            // A delimiter may have begun at the end.
            let ready = buffer.readableBytes - delimiter.count - 1
            guard ready > 0, let data = buffer.readSlice(length: ready) else { return false }
            if state == .body { try emit(.data(data)) }
            return false
        }
        guard buffer.readableBytes >= position + delimiter.count + 2 else { return false }
        let data = buffer.readSlice(length: position)
        if state == .body {
            if let data, data.readableBytes > 0 { try emit(.data(data)) }
            try emit(.partEnd)
        }
        buffer.moveReaderIndex(forwardBy: delimiter.count)
        switch buffer.readBytes(length: 2) {
        case [0x2d, 0x2d]:
            state = .done
            try emit(.end)
        case [0x0d, 0x0a]: state = .headers
        default: throw Malformed(reason: "other bytes follow a boundary")
        }
        return true
    }

    private mutating func headers(_ emit: (Event) throws -> Void) throws -> Bool {
        guard let length = find([13, 10, 13, 10]) else {
            guard buffer.readableBytes <= Self.headerLimit else {
                throw Malformed(reason: "the header of a field is too long")
            }
            return false
        }
        let bytes = buffer.readBytes(length: length) ?? []
        buffer.moveReaderIndex(forwardBy: 4)
        guard bytes.count <= Self.headerLimit, let text = String(validating: bytes, as: UTF8.self) else {
            throw Malformed(reason: "the header of a field is not text")
        }
        try emit(try Self.part(text))
        state = .body
        return true
    }

    private static func part(_ headers: String) throws(Malformed) -> Event {
        for line in headers.split(separator: "\r\n") {
            guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == "content-disposition" else {
                continue
            }
            let value = String(line[line.index(after: colon)...])
            guard let name = parameter("name", of: value) else { break }
            return .part(name: name, fileName: parameter("filename", of: value))
        }
        throw Malformed(reason: "a field has no name")
    }

    /// `name="value"` or `name=value` among the parameters of a header.
    static func parameter(_ name: String, of header: String) -> String? {
        var rest = header[...]
        while let semicolon = rest.firstIndex(of: ";") {
            rest = rest[rest.index(after: semicolon)...].drop { $0 == " " || $0 == "\t" }
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].lowercased()
            rest = rest[rest.index(after: equals)...]
            let value: String
            if rest.first == "\"" {
                guard let text = quoted(&rest) else { return nil }
                value = text
            } else {
                value = String(rest.prefix { $0 != ";" && $0 != " " })
            }
            if key == name { return value }
        }
        return nil
    }

    /// Takes a quoted string with its quotes off `rest`.
    private static func quoted(_ rest: inout Substring) -> String? {
        var text = ""
        rest = rest.dropFirst()
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                guard let next = rest.popFirst() else { return nil }
                text.append(next)
            default: text.append(character)
            }
        }
        return nil
    }

    private func find(_ needle: [UInt8]) -> Int? {
        let view = buffer.readableBytesView
        var position = view.startIndex
        while let start = view[position...].firstIndex(of: needle[0]), start + needle.count <= view.endIndex {
            if view[start..<start + needle.count].elementsEqual(needle) { return start - view.startIndex }
            position = start + 1
        }
        return nil
    }
}
