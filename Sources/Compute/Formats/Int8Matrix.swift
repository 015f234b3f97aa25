// int8 weights, symmetric per row (compressed-tensors, "int-quantized", strategy "channel"):
// W[r][i] = weight_scale[r] · weight[r][i].

internal import CKernels
package import ModelFile

@safe
package struct Int8Matrix: WeightMatrix {
    package static let name = "int8"
    package static let inputs: LinearInput.Forms = .bytes

    private let tensor: Tensor  // I8 [rows, columns]
    private let base: UnsafeRawPointer
    private let scales: Rows  // [1, rows]
    package let columns: Int

    /// The most columns whose products still sum exactly in 32 bits.
    package static let columnLimit = 65_536

    package static func tensors(_ shape: [Int]) -> [WeightTensor] {
        [WeightTensor("", .i8, shape), WeightTensor("_scale", .f32, [shape[0], 1])]
    }

    package init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        tensor = try weights.tensor("weight", shape: [rows, columns])
        guard columns <= Self.columnLimit else {
            throw .unusable(name: tensor.name, reason: "\(columns) columns, \(Self.columnLimit) at most")
        }
        let scale = try weights.tensor("weight_scale", shape: [rows, 1])
        scales = Rows(try scale.finiteFloats(), columns: rows)
        unsafe base = tensor.pointer
        self.columns = columns
    }

    package func element(_ row: Int, _ column: Int) -> Float {
        unsafe scales.pointer[row] * Float(base.load(fromByteOffset: row * columns + column, as: Int8.self))
    }

    package func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        unsafe kernels.table.pointee.linear_q8(
            y[batch].pointer, y.stride, base.assumingMemoryBound(to: Int8.self), scales.pointer,
            bias.map { unsafe UnsafePointer($0.pointer) }, input.bytes(batch.lowerBound),
            input.scale(batch.lowerBound), batch.count, columns, outputs.lowerBound, outputs.upperBound)
    }
}
