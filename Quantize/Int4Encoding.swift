// int4, symmetric with a bfloat16 scale per group of 32 columns: x ≈ scale · q, q in -8…7, stored plus 8.
//
// Rounding with the scale that just covers the largest value wastes levels on one outlier. So scales that clip it are
// tried as well; each is replaced by the one that fits its codes best (least squares: Σxq / Σq²), and the pair of scale
// and codes with the smallest squared error wins.

enum Int4Encoding {
    static let group = 32
    typealias Group = SIMD32<Float>

    /// The group's largest magnitude is mapped to these, the plain choice first. Beyond 8 the search only refines rounding;
    /// below 5.5 even groups with one outlier no longer gain.
    private static let spans: [Float] = [7] + stride(from: 5.5, through: 9, by: 0.25).filter { $0 != 7 }

    struct Encoded {
        var packed: [UInt8]  // two codes a byte, the first in the low half
        var scales: [UInt16]
    }

    static func encode(_ values: [Float]) -> Encoded {
        precondition(values.count % group == 0)
        var encoded = Encoded(packed: [], scales: [])
        encoded.packed.reserveCapacity(values.count / 2)
        encoded.scales.reserveCapacity(values.count / group)
        for start in stride(from: 0, to: values.count, by: group) {
            let (codes, scale) = search(Group(values[start..<start + group]))
            encoded.scales.append(scale)
            let offset = SIMD32<UInt8>(truncatingIfNeeded: SIMD32<Int32>(codes + 8))
            for i in 0..<group / 2 { encoded.packed.append(offset[2 * i] | offset[2 * i + 1] << 4) }
        }
        return encoded
    }

    /// The codes and the scale with the smallest squared error.
    static func search(_ x: Group) -> (codes: Group, scale: UInt16) {
        let peak = max(x.max(), -x.min())
        var best = (codes: Group(repeating: 0), scale: bfloat16(1))
        var smallest = (x * x).sum()
        for span in spans {
            let first = quantize(x, peak / span)
            let squares = (first * first).sum()
            guard squares > 0 else { continue }
            for scale in [bfloat16(peak / span), bfloat16((x * first).sum() / squares)] {
                let wide = widen(scale)
                guard wide > 0, wide.isFinite else { continue }
                let codes = quantize(x, wide)
                let residue = x - codes * wide
                let error = (residue * residue).sum()
                if error < smallest {
                    smallest = error
                    best = (codes, scale)
                }
            }
        }
        return best
    }

    private static func quantize(_ x: Group, _ scale: Float) -> Group {
        guard scale > 0 else { return Group(repeating: 0) }
        let magic = Group(repeating: 12_582_912)
        let scaled = (x / scale).clamped(lowerBound: Group(repeating: -8), upperBound: Group(repeating: 7))
        return (scaled + magic) - magic
    }

    static func decode(_ packed: [UInt8], scales: [UInt16]) -> [Float] {
        (0..<packed.count * 2).map { i in
            let code = Int(packed[i / 2] >> UInt8(4 * (i % 2)) & 15) - 8
            return widen(scales[i / group]) * Float(code)
        }
    }
}
