// JSON as this server writes it.

import FoundationEssentials

package enum JSON {
    /// Sorted keys and plain slashes; every value of ours can be encoded.
    package static func encode(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(value) else { preconditionFailure("\(type(of: value)) cannot be encoded") }
        return String(decoding: data, as: UTF8.self)
    }
}

extension Duration {
    package var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }

    package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
