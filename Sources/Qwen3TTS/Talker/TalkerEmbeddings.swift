// What goes into the talker: embeddings of text and codes, as rows in this computer's memory, whatever computes the layers.

package import Compute
package import ModelFile

package struct TalkerEmbeddings {
    package let configuration: Configuration
    private let text: Embedding  // [text vocabulary, text hidden]
    private let codec: Embedding  // [vocabulary, hidden]
    private let codes: CodeEmbeddings
    private let textProjection1: Linear  // [text hidden, text hidden]
    private let textProjection2: Linear  // [hidden, text hidden]

    /// `weights` is `talker`.
    package init(_ weights: Weights, _ configuration: Configuration) throws(ModelFileError) {
        self.configuration = configuration
        let (c, width) = (configuration.talker, configuration.tokens.text_hidden_size)
        let model = weights["model"]
        text = try Embedding(
            model["text_embedding"], entries: configuration.tokens.text_vocab_size, columns: width)
        codec = try Embedding(model["codec_embedding"], entries: c.vocab_size, columns: c.hidden_size)
        codes = try CodeEmbeddings(
            weights["code_predictor"], configuration.codePredictor, talkerHidden: c.hidden_size)
        textProjection1 = try Linear(weights["text_projection"]["linear_fc1"], rows: width, columns: width)
        textProjection2 = try Linear(weights["text_projection"]["linear_fc2"], rows: c.hidden_size, columns: width)
    }

    package var hidden: Int { configuration.talker.hidden_size }

    /// Projected embeddings of text tokens [ids.count, hidden].
    package func text(_ ids: [Int], on processor: Processor) -> Rows {
        let embedded = Rows(rows: ids.count, columns: text.columns)
        for (row, id) in ids.enumerated() { text.lookUp(id, into: embedded[row]) }
        let inner = Rows(rows: ids.count, columns: text.columns)
        textProjection1.apply(embedded, into: inner, on: processor)
        processor.kernels.silu(inner)
        let projected = Rows(rows: ids.count, columns: hidden)
        textProjection2.apply(inner, into: projected, on: processor)
        return projected
    }

    /// y [1, hidden] = the embedding of a codec id.
    package func codec(_ id: Int, into y: Rows) { codec.lookUp(id, into: y) }

    /// The embedding of a codec id [1, hidden].
    package func codec(_ id: Int) -> Rows {
        let row = Rows(rows: 1, columns: hidden)
        codec(id, into: row)
        return row
    }

    /// y [1, hidden] = the sum of the embeddings of a frame's codes.
    package func frame(_ codes: ArraySlice<Int>, into y: Rows) {
        codec(codes.first!, into: y)
        self.codes.add(codes.dropFirst(), to: y)
    }
}

/// Embeddings of codes 1… of a frame: input of the code predictor, and part of the talker's next input.
struct CodeEmbeddings {
    private let tables: [Embedding]  // groups - 1 tables [vocabulary, talker hidden]

    /// `weights` is `talker.code_predictor`.
    init(_ weights: Weights, _ c: TransformerConfiguration, talkerHidden: Int) throws(ModelFileError) {
        var tables: [Embedding] = []
        for group in 0..<c.num_code_groups - 1 {
            tables.append(
                try Embedding(
                    weights["model"]["codec_embedding"][group], entries: c.vocab_size, columns: talkerHidden))
        }
        self.tables = tables
    }

    /// y [1, talker hidden] = the embedding of a code of group 1….
    func lookUp(_ code: Int, group: Int, into y: Rows) { tables[group - 1].lookUp(code, into: y) }

    /// y += the embeddings of codes 1… of a frame.
    func add(_ codes: ArraySlice<Int>, to y: Rows) {
        precondition(codes.count == tables.count)
        for (table, code) in zip(tables, codes) { table.lookUp(code, into: y, adding: true) }
    }
}
