// The loop of T3: each call of `advance` gives every generation of a batch its next token. Generations share each
// pass over the weights; what one gives never depends on the others.

package import Compute

package final class T3GenerationLoop {
    private let t3: T3
    private let processor: Processor
    private var memory: Memory
    private var sampler = Sampler()
    private var segments: [Segment] = []
    private var ready: [Int] = []  // generations that have a hidden state for this token

    /// Sees the hidden state [1, hidden] and the raw logits [1, n] of each generation, for verification.
    package var trace: ((_ generation: Int, _ hidden: Rows, _ logits: Rows) -> Void)?

    /// Most rows of texts in one pass: alone, and beside generations that speak, which must not wait much longer than
    /// for a token.
    private static let textRows = 64
    private static let textRowsBesideSpeech = 16

    package init(_ t3: T3, on processor: Processor) {
        self.t3 = t3
        self.processor = processor
        memory = Memory(t3.configuration, generations: 1)
    }

    /// Of the passes of a number of generations.
    private struct Memory {
        let generations: Int
        let scratch: GPT2Scratch
        let x, normed: Rows  // [rows, hidden]
        let hidden: Rows  // [generations, hidden]
        let logits: Rows  // [generations, vocabulary]

        init(_ c: T3Configuration, generations: Int) {
            let rows = generations + T3GenerationLoop.textRows
            self.generations = generations
            scratch = GPT2Scratch(c, capacity: rows)
            x = Rows(rows: rows, columns: c.hidden)
            normed = Rows(rows: rows, columns: c.hidden)
            hidden = Rows(rows: generations, columns: c.hidden)
            logits = Rows(rows: generations, columns: c.speechVocabulary)
        }
    }

    /// Advances each generation by one token and says in its `step` what became of it. One that ended stays as it is.
    /// `isCancelled` is asked for each by its index, between passes.
    package func advance(_ batch: [T3Generation], isCancelled: (Int) -> Bool = { _ in false }) {
        if batch.count > memory.generations {
            memory = Memory(t3.configuration, generations: max(batch.count, 2 * memory.generations))
        }
        for generation in batch where generation.step == .token { generation.step = .reading }
        ready.removeAll(keepingCapacity: true)
        while ready.isEmpty {
            for (index, generation) in batch.enumerated() where generation.step == .reading && isCancelled(index) {
                generation.step = .cancelled
            }
            guard batch.contains(where: { $0.step == .reading }) else { return }
            runLayers(batch)
            for (index, generation) in batch.enumerated() where generation.step == .reading && generation.isSpeaking {
                ready.append(index)
            }
        }
        chooseTokens(batch)
    }

    /// One pass over the tokens of those that speak and as many rows of texts as may go with them.
    private func runLayers(_ batch: [T3Generation]) {
        let speaks = batch.contains { $0.step == .reading && $0.isSpeaking }
        let most = speaks ? Self.textRowsBesideSpeech : Self.textRows
        var (room, rows) = (most, 0)
        func eachPart(_ body: (T3Generation, Int) -> Void) {
            (room, rows) = (most, 0)
            for generation in batch where generation.step == .reading {
                let count = generation.isSpeaking ? 1 : min(generation.unread, room)
                if !generation.isSpeaking { room -= count }
                guard count > 0 else { continue }
                rows += count
                body(generation, count)
            }
        }
        segments.removeAll(keepingCapacity: true)
        eachPart { generation, count in
            generation.copyInput(count, t3.embeddings, to: memory.x[rows - count..<rows])
            segments.append(Segment(cache: generation.cache, count: count))
        }
        let (x, normed) = (memory.x[0..<rows], memory.normed[0..<rows])
        processor.at(.talker, shape: rows) {
            t3.stack.step(x, segments, normed: normed, scratch: memory.scratch, on: $0)
        }
        eachPart { generation, count in generation.take(memory.normed[rows - count..<rows]) }
    }

    private func chooseTokens(_ batch: [T3Generation]) {
        for (row, index) in ready.enumerated() { memory.hidden[row].copy(from: batch[index].hidden) }
        let logits = memory.logits[0..<ready.count]
        t3.logits(memory.hidden[0..<ready.count], into: logits, on: processor)
        for (row, index) in ready.enumerated() {
            let generation = batch[index]
            trace?(index, memory.hidden[row], logits[row])
            let token = sampler.choose(
                logits[row], generation.options, after: generation.history, &generation.random)
            if let token { generation.take(token) } else { generation.step = .notFinite }
        }
    }
}
