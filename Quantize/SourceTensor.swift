// A tensor of the source as it is written: as it lies in its file, or, where that holds a matrix [inputs, outputs], turned.

import ModelFile

struct SourceTensor: Sendable {
    private let tensor: Tensor
    /// Whether the file holds the matrix the other way around.
    let isTurned: Bool

    /// `isTurned` only of a matrix.
    init(_ tensor: Tensor, isTurned: Bool = false) {
        precondition(!isTurned || tensor.shape.count == 2, "\(tensor.name) is no matrix")
        self.tensor = tensor
        self.isTurned = isTurned
    }

    var name: String { tensor.name }
    var type: ElementType { tensor.type }
    var path: String { tensor.path }
    var count: Int { tensor.count }
    var byteCount: Int { tensor.byteCount }
    /// As it is written.
    var shape: [Int] { isTurned ? tensor.shape.reversed() : tensor.shape }

    /// Elements `range`, whole rows of a matrix that is turned, widened to float32; only float types.
    func floats(_ range: Range<Int>) throws(ModelFileError) -> [Float] {
        guard isTurned else { return try tensor.floats(range) }
        return try turned(range, width: 1) { part throws(ModelFileError) in try tensor.floats(part) }
    }

    /// Their bytes.
    func bytes(_ range: Range<Int>) throws(ModelFileError) -> [UInt8] {
        guard isTurned else { return tensor.bytes(range) }
        return try turned(range, width: type.size) { part in tensor.bytes(part) }
    }

    /// Tells the system that they are not needed for now.
    func release(_ range: Range<Int>) {
        // Of what is turned, rows lie all over the matrix.
        tensor.release(isTurned ? 0..<count : range)
    }

    /// Elements of `width` values each.
    private func turned<Value: ExpressibleByIntegerLiteral>(
        _ range: Range<Int>, width: Int, _ read: (Range<Int>) throws(ModelFileError) -> [Value]
    ) throws(ModelFileError) -> [Value] {
        let (outputs, inputs) = (shape[0], shape[1])
        precondition(range.lowerBound % inputs == 0 && range.upperBound % inputs == 0, "parts of rows of \(name)")
        let rows = range.lowerBound / inputs..<range.upperBound / inputs
        var values = [Value](repeating: 0, count: range.count * width)
        for input in 0..<inputs {
            let column = try read(input * outputs + rows.lowerBound..<input * outputs + rows.upperBound)
            for row in 0..<rows.count {
                for place in 0..<width {
                    values[(row * inputs + input) * width + place] = column[row * width + place]
                }
            }
        }
        return values
    }
}
