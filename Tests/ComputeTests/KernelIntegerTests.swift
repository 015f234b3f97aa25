// The integer layers and their quantizers on every instruction set, against the definitions in plain C.

import CKernels
import Testing

@Suite struct KernelIntegerTests {
    /// Exact in every instruction set, for any split of the rows and any number of vectors.
    @Test(arguments: InstructionSet.available, [1, 31, 64, 100, 515, 1024])
    func int8Linear(_ isa: InstructionSet, cols: Int) {
        var noise = Noise()
        let rows = 21
        let n = 5
        let w = noise.bytes(rows * cols)
        // The extremes of both sides, where a saturating sum would show.
        for column in 0..<cols { unsafe w.base[column] = -128 }
        let q = Guarded<Int8>(n * cols, guardedBy: 77) { _ in Int8(Int(noise.bits() % 255) - 127) }
        for column in 0..<cols { unsafe q.base[column] = column % 16 < 8 ? -127 : 127 }
        let wscale = noise.floats(rows)
        let xscale = noise.floats(n)
        let bias = noise.floats(rows)
        let got = output(n * rows)
        let wanted = output(n * rows)
        for (first, last) in [(0, 8), (8, 13), (13, rows)] {
            unsafe isa.table.pointee.linear_q8(
                got.base, rows, w.base, wscale.base, bias.base, q.base, xscale.base, n, cols, first, last)
        }
        unsafe InstructionSet.definition.table.pointee.linear_q8(
            wanted.base, rows, w.base, wscale.base, bias.base, q.base, xscale.base, n, cols, 0, rows)
        #expect(got.isIntact && got.values == wanted.values)
    }

    @Test(arguments: InstructionSet.available, [32, 64, 96, 160, 544, 1536])
    func int4Linear(_ isa: InstructionSet, cols: Int) {
        var noise = Noise()
        let rows = 11
        let n = 5
        let groups = cols / Int(MK_Q4_GROUP)
        let w = Guarded<UInt8>(rows * cols / 2, guardedBy: 77) { _ in UInt8(truncatingIfNeeded: noise.bits()) }
        let wscale = Guarded<UInt16>(rows * groups, guardedBy: 77) { _ in
            UInt16(0x3C00 + noise.bits() % 256)  // 1/128 to 1/32
        }
        let q = Guarded<Int8>(n * cols, guardedBy: 77) { _ in 0 }
        let offsets = Guarded<Int32>(n * cols / 8, guardedBy: 77) { _ in 0 }
        let xscale = output(n)
        for j in 0..<n {
            let x = noise.floats(cols)
            unsafe isa.table.pointee.quantize_q8_split(
                q.base + j * cols, offsets.base + j * cols / 8, xscale.base + j, x.base, cols)
        }
        #expect(q.isIntact && offsets.isIntact && xscale.isIntact)
        let got = output(n * rows)
        let wanted = output(n * rows)
        unsafe isa.table.pointee.linear_q4(
            got.base, rows, w.base, wscale.base, nil, q.base, offsets.base, xscale.base, n, cols, 0, rows)
        unsafe InstructionSet.definition.table.pointee.linear_q4(
            wanted.base, rows, w.base, wscale.base, nil, q.base, offsets.base, xscale.base, n, cols, 0, rows)
        expectClose(got, wanted, within: 2e-5)
        for j in 0..<n {
            let single = output(rows)
            for (first, last) in [(0, 3), (3, rows)] {
                unsafe isa.table.pointee.linear_q4(
                    single.base, rows, w.base, wscale.base, nil, q.base + j * cols, offsets.base + j * cols / 8,
                    xscale.base + j, 1, cols, first, last)
            }
            #expect(single.isIntact && single.values == Array(got.values[j * rows..<(j + 1) * rows]))
        }
    }

    @Test(arguments: InstructionSet.available)
    func quantizing(_ isa: InstructionSet) {
        let x = Guarded<Float>(64, guardedBy: 12345) { Float($0) - 63 }
        let q = Guarded<Int8>(64, guardedBy: 77) { _ in 0 }
        let scale = output(1)
        unsafe isa.table.pointee.quantize_q8(q.base, scale.base, x.base, 64)
        let plain = q.values
        let expectedScale: Float = 63 / 127
        #expect(plain[0] == -127 && plain[63] == 0 && q.isIntact)
        #expect(scale.values == [expectedScale])
        let factor: Float = 127 / 63
        let expected: [Int8] = x.values.map { value in Int8((value * factor).rounded(.toNearestOrEven)) }
        #expect(plain == expected)
        let offsets = Guarded<Int32>(8, guardedBy: 77) { _ in 0 }
        unsafe isa.table.pointee.quantize_q8_split(q.base, offsets.base, scale.base, x.base, 64)
        for (index, value) in plain.enumerated() {
            let place: Int = index % 2 * 32 + index / 2
            #expect(q.values[place] == value)
        }
        for eighth in 0..<8 {
            var sum: Int32 = 0
            for value in plain[eighth * 8..<(eighth + 1) * 8] { sum += Int32(value) }
            #expect(offsets.values[eighth] == -8 * sum)
        }
        let zero = Guarded<Float>(64, guardedBy: 12345) { _ in 0 }
        unsafe isa.table.pointee.quantize_q8(q.base, scale.base, zero.base, 64)
        #expect(q.values.allSatisfy { $0 == 0 } && scale.values == [0])
    }

    /// The same bits everywhere, at any length.
    @Test(arguments: InstructionSet.available, [1, 7, 32, 96, 515])
    func quantizingNoise(_ isa: InstructionSet, cols: Int) {
        var noise = Noise()
        let definition = InstructionSet.definition
        let x = noise.floats(cols, scale: 3)
        let q = (0..<2).map { _ in Guarded<Int8>(cols, guardedBy: 77) { _ in 0 } }
        let scales = output(2)
        unsafe isa.table.pointee.quantize_q8(q[0].base, scales.base, x.base, cols)
        unsafe definition.table.pointee.quantize_q8(q[1].base, scales.base + 1, x.base, cols)
        #expect(q[0].isIntact && q[0].values == q[1].values && scales.values[0] == scales.values[1])
        guard cols % Int(MK_Q4_GROUP) == 0 else { return }
        let offsets = (0..<2).map { _ in Guarded<Int32>(cols / 8, guardedBy: 77) { _ in 0 } }
        unsafe isa.table.pointee.quantize_q8_split(q[0].base, offsets[0].base, scales.base, x.base, cols)
        unsafe definition.table.pointee.quantize_q8_split(q[1].base, offsets[1].base, scales.base + 1, x.base, cols)
        #expect(q[0].isIntact && q[0].values == q[1].values && scales.values[0] == scales.values[1])
        #expect(offsets[0].isIntact && offsets[0].values == offsets[1].values)
    }

    /// What is no number must not become zeros: silence, or babble, where the utterance should fail.
    @Test(arguments: InstructionSet.available, [Float.nan, -.nan, .infinity, -.infinity])
    func aRowThatIsNotFiniteHasNoScale(_ isa: InstructionSet, value: Float) {
        var noise = Noise()
        for (cols, place) in [(1, 0), (7, 3), (32, 0), (96, 50), (96, 95), (515, 514)] {
            let x = noise.floats(cols)
            unsafe x.base[place] = value
            let (q, scale) = (Guarded<Int8>(cols, guardedBy: 77) { _ in 99 }, output(1))
            unsafe isa.table.pointee.quantize_q8(q.base, scale.base, x.base, cols)
            #expect(q.isIntact && scale.isIntact && scale.values[0].isNaN && q.values.allSatisfy { $0 == 0 })
            guard cols % Int(MK_Q4_GROUP) == 0 else { continue }
            let (split, splitScale) = (Guarded<Int8>(cols, guardedBy: 77) { _ in 99 }, output(1))
            let offsets = Guarded<Int32>(cols / 8, guardedBy: 77) { _ in 99 }
            unsafe splitScale.base[0] = 0
            unsafe isa.table.pointee.quantize_q8_split(split.base, offsets.base, splitScale.base, x.base, cols)
            #expect(split.isIntact && split.values.allSatisfy { $0 == 0 } && splitScale.values[0].isNaN)
            #expect(offsets.isIntact && offsets.values.allSatisfy { $0 == 0 })
        }
    }

    /// Values whose largest is so small that 127 times its inverse is infinite: zeros, and not what that multiplies to.
    @Test(arguments: InstructionSet.available, [Float.leastNonzeroMagnitude, 0x1p-133, 3.7e-37])
    func rowsNextToZeroBecomeZeros(_ isa: InstructionSet, largest: Float) {
        let x = Guarded<Float>(64, guardedBy: 12345) { $0 == 9 ? largest : $0 % 2 == 0 ? 0 : -largest / 2 }
        let (q, scale) = (Guarded<Int8>(64, guardedBy: 77) { _ in 99 }, output(1))
        unsafe isa.table.pointee.quantize_q8(q.base, scale.base, x.base, 64)
        #expect(q.values.allSatisfy { $0 == 0 } && scale.values == [largest / 127])
        let offsets = Guarded<Int32>(8, guardedBy: 77) { _ in 99 }
        unsafe isa.table.pointee.quantize_q8_split(q.base, offsets.base, scale.base, x.base, 64)
        #expect(q.values.allSatisfy { $0 == 0 } && offsets.values.allSatisfy { $0 == 0 })
        #expect(scale.values == [largest / 127])
    }
}
