// float32 and bfloat16 weights; activations and sums stay float32.

internal import CKernels
internal import ModelFile

@safe
struct FloatMatrix {
    private let tensor: Tensor
    let format: WeightFormat

    /// `tensor` is F32 or BF16.
    init(_ tensor: Tensor) {
        precondition(tensor.type == .f32 || tensor.type == .bf16)
        self.tensor = tensor
        format = tensor.type == .f32 ? .f32 : .bf16
    }

    func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        let x = input.rows[batch]
        let biasPointer = unsafe bias.map { unsafe UnsafePointer($0.pointer) }
        if format == .f32 {
            unsafe kernels.table.pointee.linear_f32(
                y[batch].pointer, y.stride, tensor.pointer.assumingMemoryBound(to: Float.self), biasPointer, x.pointer,
                x.stride, x.rows, x.columns, outputs.lowerBound, outputs.upperBound)
        } else {
            unsafe kernels.table.pointee.linear_bf16(
                y[batch].pointer, y.stride, tensor.pointer.assumingMemoryBound(to: UInt16.self), biasPointer,
                x.pointer, x.stride, x.rows, x.columns, outputs.lowerBound, outputs.upperBound)
        }
    }
}
