// What T3 would choose each token from, given those before it: all of an utterance in a few passes.

package import Compute

package struct T3Evaluation {
    private let t3: T3
    private let processor: Processor

    /// Rows that go through the layers together.
    private static let chunk = 64

    package init(_ t3: T3, on processor: Processor) {
        self.t3 = t3
        self.processor = processor
    }

    /// Raw logits after the token that starts speech and after each of `tokens`, which lie in the vocabulary. `visit` gets how many
    /// of the tokens come before, and the logits [1, speech vocabulary]; they are valid until it returns.
    package func logits(
        _ voice: T3Voice, text ids: [Int], after tokens: [Int], visit: (_ count: Int, _ logits: Rows) -> Void
    ) throws(T3Error) {
        let c = t3.configuration
        let x = try inputs(ids, tokens)
        let rows = voice.prefix.count + x.rows
        guard rows <= c.positions else { throw .tooLong(rows: rows, positions: c.positions) }
        let cache = t3.makeCache(capacity: rows)
        cache.start(with: voice.prefix)
        let most = min(x.rows, Self.chunk)
        let scratch = GPT2Scratch(c, capacity: most)
        let (normed, logits) = (Rows(rows: most, columns: c.hidden), Rows(rows: most, columns: c.speechVocabulary))
        for start in stride(from: 0, to: x.rows, by: most) {
            let part = start..<min(start + most, x.rows)
            let hidden = normed[0..<part.count]
            t3.stack.step(
                x[part], [Segment(cache: cache, count: part.count)], normed: hidden, scratch: scratch, on: processor)
            // The start token is the row behind the text.
            let first = max(part.lowerBound, ids.count)
            guard first < part.upperBound else { continue }
            let spoken = hidden[first - start..<part.count]
            t3.logits(spoken, into: logits[0..<spoken.rows], on: processor)
            for row in 0..<spoken.rows { visit(first - ids.count + row, logits[row]) }
        }
    }

    /// Text, start token and speech tokens.
    private func inputs(_ ids: [Int], _ tokens: [Int]) throws(T3Error) -> Rows {
        let text = try t3.embeddings.text(ids)
        let rows = Rows(rows: text.rows + tokens.count, columns: text.columns)
        rows[0..<text.rows].copy(from: text)
        for (index, token) in tokens.enumerated() { t3.embeddings.speech(token, into: rows[text.rows + index]) }
        return rows
    }
}
