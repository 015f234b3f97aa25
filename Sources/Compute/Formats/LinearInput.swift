// The input of linear layers in the forms their weight formats ask for: quantized once, read by every layer of a group.

internal import CKernels

/// Reused by every call, so that a steady frame allocates nothing. It belongs to one thread of synthesis; workers read it.
@safe
package final class LinearInput {
    /// What weight formats ask for beside float32.
    package struct Forms: OptionSet, Sendable {
        package let rawValue: Int
        package init(rawValue: Int) { self.rawValue = rawValue }

        /// int8 with a scale for each row: quantize_q8.
        static let bytes = Forms(rawValue: 1)
        /// The same with even elements first, then odd ones, and offsets: quantize_q8_split.
        static let splitBytes = Forms(rawValue: 2)
    }

    /// float32 [n, columns].
    private(set) var rows = Rows(rows: 0, columns: 0)
    private var scales = FloatBuffer(count: 16)
    private var natural = FloatBuffer(count: 0)  // int8 [n, columns]
    private var split = FloatBuffer(count: 0)  // int8 [n, columns], even elements of each row first
    private var offsets = FloatBuffer(count: 0)  // int32 [n, columns / 8]: see quantize_q8_split

    package init() {}

    func load(_ x: Rows, _ forms: Forms, _ kernels: Kernels) {
        rows = x
        guard !forms.isEmpty else { return }
        let words = (x.rows * x.columns + 3) / 4
        let (hasBytes, hasSplitBytes) = (forms.contains(.bytes), forms.contains(.splitBytes))
        Self.reserve(&scales, x.rows)
        if hasBytes { Self.reserve(&natural, words) }
        if hasSplitBytes {
            Self.reserve(&split, words)
            Self.reserve(&offsets, x.rows * x.columns / 8)
        }
        for row in 0..<x.rows {
            let source = unsafe x.pointer + row * x.stride
            if hasBytes {
                unsafe kernels.table.pointee.quantize_q8(
                    place(natural, row), scales.base + row, source, x.columns)
            }
            if hasSplitBytes {
                unsafe kernels.table.pointee.quantize_q8_split(
                    place(split, row),
                    UnsafeMutableRawPointer(offsets.base).assumingMemoryBound(to: Int32.self)
                        + row * (x.columns / 8), scales.base + row, source, x.columns)
            }
        }
    }

    @unsafe func bytes(_ row: Int) -> UnsafePointer<Int8> { unsafe UnsafePointer(place(natural, row)) }
    @unsafe func splitBytes(_ row: Int) -> UnsafePointer<Int8> { unsafe UnsafePointer(place(split, row)) }
    @unsafe func scale(_ row: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(scales.base + row) }
    @unsafe func offsets(_ row: Int) -> UnsafePointer<Int32> {
        unsafe UnsafeRawPointer(offsets.base).assumingMemoryBound(to: Int32.self)
            + row * (rows.columns / 8)
    }

    @unsafe private func place(_ buffer: FloatBuffer, _ row: Int) -> UnsafeMutablePointer<Int8> {
        unsafe UnsafeMutableRawPointer(buffer.base).assumingMemoryBound(to: Int8.self) + row * rows.columns
    }

    private static func reserve(_ buffer: inout FloatBuffer, _ count: Int) {
        if buffer.count < count { buffer = FloatBuffer(count: max(count, 2 * buffer.count)) }
    }
}
