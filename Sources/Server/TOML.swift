// The part of TOML a settings file needs: `name = value` lines and comments.
//
// A file read here means the same to every other TOML reader; what this one does not know (tables, dates, multi-line strings,
// nesting) it refuses by line. A whole TOML library would bring a C++ parser to the one file an administrator writes.

package enum TOMLValue: Sendable, Equatable {
    case string(String)
    case integer(Int)
    case number(Double)
    case flag(Bool)
    case list([String])
}

package struct TOMLError: Error, Sendable, Equatable, CustomStringConvertible {
    package var line: Int
    package var message: String

    package var description: String { "line \(line): \(message)" }
}

package enum TOML {
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var value: TOMLValue
        package var line: Int
    }

    package static func parse(_ text: String) throws(TOMLError) -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<String> = []
        // "\r\n" is one Character: lines are cut by scalar.
        for (index, line) in text.withoutByteOrderMark.unicodeScalars.split(
            separator: "\n", omittingEmptySubsequences: false
        ).enumerated() {
            var reader = LineReader(line: String(line), number: index + 1)
            guard let entry = try reader.entry() else { continue }
            guard seen.insert(entry.name).inserted else {
                throw TOMLError(line: index + 1, message: "\(entry.name) is set twice.")
            }
            entries.append(entry)
        }
        return entries
    }

    /// As this parser and any other reads it back.
    package static func write(_ value: TOMLValue) -> String {
        switch value {
        case .string(let text): quote(text)
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .flag(let value): "\(value)"
        case .list(let values): "[" + values.map(quote).joined(separator: ", ") + "]"
        }
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "\r": quoted += "\\r"
            case _ where scalar.value < 32 || scalar.value == 127:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

extension String {
    /// Without the mark that some editors put before UTF-8 text.
    var withoutByteOrderMark: String {
        unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
    }
}

private struct LineReader {
    private var rest: Substring.UnicodeScalarView
    private let number: Int

    init(line: String, number: Int) {
        rest = Substring(line).unicodeScalars
        if rest.last == "\r" { rest.removeLast() }
        self.number = number
    }

    /// nil for an empty line or a comment.
    mutating func entry() throws(TOMLError) -> TOML.Entry? {
        skipSpace()
        guard !isAtEnd else { return nil }
        if rest.first == "[" { throw error("Tables are not used here; write name = value.") }
        let name = take {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0) || $0 == "-" || $0 == "_"
        }
        guard !name.isEmpty else { throw error("A line begins with the name of a setting.") }
        skipSpace()
        guard rest.popFirst() == "=" else { throw error("After \(name) comes = and a value.") }
        skipSpace()
        let value = try value()
        skipSpace()
        guard isAtEnd else { throw error("After the value of \(name) the line must end.") }
        return TOML.Entry(name: name, value: value, line: number)
    }

    private var isAtEnd: Bool { rest.isEmpty || rest.first == "#" }

    private mutating func value() throws(TOMLError) -> TOMLValue {
        switch rest.first {
        case "\"", "'": return .string(try string())
        case "[": return .list(try list())
        default:
            let word = take { !$0.properties.isWhitespace && $0 != "#" && $0 != "," && $0 != "]" }
            if word == "true" { return .flag(true) }
            if word == "false" { return .flag(false) }
            let digits = word.filter { $0 != "_" }
            guard !word.isEmpty,
                word.utf8.allSatisfy({ (48...57).contains($0) || [43, 45, 46, 69, 95, 101].contains($0) })
            else {
                throw error("\(word.isEmpty ? "Nothing" : word) is no value; text needs quotes.")
            }
            if let whole = Int(digits) { return .integer(whole) }
            if let value = Double(digits), value.isFinite { return .number(value) }
            throw error("\(word) is no number.")
        }
    }

    private mutating func string() throws(TOMLError) -> String {
        let quote = rest.removeFirst()
        var text = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            if scalar == quote { return String(text) }
            if scalar == "\\", quote == "\"" {
                text.append(try escape())
            } else {
                guard scalar.value >= 32 || scalar == "\t" else {
                    throw error("A control character stands in a string.")
                }
                text.append(scalar)
            }
        }
        throw error("A string has no closing quote.")
    }

    private mutating func escape() throws(TOMLError) -> Unicode.Scalar {
        switch rest.popFirst() {
        case "n": return "\n"
        case "t": return "\t"
        case "r": return "\r"
        case "\"": return "\""
        case "\\": return "\\"
        case "u":
            let hex = String(String.UnicodeScalarView(rest.prefix(4)))
            rest = rest.dropFirst(4)
            guard hex.count == 4, let value = UInt32(hex, radix: 16), let scalar = Unicode.Scalar(value) else {
                throw error("\\u needs four hexadecimal digits of a character.")
            }
            return scalar
        default: throw error("A backslash in a string is followed by n, t, r, u, \" or another.")
        }
    }

    private mutating func list() throws(TOMLError) -> [String] {
        rest.removeFirst()
        var values: [String] = []
        while true {
            skipSpace()
            if rest.first == "]" { break }
            guard rest.first == "\"" || rest.first == "'" else {
                throw error("A list holds strings, on one line: [\"a\", \"b\"].")
            }
            values.append(try string())
            skipSpace()
            if rest.first == "]" { break }
            guard rest.popFirst() == "," else { throw error("A list's values are separated by commas, on one line.") }
        }
        rest.removeFirst()
        return values
    }

    private mutating func skipSpace() { _ = take { $0 == " " || $0 == "\t" } }

    private mutating func take(_ belongs: (Unicode.Scalar) -> Bool) -> String {
        let taken = rest.prefix(while: belongs)
        rest = rest[taken.endIndex...]
        return String(Substring(taken))
    }

    private func error(_ message: String) -> TOMLError { TOMLError(line: number, message: message) }
}
