// Integer convolutions: packing, activations to integers, and every instruction set against the definition, bit for bit.

import CKernels
import Testing

struct Shape {
    var inputs: Int
    var outputs: Int
    var taps: Int
    var dilation: Int
    var step: Int
}

/// What an integer convolution is stored in.
enum Integers: CaseIterable {
    case shorts, split, bytesAndShorts, bytesAndSplit, bytes

    /// Channels to a word of activations.
    var each: Int { self == .shorts || self == .bytesAndShorts ? 2 : 4 }
    /// Bytes of a weight, and words of activations for one of four channels.
    var size: Int { self == .shorts || self == .split ? 2 : 1 }
    var planes: Int { self == .split || self == .bytesAndSplit ? 2 : 1 }
    /// Largest weight that is stored.
    var levels: Float {
        switch self {
        case .shorts: 32767
        case .split: Float(MK_S16_LEVELS)
        case .bytesAndShorts, .bytesAndSplit, .bytes: 127
        }
    }

    /// Any bytes will do, but 16-bit values keep to their limits. Rows of `width` bytes.
    func activations(_ count: Int, width: Int, _ noise: inout Noise) -> Guarded<UInt8> {
        Guarded<UInt8>(count * width, guardedBy: 77) {
            let byte = UInt8(truncatingIfNeeded: noise.bits())
            return switch self {
            case .bytes: byte
            case .split, .bytesAndSplit: $0 % width < width / 2 && byte == 128 ? 127 : byte
            case .shorts, .bytesAndShorts: $0 % 2 == 0 ? byte : UInt8(bitPattern: Int8(bitPattern: byte) >> 2)
            }
        }
    }

    func operation(_ isa: InstructionSet) -> (
        (
            UnsafeMutablePointer<Float>?, Int, UnsafePointer<mk_integer_rows>?, UnsafePointer<mk_integer_convolution>?,
            Int,
            Int, Int, Int32
        ) -> Void
    ) {
        switch self {
        case .shorts: unsafe isa.table.pointee.conv_q16
        case .split: unsafe isa.table.pointee.conv_s16
        case .bytesAndSplit: unsafe isa.table.pointee.conv_q8_s16
        case .bytesAndShorts: unsafe isa.table.pointee.conv_q8_q16
        case .bytes: unsafe isa.table.pointee.conv_q8
        }
    }
}

/// A convolution [outputs][inputs][taps] of noise, packed as integers.
@safe final class PackedNoise {
    let shape: Shape
    let kind: Integers
    let source: Guarded<Float>
    let bias: Guarded<Float>
    let shorts: Guarded<Int16>
    let bytes: Guarded<Int8>
    let scales: Guarded<Float>
    let sums: Guarded<Float>
    let panels: Int
    let words: Int

    private static let panel = Int(MK_PANEL)

    init(_ shape: Shape, _ kind: Integers, _ noise: inout Noise) {
        self.shape = shape
        self.kind = kind
        let panel = Self.panel
        panels = (shape.outputs + panel - 1) / panel
        words = (shape.inputs + kind.each - 1) / kind.each
        source = noise.floats(shape.outputs * shape.inputs * shape.taps)
        bias = noise.floats(panels * panel)
        let vectors = panels * shape.taps * panel
        shorts = Guarded(kind == .shorts ? vectors * words * 2 : 0, guardedBy: 77) { _ in 99 }
        bytes = Guarded(kind == .shorts ? 0 : vectors * words * kind.each * kind.size, guardedBy: 77) { _ in 99 }
        scales = output(vectors)
        sums = output(vectors)
        let scratch = output(shape.taps * shape.inputs * panel)
        var layout = unsafe layout
        let isFinite =
            switch kind {
            case .shorts: unsafe mk_pack_q16(shorts.base, scales.base, scratch.base, &layout, 0, panels)
            case .split: unsafe mk_pack_s16(bytes.base, scales.base, scratch.base, &layout, 0, panels)
            case .bytesAndShorts: unsafe mk_pack_q8(bytes.base, scales.base, nil, scratch.base, &layout, 2, 0, panels)
            case .bytes, .bytesAndSplit:
                unsafe mk_pack_q8(bytes.base, scales.base, sums.base, scratch.base, &layout, 4, 0, panels)
            }
        #expect(isFinite == 1)
        #expect(shorts.isIntact && bytes.isIntact && sums.isIntact && scales.isIntact && scratch.isIntact)
    }

    var layout: mk_convolution_source {
        unsafe mk_convolution_source(
            values: UnsafeRawPointer(source.base), bf16: 0, inputs: shape.inputs, outputs: shape.outputs,
            taps: shape.taps, channels: shape.outputs, kernel: shape.taps, first: 0, phase: 0,
            output: shape.inputs * shape.taps, tap: 1, input: shape.taps)
    }

    var convolution: mk_integer_convolution {
        unsafe mk_integer_convolution(
            weights: kind == .shorts ? UnsafeRawPointer(shorts.base) : UnsafeRawPointer(bytes.base),
            scales: scales.base, sums: sums.base, bias: bias.base, words: words, outputs: shape.outputs,
            taps: shape.taps, dilation: shape.dilation, step: shape.step)
    }

    /// Where the scale and the sum of an output's tap are.
    func place(_ o: Int, _ k: Int) -> Int { (o / Self.panel * shape.taps + k) * Self.panel + o % Self.panel }

    /// What the weights of an output's tap are multiples of.
    func step(_ o: Int, _ k: Int) -> Float { scales.values[place(o, k)] / (kind == .split ? 256 : 1) }

    /// What a row of activations holds for an input, as the definition multiplies it with a stored weight.
    func product(_ weight: Float, _ row: ArraySlice<UInt8>, _ i: Int) -> Double {
        func at(_ index: Int) -> Double { Double(row[row.startIndex + index]) }
        switch kind {
        case .bytes: return Double(weight) * at(i)
        case .shorts, .bytesAndShorts: return Double(weight) * (at(2 * i) + 256 * at(2 * i + 1))
        case .split, .bytesAndSplit:
            return Double(weight) * (256 * at(i) + at(words * 4 + i))
        }
    }

    /// The integer that is stored for an output, a tap and an input.
    func stored(_ o: Int, _ k: Int, _ i: Int) -> Float {
        let word = (o / Self.panel * shape.taps + k) * words + i / kind.each
        if kind == .split {
            let high = (word * 2 * Self.panel + o % Self.panel) * 4 + i % 4
            return unsafe 256 * Float(bytes.base[high]) + Float(bytes.base[high + 4 * Self.panel])
        }
        let at = (word * Self.panel + o % Self.panel) * kind.each + i % kind.each
        return unsafe kind == .shorts ? Float(shorts.base[at]) : Float(bytes.base[at])
    }
}

@Suite struct KernelConvolutionTests {
    static let shapes = [
        Shape(inputs: 3, outputs: 1, taps: 7, dilation: 1, step: 1),
        Shape(inputs: 19, outputs: 75, taps: 3, dilation: 9, step: 1),
        Shape(inputs: 200, outputs: 48, taps: 2, dilation: 1, step: 2),
        Shape(inputs: 64, outputs: 33, taps: 1, dilation: 1, step: 1),
    ]

    @Test(arguments: InstructionSet.available, [1, 2, 5, 29])
    func integersEqualTheDefinition(_ isa: InstructionSet, count: Int) {
        var noise = Noise()
        for shape in Self.shapes {
            for kind in Integers.allCases { compare(PackedNoise(shape, kind, &noise), isa, count, &noise) }
        }
    }

    private func compare(_ packed: PackedNoise, _ isa: InstructionSet, _ count: Int, _ noise: inout Noise) {
        let (shape, kind) = (packed.shape, packed.kind)
        let rows = (count - 1) * shape.step + (shape.taps - 1) * shape.dilation + 1
        let width = packed.words * 4 * kind.planes
        let values = kind.activations(rows, width: width, &noise)
        let (scales, lows) = (noise.floats(rows), noise.floats(rows))
        var x = unsafe mk_integer_rows(values: values.base, words: width / 4, scales: scales.base, lows: lows.base)
        var c = unsafe packed.convolution
        let (got, wanted) = (output(count * shape.outputs), output(count * shape.outputs))
        let operation = unsafe kind.operation(isa)
        for accumulate: Int32 in [0, 1] {
            unsafe kind.operation(.definition)(
                wanted.base, shape.outputs, &x, &c, count, 0, packed.panels, accumulate)
            for panel in 0..<packed.panels {
                // Cut in time as well: a row does not depend on where its call begins.
                let cut = count / 3
                unsafe operation(got.base, shape.outputs, &x, &c, cut, panel, panel + 1, accumulate)
                var rest = unsafe x
                unsafe rest.values += cut * shape.step * width
                unsafe rest.scales += cut * shape.step
                unsafe rest.lows += cut * shape.step
                unsafe operation(
                    got.base + cut * shape.outputs, shape.outputs, &rest, &c, count - cut, panel, panel + 1,
                    accumulate)
            }
            #expect(got.isIntact && got.values == wanted.values, "\(shape) \(kind)")
            #expect(wanted.values.allSatisfy { $0.isFinite })
        }
    }

    /// The definition itself: against sums in double precision of the integers that are stored.
    @Test(arguments: Integers.allCases)
    func theDefinitionIsTheConvolution(_ kind: Integers) {
        var noise = Noise()
        for shape in Self.shapes {
            let packed = PackedNoise(shape, kind, &noise)
            let rows = (shape.taps - 1) * shape.dilation + 1
            let width = packed.words * 4 * kind.planes
            let values = Guarded<UInt8>(rows * width, guardedBy: 77) { _ in UInt8(noise.bits() % 64) }
            let (scales, lows) = (noise.floats(rows), noise.floats(rows))
            var x = unsafe mk_integer_rows(
                values: values.base, words: width / 4, scales: scales.base, lows: lows.base)
            var c = unsafe packed.convolution
            let got = output(shape.outputs)
            unsafe kind.operation(.definition)(got.base, shape.outputs, &x, &c, 1, 0, packed.panels, 0)
            for o in 0..<shape.outputs {
                var (sum, rounding) = (Double(packed.bias.values[o]), 0.0)
                for k in 0..<shape.taps {
                    let row = k * shape.dilation
                    let bytes = values.values[row * width..<(row + 1) * width]
                    let (scale, step) = (Double(scales.values[row]), Double(packed.step(o, k)))
                    // Sums of numbers in two bytes are rounded to steps of 256.
                    rounding += kind == .split ? 128 * step * abs(scale) : 0
                    for i in 0..<shape.inputs {
                        let weight = packed.stored(o, k, i)
                        let low = kind == .bytes ? Double(weight) * Double(lows.values[row]) : 0
                        sum += (packed.product(weight, bytes, i) * scale + low) * step
                    }
                }
                let error = abs(Double(got.values[o]) - sum)
                #expect(error <= 1e-5 * max(1, abs(sum)) + rounding, "\(shape) output \(o)")
            }
        }
    }

    @Test(arguments: Integers.allCases)
    func packedWeightsAreTheNearestOnes(_ kind: Integers) {
        var noise = Noise()
        for shape in Self.shapes {
            let packed = PackedNoise(shape, kind, &noise)
            let sums = packed.sums.values
            var worst: Float = 0
            for o in 0..<shape.outputs {
                for k in 0..<shape.taps {
                    let (place, step) = (packed.place(o, k), packed.step(o, k))
                    var (sum, most): (Float, Float) = (0, 0)
                    for i in 0..<shape.inputs {
                        let weight = unsafe packed.source.base[(o * shape.inputs + i) * shape.taps + k]
                        let stored = packed.stored(o, k, i)
                        worst = max(worst, abs(stored - weight / step))
                        sum += stored
                        most = max(most, abs(stored))
                    }
                    #expect(kind != .bytes || sums[place] == sum)
                    // Each tap uses all of its own range.
                    #expect(kind == .shorts || most == kind.levels)
                }
            }
            #expect(worst <= 0.51, "steps off")
        }
    }

    /// The worst activations against weights that are all as large as they get: the sum of a group stays within int32.
    @Test(arguments: [1, 2, 63, 64, 65, 300])
    func sixteenBitSumsCannotOverflow(inputs: Int) {
        let source = Guarded<Float>(inputs, guardedBy: 5) { $0 % 3 == 0 ? -0.7 : 0.7 }
        let panel = Int(MK_PANEL)
        let words = (inputs + 1) / 2
        let packed = Guarded<Int16>(words * 2 * panel, guardedBy: 5) { _ in 0 }
        let (scales, scratch) = (output(panel), output(inputs * panel))
        var layout = unsafe mk_convolution_source(
            values: UnsafeRawPointer(source.base), bf16: 0, inputs: inputs, outputs: 1, taps: 1, channels: 1, kernel: 1,
            first: 0, phase: 0, output: inputs, tap: 1, input: 1)
        unsafe #expect(mk_pack_q16(packed.base, scales.base, scratch.base, &layout, 0, 1) == 1)
        let weights = (0..<inputs).map { Int(packed.values[$0 / 2 * 2 * panel + $0 % 2]) }
        for start in stride(from: 0, to: inputs, by: Int(MK_Q16_GROUP)) {
            let group = weights[start..<min(start + Int(MK_Q16_GROUP), inputs)]
            let worst = group.reduce(0) { $0 + abs($1) } * Int(MK_Q16_LEVELS)
            #expect(worst <= Int(Int32.max))
            // and the weights use what there is.
            #expect(group.count < 60 || worst > Int(Int32.max) / 10 * 9)
        }
    }

    @Test func weightsThatAreNotFiniteAreRefused() {
        for bad in [Float.nan, .infinity, -.infinity] {
            let source = Guarded<Float>(70, guardedBy: 5) { $0 == 66 ? bad : 0.5 }
            var layout = unsafe mk_convolution_source(
                values: UnsafeRawPointer(source.base), bf16: 0, inputs: 35, outputs: 2, taps: 1, channels: 2, kernel: 1,
                first: 0, phase: 0, output: 35, tap: 1, input: 1)
            let packed = Guarded<Int16>(36 * 32, guardedBy: 5) { _ in 0 }
            let bytes = Guarded<Int8>(36 * 32, guardedBy: 5) { _ in 0 }
            let (scales, sums, scratch) = (output(32), output(32), output(35 * 32))
            unsafe #expect(mk_pack_q16(packed.base, scales.base, scratch.base, &layout, 0, 1) == 0)
            unsafe #expect(mk_pack_q8(bytes.base, scales.base, sums.base, scratch.base, &layout, 4, 0, 1) == 0)
        }
    }

    @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 160, 515])
    func activationsToSixteenBits(_ isa: InstructionSet, channels: Int) {
        var noise = Noise()
        let rows = 6
        let x = noise.floats(rows * channels, scale: 30)
        for c in 0..<channels { unsafe x.base[channels + c] = 0 }
        unsafe x.base[2 * channels] = .nan
        unsafe x.base[3 * channels + channels - 1] = -.infinity
        for c in 0..<channels { unsafe x.base[4 * channels + c] = .leastNonzeroMagnitude }
        let width = (channels + 1) / 2 * 2
        let got = Guarded<Int16>(rows * width, guardedBy: 77) { _ in 99 }
        let wanted = Guarded<Int16>(rows * width, guardedBy: 77) { _ in 99 }
        let (scales, wantedScales) = (output(rows), output(rows))
        unsafe isa.table.pointee.quantize_q16(got.base, scales.base, x.base, channels, rows, channels)
        unsafe InstructionSet.definition.table.pointee.quantize_q16(
            wanted.base, wantedScales.base, x.base, channels, rows, channels)
        #expect(got.isIntact && scales.isIntact && got.values == wanted.values)
        #expect(scales.values.map(\.bitPattern) == wantedScales.values.map(\.bitPattern))
        #expect(scales.values[2].isNaN && scales.values[3].isNaN && scales.values[1] == 0)
        #expect(got.values.allSatisfy { abs(Int($0)) <= Int(MK_Q16_LEVELS) })
        for c in 0..<channels {
            let back = Float(got.values[5 * width + c]) * scales.values[5]
            #expect(abs(back - x.values[5 * channels + c]) <= scales.values[5] * 0.51)
        }
    }

    @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 160, 515])
    func activationsToTwoBytes(_ isa: InstructionSet, channels: Int) {
        var noise = Noise()
        let rows = 5
        let x = noise.floats(rows * channels, scale: 30)
        for c in 0..<channels { unsafe x.base[channels + c] = 0 }
        unsafe x.base[2 * channels] = .nan
        unsafe x.base[3 * channels + channels - 1] = -.infinity
        let plane = (channels + 3) / 4 * 4
        let got = Guarded<Int8>(rows * 2 * plane, guardedBy: 77) { _ in 99 }
        let wanted = Guarded<Int8>(rows * 2 * plane, guardedBy: 77) { _ in 99 }
        let (scales, wantedScales) = (output(rows), output(rows))
        unsafe isa.table.pointee.quantize_s16(got.base, scales.base, x.base, channels, rows, channels)
        unsafe InstructionSet.definition.table.pointee.quantize_s16(
            wanted.base, wantedScales.base, x.base, channels, rows, channels)
        #expect(got.isIntact && scales.isIntact && got.values == wanted.values)
        #expect(scales.values.map(\.bitPattern) == wantedScales.values.map(\.bitPattern))
        #expect(scales.values[2].isNaN && scales.values[3].isNaN && scales.values[1] == 0)
        for c in 0..<plane {
            let (high, low) = (got.values[4 * 2 * plane + c], got.values[4 * 2 * plane + plane + c])
            let value = c < channels ? x.values[4 * channels + c] : 0
            #expect(
                high != -128
                    && abs(Float(256 * Int(high) + Int(low)) * scales.values[4] - value) <= scales.values[4] * 0.51)
        }
    }

    /// What is stored stands for snake(x), within half a step.
    @Test(arguments: InstructionSet.available, [1, 7, 16, 33, 96, 515])
    func snakeToIntegers(_ isa: InstructionSet, channels: Int) {
        var noise = Noise()
        let rows = 4
        let x = noise.floats(rows * channels, scale: 3)
        unsafe x.base[2 * channels] = .nan
        let (alpha, beta) = (noise.floats(channels), noise.floats(channels))
        let (expected, scratch) = (output(rows * channels), output(channels))
        unsafe InstructionSet.definition.table.pointee.snake(
            expected.base, x.base, alpha.base, beta.base, rows, channels)
        let width16 = (channels + 1) / 2 * 2
        let width8 = (channels + 3) / 4 * 4
        let shorts = Guarded<Int16>(rows * width16, guardedBy: 77) { _ in 99 }
        let bytes = Guarded<UInt8>(rows * width8, guardedBy: 77) { _ in 99 }
        let (scales, byteScales, lows) = (output(rows), output(rows), output(rows))
        unsafe isa.table.pointee.snake_q16(
            shorts.base, scales.base, x.base, alpha.base, beta.base, scratch.base, rows, channels)
        unsafe isa.table.pointee.snake_q8(
            bytes.base, byteScales.base, lows.base, x.base, alpha.base, beta.base, scratch.base, rows, channels)
        #expect(shorts.isIntact && bytes.isIntact && scratch.isIntact)
        #expect(scales.isIntact && byteScales.isIntact && lows.isIntact)
        #expect(scales.values[2].isNaN && byteScales.values[2].isNaN)
        for row in [0, 1, 3] {
            for c in 0..<width8 {
                guard c < channels else {
                    #expect(bytes.values[row * width8 + c] == 0)
                    continue
                }
                let wanted = expected.values[row * channels + c]
                let short = Float(shorts.values[row * width16 + c]) * scales.values[row]
                let byte = Float(bytes.values[row * width8 + c]) * byteScales.values[row] + lows.values[row]
                #expect(abs(short - wanted) <= scales.values[row] * 0.51 + 2e-5)
                #expect(abs(byte - wanted) <= byteScales.values[row] * 0.51 + 2e-5)
            }
        }
    }
}
