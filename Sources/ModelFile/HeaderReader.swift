// A strict reader for the JSON header of a safetensors file. A general JSON decoder would let duplicate keys pass.

struct HeaderReader {
    struct Entry {
        var type = ""
        var shape: [Int] = []
        var offsets: [Int] = []
    }

    private let bytes: [UInt8]
    private let path: String
    private let base: Int  // where the header starts in the file, for messages
    private var at = 0

    init(bytes: [UInt8], path: String, base: Int) {
        self.bytes = bytes
        self.path = path
        self.base = base
    }

    /// The tensors in header order and the metadata.
    mutating func read() throws(ModelFileError) -> (entries: [(name: String, entry: Entry)], metadata: [String: String])
    {
        var entries: [(name: String, entry: Entry)] = []
        var names: Set<String> = []
        var metadata: [String: String] = [:]
        try object { (reader, key) throws(ModelFileError) in
            guard names.insert(key).inserted else { throw reader.failure("the name \(key) occurs twice") }
            if key == "__metadata__" {
                try reader.object { (inner, name) throws(ModelFileError) in
                    guard metadata[name] == nil else { throw inner.failure("metadata \(name) occurs twice") }
                    metadata[name] = try inner.string()
                }
            } else {
                entries.append((key, try reader.entry(of: key)))
            }
        }
        while at < bytes.count {
            guard bytes[at] == UInt8(ascii: " ") else { throw failure("text after the end of the header") }
            at += 1
        }
        return (entries, metadata)
    }

    private mutating func entry(of name: String) throws(ModelFileError) -> Entry {
        var entry = Entry()
        var seen: Set<String> = []
        try object { (reader, key) throws(ModelFileError) in
            guard seen.insert(key).inserted else { throw reader.failure("\(name): \(key) occurs twice") }
            switch key {
            case "dtype": entry.type = try reader.string()
            case "shape": entry.shape = try reader.integers()
            case "data_offsets": entry.offsets = try reader.integers()
            default: throw reader.failure("\(name): unknown key \(key)")
            }
        }
        guard seen.count == 3 else { throw failure("\(name) lacks one of dtype, shape, data_offsets") }
        return entry
    }

    private mutating func object(
        _ member: (inout HeaderReader, String) throws(ModelFileError) -> Void
    ) throws(ModelFileError) {
        try expect("{")
        if peek() == UInt8(ascii: "}") { return try expect("}") }
        while true {
            let key = try string()
            try expect(":")
            try member(&self, key)
            if peek() != UInt8(ascii: ",") { break }
            try expect(",")
        }
        try expect("}")
    }

    private mutating func integers() throws(ModelFileError) -> [Int] {
        try expect("[")
        var values: [Int] = []
        if peek() == UInt8(ascii: "]") {
            try expect("]")
            return values
        }
        while true {
            values.append(try integer())
            guard values.count <= 8 else { throw failure("more than 8 dimensions") }
            if peek() != UInt8(ascii: ",") { break }
            try expect(",")
        }
        try expect("]")
        return values
    }

    private mutating func integer() throws(ModelFileError) -> Int {
        _ = peek()
        var value = 0
        var digits = 0
        while at < bytes.count, (48...57).contains(bytes[at]) {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int(bytes[at] - 48))
            guard !overflow, !carry else { throw failure("a number is too large") }
            value = sum
            digits += 1
            at += 1
        }
        guard digits > 0 else { throw failure("a whole number is expected") }
        return value
    }

    private mutating func string() throws(ModelFileError) -> String {
        try expect("\"")
        var content: [UInt8] = []
        while at < bytes.count, bytes[at] != UInt8(ascii: "\"") {
            guard bytes[at] >= 0x20 else { throw failure("a control character in a string") }
            if bytes[at] == UInt8(ascii: "\\") {
                content += try escape()
            } else {
                content.append(bytes[at])
                at += 1
            }
        }
        guard at < bytes.count else { throw failure("a string has no end") }
        at += 1
        guard let text = String(validating: content, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        return text
    }

    private mutating func escape() throws(ModelFileError) -> [UInt8] {
        guard at + 1 < bytes.count else { throw failure("a string has no end") }
        let letter = bytes[at + 1]
        at += 2
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "u"): return Array(String(try unicodeEscape()).utf8)
        default: throw failure("an unknown escape in a string")
        }
    }

    private mutating func unicodeEscape() throws(ModelFileError) -> Character {
        let first = try hexadecimal()
        guard (0xd800...0xdbff).contains(first) else {
            guard let scalar = Unicode.Scalar(first) else { throw failure("a lone surrogate in a string") }
            return Character(scalar)
        }
        guard at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") else {
            throw failure("a lone surrogate in a string")
        }
        at += 2
        let second = try hexadecimal()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw failure("a lone surrogate in a string") }
        return Character(scalar)
    }

    private mutating func hexadecimal() throws(ModelFileError) -> UInt32 {
        guard at + 4 <= bytes.count, let text = String(validating: bytes[at..<at + 4], as: UTF8.self),
            text.allSatisfy(\.isHexDigit), let value = UInt32(text, radix: 16)
        else { throw failure("a broken \\u escape") }
        at += 4
        return value
    }

    /// The next byte that is no space.
    private mutating func peek() -> UInt8? {
        while at < bytes.count, [9, 10, 13, 32].contains(bytes[at]) { at += 1 }
        return at < bytes.count ? bytes[at] : nil
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(ModelFileError) {
        guard peek() == UInt8(ascii: character) else { throw failure("'\(character)' is expected") }
        at += 1
    }

    private func failure(_ reason: String) -> ModelFileError {
        .malformed(path: path, offset: base + at, reason: reason)
    }
}
