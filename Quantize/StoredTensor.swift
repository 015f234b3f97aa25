// A tensor of a quantized checkpoint decoded to float32: the plain definition of the formats, for reports and tests.

import Glibc
import ModelFile

struct StoredTensor: Sendable {
    private let plan: TensorPlan
    private let parts: [Tensor]

    init(_ plan: TensorPlan, in weights: Weights) throws(ModelFileError) {
        self.plan = plan
        var parts: [Tensor] = []
        for output in plan.outputs {
            let tensor = try weights.tensor(output.name, shape: output.shape)
            guard tensor.type == output.type else {
                throw .wrongType(name: tensor.name, expected: output.type.rawValue, found: tensor.type.rawValue)
            }
            parts.append(tensor)
        }
        self.parts = parts
    }

    /// One of `plan.pieces`, whose pages are then given back.
    func floats(_ piece: Range<Int>) throws(ModelFileError) -> [Float] {
        defer { release(piece) }
        switch plan.format {
        case .keep, .f32, .bf16: return try parts[0].floats(piece)
        case .int8:
            let columns = plan.source.shape[1]
            let codes = parts[0].bytes(piece).map { Int8(bitPattern: $0) }
            let scales = try parts[1].floats(piece.lowerBound / columns..<piece.upperBound / columns)
            return Int8Encoding.decode(codes, scales: scales, columns: columns)
        case .int4:
            let packed = parts[0].bytes(piece.lowerBound / 8..<piece.upperBound / 8)
            let groups = piece.lowerBound / Int4Encoding.group..<piece.upperBound / Int4Encoding.group
            return Int4Encoding.decode(packed, scales: try parts[1].floats(groups).map(bfloat16))
        }
    }

    private func release(_ piece: Range<Int>) {
        let data = plan.format == .int4 ? piece.lowerBound / 8..<piece.upperBound / 8 : piece
        parts[0].release(data)
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
