// int4 weights, symmetric with a scale per 32 columns (compressed-tensors, "pack-quantized", strategy "group"):
// W[r][i] = weight_scale[r][i / 32] · (nibble - 8), eight nibbles to an I32, the first in the lowest bits.

internal import CKernels
internal import ModelFile

@safe
struct Int4Matrix {
    private let packed: Tensor  // I32 [rows, columns / 8]
    private let scales: BFloat16Values  // [rows, columns / 32]
    private let columns: Int

    private static let group = Int(MK_Q4_GROUP)
    private static let valuesPerWord = 8

    init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        let packed = try weights.tensor("weight_packed")
        guard packed.type == .i32 else {
            throw .wrongType(name: packed.name, expected: "I32", found: packed.type.rawValue)
        }
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
        self.columns = columns
    }

    func multiply(
        _ input: LinearInput, _ batch: Range<Int>, into y: Rows, bias: Rows?, outputs: Range<Int>, _ kernels: Kernels
    ) {
        unsafe kernels.table.pointee.linear_q4(
            y[batch].pointer, y.stride, packed.pointer.assumingMemoryBound(to: UInt8.self), scales.pointer,
            bias.map { unsafe UnsafePointer($0.pointer) }, input.int4(batch.lowerBound),
            input.offsets(batch.lowerBound), input.scale(batch.lowerBound), batch.count, columns,
            outputs.lowerBound, outputs.upperBound)
    }
}

/// bfloat16 values where they lie, or narrowed from float32 that bfloat16 holds exactly.
@safe
private enum BFloat16Values {
    case mapped(Tensor)
    case narrowed(FloatBuffer)

    init(_ tensor: Tensor) throws(ModelFileError) {
        if tensor.type == .bf16 {
            self = .mapped(tensor)
            return
        }
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
        self = .narrowed(buffer)
    }

    @unsafe var pointer: UnsafePointer<UInt16> {
        switch self {
        case .mapped(let tensor): unsafe tensor.pointer.assumingMemoryBound(to: UInt16.self)
        case .narrowed(let buffer): unsafe UnsafeRawPointer(buffer.base).assumingMemoryBound(to: UInt16.self)
        }
    }
}
