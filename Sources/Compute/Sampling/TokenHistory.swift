/// The tokens chosen so far, each once.
package struct TokenHistory: Sendable {
    package private(set) var tokens: [Int] = []
    private var seen: [Bool]

    package init(vocabulary: Int) {
        seen = [Bool](repeating: false, count: vocabulary)
        tokens.reserveCapacity(vocabulary)
    }

    package mutating func insert(_ token: Int) {
        guard !seen[token] else { return }
        seen[token] = true
        tokens.append(token)
    }
}
