// int4 weights, symmetric with a scale per 32 columns (compressed-tensors, "pack-quantized", strategy "group"):
// W[r][i] = weight_scale[r][i / 32] · (nibble - 8), eight nibbles to an I32, the first in the lowest bits.

internal import CKernels
package import ModelFile

@safe
package struct Int4Matrix: WeightMatrix {
    package static let name = "int4"
    package static let inputs: LinearInput.Forms = .splitBytes
    /// Columns that share a scale.
    package static let group = Int(MK_Q4_GROUP)

    private let packed: Tensor  // I32 [rows, columns / 8]
    private let base: UnsafeRawPointer
    private let scales: BFloat16Values  // [rows, columns / 32]
    package let columns: Int

    private static let valuesPerWord = 8

    package static func tensors(_ shape: [Int]) -> [WeightTensor] {
        let (rows, columns) = (shape[0], shape[1])
        return [
            WeightTensor("_packed", .i32, [rows, columns / valuesPerWord]),
            WeightTensor("_scale", .bf16, [rows, columns / group]),
            WeightTensor("_shape", .i64, [2], integers: [Int64(rows), Int64(columns)]),
        ]
    }

    package init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        let packed = try weights.tensor("weight_packed")
        let shape = try weights.tensor("weight_shape", shape: [2])
        let found = try shape.integers()
        guard found == [rows, columns] else {
            throw .wrongShape(name: packed.name, expected: [rows, columns], found: found)
        }
        guard columns % Self.group == 0 else {
            throw .unusable(name: packed.name, reason: "\(columns) columns are no multiple of the group, \(Self.group)")
        }
        self.packed = try weights.tensor("weight_packed", shape: [rows, columns / Self.valuesPerWord])
        scales = try BFloat16Values(weights.tensor("weight_scale", shape: [rows, columns / Self.group]))
        unsafe base = packed.pointer
        self.columns = columns
    }

    package func element(_ row: Int, _ column: Int) -> Float {
        let index = row * columns + column
        let pair = unsafe base.load(fromByteOffset: index / 2, as: UInt8.self)
        return scales[index / Self.group] * Float(Int(pair >> UInt8(4 * (index % 2)) & 15) - 8)
    }

    package func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        unsafe kernels.table.pointee.linear_q4(
            y[batch].pointer, y.stride, base.assumingMemoryBound(to: UInt8.self), scales.pointer,
            bias.map { unsafe UnsafePointer($0.pointer) }, input.splitBytes(batch.lowerBound),
            input.offsets(batch.lowerBound), input.scale(batch.lowerBound), batch.count, columns,
            outputs.lowerBound, outputs.upperBound)
    }
}

/// bfloat16 values where they lie, or narrowed from float32 that bfloat16 holds exactly.
@safe
private struct BFloat16Values {
    private enum Owner {
        case file(Tensor)
        case buffer(FloatBuffer)
    }
    private let owner: Owner
    private let base: UnsafeRawPointer

    init(_ tensor: Tensor) throws(ModelFileError) {
        if tensor.type == .bf16 {
            owner = .file(tensor)
            unsafe base = tensor.pointer
        } else {
            let buffer = try Self.narrowed(tensor)
            owner = .buffer(buffer)
            unsafe base = UnsafeRawPointer(buffer.base)
        }
    }

    private static func narrowed(_ tensor: Tensor) throws(ModelFileError) -> FloatBuffer {
        let values = try tensor.finiteFloats()
        guard values.allSatisfy({ $0.bitPattern & 0xFFFF == 0 }) else {
            throw .wrongType(
                name: tensor.name, expected: "BF16, or values that BF16 holds exactly", found: tensor.type.rawValue)
        }
        let buffer = FloatBuffer(count: (values.count + 1) / 2)
        let halves = unsafe UnsafeMutableRawPointer(buffer.base)
        for (index, value) in values.enumerated() {
            unsafe halves.storeBytes(of: UInt16(value.bitPattern >> 16), toByteOffset: 2 * index, as: UInt16.self)
        }
        return buffer
    }

    @unsafe var pointer: UnsafePointer<UInt16> { unsafe base.assumingMemoryBound(to: UInt16.self) }

    subscript(_ index: Int) -> Float {
        Float(bitPattern: UInt32(unsafe base.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
    }
}
