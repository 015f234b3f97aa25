// Rows of a table, looked up one at a time.

package import ModelFile

/// A table of embeddings [entries, columns] of a checkpoint in any weight format, read where it lies.
package struct Embedding {
    package let entries: Int
    package let columns: Int
    private let matrix: any WeightMatrix

    /// The matrix `weights.weight`, stored as its format says.
    package init(_ weights: Weights, entries: Int, columns: Int) throws(ModelFileError) {
        matrix = try WeightFormat.of(weights).matrix.init(weights, rows: entries, columns: columns)
        self.entries = entries
        self.columns = columns
    }

    /// `tensor` [entries, columns] holds plain numbers.
    package init(_ tensor: Tensor) throws(ModelFileError) {
        precondition(tensor.shape.count == 2)
        matrix = try WeightFormat.ofNumbers(tensor).init(tensor)
        entries = tensor.shape[0]
        columns = tensor.shape[1]
    }

    /// y [1, columns] = row `index` / `divisor`, or += with `adding`.
    package func lookUp(_ index: Int, into y: Rows, adding: Bool = false, dividedBy divisor: Float = 1) {
        precondition(index >= 0 && index < entries && y.rows == 1 && y.columns == columns, "embedding \(index)")
        matrix.lookUp(index, into: y, adding: adding, dividedBy: divisor)
    }
}
