// Numbers in bytes, the lowest first.

/// Numbers of a part of an array, one after the other; nil beyond its end.
package struct LittleEndianReader {
    private let array: [UInt8]
    package private(set) var at: Int
    private let end: Int

    package init(_ array: [UInt8], at: Int, to end: Int) {
        self.array = array
        self.end = min(end, array.count)
        self.at = at >= 0 ? at : self.end
    }

    package var rest: Int { max(0, end - at) }

    /// A number of up to seven bytes.
    package mutating func number(_ count: Int) -> Int? {
        guard let bytes = bytes(count) else { return nil }
        return bytes.reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    package mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard skip(count) else { return nil }
        return array[at - count..<at]
    }

    package mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= rest else { return false }
        at += count
        return true
    }
}

extension [UInt8] {
    package mutating func append(littleEndian value: UInt32) {
        for shift in [0, 8, 16, 24] as [UInt32] { append(UInt8(value >> shift & 255)) }
    }
}
