// The talker: from text and past codes to code 0 of the next frame.  `Qwen3TTSTalkerForConditionalGeneration`.

package import Compute
package import ModelFile

package struct Talker {
    package let configuration: Configuration
    package let embeddings: TalkerEmbeddings
    package let stack: Transformer
    package let codePredictor: CodePredictor
    private let head: Linear  // [vocabulary, hidden]
    private let cachePrecision: CachePrecision

    /// `weights` is `talker`. Keys and values are rounded to `cachePrecision`: 16 bits, unless no matrix of the layers is
    /// rounded either.
    package init(
        _ weights: Weights, _ configuration: Configuration, cachePrecision: CachePrecision? = nil
    ) throws(ModelFileError) {
        self.configuration = configuration
        let c = configuration.talker
        embeddings = try TalkerEmbeddings(weights, configuration)
        stack = try Transformer(weights["model"], c)
        self.cachePrecision = cachePrecision ?? (stack.isFloat32 ? .float32 : .float16)
        codePredictor = try CodePredictor(
            weights["code_predictor"], configuration.codePredictor, talkerHidden: c.hidden_size)
        head = try Linear(weights["codec_head"], rows: c.vocab_size, columns: c.hidden_size)
    }

    package var hidden: Int { configuration.talker.hidden_size }

    /// The cache of one utterance.
    package func makeCache(capacity: Int) -> KVCache {
        stack.makeCache(capacity: capacity, precision: cachePrecision)
    }

    /// Logits [n, vocabulary] of hidden states after the final norm.
    package func logits(_ hidden: Rows, into y: Rows, on processor: Processor) {
        head.apply(hidden, into: y, on: processor)
    }
}
