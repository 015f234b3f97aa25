// bfloat16: the upper half of a float32, rounded.

package import Compute

extension BFloat16Matrix: WeightEncoding {
    package static let recipe: String? = "bfloat16 throughout: the released precision."

    package static func encode(_ values: [Float], columns: Int) throws(BeyondRange) -> [[UInt8]] {
        let halves = values.map(bfloat16)
        if let index = halves.firstIndex(where: { !widen($0).isFinite }) { throw BeyondRange(value: values[index]) }
        return [bytes(of: halves)]
    }
}

/// The nearest bfloat16, ties to even; infinite where the value is beyond the largest.
func bfloat16(_ x: Float) -> UInt16 {
    let bits = x.bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
}

func widen(_ half: UInt16) -> Float { Float(bitPattern: UInt32(half) << 16) }
