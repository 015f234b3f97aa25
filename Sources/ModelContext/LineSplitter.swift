// Bytes into lines, each of bounded length.

package struct LineSplitter {
    package enum Line: Equatable, Sendable {
        case whole([UInt8])
        /// Longer than may be: its bytes are gone.
        case tooLong
    }

    private let limit: Int
    private var partial: [UInt8] = []
    private var isTooLong = false

    /// - Parameter limit: bytes of a line.
    package init(limit: Int) { self.limit = limit }

    /// Lines that end in these bytes; what follows the last end of a line is kept for the next.
    package mutating func push(_ bytes: some Collection<UInt8>) -> [Line] {
        var lines: [Line] = []
        var rest = bytes[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            take(rest[..<end])
            lines.append(isTooLong ? .tooLong : .whole(partial))
            partial = []
            isTooLong = false
            rest = rest[rest.index(after: end)...]
        }
        take(rest)
        return lines
    }

    private mutating func take(_ bytes: some Collection<UInt8>) {
        guard !isTooLong, partial.count + bytes.count <= limit else {
            isTooLong = true
            partial = []
            return
        }
        partial += bytes
    }
}
