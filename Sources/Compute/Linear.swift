// y = W·x (+ bias) with the weights as they lie in the checkpoint. A weight's format is known here and nowhere else.

internal import CKernels
package import ModelFile

/// How a matrix is stored.
package enum WeightFormat: String, Sendable {
    case f32, bf16
}

/// A matrix [rows, columns] mapped from a checkpoint, with an optional bias [rows].
@safe
package struct Linear {
    package let rows: Int
    package let columns: Int
    package let format: WeightFormat
    private let tensor: Tensor
    private let bias: Rows?

    /// `weights.weight` [rows, columns] and, where present, `weights.bias` [rows].
    package init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        tensor = try weights.tensor("weight", shape: [rows, columns])
        switch tensor.type {
        case .f32: format = .f32
        case .bf16: format = .bf16
        default: throw .wrongType(name: tensor.name, expected: "F32 or BF16", found: tensor.type.rawValue)
        }
        bias = weights.contains("bias") ? Rows(try weights.floats("bias", shape: [rows]), columns: rows) : nil
        self.rows = rows
        self.columns = columns
    }

    /// Largest batch one call of a kernel takes.
    private static let batch = 16
    /// Rows a worker takes at least: fewer are not worth a fork.
    private static let grain = 32

    /// y [n, rows] = x [n, columns] · Wᵀ + bias.
    package func apply(_ x: Rows, into y: Rows, on processor: Processor) {
        precondition(x.columns == columns && y.columns == rows && x.rows == y.rows)
        processor.pool.run(rows, grain: Self.grain) { range in
            for start in stride(from: 0, to: x.rows, by: Self.batch) {
                let n = min(Self.batch, x.rows - start)
                multiply(x[start..<start + n], into: y[start..<start + n], outputs: range, kernels: processor.kernels)
            }
        }
    }

    private func multiply(_ x: Rows, into y: Rows, outputs: Range<Int>, kernels: Kernels) {
        let biasPointer = unsafe bias.map { unsafe UnsafePointer($0.pointer) }
        switch format {
        case .f32:
            unsafe kernels.table.pointee.linear_f32(
                y.pointer, y.stride, tensor.pointer.assumingMemoryBound(to: Float.self), biasPointer, x.pointer,
                x.stride, x.rows, columns, outputs.lowerBound, outputs.upperBound)
        case .bf16:
            unsafe kernels.table.pointee.linear_bf16(
                y.pointer, y.stride, tensor.pointer.assumingMemoryBound(to: UInt16.self), biasPointer, x.pointer,
                x.stride, x.rows, columns, outputs.lowerBound, outputs.upperBound)
        }
    }
}

/// A table of embeddings [entries, columns] mapped from a checkpoint.
@safe
package struct Embedding {
    package let entries: Int
    package let columns: Int
    private let tensor: Tensor

    package init(_ weights: Weights, entries: Int, columns: Int) throws(ModelFileError) {
        tensor = try weights.tensor("weight", shape: [entries, columns])
        guard tensor.type == .f32 || tensor.type == .bf16 else {
            throw .wrongType(name: tensor.name, expected: "F32 or BF16", found: tensor.type.rawValue)
        }
        self.entries = entries
        self.columns = columns
    }

    /// y [1, columns] = row `index`, or += with `adding`.
    package func lookUp(_ index: Int, into y: Rows, adding: Bool = false) {
        precondition(index >= 0 && index < entries && y.rows == 1 && y.columns == columns, "embedding \(index)")
        let base = unsafe tensor.pointer
        for i in 0..<columns {
            let at = index * columns + i
            let value: Float =
                tensor.type == .f32
                ? unsafe base.loadUnaligned(fromByteOffset: at * 4, as: Float.self)
                : Float(bitPattern: UInt32(unsafe base.loadUnaligned(fromByteOffset: at * 2, as: UInt16.self)) << 16)
            unsafe y.pointer[i] = adding ? y.pointer[i] + value : value
        }
    }
}
