// The one loop for every mode and door: each call of `advance` gives every generation of a batch its next frame of codes.
// Generations share each pass over the weights; what one gives never depends on the others.
//
//   talker (prompts and inputs) → head → code 0 → code predictor, 15 passes → codes

package import Compute

package final class GenerationLoop {
    private let embeddings: TalkerEmbeddings
    private let device: any TalkerDevice
    private let kernels: Kernels
    private var memory: Memory
    private var sampler = Sampler()
    private var segments: [TalkerSegment] = []
    private var ready: [Int] = []  // generations that have a hidden state for this frame

    /// Sees the raw logits [1, n] of each generation and group, for verification.
    package var trace: ((_ generation: Int, _ group: Int, _ logits: Rows) -> Void)?

    /// Most rows of prompts in one pass: alone, and beside generations that speak, which must not wait much longer than
    /// a frame.
    private static let promptRows = 64
    private static let promptRowsBesideSpeech = 16

    /// `kernels` add texts to inputs, on this computer.
    package init(_ embeddings: TalkerEmbeddings, on device: any TalkerDevice, kernels: Kernels) {
        self.embeddings = embeddings
        self.device = device
        self.kernels = kernels
        memory = Memory(embeddings.configuration.talker, generations: 1)
    }

    /// What crosses to the device and back, for a number of generations.
    private struct Memory {
        let generations: Int
        let x, normed: Rows  // [rows, hidden]
        let hidden, first: Rows  // [generations, hidden]
        let logits: Rows  // [generations, vocabulary]

        init(_ c: TransformerConfiguration, generations: Int) {
            let rows = generations + GenerationLoop.promptRows
            self.generations = generations
            x = Rows(rows: rows, columns: c.hidden_size)
            normed = Rows(rows: rows, columns: c.hidden_size)
            hidden = Rows(rows: generations, columns: c.hidden_size)
            first = Rows(rows: generations, columns: c.hidden_size)
            logits = Rows(rows: generations, columns: c.vocab_size)
        }
    }

    /// Advances each generation by one frame and says in its `step` what became of it. A generation that ended is not
    /// advanced again. `isCancelled` is asked for each by its index, between passes.
    package func advance(_ batch: [Generation], isCancelled: (Int) -> Bool = { _ in false }) {
        if batch.count > memory.generations {
            memory = Memory(embeddings.configuration.talker, generations: max(batch.count, 2 * memory.generations))
        }
        for (index, generation) in batch.enumerated() {
            generation.begin(isCancelled: isCancelled(index), kernels: kernels)
        }
        ready.removeAll(keepingCapacity: true)
        while ready.isEmpty, batch.contains(where: { $0.step == .reading }) {
            runTalker(batch)
            for (index, generation) in batch.enumerated() where generation.step == .reading && isCancelled(index) {
                generation.step = .cancelled
            }
            for (index, generation) in batch.enumerated() where generation.step == .reading && generation.isSpeaking {
                ready.append(index)
            }
        }
        guard !ready.isEmpty else { return }
        chooseFirstCodes(batch)
        ready.removeAll { batch[$0].step != .frame }
        guard !ready.isEmpty else { return }
        chooseOtherCodes(batch, isCancelled)
        for index in ready where batch[index].step == .frame { batch[index].finishFrame(embeddings) }
    }

    /// One pass over the inputs of those that speak and as many rows of prompts as may go with them.
    private func runTalker(_ batch: [Generation]) {
        let speaks = batch.contains { $0.step == .reading && $0.isSpeaking }
        var room = speaks ? Self.promptRowsBesideSpeech : Self.promptRows
        var rows = 0
        func eachPart(_ body: (Generation, Int) -> Void) {
            for generation in batch where generation.step == .reading {
                let count = generation.isSpeaking ? 1 : min(generation.unread, room)
                if !generation.isSpeaking { room -= count }
                if count > 0 { body(generation, count) }
            }
        }
        segments.removeAll(keepingCapacity: true)
        eachPart { generation, count in
            generation.copyInput(count, to: memory.x[rows..<rows + count])
            segments.append(TalkerSegment(cache: generation.cache, count: count))
            rows += count
        }
        device.step(memory.x[0..<rows], segments, into: memory.normed[0..<rows])
        room = speaks ? Self.promptRowsBesideSpeech : Self.promptRows
        rows = 0
        eachPart { generation, count in
            rows += count
            generation.take(memory.normed[rows - count..<rows])
        }
    }

    private func chooseFirstCodes(_ batch: [Generation]) {
        for (row, index) in ready.enumerated() { memory.hidden[row].copy(from: batch[index].hidden) }
        let logits = memory.logits[0..<ready.count]
        device.logits(memory.hidden[0..<ready.count], into: logits)
        let eos = embeddings.configuration.tokens.codec_eos_token_id
        for (row, index) in ready.enumerated() {
            let generation = batch[index]
            trace?(index, 0, logits[row])
            let token = sampler.choose(logits[row], generation.options.talker, &generation.random) { scores in
                Self.restrict(
                    &scores, history: generation.history.tokens, step: generation.tokens.count,
                    penalty: generation.options.repetitionPenalty, eos: eos)
            }
            if let token { generation.take(first: token, eos: eos) } else { generation.step = .notFinite }
        }
    }

    private func chooseOtherCodes(_ batch: [Generation], _ isCancelled: (Int) -> Bool) {
        for (row, index) in ready.enumerated() {
            memory.hidden[row].copy(from: batch[index].hidden)
            embeddings.codec(batch[index].codes[0], into: memory.first[row])
        }
        device.predict(
            hidden: memory.hidden[0..<ready.count], first: memory.first[0..<ready.count],
            isCancelled: { row in
                let generation = batch[ready[row]]
                if generation.step == .frame, isCancelled(ready[row]) { generation.step = .cancelled }
                return generation.step != .frame
            },
            choose: { row, group, logits in
                let generation = batch[ready[row]]
                trace?(ready[row], group + 1, logits)
                let code = sampler.choose(logits, generation.options.codePredictor, &generation.random)
                if code == nil { generation.step = .notFinite }
                generation.take(code: code ?? 0, group: group + 1)
                return code ?? 0
            })
    }

    /// Ids from here below the end of the vocabulary are control tokens, never speech.
    private static let controlTokens = 1024
    /// Speech cannot end before this many tokens.
    private static let minimumTokens = 2

    /// The official order: repetition penalty, no early end, no control tokens but the end of speech.
    package static func restrict(_ scores: inout [Float], history: [Int], step: Int, penalty: Float, eos: Int) {
        Sampler.penalize(&scores, history: history, penalty: penalty)
        if step < minimumTokens { scores[eos] = -.infinity }
        for i in scores.count - controlTokens..<scores.count where i != eos { scores[i] = -.infinity }
    }
}
