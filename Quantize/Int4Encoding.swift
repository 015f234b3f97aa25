// int4, symmetric with a bfloat16 scale per group of 32 columns: x ≈ scale · q, q in -8…7, stored plus 8. How scales are
// found: `CQuantization/int4_search.c`.

internal import CQuantization

enum Int4Encoding {
    static let group = Int(MQ_INT4_GROUP)

    struct Encoded {
        var packed: [UInt8]  // two codes a byte, the first in the low half
        var scales: [UInt16]
    }

    /// Whole groups of finite values.
    static func encode(_ values: [Float]) -> Encoded {
        precondition(values.count % group == 0)
        var encoded = Encoded(
            packed: [UInt8](repeating: 0, count: values.count / 2),
            scales: [UInt16](repeating: 0, count: values.count / group))
        unsafe mq_int4_search(values, values.count / group, &encoded.packed, &encoded.scales)
        return encoded
    }

    static func decode(_ packed: [UInt8], scales: [UInt16]) -> [Float] {
        (0..<packed.count * 2).map { i in
            let code = Int(packed[i / 2] >> UInt8(4 * (i % 2)) & 15) - 8
            return widen(scales[i / group]) * Float(code)
        }
    }
}
