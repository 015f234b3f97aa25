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
        let layer = weights[String(plan.source.name.dropLast(".weight".count))]
        let matrix = try encoding.init(layer, rows: rows, columns: columns)
        return matrix.values(piece.lowerBound / columns..<piece.upperBound / columns)
    }

    private func release(_ piece: Range<Int>) {
        let share = plan.source.count / max(1, elements.count)
        elements.release(piece.lowerBound / share..<piece.upperBound / share)
    }
}

/// How far decoded values are from the source's.
package struct Deviation: Sendable {
    package private(set) var signal = 0.0
    package private(set) var noise = 0.0
    private(set) var largest: Float = 0

    package init() {}

    package mutating func add(_ values: [Float], _ source: [Float]) {
        for i in source.indices {
            let expected = Double(source[i])
            let difference = Double(values[i]) - expected
            signal += expected * expected
            noise += difference * difference
            largest = max(largest, Float(abs(difference)))
        }
    }

    /// Signal to noise; nil where there is no noise.
    package var decibels: Double? { noise > 0 ? 10 * log10(signal / noise) : nil }

    static func += (sum: inout Deviation, other: Deviation) {
        sum.signal += other.signal
        sum.noise += other.noise
        sum.largest = max(sum.largest, other.largest)
    }
}
