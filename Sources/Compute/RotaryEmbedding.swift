// Rotary position embedding: cos and sin of position · frequency; angles are rounded to float32 as in the official code.

import Glibc

package struct RotaryEmbedding {
    private let frequencies: [Float]  // [dim / 2]

    package init(dim: Int, theta: Float) {
        frequencies = stride(from: 0, to: dim, by: 2).map { 1 / pow(theta, Float($0) / Float(dim)) }
    }

    /// row [1, dim]: cosines, then sines.
    package func fill(_ row: Rows, position: Int) {
        for (index, frequency) in frequencies.enumerated() {
            let angle = Double(Float(position) * frequency)
            row[0, index] = Float(cos(angle))
            row[0, frequencies.count + index] = Float(sin(angle))
        }
    }
}
