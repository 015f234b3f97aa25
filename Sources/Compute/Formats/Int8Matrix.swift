// int8 weights, symmetric per row (compressed-tensors, "int-quantized", strategy "channel"):
// W[r][i] = weight_scale[r] · weight[r][i].

internal import CKernels
internal import ModelFile

@safe
struct Int8Matrix {
    private let tensor: Tensor  // I8 [rows, columns]
    private let scales: Rows  // [1, rows]

    /// The most columns whose products still sum exactly in 32 bits.
    private static let columnLimit = 65_536

    /// `tensor` is `weights.weight`, of type I8; its scales are `weights.weight_scale` [rows, 1].
    init(_ tensor: Tensor, _ weights: Weights) throws(ModelFileError) {
        let (rows, columns) = (tensor.shape[0], tensor.shape[1])
        guard columns <= Self.columnLimit else {
            throw .unusable(name: tensor.name, reason: "\(columns) columns, \(Self.columnLimit) at most")
        }
        let scale = try weights.tensor("weight_scale", shape: [rows, 1])
        self.tensor = tensor
        scales = Rows(try scale.finiteFloats(), columns: rows)
    }

    func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        let columns = tensor.shape[1]
        unsafe kernels.table.pointee.linear_q8(
            y[batch].pointer, y.stride, tensor.pointer.assumingMemoryBound(to: Int8.self), scales.pointer,
            bias.map { unsafe UnsafePointer($0.pointer) }, input.int8(batch.lowerBound),
            input.scale(batch.lowerBound), batch.count, columns, outputs.lowerBound, outputs.upperBound)
    }
}
