// What T3 gets of a voice, and what it makes of it once and for all.

package import Compute

/// `T3Cond`: who speaks, and how that sounds.
package struct T3Condition: Sendable, Equatable {
    /// From the voice encoder.
    package let speaker: [Float]
    /// Speech tokens of the reference, at most 15 seconds of them.
    package let promptTokens: [Int]

    package init(speaker: [Float], promptTokens: [Int]) {
        self.speaker = speaker
        self.promptTokens = promptTokens
    }

    package var rows: Int { 1 + promptTokens.count }
}

/// Keys and values of a voice's rows, with which all of its utterances begin.
package final class T3Voice {
    package let prefix: KVCache

    /// Runs the rows of a condition through the layers.
    package init(_ condition: T3Condition, _ t3: T3, on processor: Processor) throws(T3Error) {
        let c = t3.configuration
        guard condition.rows < c.positions else {
            throw .tooLong(rows: condition.rows, positions: c.positions)
        }
        let rows = try t3.embeddings.voice(condition, on: processor)
        let cache = t3.makeCache(capacity: rows.rows)
        let most = min(rows.rows, Self.rowsOfAPass)
        let scratch = GPT2Scratch(c, capacity: most)
        let normed = Rows(rows: most, columns: c.hidden)
        for first in stride(from: 0, to: rows.rows, by: most) {
            let part = rows[first..<min(first + most, rows.rows)]
            t3.stack.step(
                part, [Segment(cache: cache, count: part.rows)], normed: normed[0..<part.rows], scratch: scratch,
                on: processor)
        }
        prefix = cache
    }

    /// Bytes of memory it holds.
    package var byteCount: Int { prefix.byteCount }

    private static let rowsOfAPass = 64
}
