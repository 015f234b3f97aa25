// The numbers that the goldens were made with, in the place of random ones.

import Compute
import Verifying

struct RecordedNoise: NoiseSource {
    /// [frames, bands], those of the prompt first.
    var frames = Rows(rows: 0, columns: 0)
    var promptFrames = 0
    /// [samples, harmonics].
    var samples = Rows(rows: 0, columns: 0)
    var starts: [Float] = []

    func flow(_ frame: Int, isPrompt: Bool, into row: Rows) {
        copy(frames, isPrompt ? frame : promptFrames + frame, into: row)
    }

    func excitation(_ frame: Int, into rows: Rows) { copy(samples, frame * rows.rows, into: rows) }

    func phases(into row: Rows) {
        for (column, start) in starts.prefix(row.columns).enumerated() { row[0, column] = start }
    }

    /// What goldens of another checkpoint do not have stays zero, and is noticed as a difference.
    private func copy(_ source: Rows, _ first: Int, into target: Rows) {
        guard first + target.rows <= source.rows, source.columns == target.columns else { return }
        target.copy(from: source[first..<first + target.rows])
    }
}

extension Goldens {
    /// An array that is stored [channels, time] as rows [time, channels].
    func signal(_ name: String, channels: Int) throws -> Rows {
        let stored = try rows(name)
        guard stored.rows == channels else { throw VerificationError.otherCheckpoint(name) }
        let result = Rows(rows: stored.columns, columns: channels)
        for row in 0..<result.rows {
            for channel in 0..<channels { result[row, channel] = stored[channel, row] }
        }
        return result
    }
}

/// Goldens that do not fit.
package enum VerificationError: Error, Equatable, CustomStringConvertible {
    case otherCheckpoint(String)

    package var description: String {
        switch self {
        case .otherCheckpoint(let name): "the array \(name) does not fit: are these the goldens of another checkpoint?"
        }
    }
}
