// The code predictor: from the talker's hidden state and code 0 of a frame to the other codes. A fresh cache per frame;
// positions 0 and 1 (hidden state, embedding of code 0) go through in one pass.  `Qwen3TTSTalkerCodePredictorModel`.

package import Compute
package import ModelFile

package struct CodePredictor {
    package let groups: Int
    package let vocabulary: Int
    private let stack: Transformer
    private let embeddings: [Embedding]  // groups - 1 tables [vocabulary, talker hidden]
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
        var embeddings: [Embedding] = []
        var heads: [Linear] = []
        for group in 0..<groups - 1 {
            embeddings.append(
                try Embedding(
                    weights["model"]["codec_embedding"][group], entries: vocabulary, columns: talkerHidden))
            heads.append(try Linear(weights["lm_head"][group], rows: vocabulary, columns: c.hidden_size))
        }
        self.embeddings = embeddings
        self.heads = heads
        projection =
            talkerHidden == c.hidden_size
            ? nil : try Linear(weights["small_to_mtp_projection"], rows: c.hidden_size, columns: talkerHidden)
    }

    /// Memory of one utterance.
    package final class State {
        let cache: KVCache
        let scratch: TransformerScratch
        let wide: Rows  // [2, talker hidden]
        let input: Rows  // [2, hidden]
        let normed: Rows  // [2, hidden]
        package let logits: Rows  // [groups - 1, vocabulary] of the last frame

        init(_ predictor: CodePredictor) {
            let c = predictor.stack.configuration
            cache = predictor.stack.makeCache(capacity: predictor.groups)
            scratch = TransformerScratch(c, capacity: 2)
            wide = Rows(rows: 2, columns: predictor.talkerHidden)
            input = Rows(rows: 2, columns: c.hidden_size)
            normed = Rows(rows: 2, columns: c.hidden_size)
            logits = Rows(rows: predictor.groups - 1, columns: predictor.vocabulary)
        }
    }

    package func makeState() -> State { State(self) }

    /// Codes 1… of a frame. `hidden` and `firstEmbedding` are [1, talker hidden]; `choose` picks a code from the logits of
    /// a group [1, vocabulary]. Returns false when `isCancelled` said so between two passes.
    package func predict(
        hidden: Rows, firstEmbedding: Rows, into codes: inout [Int], state: State, on processor: Processor,
        isCancelled: () -> Bool = { false }, trace: ((Int, Int, Rows) -> Void)? = nil, choose: (Rows) -> Int
    ) -> Bool {
        state.cache.reset()
        state.wide[0].copy(from: hidden)
        state.wide[1].copy(from: firstEmbedding)
        var count = 2
        for group in 0..<groups - 1 {
            if isCancelled() { return false }
            let input = state.input[0..<count]
            if let projection {
                projection.apply(state.wide[0..<count], into: input, on: processor)
            } else {
                input.copy(from: state.wide[0..<count])
            }
            let normed = state.normed[0..<count]
            stack.step(
                input, cache: state.cache, normed: normed, scratch: state.scratch, on: processor,
                trace: trace.map { trace in { layer, rows in trace(group, layer, rows) } })
            heads[group].apply(normed[count - 1], into: state.logits[group], on: processor)
            let code = choose(state.logits[group])
            codes.append(code)
            count = 1
            if group < groups - 2 { embeddings[group].lookUp(code, into: state.wide[0]) }
        }
        return true
    }

    /// y += the embeddings of codes 1… of a frame, for the talker's next input.
    package func addEmbeddings(_ codes: ArraySlice<Int>, to y: Rows) {
        precondition(codes.count == groups - 1)
        for (table, code) in zip(embeddings, codes) { table.lookUp(code, into: y, adding: true) }
    }
}
