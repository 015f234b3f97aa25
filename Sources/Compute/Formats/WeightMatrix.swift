// A matrix of weights in whatever format the checkpoint holds it. Formats are told apart here and nowhere else.

internal import ModelFile

/// How a matrix is stored.
package enum WeightFormat: String, Sendable, CaseIterable {
    case f32, bf16, int8, int4
}

/// A matrix [rows, columns] used where it lies in the checkpoint.
enum WeightMatrix {
    case float(FloatMatrix)
    case int8(Int8Matrix)
    case int4(Int4Matrix)

    /// `weight` in F32, BF16 or I8 with `weight_scale`, or `weight_packed` with `weight_scale` and `weight_shape`.
    init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        if weights.contains("weight_packed") {
            self = .int4(try Int4Matrix(weights, rows: rows, columns: columns))
            return
        }
        let tensor = try weights.tensor("weight", shape: [rows, columns])
        switch tensor.type {
        case .f32, .bf16: self = .float(FloatMatrix(tensor))
        case .i8: self = .int8(try Int8Matrix(tensor, weights))
        default: throw .wrongType(name: tensor.name, expected: "F32, BF16 or I8", found: tensor.type.rawValue)
        }
    }

    var format: WeightFormat {
        switch self {
        case .float(let matrix): matrix.format
        case .int8: .int8
        case .int4: .int4
        }
    }

    /// y = x·Wᵀ (+ bias) for the columns `outputs` of y and the vectors `batch` of the input.
    func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        switch self {
        case .float(let matrix): matrix.multiply(input, batch, into: y, bias: bias, outputs: outputs, kernels)
        case .int8(let matrix): matrix.multiply(input, batch, into: y, bias: bias, outputs: outputs, kernels)
        case .int4(let matrix): matrix.multiply(input, batch, into: y, bias: bias, outputs: outputs, kernels)
        }
    }
}
