// Rows of a cache of keys or values, in float32 or rounded to 16 bits.

/// How keys and values are kept. Half precision halves what attention reads.
package enum CachePrecision: Sendable {
    case float32, float16

    var bytes: Int { self == .float32 ? MemoryLayout<Float>.stride : MemoryLayout<UInt16>.stride }
}

/// Owned rows [rows, columns], one after the other. What was not written is undefined, so that room for more positions
/// than are used costs no memory. They belong to one thread at a time; a worker pool may read them.
@safe
final class CacheRows {
    let rows: Int
    let columns: Int
    let precision: CachePrecision
    private let base: UnsafeMutableRawPointer

    init(rows: Int, columns: Int, precision: CachePrecision) {
        precondition(rows > 0 && columns > 0)
        self.rows = rows
        self.columns = columns
        self.precision = precision
        unsafe base = .allocate(byteCount: rows * columns * precision.bytes, alignment: 64)
    }

    deinit { unsafe base.deallocate() }

    /// Where the rows of a range begin.
    @unsafe func pointer(_ range: Range<Int>) -> UnsafeMutableRawPointer {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return unsafe base + range.lowerBound * columns * precision.bytes
    }

    /// Rows of another cache, `first` being the place of the first one here.
    func copy(_ range: Range<Int>, of source: CacheRows, to first: Int) {
        precondition(source.columns == columns && source.precision == precision)
        let target = unsafe pointer(first..<first + range.count)
        unsafe target.copyMemory(from: source.pointer(range), byteCount: range.count * columns * precision.bytes)
    }
}
