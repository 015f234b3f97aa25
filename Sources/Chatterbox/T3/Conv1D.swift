// GPT-2's `Conv1D`, a linear layer whose matrix is released as [inputs, outputs].

import Compute
import ModelFile

/// How the matrices of a file lie. The released ones are turned once, when they are loaded; a quantizer stores them
/// as all other matrices are, and those are used where they lie.
enum Conv1DOrder: Sendable, Equatable {
    case inputsFirst  // [inputs, outputs]
    case outputsFirst  // [outputs, inputs]

    /// By the layer of queries, keys and values, whose matrix is not square: one that is could be read either way.
    init(_ weights: Weights, hidden: Int) throws(ModelFileError) {
        // Only a quantizer writes anything beside plain numbers.
        if weights.contains("weight_packed") || weights.contains("weight_scale") {
            self = .outputsFirst
            return
        }
        let tensor = try weights.tensor("weight")
        switch tensor.shape {
        case [hidden, 3 * hidden]: self = .inputsFirst
        case [3 * hidden, hidden]: self = .outputsFirst
        default: throw .wrongShape(name: tensor.name, expected: [hidden, 3 * hidden], found: tensor.shape)
        }
    }

    /// y = x·W + b from `inputs` to `outputs`; GPT-2 has a bias everywhere.
    func linear(_ weights: Weights, inputs: Int, outputs: Int) throws(ModelFileError) -> Linear {
        _ = try weights.tensor("bias", shape: [outputs])
        switch self {
        case .inputsFirst: return try Linear(transposing: weights, rows: outputs, columns: inputs)
        case .outputsFirst: return try Linear(weights, rows: outputs, columns: inputs)
        }
    }
}
