// The C kernels of one instruction set, called on `Rows` with their shapes checked.

internal import CKernels
import Glibc

@safe
package struct Kernels: Sendable {
    // SAFETY: the tables are constants of the program.
    nonisolated(unsafe) let table: UnsafePointer<mk_kernels>
    package let name: String

    private init?(_ number: Int) {
        guard let table = unsafe mk_kernels_at(number) else { return nil }
        unsafe self.table = table
        name = unsafe String(cString: table.pointee.name)
    }

    /// Every set this processor can run, the plain C definition first, the best last.
    package static let available: [Kernels] = {
        var sets: [Kernels] = []
        while let next = Kernels(sets.count) { sets.append(next) }
        return sets
    }()

    /// The plain C definitions.
    package static var definition: Kernels { available[0] }

    /// The last of them, or the one that MAKIMA_KERNELS names: every set has to pass every test.
    package static let best: Kernels = {
        let name = unsafe getenv("MAKIMA_KERNELS").map { unsafe String(cString: $0) }
        return available.first { $0.name == name } ?? available[available.count - 1]
    }()

    // MARK: Transformer

    /// y = weight · x / rms(x), row by row. y may be x.
    package func rmsNorm(_ y: Rows, _ x: Rows, weight: Rows, epsilon: Float) {
        precondition(y.rows == x.rows && y.columns == x.columns && weight.columns == x.columns)
        for row in 0..<x.rows {
            unsafe table.pointee.rms_norm(
                y.pointer + row * y.stride, x.pointer + row * x.stride, weight.pointer, x.columns, epsilon)
        }
    }

    package func layerNorm(_ y: Rows, _ x: Rows, weight: Rows, bias: Rows, epsilon: Float) {
        precondition(y.rows == x.rows && y.columns == x.columns)
        precondition(weight.columns == x.columns && bias.columns == x.columns)
        for row in 0..<x.rows {
            unsafe table.pointee.layer_norm(
                y.pointer + row * y.stride, x.pointer + row * x.stride, weight.pointer, bias.pointer, x.columns,
                epsilon)
        }
    }

    /// Rotates one position, x [1, heads · dim], in place; cos and sin [1, dim/2].
    package func rotate(_ x: Rows, cos: Rows, sin: Rows, dim: Int) {
        precondition(x.rows == 1 && dim > 0 && x.columns % dim == 0 && cos.columns == dim / 2 && sin.columns == dim / 2)
        unsafe table.pointee.rope(x.pointer, cos.pointer, sin.pointer, x.columns / dim, dim)
    }

    /// The same for heads as rows, x [heads, dim].
    package func rotate(heads x: Rows, cos: Rows, sin: Rows) {
        precondition(cos.columns == x.columns / 2 && sin.columns == x.columns / 2 && x.columns % 2 == 0)
        for head in 0..<x.rows {
            unsafe table.pointee.rope(x.pointer + head * x.stride, cos.pointer, sin.pointer, 1, x.columns)
        }
    }

    /// y = silu(gate) · up.
    package func siluMultiply(_ y: Rows, gate: Rows, up: Rows) {
        precondition(y.rows == gate.rows && y.columns == gate.columns && up.rows == y.rows && up.columns == y.columns)
        for row in 0..<y.rows {
            unsafe table.pointee.silu_mul(
                y.pointer + row * y.stride, gate.pointer + row * gate.stride, up.pointer + row * up.stride, y.columns)
        }
    }

    /// y += x, or y += scale · x with scale [1, columns].
    package func add(_ y: Rows, _ x: Rows, scale: Rows? = nil) {
        precondition(y.rows == x.rows && y.columns == x.columns && (scale == nil || scale!.columns == y.columns))
        for row in 0..<y.rows {
            if let scale {
                unsafe table.pointee.add(
                    y.pointer + row * y.stride, x.pointer + row * x.stride, scale.pointer, y.columns)
            } else {
                unsafe table.pointee.add(y.pointer + row * y.stride, x.pointer + row * x.stride, nil, y.columns)
            }
        }
    }

    /// One query position and one key/value head: out and q [group, dim], k and v [count, dim]; scores is scratch.
    package func attention(_ out: Rows, q: Rows, k: Rows, v: Rows, scale: Float, scores: Rows) {
        precondition(out.stride == out.columns && q.stride == q.columns && k.stride == v.stride)
        precondition(k.rows == v.rows && k.columns == q.columns && v.columns == q.columns && k.rows > 0)
        precondition(out.rows == q.rows && out.columns == q.columns)
        precondition(scores.rows == 1 && scores.columns >= q.rows * k.rows)
        unsafe table.pointee.attention(
            out.pointer, q.pointer, k.pointer, v.pointer, q.rows, q.columns, k.rows, k.stride, scale, scores.pointer)
    }

    /// The same over rows of a cache.
    func attention(
        _ out: Rows, q: Rows, k: CacheRows, v: CacheRows, seen: Range<Int>, scale: Float, scores: Rows
    ) {
        precondition(out.stride == out.columns && q.stride == q.columns && k.precision == v.precision)
        precondition(k.columns == q.columns && v.columns == q.columns && !seen.isEmpty)
        precondition(out.rows == q.rows && out.columns == q.columns)
        precondition(scores.rows == 1 && scores.columns >= q.rows * seen.count)
        let (keys, values) = unsafe (k.pointer(seen), v.pointer(seen))
        switch k.precision {
        case .float32:
            unsafe table.pointee.attention(
                out.pointer, q.pointer, keys.assumingMemoryBound(to: Float.self),
                values.assumingMemoryBound(to: Float.self), q.rows, q.columns, seen.count, q.columns, scale,
                scores.pointer)
        case .float16:
            unsafe table.pointee.attention_f16(
                out.pointer, q.pointer, keys.assumingMemoryBound(to: UInt16.self),
                values.assumingMemoryBound(to: UInt16.self), q.rows, q.columns, seen.count, q.columns, scale,
                scores.pointer)
        }
    }

    /// Row `row` of a cache = x [1, columns], rounded as the cache is.
    func store(_ x: Rows, into cache: CacheRows, row: Int) {
        precondition(x.rows == 1 && x.columns == cache.columns)
        let target = unsafe cache.pointer(row..<row + 1)
        switch cache.precision {
        case .float32: unsafe target.assumingMemoryBound(to: Float.self).update(from: x.pointer, count: x.columns)
        case .float16:
            unsafe table.pointee.round_f16(target.assumingMemoryBound(to: UInt16.self), x.pointer, x.columns)
        }
    }

    package func silu(_ x: Rows) { unsafe each(x, table.pointee.silu) }
    package func gelu(_ x: Rows) { unsafe each(x, table.pointee.gelu) }
    /// The gelu of GPT-2, by a hyperbolic tangent.
    package func geluTanh(_ x: Rows) { unsafe each(x, table.pointee.gelu_tanh) }
    package func elu(_ x: Rows) { unsafe each(x, table.pointee.elu) }
    package func mish(_ x: Rows) { unsafe each(x, table.pointee.mish) }

    /// x or slope · x where it is not above zero. y may be x.
    package func leakyReLU(_ y: Rows, _ x: Rows, slope: Float) {
        precondition(y.rows == x.rows && y.columns == x.columns)
        for row in 0..<x.rows {
            unsafe table.pointee.leaky_relu(
                y.pointer + row * y.stride, x.pointer + row * x.stride, slope, x.columns)
        }
    }

    /// Each row becomes softmax(scale · row).
    package func softmax(_ x: Rows, scale: Float) {
        precondition(x.columns > 0 && scale > 0)
        for row in 0..<x.rows {
            let pointer = unsafe x.pointer + row * x.stride
            unsafe table.pointee.softmax(pointer, pointer, scale, x.columns)
        }
    }

    private func each(
        _ x: Rows, _ operation: @convention(c) (UnsafeMutablePointer<Float>?, UnsafePointer<Float>?, Int) -> Void
    ) {
        for row in 0..<x.rows {
            let pointer = unsafe x.pointer + row * x.stride
            unsafe operation(pointer, pointer, x.columns)
        }
    }

    // MARK: Codec

    /// y = x + sin²(alpha · x) · inverseBeta; channels are columns. y may be x.
    package func snake(_ y: Rows, _ x: Rows, alpha: Rows, inverseBeta: Rows) {
        precondition(y.rows == x.rows && y.columns == x.columns)
        precondition(alpha.columns == x.columns && inverseBeta.columns == x.columns)
        for row in 0..<x.rows {
            unsafe table.pointee.snake(
                y.pointer + row * y.stride, x.pointer + row * x.stride, alpha.pointer, inverseBeta.pointer, 1,
                x.columns)
        }
    }

    /// x [count + taps - 1, channels] contiguous, w [taps, channels], bias [1, channels] → y [count, channels].
    package func depthwise(_ y: Rows, _ x: Rows, weight: Rows, bias: Rows) {
        precondition(x.rows == y.rows + weight.rows - 1 && x.columns == y.columns && weight.columns == x.columns)
        precondition(x.stride == x.columns && y.stride == y.columns && weight.stride == weight.columns)
        precondition(bias.columns == x.columns)
        unsafe table.pointee.conv_depthwise(
            y.pointer, x.pointer, weight.pointer, bias.pointer, y.rows, y.columns, weight.rows)
    }
}
