// Rotary position embedding: cos and sin of position · frequency, rounded to float32 as the official code does.

import Glibc

package struct RotaryEmbedding {
    package let dim: Int
    private let frequencies: [Float]  // [dim / 2]
    package let cos: Rows  // [1, dim / 2], of the position set last
    package let sin: Rows

    package init(dim: Int, theta: Float) {
        self.dim = dim
        frequencies = (0..<dim / 2).map { 1 / powf(theta, Float(2 * $0) / Float(dim)) }
        cos = Rows(rows: 1, columns: dim / 2)
        sin = Rows(rows: 1, columns: dim / 2)
    }

    /// Fills `cos` and `sin` for a position.
    package func set(position: Int) {
        for (i, frequency) in frequencies.enumerated() {
            let angle = Float(position) * frequency
            cos[0, i] = cosf(angle)
            sin[0, i] = sinf(angle)
        }
    }
}
