// What layers remember of a signal that comes in parts, so that each part goes on where the one before it ended: the last rows
// that a convolution reads, and the keys and values that an attention sees.

import Compute

/// Every layer has its place, in the order in which they compute; a part passes through all of them once. What is remembered never
/// changes, so that signals which begin alike share it.
package struct SignalMemory {
    private enum Place {
        case rows(Rows)
        case parts([AttendedRows])
    }

    private var places: [Place] = []
    private var next = 0

    /// Parts that attention sees beside the present one: the first, which is a voice's prompt, and the last ones.
    static let lastParts = 2

    package init() {}

    /// Bytes of memory it holds.
    package var byteCount: Int {
        places.reduce(0) { sum, place in
            switch place {
            case .rows(let rows): sum + rows.rows * rows.columns * MemoryLayout<Float>.stride
            case .parts(let parts): sum + parts.reduce(0) { $0 + $1.byteCount }
            }
        }
    }

    /// The next part begins.
    mutating func begin() { next = 0 }

    /// Copies the `count` rows before x at this place to those before its rows in `extended`, zeros where there are none, and
    /// remembers the last ones.
    mutating func extend(_ extended: Rows, by count: Int) {
        if next < places.count, case .rows(let past) = places[next] { extended[0..<count].copy(from: past) }
        let last = Rows(rows: count, columns: extended.columns)
        last.copy(from: extended[extended.rows - count..<extended.rows])
        put(.rows(last))
    }

    /// The parts that are attended to at this place, of which the last is `part`.
    mutating func attended(with part: AttendedRows) -> [AttendedRows] {
        var parts: [AttendedRows] = []
        if next < places.count, case .parts(let past) = places[next] { parts = past }
        parts.append(part)
        let seen = parts
        if parts.count > 1 + Self.lastParts { parts.remove(at: 1) }
        put(.parts(parts))
        return seen
    }

    private mutating func put(_ place: Place) {
        if next < places.count { places[next] = place } else { places.append(place) }
        next += 1
    }
}
