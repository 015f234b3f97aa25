// weight · (x - mean) / √(variance + epsilon) + bias over the channels of each row.

import Compute
import ModelFile

struct LayerNorm {
    private let weight: Rows  // [1, columns]
    private let bias: Rows  // [1, columns]
    private let epsilon: Float

    init(_ weights: Weights, columns: Int, epsilon: Float = 1e-5) throws(ModelFileError) {
        weight = try weights.row("weight", columns)
        bias = try weights.row("bias", columns)
        self.epsilon = epsilon
    }

    func apply(_ x: Rows, on processor: Processor) -> Rows {
        let y = Rows(rows: x.rows, columns: x.columns)
        processor.forRows(x.rows) {
            processor.kernels.layerNorm(y[$0], x[$0], weight: weight, bias: bias, epsilon: epsilon)
        }
        return y
    }

    /// The same into memory that is used again.
    func apply(_ x: Rows, into y: Rows, _ kernels: Kernels) {
        kernels.layerNorm(y, x, weight: weight, bias: bias, epsilon: epsilon)
    }
}
