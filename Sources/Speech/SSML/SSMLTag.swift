// A tag of SSML or HTML: its name and attributes.

struct SSMLTag: Sendable, Equatable {
    enum Kind: Sendable { case open, close, empty }

    /// In small letters.
    let name: String
    let kind: Kind
    /// By their names in small letters; entities in the values are resolved.
    let attributes: [String: String]
    /// Nothing but attributes with values follows the name, so that a name nobody knows is one of a tag, too.
    let isWellFormed: Bool

    private static let mostAttributes = 16

    /// - Parameter content: what stands between "<" and ">". nil: no name starts it.
    init?(_ content: ArraySlice<Unicode.Scalar>) {
        var rest = content
        let isClosing = rest.first == "/"
        if isClosing { rest.removeFirst() }
        let isEmpty = rest.last == "/"
        if isEmpty { rest.removeLast() }
        let letters = rest.prefix { $0.isLetter || $0.isDigit || $0 == "-" || $0 == ":" || $0 == "_" }
        guard let first = letters.first, first.isLetter, letters.count <= 40 else { return nil }
        rest = rest[letters.endIndex...]
        guard rest.first.map(\.isWhite) ?? true else { return nil }
        name = String(scalars: letters).lowercased()
        kind = isClosing ? .close : isEmpty ? .empty : .open
        var attributes: [String: String] = [:]
        while attributes.count < Self.mostAttributes, let (key, value) = Self.attribute(&rest) {
            attributes[key] = value
        }
        self.attributes = attributes
        isWellFormed = rest.allSatisfy(\.isWhite)
    }

    /// Takes `key="value"`, `key='value'` or `key=value` off the front.
    private static func attribute(_ rest: inout ArraySlice<Unicode.Scalar>) -> (String, String)? {
        var text = rest.drop { $0.isWhite }
        let key = text.prefix { $0.isLetter || $0.isDigit || $0 == "-" || $0 == ":" || $0 == "_" }
        text = text[key.endIndex...].drop { $0.isWhite }
        guard !key.isEmpty, text.first == "=" else { return nil }
        text = text.dropFirst().drop { $0.isWhite }
        let value: ArraySlice<Unicode.Scalar>
        if let quote = text.first, quote == "\"" || quote == "'" {
            value = text.dropFirst().prefix { $0 != quote }
            rest = text[value.endIndex...].dropFirst()
        } else {
            value = text.prefix { !$0.isWhite }
            rest = text[value.endIndex...]
        }
        return (String(scalars: key).lowercased(), resolved(value))
    }

    private static func resolved(_ value: ArraySlice<Unicode.Scalar>) -> String {
        guard value.contains("&") else { return String(scalars: value) }
        var result: [Unicode.Scalar] = []
        var position = value.startIndex
        while position < value.endIndex {
            if value[position] == "&", let (scalar, end) = Entity.at(position, in: value) {
                result.append(scalar)
                position = end
            } else {
                result.append(value[position])
                position += 1
            }
        }
        return String(scalars: result)
    }
}

/// `&amp;`, `&#8364;`, `&#x20AC;`
enum Entity {
    private static let names: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": " ", "ndash": "–", "mdash": "—",
        "hellip": "…",
        "euro": "€", "pound": "£", "yen": "¥", "cent": "¢", "deg": "°", "times": "×", "frac12": "½", "copy": "©",
        "rsquo": "’", "lsquo": "‘", "ldquo": "“", "rdquo": "”", "laquo": "«", "raquo": "»",
    ]

    /// What stands for the reference that starts at `position`, and where that ends; nil when it is none.
    static func at(_ position: Int, in text: ArraySlice<Unicode.Scalar>) -> (scalar: Unicode.Scalar, end: Int)? {
        let body = text[(position + 1)..<min(position + 10, text.endIndex)]
        guard let semicolon = body.firstIndex(of: ";") else { return nil }
        let name = String(scalars: body[..<semicolon])
        var scalar = names[name]
        if name.hasPrefix("#x") || name.hasPrefix("#X") {
            scalar = UInt32(name.dropFirst(2), radix: 16).flatMap { Unicode.Scalar($0) }
        } else if name.hasPrefix("#") {
            scalar = UInt32(name.dropFirst()).flatMap { Unicode.Scalar($0) }
        }
        return scalar.map { ($0, semicolon + 1) }
    }
}
