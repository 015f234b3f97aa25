// bfloat16 weights, widened exactly; activations and sums stay float32.

internal import CKernels
package import ModelFile

@safe
package struct BFloat16Matrix: NumberMatrix {
    package static let name = "bf16"
    package static let type = ElementType.bf16

    private let tensor: Tensor  // BF16 [rows, columns]
    private let base: UnsafeRawPointer
    package let columns: Int

    package init(_ tensor: Tensor) {
        precondition(tensor.type == Self.type && tensor.shape.count == 2)
        self.tensor = tensor
        unsafe base = tensor.pointer
        columns = tensor.shape[1]
    }

    package func element(_ row: Int, _ column: Int) -> Float {
        let half = unsafe base.loadUnaligned(fromByteOffset: 2 * (row * columns + column), as: UInt16.self)
        return Float(bitPattern: UInt32(half) << 16)
    }

    package func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        let x = input.rows[batch]
        unsafe kernels.table.pointee.linear_bf16(
            y[batch].pointer, y.stride, base.assumingMemoryBound(to: UInt16.self),
            bias.map { unsafe UnsafePointer($0.pointer) }, x.pointer, x.stride, x.rows, x.columns, outputs.lowerBound,
            outputs.upperBound)
    }
}
