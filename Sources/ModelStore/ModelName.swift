/// How a model in the store is named: `organisation/name`, as on the Hugging Face hub, and after a colon the format
/// wanted when several are installed, as in `Qwen/Qwen3-TTS-12Hz-0.6B-Base:int8`.
package struct ModelName: Hashable, Sendable, CustomStringConvertible {
    package let organisation: String
    package let name: String
    package let format: String?

    package var id: String { organisation + "/" + name }
    package var description: String { id + (format.map { ":" + $0 } ?? "") }

    package init(_ text: String) throws(ModelStoreError) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let parts = halves[0].split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw .invalidName(text, reason: "it is not of the form organisation/name")
        }
        for part in parts where !Self.isComponent(part) {
            throw .invalidName(
                text, reason: "\(quoted(part)) has other characters than letters, digits, '-', '_' and '.'")
        }
        if halves.count == 2, !Self.isFormat(String(halves[1])) {
            throw .invalidName(text, reason: "the format after ':' is not a word such as int8")
        }
        organisation = parts[0]
        name = parts[1]
        format = halves.count == 2 ? String(halves[1]) : nil
    }

    /// The hub's rule, which also keeps a name from leaving the store: no leading dot or dash, no "..".
    static func isComponent(_ text: String) -> Bool {
        guard (1...96).contains(text.utf8.count), let first = text.utf8.first, isLetterOrDigit(first) else {
            return false
        }
        return !text.contains("..")
            && text.utf8.allSatisfy {
                isLetterOrDigit($0) || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: ".")].contains($0)
            }
    }

    static func isFormat(_ text: String) -> Bool {
        (1...32).contains(text.utf8.count) && text.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
            && text.lowercased() == text
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }
}
