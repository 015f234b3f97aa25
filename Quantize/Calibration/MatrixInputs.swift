// Rows that a matrix multiplied, some of all.

import Compute

/// Inputs of one matrix, in bfloat16: that is near enough, and half the memory.
struct MatrixInputs: Sendable {
    /// That are kept, at most.
    static let most = 2048
    /// Fewer say too little of a matrix.
    static let least = 32

    let columns: Int
    private(set) var seen = 0
    private(set) var isZero = true
    private var rows: [UInt16] = []  // [count, columns]
    private var random: RandomStream

    /// Matrices draw by streams of their own.
    init(columns: Int, stream: Int) {
        self.columns = columns
        random = RandomStream(seed: 1, stream: UInt64(stream))
    }

    var count: Int { min(seen, Self.most) }
    var isEnough: Bool { count >= Self.least && !isZero && columns <= ErrorFeedback.mostColumns }

    /// Keeps each row that it sees with the same chance, whatever comes later. False where a value is no finite bfloat16.
    mutating func see(_ x: Rows) -> Bool {
        for row in 0..<x.rows {
            seen += 1
            // The first ones fill the room; of later ones each takes the place of one, or none.
            let place = seen <= Self.most ? seen - 1 : Int(random.uniform() * Double(seen))
            guard place < Self.most else { continue }
            let values = x[row].values.map(bfloat16)
            guard values.allSatisfy({ widen($0).isFinite }) else { return false }
            isZero = isZero && values.allSatisfy { widen($0) == 0 }
            if place == rows.count / columns {
                rows += values
            } else {
                rows.replaceSubrange(place * columns..<(place + 1) * columns, with: values)
            }
        }
        return true
    }

    /// [columns, length], the last column first: the inputs of each together, then zeros. The largest is 1 to 2, since only their
    /// proportions count.
    func columnwise(padded length: Int) -> [Float] {
        let largest = rows.reduce(0) { max($0, abs(widen($1))) }
        let factor = Float(sign: .plus, exponent: -max(largest.exponent, -126), significand: 1)
        var values = [Float](repeating: 0, count: columns * length)
        for row in 0..<count {
            for column in 0..<columns {
                values[(columns - 1 - column) * length + row] = widen(rows[row * columns + column]) * factor
            }
        }
        return values
    }
}
