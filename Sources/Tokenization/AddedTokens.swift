/// The tokens that are matched in the raw text before byte pair encoding, such as `<|im_start|>`: a trie over UTF-8.
/// Leftmost match first, the longest of those; the work per byte is bounded by the longest token.
struct AddedTokens: Sendable {
    private var edges: [Int: Int] = [:]  // node × 256 + byte → node
    private var ids: [UInt32?] = [nil]  // per node: the token that ends there

    mutating func add(_ content: String, id: UInt32) {
        var node = 0
        for byte in content.utf8 {
            if let next = edges[node * 256 + Int(byte)] {
                node = next
            } else {
                ids.append(nil)
                edges[node * 256 + Int(byte)] = ids.count - 1
                node = ids.count - 1
            }
        }
        ids[node] = id
    }

    /// The first added token at or after `start`, and the bytes it covers.
    func firstMatch(in text: [UInt8], from start: Int) -> (range: Range<Int>, id: UInt32)? {
        for position in start..<text.count {
            if let match = longestMatch(in: text, at: position) { return match }
        }
        return nil
    }

    private func longestMatch(in text: [UInt8], at start: Int) -> (range: Range<Int>, id: UInt32)? {
        var node = 0
        var match: (range: Range<Int>, id: UInt32)?
        for position in start..<text.count {
            guard let next = edges[node * 256 + Int(text[position])] else { break }
            node = next
            if let id = ids[node] { match = (start..<(position + 1), id) }
        }
        return match
    }
}
