// What a weight format is: a type that reads a matrix where it lies in a checkpoint, says what each element is, and
// multiplies. Formats differ here and nowhere else; `Quantize/Formats` adds how they are written.

package import ModelFile

/// A matrix [rows, columns] in one format, used where it lies. Types that conform are listed in `WeightFormat.all`.
package protocol WeightMatrix: SendableMetatype {
    /// The format as recipes, reports and discovery call it, as in "int8".
    static var name: String { get }

    /// What a matrix of this shape [rows, columns] is stored as; the first tensor holds the elements, and no other format has
    /// one of its suffix and type. `NumberMatrix` takes any shape.
    static func tensors(_ shape: [Int]) -> [WeightTensor]

    /// The forms of the activations that `multiply` reads, beside float32.
    static var inputs: LinearInput.Forms { get }

    /// The matrix `weight` below `weights`. Throws where its tensors are missing, of another shape or unusable.
    init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError)

    var columns: Int { get }

    /// What an element stands for: the definition of the format.
    func element(_ row: Int, _ column: Int) -> Float

    /// y [1, columns] = row `row` / `divisor`, or += with `adding`.
    func lookUp(_ row: Int, into y: Rows, adding: Bool, dividedBy divisor: Float)

    /// y = x·Wᵀ (+ bias) for the columns `outputs` of y and the vectors `batch` of the input.
    func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels)
}

/// One of the tensors that a matrix is stored as.
package struct WeightTensor: Sendable {
    /// What follows the name of the matrix, `X.weight`.
    package let suffix: String
    package let type: ElementType
    package let shape: [Int]
    /// The integers it holds whatever the weights are; nil where it holds the rows of the matrix, one after the other.
    package let integers: [Int64]?

    package init(_ suffix: String, _ type: ElementType, _ shape: [Int], integers: [Int64]? = nil) {
        self.suffix = suffix
        self.type = type
        self.shape = shape
        self.integers = integers
    }

    package var byteCount: Int { shape.reduce(type.size, *) }
}

extension WeightMatrix {
    package static var inputs: LinearInput.Forms { [] }

    // A requirement all the same: each format has this text compiled with its own `element`.
    package func lookUp(_ row: Int, into y: Rows, adding: Bool, dividedBy divisor: Float) {
        let target = unsafe y.pointer
        for column in 0..<columns {
            let value = element(row, column) / divisor
            unsafe target[column] = adding ? target[column] + value : value
        }
    }

    /// Rows as float32, one after the other.
    package func values(_ rows: Range<Int>) -> [Float] {
        let values = Rows(rows: rows.count, columns: columns)
        for (index, row) in rows.enumerated() { lookUp(row, into: values[index], adding: false, dividedBy: 1) }
        return values.values
    }
}

/// A format of numbers that need no scale: any tensor can be stored in it, under its own name.
package protocol NumberMatrix: WeightMatrix {
    static var type: ElementType { get }

    /// `tensor` [rows, columns] is of `type`.
    init(_ tensor: Tensor)
}

extension NumberMatrix {
    package static func tensors(_ shape: [Int]) -> [WeightTensor] { [WeightTensor("", type, shape)] }

    package init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        self.init(try weights.tensor("weight", shape: [rows, columns]))
    }
}
