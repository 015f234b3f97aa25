// int8, symmetric with a scale per row: x ≈ scale · q, q in -127…127, so that the largest magnitude of a row is exact.

package import Compute

extension Int8Matrix: WeightEncoding {
    package static let recipe: String? =
        "Talker and code predictor in 8 bits: the default, on every device that is fast enough."
    package static let scheme: CompressedTensors? = CompressedTensors(
        format: "int-quantized", weights: .integers(bits: 8))

    private static let largest: Float = 127

    package static func encode(_ values: [Float], columns: Int) -> [[UInt8]] {
        let (codes, scales) = quantize(values, columns: columns)
        return [bytes(of: codes), bytes(of: scales)]
    }

    /// Rows of `columns` values each: their codes and scales.
    static func quantize(_ values: [Float], columns: Int) -> (codes: [Int8], scales: [Float]) {
        var codes = [Int8](repeating: 0, count: values.count)
        var scales: [Float] = []
        for start in stride(from: 0, to: values.count, by: columns) {
            var peak: Float = 0
            for i in start..<start + columns { peak = max(peak, abs(values[i])) }
            var scale = peak / largest
            // Rounded up, the largest of all numbers would come back infinite.
            if !(scale * largest).isFinite { scale = scale.nextDown }
            // Any scale serves a row of zeros; 1 spares readers a division by zero. The quotient of a scale that is
            // almost zero can exceed the range.
            scales.append(scale > 0 ? scale : 1)
            guard scale > 0 else { continue }
            for i in start..<start + columns {
                codes[i] = Int8(max(-largest, min(largest, nearest(values[i] / scale))))
            }
        }
        return (codes, scales)
    }
}

/// The nearest integer of a value below 2²², ties to even: adding 1.5 · 2²³ leaves no room for a fraction.
func nearest(_ x: Float) -> Float { (x + 12_582_912) - 12_582_912 }
