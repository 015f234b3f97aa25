// The code predictor: from the talker's hidden state and code 0 of a frame to the other codes. A fresh cache per frame;
// positions 0 and 1 (hidden state, embedding of code 0) go through in one pass.  `Qwen3TTSTalkerCodePredictorModel`.

package import Compute
package import ModelFile

package struct CodePredictor {
    package let groups: Int
    package let vocabulary: Int
    private let stack: Transformer
    private let embeddings: CodeEmbeddings
    private let heads: [Linear]  // groups - 1 matrices [vocabulary, hidden]
    private let projection: Linear?  // small_to_mtp_projection [hidden, talker hidden], where the two differ
    private let talkerHidden: Int

    /// `weights` is `talker.code_predictor`.
    package init(
        _ weights: Weights, _ c: TransformerConfiguration, talkerHidden: Int
    ) throws(ModelFileError) {
        groups = c.num_code_groups
        vocabulary = c.vocab_size
        self.talkerHidden = talkerHidden
        stack = try Transformer(weights["model"], c)
        embeddings = try CodeEmbeddings(weights, c, talkerHidden: talkerHidden)
        var heads: [Linear] = []
        for group in 0..<groups - 1 {
            heads.append(try Linear(weights["lm_head"][group], rows: vocabulary, columns: c.hidden_size))
        }
        self.heads = heads
        projection =
            talkerHidden == c.hidden_size
            ? nil : try Linear(weights["small_to_mtp_projection"], rows: c.hidden_size, columns: talkerHidden)
    }

    /// The cache of one utterance: the positions of one frame, too few to be worth rounding.
    package func makeCache() -> KVCache { stack.makeCache(capacity: groups, precision: .float32) }

    /// Memory of the passes, reused by every frame. It grows to the largest batch.
    package final class Scratch {
        fileprivate var scratch: TransformerScratch
        fileprivate var wide: Rows  // [2 · utterances, talker hidden]
        fileprivate var input: Rows  // [2 · utterances, hidden]
        fileprivate var normed: Rows  // [2 · utterances, hidden]
        fileprivate var logits: Rows  // [utterances, vocabulary]
        fileprivate var segments: [Segment] = []
        fileprivate var active: [Int] = []  // utterances not cancelled, in order
        fileprivate var chosen: [Int]  // last code of each utterance

        fileprivate init(_ predictor: CodePredictor, utterances: Int) {
            let c = predictor.stack.configuration
            scratch = TransformerScratch(c, capacity: 2 * utterances)
            wide = Rows(rows: 2 * utterances, columns: predictor.talkerHidden)
            input = Rows(rows: 2 * utterances, columns: c.hidden_size)
            normed = Rows(rows: 2 * utterances, columns: c.hidden_size)
            logits = Rows(rows: utterances, columns: predictor.vocabulary)
            chosen = [Int](repeating: 0, count: utterances)
            segments.reserveCapacity(utterances)
            active.reserveCapacity(utterances)
        }
    }

    package func makeScratch(utterances: Int = 1) -> Scratch { Scratch(self, utterances: utterances) }

    /// Codes 1… of a frame for each of n utterances, all of them through each pass at once. `hidden` and `first`, the
    /// embedding of code 0, are [n, talker hidden]; `caches` and `scratch` are for n utterances or more. `choose` picks the code of
    /// utterance i and group g from its logits [1, vocabulary]. An utterance is left out as soon as `isCancelled` says so
    /// between two passes. `trace` sees the residual stream of each pass and layer, and as one layer more its final norm.
    package func predict(
        hidden: Rows, first: Rows, caches: [KVCache], _ scratch: Scratch, on processor: Processor,
        isCancelled: (_ utterance: Int) -> Bool = { _ in false }, trace: ((Int, Int, Rows) -> Void)? = nil,
        choose: (_ utterance: Int, _ group: Int, _ logits: Rows) -> Int
    ) {
        let count = hidden.rows
        precondition(first.rows == count && count <= caches.count && count <= scratch.chosen.count)
        scratch.active.removeAll(keepingCapacity: true)
        for utterance in 0..<count {
            caches[utterance].reset()
            scratch.active.append(utterance)
            scratch.wide[2 * utterance].copy(from: hidden[utterance])
            scratch.wide[2 * utterance + 1].copy(from: first[utterance])
        }
        for group in 0..<groups - 1 {
            // The first pass has every utterance: who is cancelled before it is not here.
            if group > 0 { scratch.active.removeAll(where: isCancelled) }
            let count = scratch.active.count
            guard count > 0 else { return }
            let positions = group == 0 ? 2 : 1
            if group > 0 {
                for (row, utterance) in scratch.active.enumerated() {
                    embeddings.lookUp(scratch.chosen[utterance], group: group, into: scratch.wide[row])
                }
            }
            let normed = pass(positions, caches, scratch, processor, trace.map { t in { t(group, $0, $1) } })
            let logits = scratch.logits[0..<count]
            heads[group].apply(normed.every(positions, from: positions - 1), into: logits, on: processor)
            for (row, utterance) in scratch.active.enumerated() {
                scratch.chosen[utterance] = choose(utterance, group, logits[row])
            }
        }
    }

    /// The first rows of `scratch.wide`, `positions` for each active utterance, through projection and stack.
    private func pass(
        _ positions: Int, _ caches: [KVCache], _ scratch: Scratch, _ processor: Processor,
        _ trace: ((Int, Rows) -> Void)?
    ) -> Rows {
        scratch.segments.removeAll(keepingCapacity: true)
        for utterance in scratch.active {
            scratch.segments.append(Segment(cache: caches[utterance], count: positions))
        }
        let rows = positions * scratch.active.count
        let input = scratch.input[0..<rows]
        project(scratch.wide[0..<rows], into: input, on: processor)
        let normed = scratch.normed[0..<rows]
        stack.step(input, scratch.segments, normed: normed, scratch: scratch.scratch, on: processor, trace: trace)
        trace?(stack.configuration.num_hidden_layers, normed)
        return normed
    }

    private func project(_ wide: Rows, into input: Rows, on processor: Processor) {
        if let projection {
            projection.apply(wide, into: input, on: processor)
        } else {
            input.copy(from: wide)
        }
    }
}

extension CodePredictor {
    /// The logits [frames · (groups - 1), vocabulary] of frames whose codes are known, all positions of a frame at once.
    /// `hidden` and `first` [frames, talker hidden] as in `predict`.
    package func logits(hidden: Rows, first: Rows, codes: [[Int]], on processor: Processor) -> Rows {
        let frames = codes.count
        precondition(hidden.rows == frames && first.rows == frames && codes.allSatisfy { $0.count == groups })
        let wide = Rows(rows: frames * groups, columns: talkerHidden)
        for (frame, codes) in codes.enumerated() {
            wide[frame * groups].copy(from: hidden[frame])
            wide[frame * groups + 1].copy(from: first[frame])
            for group in 1..<groups - 1 {
                embeddings.lookUp(codes[group], group: group, into: wide[frame * groups + group + 1])
            }
        }
        let c = stack.configuration
        let input = Rows(rows: wide.rows, columns: c.hidden_size)
        let normed = Rows(rows: wide.rows, columns: c.hidden_size)
        project(wide, into: input, on: processor)
        stack.step(
            input, codes.map { _ in Segment(cache: makeCache(), count: groups) }, normed: normed,
            scratch: TransformerScratch(c, capacity: wide.rows), on: processor)
        let logits = Rows(rows: frames * (groups - 1), columns: vocabulary)
        for (group, head) in heads.enumerated() {
            head.apply(
                normed.every(groups, from: group + 1), into: logits.every(groups - 1, from: group), on: processor)
        }
        return logits
    }
}
