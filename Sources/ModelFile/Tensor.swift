// A named tensor of a mapped file.

/// Element types makima reads.
package enum ElementType: String, Sendable {
    case f32 = "F32"
    case bf16 = "BF16"
    case f16 = "F16"
    case i8 = "I8"
    case i32 = "I32"
    case i64 = "I64"

    package var size: Int {
        switch self {
        case .i64: 8
        case .f32, .i32: 4
        case .bf16, .f16: 2
        case .i8: 1
        }
    }
}

package struct Tensor: Sendable {
    package let name: String
    package let type: ElementType
    package let shape: [Int]
    let file: MappedFile
    let offset: Int

    package var count: Int { shape.reduce(1, *) }
    package var byteCount: Int { count * type.size }

    /// The bytes where they lie; valid while this tensor lives. They need not be aligned.
    @unsafe package var pointer: UnsafeRawPointer { unsafe file.pointer(at: offset, count: byteCount) }

    /// All elements widened to float32; only float types.
    package func floats() throws(ModelFileError) -> [Float] {
        let base = unsafe pointer
        switch type {
        case .f32:
            return (0..<count).map { unsafe base.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self) }
        case .bf16:
            return (0..<count).map {
                Float(bitPattern: UInt32(unsafe base.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self)) << 16)
            }
        case .f16:
            return (0..<count).map {
                Self.widen(unsafe base.loadUnaligned(fromByteOffset: $0 * 2, as: UInt16.self))
            }
        case .i8, .i32, .i64:
            throw .wrongType(name: name, expected: "F32, BF16 or F16", found: type.rawValue)
        }
    }

    /// The same, where none may be infinite or NaN: scales.
    package func finiteFloats() throws(ModelFileError) -> [Float] {
        let values = try floats()
        if let index = values.firstIndex(where: { !$0.isFinite }) {
            throw .unusable(name: name, reason: "element \(index) is \(values[index])")
        }
        return values
    }

    /// All elements as integers; only integer types.
    package func integers() throws(ModelFileError) -> [Int] {
        let base = unsafe pointer
        switch type {
        case .i8: return (0..<count).map { Int(unsafe base.loadUnaligned(fromByteOffset: $0, as: Int8.self)) }
        case .i32: return (0..<count).map { Int(unsafe base.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self)) }
        case .i64: return (0..<count).map { Int(unsafe base.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self)) }
        case .f32, .bf16, .f16: throw .wrongType(name: name, expected: "I8, I32 or I64", found: type.rawValue)
        }
    }

    /// IEEE half to float by integer arithmetic: `Float16` does not exist on every platform Swift builds for.
    package static func widen(_ half: UInt16) -> Float {
        let sign = UInt32(half & 0x8000) << 16
        let exponent = UInt32(half >> 10) & 0x1f
        let fraction = UInt32(half) & 0x3ff
        if exponent == 0 {
            let magnitude = Float(fraction) * 0x1p-24
            return sign == 0 ? magnitude : -magnitude
        }
        if exponent == 31 { return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13) }
        return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
}
