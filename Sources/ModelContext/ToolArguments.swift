// The arguments of a call, read with messages that name the argument: the language model that chose them reads those.

import JSONText

/// Why a tool cannot do what it should, in a sentence.
package struct ToolFault: Error, Equatable, Sendable {
    package var message: String

    package init(_ message: String) { self.message = message }
}

/// `null` counts as absent.
package struct ToolArguments {
    private let fields: [String: JSONValue]

    /// - Parameter known: names there are.
    package init(_ call: ToolCall, known: [String]) throws(ToolFault) {
        for name in call.arguments.keys.sorted() where !known.contains(name) {
            throw ToolFault(
                "\(call.name) has no argument \(name.prefix(80)). It has: \(known.joined(separator: ", ")).")
        }
        fields = call.arguments.filter { $0.value != .null }
    }

    /// - Parameter limit: in Unicode scalars.
    package func text(_ name: String, limit: Int = 200) throws(ToolFault) -> String? {
        guard let value = fields[name] else { return nil }
        guard let text = value.text else { throw ToolFault("\(name) is a string.") }
        let count = text.unicodeScalars.count
        guard count <= limit else { throw ToolFault("\(name) has \(count) characters; the limit is \(limit).") }
        return text
    }

    package func needed(_ name: String, limit: Int) throws(ToolFault) -> String {
        guard let text = try text(name, limit: limit) else { throw ToolFault("\(name) is missing.") }
        return text
    }

    package func number(_ name: String, _ range: ClosedRange<Double>) throws(ToolFault) -> Double? {
        let number: Double? =
            switch fields[name] {
            case nil: nil
            case .integer(let integer)?: Double(integer)
            case .number(let number)?: number
            default: .nan
            }
        guard number.map(range.contains) ?? true else {
            throw ToolFault("\(name) is a number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    package func flag(_ name: String) throws(ToolFault) -> Bool? {
        switch fields[name] {
        case nil: return nil
        case .flag(let flag)?: return flag
        default: throw ToolFault("\(name) is true or false.")
        }
    }
}
