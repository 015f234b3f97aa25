// Random numbers of a seed, a stream of its own for every place.

package import Compute
import Glibc

package struct SeededNoise: NoiseSource, Sendable {
    private let seed: UInt64

    /// What is drawn for one `group` of an utterance has nothing to do with another's.
    package init(seed: UInt64, group: Int = 0) {
        self.seed = RandomStream(seed: seed, stream: UInt64(group)).bits
    }

    private enum Kind: UInt64 {
        case spoken = 1
        case prompt, excitation, phases
    }

    /// The prompt has the same numbers whatever the seed, so that what is computed of it can be kept.
    package func flow(_ frame: Int, isPrompt: Bool, into row: Rows) {
        fill(row, isPrompt ? Self.stream(.prompt, frame, of: 0) : stream(.spoken, frame))
    }

    package func excitation(_ frame: Int, into rows: Rows) { fill(rows, stream(.excitation, frame)) }

    package func phases(into row: Rows) {
        var stream = stream(.phases, 0)
        for column in 0..<row.columns { row[0, column] = Float((2 * stream.uniform() - 1) * Double.pi) }
    }

    private func stream(_ kind: Kind, _ frame: Int) -> RandomStream { Self.stream(kind, frame, of: seed) }

    private static func stream(_ kind: Kind, _ frame: Int, of seed: UInt64) -> RandomStream {
        RandomStream(seed: RandomStream(seed: seed, stream: kind.rawValue).bits, stream: UInt64(frame) + 1)
    }

    /// Pairs by Box and Muller.
    private func fill(_ rows: Rows, _ stream: RandomStream) {
        var stream = stream
        var second: Float?
        for row in 0..<rows.rows {
            for column in 0..<rows.columns {
                if let value = second {
                    rows[row, column] = value
                    second = nil
                    continue
                }
                // 1 - u is never zero.
                let radius = (-2 * log(1 - stream.uniform())).squareRoot()
                let angle = 2 * Double.pi * stream.uniform()
                rows[row, column] = Float(radius * cos(angle))
                second = Float(radius * sin(angle))
            }
        }
    }
}
