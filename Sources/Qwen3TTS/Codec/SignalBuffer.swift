// Memory of streamed signals, time-major: [time, channels]. It grows to the longest step and is then reused.

import Compute

/// Reused storage for the output of a layer.
final class SignalBuffer {
    private var storage = FloatBuffer(count: 0)

    /// Room for `rows`; what was there is void once the shape grows.
    func rows(_ rows: Int, columns: Int) -> Rows {
        if storage.count < rows * columns { storage = FloatBuffer(count: rows * columns) }
        return Rows(buffer: storage, rows: rows, columns: columns)
    }

    /// The same memory seen in another shape.
    func view(offset: Int, rows: Int, columns: Int) -> Rows {
        Rows(buffer: storage, offset: offset, rows: rows, columns: columns)
    }
}

/// The last `history` rows of a signal, followed by the rows of the step in progress.
final class SignalTail {
    let history: Int
    let channels: Int
    private var window: Rows

    init(history: Int, channels: Int) {
        self.history = history
        self.channels = channels
        window = Rows(rows: history, columns: channels)
    }

    /// Where the next `rows` rows are to be written.
    func input(_ rows: Int) -> Rows {
        if window.rows < history + rows {
            let larger = Rows(rows: history + rows, columns: channels)
            larger[0..<history].copy(from: window[0..<history])
            window = larger
        }
        return window[history..<history + rows]
    }

    /// History and the `rows` rows written last.
    func all(_ rows: Int) -> Rows { window[0..<history + rows] }

    /// Forgets all but the last `history` rows.
    func advance(_ rows: Int) {
        // Rows move to lower addresses in ascending order, so overlap does no harm.
        window[0..<history].copy(from: window[rows..<rows + history])
    }
}
