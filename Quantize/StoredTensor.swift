// A tensor of a quantized checkpoint decoded to float32, as its format defines it, for reports and tests.

import Compute
import Glibc
import ModelFile

struct StoredTensor: Sendable {
    private let plan: TensorPlan
    private let weights: Weights
    private let elements: Tensor

    init(_ plan: TensorPlan, in weights: Weights) throws(ModelFileError) {
        self.plan = plan
        self.weights = weights
        for output in plan.outputs {
            let tensor = try weights.tensor(output.name, shape: output.shape)
            guard tensor.type == output.type else {
                throw .wrongType(name: tensor.name, expected: output.type.rawValue, found: tensor.type.rawValue)
            }
        }
        elements = try weights.tensor(plan.outputs[0].name)
    }

    /// One of `plan.pieces`, whose pages are then given back.
    func floats(_ piece: Range<Int>) throws(ModelFileError) -> [Float] {
        defer { release(piece) }
        guard plan.format.needsRows, let encoding = plan.format.encoding else { return try elements.floats(piece) }
        let (rows, columns) = (plan.source.shape[0], plan.source.shape[1])
        let matrix = try encoding.init(weights[plan.layer], rows: rows, columns: columns)
        return matrix.values(piece.lowerBound / columns..<piece.upperBound / columns)
    }

    private func release(_ piece: Range<Int>) {
        let share = plan.source.count / max(1, elements.count)
        elements.release(piece.lowerBound / share..<piece.upperBound / share)
    }
}
