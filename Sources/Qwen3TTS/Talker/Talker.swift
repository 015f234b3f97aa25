// The talker: from text and past codes to code 0 of the next frame.  `Qwen3TTSTalkerForConditionalGeneration`.

package import Compute
package import ModelFile

package struct Talker {
    package let configuration: Configuration
    package let stack: Transformer
    package let codePredictor: CodePredictor
    private let textEmbedding: Embedding  // [text vocabulary, text hidden]
    private let codecEmbedding: Embedding  // [vocabulary, hidden]
    private let textProjection1: Linear  // [text hidden, text hidden]
    private let textProjection2: Linear  // [hidden, text hidden]
    private let head: Linear  // [vocabulary, hidden]
    private let cachePrecision: CachePrecision

    /// `weights` is `talker`. Keys and values are rounded to `cachePrecision`: 16 bits, unless no matrix of the layers is
    /// rounded either.
    package init(
        _ weights: Weights, _ configuration: Configuration, cachePrecision: CachePrecision? = nil
    ) throws(ModelFileError) {
        self.configuration = configuration
        let (c, text) = (configuration.talker, configuration.tokens.text_hidden_size)
        let model = weights["model"]
        stack = try Transformer(model, c)
        self.cachePrecision = cachePrecision ?? (stack.isFloat32 ? .float32 : .float16)
        codePredictor = try CodePredictor(
            weights["code_predictor"], configuration.codePredictor, talkerHidden: c.hidden_size)
        textEmbedding = try Embedding(
            model["text_embedding"], entries: configuration.tokens.text_vocab_size, columns: text)
        codecEmbedding = try Embedding(model["codec_embedding"], entries: c.vocab_size, columns: c.hidden_size)
        textProjection1 = try Linear(weights["text_projection"]["linear_fc1"], rows: text, columns: text)
        textProjection2 = try Linear(weights["text_projection"]["linear_fc2"], rows: c.hidden_size, columns: text)
        head = try Linear(weights["codec_head"], rows: c.vocab_size, columns: c.hidden_size)
    }

    package var hidden: Int { configuration.talker.hidden_size }

    /// The cache of one utterance.
    package func makeCache(capacity: Int) -> KVCache {
        stack.makeCache(capacity: capacity, precision: cachePrecision)
    }

    /// Projected embeddings of text tokens [ids.count, hidden].
    package func text(_ ids: [Int], on processor: Processor) -> Rows {
        let embedded = Rows(rows: ids.count, columns: textEmbedding.columns)
        for (row, id) in ids.enumerated() { textEmbedding.lookUp(id, into: embedded[row]) }
        let inner = Rows(rows: ids.count, columns: textEmbedding.columns)
        textProjection1.apply(embedded, into: inner, on: processor)
        processor.kernels.silu(inner)
        let projected = Rows(rows: ids.count, columns: hidden)
        textProjection2.apply(inner, into: projected, on: processor)
        return projected
    }

    /// y [1, hidden] = or += the embedding of a codec id.
    package func codec(_ id: Int, into y: Rows, adding: Bool = false) {
        codecEmbedding.lookUp(id, into: y, adding: adding)
    }

    /// y [1, hidden] = the sum of the embeddings of a frame's codes.
    package func frame(_ codes: ArraySlice<Int>, into y: Rows) {
        codec(codes.first!, into: y)
        codePredictor.addEmbeddings(codes.dropFirst(), to: y)
    }

    /// Logits [1, vocabulary] of a hidden state after the final norm.
    package func logits(_ hidden: Rows, into y: Rows, on processor: Processor) {
        head.apply(hidden, into: y, on: processor)
    }
}
