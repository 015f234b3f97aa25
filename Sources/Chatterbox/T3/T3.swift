// T3: from a voice and text to speech tokens, one after the other.  `T3` with a GPT-2, `inference_turbo`.

package import Compute
package import ModelFile

package struct T3 {
    package let configuration: T3Configuration
    package let embeddings: T3Embeddings
    package let stack: GPT2
    private let head: Linear  // speech_head [speech vocabulary, hidden]
    private let cachePrecision: CachePrecision

    /// `weights` is the whole file. Keys and values are rounded to `cachePrecision`: 16 bits, unless no matrix of the
    /// layers is rounded either.
    package init(
        _ weights: Weights, heads: Int? = nil, cachePrecision: CachePrecision? = nil
    ) throws(ModelFileError) {
        let c = try T3Configuration(weights, heads: heads)
        configuration = c
        embeddings = try T3Embeddings(weights, c)
        stack = try GPT2(weights["tfmr"], c)
        self.cachePrecision = cachePrecision ?? (stack.isFloat32 ? .float32 : .float16)
        _ = try weights["speech_head"].tensor("bias", shape: [c.speechVocabulary])
        head = try Linear(weights["speech_head"], rows: c.speechVocabulary, columns: c.hidden)
    }

    /// T3 of the checkpoint in `directory`.
    package init(directory: String) throws {
        try self.init(T3Files.weights(directory), heads: HeadCounts(directory: directory).t3)
    }

    /// The cache of one utterance.
    package func makeCache(capacity: Int) -> KVCache {
        stack.makeCache(capacity: capacity, precision: cachePrecision)
    }

    /// Logits [n, speech vocabulary] of hidden states after the final norm.
    package func logits(_ hidden: Rows, into y: Rows, on processor: Processor) {
        head.apply(hidden, into: y, on: processor)
    }
}
