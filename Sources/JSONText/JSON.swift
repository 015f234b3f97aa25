// JSON as it is written here.

import FoundationEssentials

package enum JSON {
    /// Sorted keys and plain slashes; every value of ours can be encoded. On one line, unless it is indented for people.
    package static func encode(_ value: some Encodable, isIndented: Bool = false) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isIndented { encoder.outputFormatting.insert(.prettyPrinted) }
        guard let data = try? encoder.encode(value) else { preconditionFailure("\(type(of: value)) cannot be encoded") }
        return String(decoding: data, as: UTF8.self)
    }
}
