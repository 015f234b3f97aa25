// Activations: float32 rows in memory that layers share without copying.

import Glibc

/// Owned float32 storage, aligned to 64 bytes, zero at the start. It belongs to one thread at a time; a worker pool may
/// write disjoint parts of it.
@safe
package final class FloatBuffer {
    package let count: Int
    let base: UnsafeMutablePointer<Float>

    /// Bytes from which on memory comes from the system itself. It is zero already and goes back with the buffer, where the
    /// allocator would keep hundreds of megabytes of what a thread other than the first gives up.
    private static let mapped = 1 << 17
    /// Bytes of a large page of x86 and aarch64.
    private static let largePage = 1 << 21
    private var bytes: Int { max(count, 1) * MemoryLayout<Float>.stride }

    /// `isFilled` says that all of it will be written: it is in large pages then as far as they fit, which are there sooner
    /// and found sooner.
    package init(count: Int, isFilled: Bool = false) {
        precondition(count >= 0)
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        guard bytes >= Self.mapped else {
            let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            unsafe base = memory.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
            return
        }
        let memory = unsafe isFilled && bytes >= Self.largePage ? Self.inLargePages(bytes) : Self.map(bytes)
        unsafe base = memory.bindMemory(to: Float.self, capacity: count)
    }

    private static func map(_ bytes: Int) -> UnsafeMutableRawPointer {
        let memory = unsafe mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("there are no \(bytes) bytes of memory")
        }
        return unsafe memory
    }

    /// Memory that begins with a large page. What stands before it in a larger mapping, and after it, goes back.
    private static func inLargePages(_ bytes: Int) -> UnsafeMutableRawPointer {
        let page = sysconf(Int32(_SC_PAGESIZE))
        let whole = (bytes + page - 1) / page * page
        let mapping = unsafe map(whole + largePage)
        let base = unsafe mapping.alignedUp(toMultipleOf: largePage)
        let before = unsafe base - mapping
        if before > 0 { unsafe munmap(mapping, before) }
        unsafe munmap(base + whole, largePage - before)
        unsafe madvise(base, whole / largePage * largePage, MADV_HUGEPAGE)
        return unsafe base
    }

    deinit {
        if bytes >= Self.mapped { unsafe munmap(base, bytes) } else { unsafe base.deallocate() }
    }
}

/// A view [rows, columns] of a buffer, `stride` elements from one row to the next. Copying the view copies no data.
@safe
package struct Rows {
    let buffer: FloatBuffer
    let offset: Int
    package let rows: Int
    package let columns: Int
    package let stride: Int

    package init(buffer: FloatBuffer, offset: Int = 0, rows: Int, columns: Int, stride: Int? = nil) {
        let stride = stride ?? columns
        precondition(rows >= 0 && columns >= 0 && offset >= 0 && stride >= 0)
        precondition(rows == 0 || offset + (rows - 1) * stride + columns <= buffer.count, "view outside its buffer")
        self.buffer = buffer
        self.offset = offset
        self.rows = rows
        self.columns = columns
        self.stride = stride
    }

    /// New zeroed storage.
    package init(rows: Int, columns: Int) {
        self.init(buffer: FloatBuffer(count: rows * columns), rows: rows, columns: columns)
    }

    /// A copy of `values`, row by row.
    package init(_ values: [Float], columns: Int) {
        precondition(columns > 0 && values.count % columns == 0)
        self.init(rows: values.count / columns, columns: columns)
        for (i, value) in values.enumerated() { unsafe buffer.base[i] = value }
    }

    @unsafe package var pointer: UnsafeMutablePointer<Float> { unsafe buffer.base + offset }

    /// One row.
    package subscript(_ row: Int) -> Rows { self[row..<row + 1] }

    package subscript(_ range: Range<Int>) -> Rows {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "rows \(range) of \(rows)")
        return Rows(
            buffer: buffer, offset: offset + range.lowerBound * stride, rows: range.count, columns: columns,
            stride: stride)
    }

    package func columns(_ range: Range<Int>) -> Rows {
        precondition(range.lowerBound >= 0 && range.upperBound <= columns, "columns \(range) of \(columns)")
        return Rows(
            buffer: buffer, offset: offset + range.lowerBound, rows: rows, columns: range.count, stride: stride)
    }

    /// Rows `first`, `first + step`, ….
    package func every(_ step: Int, from first: Int) -> Rows {
        precondition(step > 0 && first >= 0 && first < rows, "row \(first) of \(rows)")
        return Rows(
            buffer: buffer, offset: offset + first * stride, rows: (rows - first + step - 1) / step, columns: columns,
            stride: stride * step)
    }

    package subscript(_ row: Int, _ column: Int) -> Float {
        get {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            return unsafe pointer[row * stride + column]
        }
        nonmutating set {
            precondition(row >= 0 && row < rows && column >= 0 && column < columns)
            unsafe pointer[row * stride + column] = newValue
        }
    }

    package func copy(from other: Rows) {
        precondition(other.rows == rows && other.columns == columns, "copy of another shape")
        for row in 0..<rows {
            unsafe (pointer + row * stride).update(from: other.pointer + row * other.stride, count: columns)
        }
    }

    /// Replaces the elements of an array, which keeps its memory when that is enough and not shared.
    package func read(into array: inout [Float]) {
        array.removeAll(keepingCapacity: true)
        array.reserveCapacity(rows * columns)
        let isContiguous = stride == columns
        let (pieces, length) = isContiguous ? (1, rows * columns) : (rows, columns)
        for piece in 0..<pieces {
            unsafe array.append(contentsOf: UnsafeBufferPointer(start: pointer + piece * stride, count: length))
        }
    }

    /// Whether every element is a number.
    package var isFinite: Bool {
        // A zero times infinity or no number is no number, and stays one in the sum.
        var sum: Float = 0
        for row in 0..<rows {
            let values = unsafe pointer + row * stride
            for i in 0..<columns { sum += unsafe values[i] * 0 }
        }
        return sum == 0
    }

    package func fill(_ value: Float) {
        for row in 0..<rows { unsafe (pointer + row * stride).update(repeating: value, count: columns) }
    }

    /// A copy, row by row.
    package var values: [Float] {
        unsafe [Float](unsafeUninitializedCapacity: rows * columns) { target, count in
            for row in 0..<rows {
                for column in 0..<columns {
                    unsafe (target.baseAddress! + row * columns + column).initialize(
                        to: pointer[row * stride + column])
                }
            }
            count = rows * columns
        }
    }
}

extension Rows {
    /// Heads of one row as rows [heads.count, dim].
    package func heads(_ row: Int, _ heads: Range<Int>, dim: Int) -> Rows {
        precondition(row >= 0 && row < rows && heads.lowerBound >= 0 && heads.upperBound * dim <= columns)
        return Rows(
            buffer: buffer, offset: offset + row * stride + heads.lowerBound * dim, rows: heads.count, columns: dim)
    }
}
