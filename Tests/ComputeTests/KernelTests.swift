// Every instruction set of this processor against the definitions in plain C: awkward lengths, unaligned pointers,
// no write beyond the output, the same bits however a job is split.

import CKernels
import Testing

@testable import ModelFile

@safe struct InstructionSet: CustomTestStringConvertible, Sendable {
    nonisolated(unsafe) let table: UnsafePointer<mk_kernels>
    let testDescription: String

    static let definition = InstructionSet(0)!
    static let available = {
        var sets: [InstructionSet] = []
        while let next = InstructionSet(sets.count) { sets.append(next) }
        return sets
    }()

    init?(_ number: Int) {
        guard let table = unsafe mk_kernels_at(number) else { return nil }
        unsafe self.table = table
        testDescription = unsafe String(cString: table.pointee.name)
    }
}

/// Elements at an address aligned to nothing more than the element, between guards that must survive.
@safe final class Guarded<Element: BitwiseCopyable & Equatable> {
    private let memory: UnsafeMutablePointer<Element>
    private let guardValue: Element
    let count: Int
    var base: UnsafeMutablePointer<Element> { unsafe memory + 65 }

    init(_ count: Int, guardedBy value: Element, _ element: (Int) -> Element) {
        self.count = count
        guardValue = value
        unsafe memory = .allocate(capacity: count + 130)
        unsafe memory.initialize(repeating: value, count: count + 130)
        for index in 0..<count { unsafe base[index] = element(index) }
    }

    deinit { unsafe memory.deallocate() }

    var values: [Element] { (0..<count).map { unsafe base[$0] } }
    var isIntact: Bool {
        (0..<65).allSatisfy { unsafe memory[$0] == guardValue && memory[count + 65 + $0] == guardValue }
    }
}

/// Repeatable noise in -1...1.
struct Noise {
    var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func bits() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func floats(_ count: Int, scale: Float = 1) -> Guarded<Float> {
        Guarded(count, guardedBy: 12345) { _ in (Float(bits() % 65537) / 32768 - 1) * scale }
    }

    /// In half precision, of either sign and from 1/16 to 2.
    mutating func halves(_ count: Int) -> Guarded<UInt16> {
        Guarded(count, guardedBy: 0x7BCD) { _ in
            UInt16(truncatingIfNeeded: bits()) & 0x83FF | UInt16(11 + bits() % 5) << 10
        }
    }

    mutating func bytes(_ count: Int) -> Guarded<Int8> {
        Guarded(count, guardedBy: 77) { _ in Int8(truncatingIfNeeded: bits()) }
    }
}

/// IEEE half precision by what its numbers are: not every platform of Swift has `Float16`.
enum Half {
    /// Zero and what is positive and finite, in order: the index is the half.
    static let finite = (0..<0x7C00 as Range<UInt16>).map { Tensor.widen($0) }

    /// The nearer of the two halves around a value, of two as near the even one; the largest for all beyond.
    static func nearest(_ value: Float) -> UInt16 {
        let (sign, magnitude) = (UInt16(value.bitPattern >> 16 & 0x8000), value.magnitude)
        guard magnitude.isFinite else { return sign | (value.isNaN ? 0x7E00 : 0x7C00) }
        var (below, above) = (0, finite.count - 1)
        guard magnitude < finite[above] else { return sign | UInt16(above) }
        while above - below > 1 {
            let middle = (below + above) / 2
            if finite[middle] <= magnitude { below = middle } else { above = middle }
        }
        let (down, up) = (Double(magnitude) - Double(finite[below]), Double(finite[above]) - Double(magnitude))
        return sign | UInt16(down < up || (down == up && below % 2 == 0) ? below : above)
    }
}

func output(_ count: Int) -> Guarded<Float> { Guarded(count, guardedBy: 12345) { _ in .nan } }

func expectClose(_ got: Guarded<Float>, _ wanted: Guarded<Float>, within tolerance: Float, _ note: String = "") {
    #expect(got.isIntact, "wrote outside the output \(note)")
    for (index, (a, b)) in zip(got.values, wanted.values).enumerated() where !(abs(a - b) <= tolerance) {
        Issue.record("\(note) element \(index): \(a), expected \(b)")
        return
    }
}

@Suite struct KernelTests {
    @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 160, 515])
    func floatLinear(_ isa: InstructionSet, cols: Int) {
        var noise = Noise()
        let rows = 21
        let n = 16
        let w = noise.floats(rows * cols)
        let x = noise.floats(n * cols)
        let bias = noise.floats(rows)
        let got = output(n * rows)
        let wanted = output(n * rows)
        unsafe isa.table.pointee.linear_f32(got.base, rows, w.base, bias.base, x.base, cols, n, cols, 0, rows)
        unsafe InstructionSet.definition.table.pointee.linear_f32(
            wanted.base, rows, w.base, bias.base, x.base, cols, n, cols, 0, rows)
        expectClose(got, wanted, within: 2e-5)
        for (n, split) in [(1, 0), (1, 13), (2, 5), (3, 1), (5, 8)] {
            let part = output(n * rows)
            let from = unsafe x.base + 3 * cols
            for (first, last) in [(0, split), (split, rows)] {
                unsafe isa.table.pointee.linear_f32(
                    part.base, rows, w.base, bias.base, from, cols, n, cols, first, last)
            }
            #expect(part.isIntact && part.values == Array(got.values[3 * rows..<(3 + n) * rows]))
        }
    }

    @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 160, 515])
    func bfloat16Linear(_ isa: InstructionSet, cols: Int) {
        var noise = Noise()
        let rows = 21
        let n = 7
        let floats = noise.floats(rows * cols).values
        let w = Guarded<UInt16>(rows * cols, guardedBy: 0x7FC0) { UInt16(floats[$0].bitPattern >> 16) }
        let x = noise.floats(n * cols)
        let got = output(n * rows)
        let wanted = output(n * rows)
        unsafe isa.table.pointee.linear_bf16(got.base, rows, w.base, nil, x.base, cols, n, cols, 0, rows)
        unsafe InstructionSet.definition.table.pointee.linear_bf16(
            wanted.base, rows, w.base, nil, x.base, cols, n, cols, 0, rows)
        expectClose(got, wanted, within: 5e-5)
        for j in 0..<n {
            let single = output(rows)
            unsafe isa.table.pointee.linear_bf16(
                single.base, rows, w.base, nil, x.base + j * cols, cols, 1, cols, 0, rows)
            #expect(single.isIntact && single.values == Array(got.values[j * rows..<(j + 1) * rows]))
        }
    }

    /// Exact: the definition fixes the order of every fused multiply-add.
    @Test(arguments: InstructionSet.available, [1, 5, 12, 29])
    func convolution(_ isa: InstructionSet, count: Int) {
        var noise = Noise()
        for (inputs, outputs, taps, dilation, step) in [(3, 1, 7, 1, 1), (19, 75, 3, 9, 1), (32, 48, 2, 1, 2)] {
            let panels = (outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL)
            let x = noise.floats(((count - 1) * step + (taps - 1) * dilation + 1) * inputs)
            let w = noise.floats(panels * taps * inputs * Int(MK_PANEL))
            let bias = noise.floats(outputs)
            let got = output(count * outputs)
            let wanted = output(count * outputs)
            for accumulate: Int32 in [0, 1] {
                for panel in 0..<panels {
                    unsafe isa.table.pointee.conv_f32(
                        got.base, outputs, x.base, inputs, w.base, bias.base, count, step, inputs, outputs, taps,
                        dilation, panel, panel + 1, accumulate)
                }
                unsafe InstructionSet.definition.table.pointee.conv_f32(
                    wanted.base, outputs, x.base, inputs, w.base, bias.base, count, step, inputs, outputs, taps,
                    dilation, 0, panels, accumulate)
                #expect(got.isIntact && got.values == wanted.values, "\(inputs) to \(outputs), \(accumulate)")
            }
        }
    }

    @Test(arguments: InstructionSet.available, [1, 7, 16, 45, 128])
    func attention(_ isa: InstructionSet, dim: Int) {
        var noise = Noise()
        for count in [1, 6, 50] {
            let group = 2
            let stride = dim + 3
            let q = noise.floats(group * dim)
            let k = noise.floats(count * stride, scale: 3)
            let v = noise.floats(count * stride)
            let got = output(group * dim)
            let wanted = output(group * dim)
            let scores = output(group * count)
            unsafe isa.table.pointee.attention(
                got.base, q.base, k.base, v.base, group, dim, count, stride, 0.3, scores.base)
            #expect(scores.isIntact)
            unsafe InstructionSet.definition.table.pointee.attention(
                wanted.base, q.base, k.base, v.base, group, dim, count, stride, 0.3, scores.base)
            expectClose(got, wanted, within: 3e-6, "\(count) positions")
        }
    }

    /// The bits of attention over the same numbers as floats.
    @Test(arguments: InstructionSet.available, [1, 7, 16, 45, 128])
    func halfPrecisionAttention(_ isa: InstructionSet, dim: Int) {
        var noise = Noise()
        for (group, count) in [(1, 1), (2, 6), (3, 50)] {
            let stride = dim + 3
            let q = noise.floats(group * dim)
            let (k, v) = (noise.halves(count * stride), noise.halves(count * stride))
            let floatK = Guarded(k.count, guardedBy: 12345) { unsafe Tensor.widen(k.base[$0]) }
            let floatV = Guarded(v.count, guardedBy: 12345) { unsafe Tensor.widen(v.base[$0]) }
            let (got, floats, wanted) = (output(group * dim), output(group * dim), output(group * dim))
            let scores = output(group * count)
            unsafe isa.table.pointee.attention_f16(
                got.base, q.base, k.base, v.base, group, dim, count, stride, 0.3, scores.base)
            #expect(scores.isIntact)
            unsafe isa.table.pointee.attention(
                floats.base, q.base, floatK.base, floatV.base, group, dim, count, stride, 0.3, scores.base)
            unsafe InstructionSet.definition.table.pointee.attention_f16(
                wanted.base, q.base, k.base, v.base, group, dim, count, stride, 0.3, scores.base)
            #expect(got.values == floats.values)
            expectClose(got, wanted, within: 3e-6, "\(count) positions")
        }
    }

    /// Far from zero the activations are what they tend to, and what is no number stays none.
    @Test(arguments: InstructionSet.available)
    func activationsAtTheirLimits(_ isa: InstructionSet) {
        let values: [Float] = [-1e6, -200, -0.0, 0, 25, 1e30, .infinity, .nan, -1]
        let x = Guarded<Float>(values.count, guardedBy: 12345) { values[$0] }
        let (mish, leaky) = (output(values.count), output(values.count))
        unsafe isa.table.pointee.mish(mish.base, x.base, values.count)
        unsafe isa.table.pointee.leaky_relu(leaky.base, x.base, 0.5, values.count)
        #expect(mish.isIntact && leaky.isIntact && mish.values[7].isNaN && leaky.values[7].isNaN)
        #expect(mish.values[1...6].elementsEqual([0, 0, 0, 25, 1e30, .infinity]) { abs($0 - $1) < 1e-30 || $0 == $1 })
        #expect(leaky.values[..<7] == [-5e5, -100, 0, 0, 25, 1e30, .infinity] && leaky.values[8] == -0.5)
        unsafe isa.table.pointee.softmax(mish.base, x.base, 1, 6)
        // What is far below the largest may be the least number there is instead of zero.
        #expect(mish.values[5] == 1 && mish.values[..<5].allSatisfy { (0..<1e-37).contains($0) })
        unsafe isa.table.pointee.softmax(mish.base, x.base, 1, values.count)
        #expect(mish.values.contains { !$0.isFinite })
    }

    /// A broken model must not become silence: what is no number in one key or value is none in the result.
    @Test(arguments: InstructionSet.available, [Float.nan, .infinity])
    func halfPrecisionKeepsWhatIsNoNumber(_ isa: InstructionSet, value: Float) {
        let (dim, count) = (45, 6)
        for place in [2 * dim, 3 * dim + 44] {
            var noise = Noise()
            let q = Guarded<Float>(dim, guardedBy: 12345) { _ in 1 }
            let (k, v) = (noise.halves(count * dim), noise.halves(count * dim))
            let broken = Guarded<Float>(1, guardedBy: 12345) { _ in value }
            for cached in [k, v] {
                let (got, scores) = (output(dim), output(count))
                let kept = unsafe cached.base[place]
                unsafe isa.table.pointee.round_f16(cached.base + place, broken.base, 1)
                unsafe isa.table.pointee.attention_f16(
                    got.base, q.base, k.base, v.base, 1, dim, count, dim, 0.3, scores.base)
                unsafe cached.base[place] = kept
                #expect(got.values.contains { !$0.isFinite })
            }
        }
    }

    @Test(arguments: InstructionSet.available, [1, 7, 16, 45, 128, 100_003])
    func halfPrecisionRounding(_ isa: InstructionSet, n: Int) {
        var noise = Noise()
        let special: [Float] = [
            -0.0, 0x1p-25, 0x1.000002p-25, 0x1.8p-24, 0x1.ff8p-15, 0x1.ffep-15, 0x1.fffp-15, 65504, -65519.996, 65520,
            -1e30, .infinity, -.infinity, .nan, -.nan, 1 + 0x1p-11, 1 + 0x1.8p-10,
        ]
        let x = Guarded<Float>(n, guardedBy: 12345) { index in
            // Near halves and the middles between two, of every exponent that halves have and some more.
            let exponent = UInt32(98 + noise.bits() % 50) << 23
            let fraction = UInt32(truncatingIfNeeded: noise.bits() % 4096 << 12) &+ UInt32(noise.bits() % 3) &- 1
            let value = Float(bitPattern: exponent + (fraction & 0x7F_FFFF))
            return n > 1000 && index < special.count ? special[index] : index % 2 == 0 ? value : -value
        }
        let got = Guarded<UInt16>(n, guardedBy: 0x7BCD) { _ in 0 }
        unsafe isa.table.pointee.round_f16(got.base, x.base, n)
        #expect(got.isIntact)
        for (value, half) in zip(x.values, got.values) {
            guard half != Half.nearest(value) else { continue }
            Issue.record("\(value) became \(half), the nearest half is \(Half.nearest(value))")
            return
        }
    }

    /// Subnormals, zeros, infinities and all others: the average of a single value is the value.
    @Test(arguments: InstructionSet.available)
    func everyHalfIsWidenedExactly(_ isa: InstructionSet) {
        let count = 1 << 16
        let values = Guarded<UInt16>(count, guardedBy: 77) { UInt16($0) }
        let keys = Guarded<UInt16>(count, guardedBy: 77) { _ in 0 }
        let q = Guarded<Float>(count, guardedBy: 77) { _ in 0 }
        let (got, scores) = (output(count), output(1))
        unsafe isa.table.pointee.attention_f16(
            got.base, q.base, keys.base, values.base, 1, count, 1, count, 1, scores.base)
        #expect(got.isIntact)
        for (half, value) in zip(values.values, got.values) {
            let expected = Tensor.widen(half)
            guard value != expected, !(value.isNaN && expected.isNaN) else { continue }
            Issue.record("\(half) became \(value), expected \(expected)")
            return
        }
    }

    @Test(arguments: InstructionSet.available, [1, 7, 16, 45, 128])
    func elementwise(_ isa: InstructionSet, n: Int) {
        var noise = Noise()
        let x = noise.floats(n, scale: 120)
        let other = noise.floats(n)
        let scale = noise.floats(n)
        let definition = InstructionSet.definition
        let got = output(n)
        let wanted = output(n)
        unsafe isa.table.pointee.silu_mul(got.base, x.base, other.base, n)
        unsafe definition.table.pointee.silu_mul(wanted.base, x.base, other.base, n)
        expectClose(got, wanted, within: 2e-5, "silu_mul")
        unsafe isa.table.pointee.silu(got.base, x.base, n)
        unsafe definition.table.pointee.silu(wanted.base, x.base, n)
        expectClose(got, wanted, within: 3e-5, "silu")
        // Where the sum of the polynomial is large, and around zero, where it must not cancel.
        for (values, tolerance) in [(x, 2e-5), (other, 5e-7)] as [(Guarded<Float>, Float)] {
            unsafe isa.table.pointee.gelu_tanh(got.base, values.base, n)
            unsafe definition.table.pointee.gelu_tanh(wanted.base, values.base, n)
            expectClose(got, wanted, within: tolerance, "gelu_tanh")
        }
        unsafe isa.table.pointee.mish(got.base, x.base, n)
        unsafe definition.table.pointee.mish(wanted.base, x.base, n)
        expectClose(got, wanted, within: 3e-5, "mish")
        unsafe isa.table.pointee.mish(got.base, scale.base, n)
        unsafe definition.table.pointee.mish(wanted.base, scale.base, n)
        expectClose(got, wanted, within: 3e-7, "mish near zero")
        unsafe isa.table.pointee.leaky_relu(got.base, x.base, 0.1, n)
        unsafe definition.table.pointee.leaky_relu(wanted.base, x.base, 0.1, n)
        expectClose(got, wanted, within: 0, "leaky_relu")
        unsafe isa.table.pointee.softmax(got.base, x.base, 0.05, n)
        unsafe definition.table.pointee.softmax(wanted.base, x.base, 0.05, n)
        expectClose(got, wanted, within: 1e-6, "softmax")
        unsafe isa.table.pointee.rms_norm(got.base, x.base, other.base, n, 1e-6)
        unsafe definition.table.pointee.rms_norm(wanted.base, x.base, other.base, n, 1e-6)
        expectClose(got, wanted, within: 2e-6, "rms_norm")
        // In place, as the codec calls it.
        unsafe definition.table.pointee.snake(wanted.base, x.base, scale.base, other.base, 1, n)
        unsafe isa.table.pointee.snake(x.base, x.base, scale.base, other.base, 1, n)
        expectClose(x, wanted, within: 2e-5, "snake")
    }
}
