// float32 weights; activations and sums are float32 too.

internal import CKernels
package import ModelFile

@safe
package struct Float32Matrix: NumberMatrix {
    package static let name = "f32"
    package static let type = ElementType.f32

    private let tensor: Tensor  // F32 [rows, columns]
    private let base: UnsafeRawPointer
    package let columns: Int

    package init(_ tensor: Tensor) {
        precondition(tensor.type == Self.type && tensor.shape.count == 2)
        self.tensor = tensor
        unsafe base = tensor.pointer
        columns = tensor.shape[1]
    }

    package func element(_ row: Int, _ column: Int) -> Float {
        unsafe base.loadUnaligned(fromByteOffset: 4 * (row * columns + column), as: Float.self)
    }

    package func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        let x = input.rows[batch]
        unsafe kernels.table.pointee.linear_f32(
            y[batch].pointer, y.stride, base.assumingMemoryBound(to: Float.self),
            bias.map { unsafe UnsafePointer($0.pointer) }, x.pointer, x.stride, x.rows, x.columns, outputs.lowerBound,
            outputs.upperBound)
    }
}
