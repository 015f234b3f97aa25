// float32 weights; activations and sums are float32 too.

internal import CKernels
package import ModelFile

@safe
package struct Float32Matrix: NumberMatrix {
    package static let name = "f32"
    package static let type = ElementType.f32

    private enum Owner {
        case file(Tensor)
        case memory(FloatBuffer)
    }
    private let owner: Owner  // of float32 [rows, columns]
    private let base: UnsafeRawPointer
    package let columns: Int

    package init(_ tensor: Tensor) {
        precondition(tensor.type == Self.type && tensor.shape.count == 2)
        owner = .file(tensor)
        unsafe base = tensor.pointer
        columns = tensor.shape[1]
    }

    /// A copy of a tensor [columns, rows] of any float type, turned so that the inputs of an output lie together.
    init(transposing tensor: Tensor) throws(ModelFileError) {
        precondition(tensor.shape.count == 2)
        let (inputs, outputs) = (tensor.shape[0], tensor.shape[1])
        let buffer = FloatBuffer(count: inputs * outputs, isFilled: true)
        // As many inputs at a time as make whole cache lines of an output.
        for first in stride(from: 0, to: inputs, by: 32) {
            let last = min(first + 32, inputs)
            let rows = try tensor.floats(first * outputs..<last * outputs)
            for output in 0..<outputs {
                for input in first..<last {
                    unsafe buffer.base[output * inputs + input] = rows[(input - first) * outputs + output]
                }
            }
            tensor.release(first * outputs..<last * outputs)
        }
        owner = .memory(buffer)
        unsafe base = UnsafeRawPointer(buffer.base)
        columns = inputs
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
