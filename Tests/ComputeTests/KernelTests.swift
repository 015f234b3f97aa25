// Every instruction set of this processor against the definitions in plain C: awkward lengths, unaligned pointers,
// no write beyond the output, the same bits however a job is split.

import CKernels
import Testing

@safe struct InstructionSet: CustomTestStringConvertible, Sendable {
    nonisolated(unsafe) let table: UnsafePointer<mk_kernels>
    let testDescription: String

    static let definition = InstructionSet(MK_SCALAR)!
    static let available = (0..<MK_ISA_COUNT.rawValue).compactMap { InstructionSet(mk_isa($0)) }

    init?(_ isa: mk_isa) {
        guard let table = unsafe mk_kernels_for(isa) else { return nil }
        unsafe self.table = table
        testDescription = unsafe String(cString: mk_isa_name(isa))
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

    mutating func bytes(_ count: Int) -> Guarded<Int8> {
        Guarded(count, guardedBy: 77) { _ in Int8(truncatingIfNeeded: bits()) }
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
        unsafe isa.table.pointee.rms_norm(got.base, x.base, other.base, n, 1e-6)
        unsafe definition.table.pointee.rms_norm(wanted.base, x.base, other.base, n, 1e-6)
        expectClose(got, wanted, within: 2e-6, "rms_norm")
        // In place, as the codec calls it.
        unsafe definition.table.pointee.snake(wanted.base, x.base, scale.base, other.base, 1, n)
        unsafe isa.table.pointee.snake(x.base, x.base, scale.base, other.base, 1, n)
        expectClose(x, wanted, within: 2e-5, "snake")
    }
}
