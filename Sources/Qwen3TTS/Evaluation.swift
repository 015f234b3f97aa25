// Teacher forcing: what the model would have said at each step, given frames that are already chosen. For comparing
// weight formats: sequences part soon, logits on equal inputs can be compared to the end.

package import Compute

package struct Evaluation {
    private let talker: Talker
    private let processor: Processor

    /// Frames that go through talker and code predictor together.
    private static let chunk = 32

    package init(_ talker: Talker, on processor: Processor) {
        self.talker = talker
        self.processor = processor
    }

    /// Raw logits of every frame of `codes`, each given the prompt and the frames before it. `visit` gets the frame's number,
    /// the logits of code 0 [1, vocabulary] and those of the others [groups - 1, vocabulary]; they are valid until it returns.
    /// The codes lie in the model's range.
    package func logits(prompt: Prompt, codes: [[Int]], visit: (_ frame: Int, _ first: Rows, _ others: Rows) -> Void) {
        guard !codes.isEmpty else { return }
        let inputs = inputs(prompt, codes)
        let cache = talker.makeCache(capacity: inputs.rows)
        let scratch = TransformerScratch(talker.configuration.talker, capacity: min(inputs.rows, Self.chunk))
        let first = prompt.embeddings.rows - 1  // the row whose output chooses frame 0
        for start in stride(from: 0, to: inputs.rows, by: Self.chunk) {
            let end = min(start + Self.chunk, inputs.rows)
            let normed = Rows(rows: end - start, columns: talker.hidden)
            talker.stack.step(
                inputs[start..<end], [Segment(cache: cache, count: end - start)], normed: normed, scratch: scratch,
                on: processor)
            guard end > first else { continue }
            let from = max(start, first)
            let frames = from - first..<end - first
            self.frames(frames, Array(codes[frames]), hidden: normed[from - start..<end - start], visit)
        }
    }

    /// The prompt, then the input of every frame but the last: its codes and its text.
    private func inputs(_ prompt: Prompt, _ codes: [[Int]]) -> Rows {
        let count = prompt.embeddings.rows
        let rows = Rows(rows: count + codes.count - 1, columns: talker.hidden)
        rows[0..<count].copy(from: prompt.embeddings)
        for (frame, codes) in codes.dropLast().enumerated() {
            let row = rows[count + frame]
            talker.embeddings.frame(codes[...], into: row)
            processor.kernels.add(row, frame < prompt.trailing.rows ? prompt.trailing[frame] : prompt.padding)
        }
        return rows
    }

    private func frames(_ frames: Range<Int>, _ codes: [[Int]], hidden: Rows, _ visit: (Int, Rows, Rows) -> Void) {
        let logits = Rows(rows: frames.count, columns: talker.configuration.talker.vocab_size)
        talker.logits(hidden, into: logits, on: processor)
        let first = Rows(rows: frames.count, columns: talker.hidden)
        for (row, codes) in codes.enumerated() { talker.embeddings.codec(codes[0], into: first[row]) }
        let others = talker.codePredictor.logits(hidden: hidden, first: first, codes: codes, on: processor)
        let groups = talker.codePredictor.groups - 1
        for (row, frame) in frames.enumerated() {
            visit(frame, logits[row], others[row * groups..<(row + 1) * groups])
        }
    }
}
