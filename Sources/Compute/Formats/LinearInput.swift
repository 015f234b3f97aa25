// The input of linear layers in the forms their weight formats ask for: quantized once, read by every layer of a group.

internal import CKernels

/// Reused by every call, so that a steady frame allocates nothing. It belongs to one thread of synthesis; workers read it.
@safe
package final class LinearInput {
    /// float32 [n, columns].
    private(set) var rows = Rows(rows: 0, columns: 0)
    private var scales = FloatBuffer(count: 16)
    private var natural = FloatBuffer(count: 0)  // int8 [n, columns]
    private var split = FloatBuffer(count: 0)  // int8 [n, columns], even elements of each row first
    private var offsets = FloatBuffer(count: 0)  // int32 [n, columns / 8]: see quantize_q8_split

    package init() {}

    func load(_ x: Rows, int8: Bool, int4: Bool, _ kernels: Kernels) {
        rows = x
        guard int8 || int4 else { return }
        let words = (x.rows * x.columns + 3) / 4
        Self.reserve(&scales, x.rows)
        if int8 { Self.reserve(&natural, words) }
        if int4 {
            Self.reserve(&split, words)
            Self.reserve(&offsets, x.rows * x.columns / 8)
        }
        for row in 0..<x.rows {
            let source = unsafe x.pointer + row * x.stride
            if int8 {
                unsafe kernels.table.pointee.quantize_q8(
                    bytes(natural, row), scales.base + row, source, x.columns)
            }
            if int4 {
                unsafe kernels.table.pointee.quantize_q8_split(
                    bytes(split, row),
                    UnsafeMutableRawPointer(offsets.base).assumingMemoryBound(to: Int32.self)
                        + row * (x.columns / 8), scales.base + row, source, x.columns)
            }
        }
    }

    @unsafe func int8(_ row: Int) -> UnsafePointer<Int8> { unsafe UnsafePointer(bytes(natural, row)) }
    @unsafe func int4(_ row: Int) -> UnsafePointer<Int8> { unsafe UnsafePointer(bytes(split, row)) }
    @unsafe func scale(_ row: Int) -> UnsafePointer<Float> { unsafe UnsafePointer(scales.base + row) }
    @unsafe func offsets(_ row: Int) -> UnsafePointer<Int32> {
        unsafe UnsafeRawPointer(offsets.base).assumingMemoryBound(to: Int32.self)
            + row * (rows.columns / 8)
    }

    @unsafe private func bytes(_ buffer: FloatBuffer, _ row: Int) -> UnsafeMutablePointer<Int8> {
        unsafe UnsafeMutableRawPointer(buffer.base).assumingMemoryBound(to: Int8.self) + row * rows.columns
    }

    private static func reserve(_ buffer: inout FloatBuffer, _ count: Int) {
        if buffer.count < count { buffer = FloatBuffer(count: max(count, 2 * buffer.count)) }
    }
}
