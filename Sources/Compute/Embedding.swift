// Rows of a table, looked up one at a time.

package import ModelFile

/// A table of embeddings [entries, columns] mapped from a checkpoint.
@safe
package struct Embedding {
    package let entries: Int
    package let columns: Int
    private let tensor: Tensor

    package init(_ weights: Weights, entries: Int, columns: Int) throws(ModelFileError) {
        try self.init(weights.tensor("weight", shape: [entries, columns]))
    }

    /// `tensor` [entries, columns].
    package init(_ tensor: Tensor) throws(ModelFileError) {
        precondition(tensor.shape.count == 2)
        guard tensor.type == .f32 || tensor.type == .bf16 else {
            throw .wrongType(name: tensor.name, expected: "F32 or BF16", found: tensor.type.rawValue)
        }
        self.tensor = tensor
        entries = tensor.shape[0]
        columns = tensor.shape[1]
    }

    /// y [1, columns] = row `index` / `divisor`, or += with `adding`.
    package func lookUp(_ index: Int, into y: Rows, adding: Bool = false, dividedBy divisor: Float = 1) {
        precondition(index >= 0 && index < entries && y.rows == 1 && y.columns == columns, "embedding \(index)")
        let base = unsafe tensor.pointer
        for i in 0..<columns {
            let at = index * columns + i
            let stored: Float =
                tensor.type == .f32
                ? unsafe base.loadUnaligned(fromByteOffset: at * 4, as: Float.self)
                : Float(bitPattern: UInt32(unsafe base.loadUnaligned(fromByteOffset: at * 2, as: UInt16.self)) << 16)
            let value = stored / divisor
            unsafe y.pointer[i] = adding ? y.pointer[i] + value : value
        }
    }
}
