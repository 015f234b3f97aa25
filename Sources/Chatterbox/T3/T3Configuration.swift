// T3's sizes, by the shapes of its tensors: its checkpoint has no configuration file.

package import ModelFile

package struct T3Configuration: Sendable, Equatable {
    package let layers: Int
    package let heads: Int
    package let hidden: Int
    /// Of the feed-forward part.
    package let inner: Int
    /// Most rows of a sequence.
    package let positions: Int
    /// Elements of a speaker's embedding.
    package let speaker: Int
    package let textVocabulary: Int
    package let speechVocabulary: Int
    let order: Conv1DOrder

    package var headDimension: Int { hidden / heads }

    /// Most of any size: what is beyond is no model that fits a computer.
    private static let limit = 1 << 20

    /// `weights` is the whole file, with names from its root; `heads` where they have no 64 elements each.
    package init(_ weights: Weights, heads: Int? = nil) throws(ModelFileError) {
        let speaker = try Self.matrix(weights["cond_enc"]["spkr_enc"], columns: nil)
        hidden = speaker.rows
        self.speaker = speaker.columns
        let transformer = weights["tfmr"]
        layers = try Self.layers(transformer)
        positions = try Self.matrix(transformer["wpe"], columns: hidden).rows
        textVocabulary = try Self.matrix(weights["text_emb"], columns: hidden).rows
        speechVocabulary = try Self.matrix(weights["speech_emb"], columns: hidden).rows
        inner = try Self.size(transformer["h"][0]["mlp"]["c_fc"])
        order = try Conv1DOrder(transformer["h"][0]["attn"]["c_attn"], hidden: hidden)
        self.heads = heads ?? hidden / HeadCounts.released
        guard self.heads > 0, hidden % self.heads == 0 else {
            throw .unusable(
                name: "cond_enc.spkr_enc.weight",
                reason: "\(hidden) elements of the hidden state are no multiple of \(self.heads) heads")
        }
        guard speechVocabulary > SpeechTokens.stop else {
            throw .wrongShape(
                name: "speech_emb.weight", expected: [SpeechTokens.stop + 1, hidden],
                found: [speechVocabulary, hidden])
        }
    }

    /// Rows and columns of a table, whatever its numbers are stored as.
    private static func matrix(
        _ weights: Weights, columns: Int?
    ) throws(ModelFileError) -> (rows: Int, columns: Int) {
        var (name, shape) = ("weight", [Int]())
        if weights.contains("weight_shape") {
            name = "weight_shape"
            shape = try weights.tensor(name, shape: [2]).integers()
        } else {
            shape = try weights.tensor(name).shape
        }
        guard shape.count == 2, shape.allSatisfy({ (1...limit).contains($0) }), columns ?? shape[1] == shape[1] else {
            throw .wrongShape(
                name: try weights.tensor(name).name, expected: [shape.first ?? 1, columns ?? 1], found: shape)
        }
        return (shape[0], shape[1])
    }

    /// Outputs of a layer, which its bias tells however the matrix is stored.
    private static func size(_ weights: Weights) throws(ModelFileError) -> Int {
        let bias = try weights.tensor("bias")
        guard bias.shape.count == 1, (1...limit).contains(bias.shape[0]) else {
            throw .wrongShape(name: bias.name, expected: [1], found: bias.shape)
        }
        return bias.shape[0]
    }

    /// One more than the last layer's number: where one is missing before it, loading says so.
    private static func layers(_ weights: Weights) throws(ModelFileError) -> Int {
        var last = 0
        for name in weights["h"].names {
            let number = name.split(separator: ".").dropFirst(2).first.flatMap { Int($0) } ?? -1
            guard (0..<limit).contains(number) else { throw .unusable(name: name, reason: "it names no layer") }
            last = max(last, number)
        }
        return last + 1
    }
}

// MARK: - As it is released

extension T3Configuration {
    /// GPT-2's linear layers by their names in the file, with the inputs and outputs of each.
    private var layersOfMatrices: [(name: String, inputs: Int, outputs: Int)] {
        (0..<layers).flatMap { index in
            [
                ("attn.c_attn", hidden, 3 * hidden), ("attn.c_proj", hidden, hidden), ("mlp.c_fc", hidden, inner),
                ("mlp.c_proj", inner, hidden),
            ].map { ("tfmr.h.\(index)." + $0.0, $0.1, $0.2) }
        }
    }

    /// The names of the matrices that the file holds as [inputs, outputs].
    package var inputsFirst: Set<String> {
        order == .inputsFirst ? Set(layersOfMatrices.map { $0.name + ".weight" }) : []
    }

    /// Throws where a tensor of plain numbers that T3 reads is missing or has another shape; reads none of them.
    package func check(_ weights: Weights) throws(ModelFileError) {
        func linear(_ name: String, _ shape: [Int], bias: Int) throws(ModelFileError) {
            _ = try weights.tensor(name + ".weight", shape: shape)
            _ = try weights.tensor(name + ".bias", shape: [bias])
        }
        try linear("cond_enc.spkr_enc", [hidden, speaker], bias: hidden)
        try linear("speech_head", [speechVocabulary, hidden], bias: speechVocabulary)
        _ = try weights.tensor("text_emb.weight", shape: [textVocabulary, hidden])
        _ = try weights.tensor("speech_emb.weight", shape: [speechVocabulary, hidden])
        _ = try weights.tensor("tfmr.wpe.weight", shape: [positions, hidden])
        for norm in (0..<layers).flatMap({ ["h.\($0).ln_1", "h.\($0).ln_2"] }) + ["ln_f"] {
            try linear("tfmr." + norm, [hidden], bias: hidden)
        }
        for (name, inputs, outputs) in layersOfMatrices {
            try linear(name, order == .inputsFirst ? [inputs, outputs] : [outputs, inputs], bias: outputs)
        }
    }
}
