// One file of a checkpoint's weights.

import Compute
import ModelFile

struct SourcePart {
    /// Where it is written, from the checkpoint's folder on: "speech_tokenizer/model.safetensors".
    let file: String
    /// What recipes call it: "speech_tokenizer".
    let rules: String
    /// In the order of the files they lie in.
    let tensors: [SourceTensor]
    /// More than one where the release has shards.
    let sourceFiles: [String]

    /// - Parameters:
    ///   - weights: all of the part, in the checkpoint of the folder `path`.
    ///   - isTurned: whether the matrix of a name lies the other way around.
    init(
        _ file: String, rules: String, _ weights: Weights, of path: String, isTurned: (String) -> Bool = { _ in false }
    ) throws {
        self.file = file
        self.rules = rules
        var tensors: [Tensor] = []
        for name in weights.names { tensors.append(try weights.tensor(name)) }
        tensors.sort { ($0.path, $0.fileOffset, $0.name) < ($1.path, $1.fileOffset, $1.name) }
        try Self.checkReleased(tensors, of: path)
        // Padding of a file that this quantizer wrote, in bf16.
        tensors.removeAll { $0.name.hasPrefix("padding.") && $0.type == .i8 }
        self.tensors = tensors.map { SourceTensor($0, isTurned: isTurned($0.name)) }
        sourceFiles = Set(tensors.map(\.path)).sorted()
    }
    /// Throws where one of the tensors is what a quantizer wrote.
    static func checkReleased(_ weights: Weights, of path: String) throws {
        try checkReleased(weights.names.map { try weights.tensor($0) }, of: path)
    }

    private static func checkReleased(_ tensors: [Tensor], of path: String) throws(QuantizationError) {
        // What formats put beside a matrix.
        let quantized = WeightFormat.all.flatMap { $0.matrix.tensors([0, 0]).map(\.suffix) }.filter { !$0.isEmpty }
        for tensor in tensors {
            let isInteger = tensor.type == .i8 && !tensor.name.hasPrefix("padding.")
            let isScale = quantized.contains { tensor.name.hasSuffix(".weight" + $0) }
            if isInteger || isScale { throw .alreadyQuantized(path: path, evidence: "tensor \(tensor.name)") }
        }
    }
}
