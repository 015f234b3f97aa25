// int4, symmetric with a bfloat16 scale per group of 32 columns: x ≈ scale · q, q in -8…7, stored plus 8. How scales are
// found: `CQuantization/int4_search.c`; how errors are fed on: `CQuantization/error_feedback.c`.

internal import CQuantization
package import Compute

extension Int4Matrix: FeedbackEncoding {
    package static let recipe: String? = "Talker and code predictor in 4 bits: for devices whose memory is slow."
    package static let columnMultiple = group
    package static let scheme: CompressedTensors? = CompressedTensors(
        format: "pack-quantized", weights: .integers(bits: 4, group: group))

    package static func encode(_ values: [Float], columns: Int) -> [[UInt8]] {
        let (packed, scales) = quantize(values)
        return [packed, bytes(of: scales)]
    }

    package static func encode(_ values: [Float], _ feedback: ErrorFeedback) -> [[UInt8]] {
        let (packed, scales) = feedback.int4(values)
        return [packed, bytes(of: scales)]
    }

    /// Whole groups of finite values: codes, two to a byte, the first in the low half, and scales in bfloat16.
    static func quantize(_ values: [Float]) -> (packed: [UInt8], scales: [UInt16]) {
        precondition(values.count % group == 0 && group == Int(MQ_INT4_GROUP))
        var packed = [UInt8](repeating: 0, count: values.count / 2)
        var scales = [UInt16](repeating: 0, count: values.count / group)
        unsafe mq_int4_search(values, values.count / group, &packed, &scales)
        return (packed, scales)
    }
}
