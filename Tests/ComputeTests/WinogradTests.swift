// Seven taps by Winograd's transform: every instruction set against the definition, the definition against the convolution,
// and a stream against the whole.

import CKernels
import ModelFile
import Testing

@testable import Compute

struct WinogradShape: CustomTestStringConvertible {
    var inputs: Int
    var outputs: Int
    var dilation: Int
    var period: Int

    var testDescription: String { "\(inputs)→\(outputs), dilation \(dilation), period \(period)" }

    static let all = [
        WinogradShape(inputs: 3, outputs: 1, dilation: 1, period: 6),
        WinogradShape(inputs: 19, outputs: 75, dilation: 3, period: 20),
        WinogradShape(inputs: 32, outputs: 48, dilation: 9, period: 160),
        WinogradShape(inputs: 21, outputs: 33, dilation: 2, period: 23),
    ]

    var tiles: Int { (period + 6 * dilation - 1) / (6 * dilation) * dilation }
}

/// A convolution of noise over two periods of noise.
@safe private struct TransformedNoise {
    let shape: WinogradShape
    let source, bias, x: Guarded<Float>
    let weights, scratch: Guarded<Float>
    var rows: Int { 2 * shape.period }
    var panels: Int { (shape.outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL) }

    init(_ shape: WinogradShape) {
        self.shape = shape
        var noise = Noise()
        source = noise.floats(shape.outputs * shape.inputs * 7)
        let panels = (shape.outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL)
        bias = noise.floats(panels * Int(MK_PANEL))
        x = noise.floats((2 * shape.period + 6 * shape.dilation) * shape.inputs)
        weights = output(panels * Int(MK_WINOGRAD_POINTS) * shape.inputs * Int(MK_PANEL))
        scratch = output(
            min(2 * shape.tiles, Int(MK_WINOGRAD_TILES)) * Int(MK_WINOGRAD_POINTS) * (shape.inputs + Int(MK_PANEL)))
        let unpacked = output(7 * shape.inputs * Int(MK_PANEL))
        var layout = unsafe mk_convolution_source(
            values: UnsafeRawPointer(source.base), bf16: 0, inputs: shape.inputs, outputs: shape.outputs, taps: 7,
            channels: shape.outputs, kernel: 7, first: 0, phase: 0, output: shape.inputs * 7, tap: 1, input: 7)
        unsafe mk_pack_winograd(weights.base, unpacked.base, &layout, 0, panels)
        #expect(weights.isIntact && unpacked.isIntact)
    }

    /// y of the tiles and panels that are asked for, everything else as it was.
    func apply(_ isa: InstructionSet, _ tiles: Range<Int>, _ panels: Range<Int>, into y: Guarded<Float>) {
        var c = unsafe mk_winograd_convolution(
            weights: weights.base, bias: bias.base, inputs: shape.inputs, outputs: shape.outputs,
            dilation: shape.dilation, period: shape.period)
        unsafe isa.table.pointee.conv_winograd(
            y.base, shape.outputs, x.base, shape.inputs, &c, scratch.base, tiles.lowerBound, tiles.upperBound,
            panels.lowerBound, panels.upperBound)
        #expect(y.isIntact && scratch.isIntact)
    }

    /// The sum in double precision.
    func exact(_ t: Int, _ o: Int) -> Double {
        var sum = unsafe Double(bias.base[o])
        for k in 0..<7 {
            for i in 0..<shape.inputs {
                sum +=
                    unsafe Double(source.base[(o * shape.inputs + i) * 7 + k])
                    * Double(x.base[(t + k * shape.dilation) * shape.inputs + i])
            }
        }
        return sum
    }
}

@Suite struct WinogradTests {
    @Test(arguments: InstructionSet.available, WinogradShape.all)
    func everySetGivesTheBitsOfTheDefinitionHoweverItIsCut(_ isa: InstructionSet, _ shape: WinogradShape) {
        let noise = TransformedNoise(shape)
        let (wanted, got) = (output(noise.rows * shape.outputs), output(noise.rows * shape.outputs))
        let all = 0..<2 * shape.tiles
        noise.apply(.definition, all, 0..<noise.panels, into: wanted)
        let cut = shape.tiles * 2 / 3
        for tiles in [cut..<all.upperBound, 0..<cut] {
            for panel in 0..<noise.panels { noise.apply(isa, tiles, panel..<panel + 1, into: got) }
        }
        #expect(got.values.map(\.bitPattern) == wanted.values.map(\.bitPattern))
    }

    @Test(arguments: WinogradShape.all)
    func theDefinitionIsTheConvolution(_ shape: WinogradShape) {
        let noise = TransformedNoise(shape)
        let y = output(noise.rows * shape.outputs)
        noise.apply(.definition, 0..<2 * shape.tiles, 0..<noise.panels, into: y)
        let values = y.values
        var (signal, error) = (0.0, 0.0)
        for t in 0..<noise.rows {
            for o in 0..<shape.outputs {
                let exact = noise.exact(t, o)
                let off = Double(values[t * shape.outputs + o]) - exact
                signal += exact * exact
                error += off * off
            }
        }
        #expect(error < signal * 1e-9, "90 dB")
    }

    /// A step of several periods, on several threads, against one period after the other.
    @Test(arguments: [1, 3, 9], [1, 2, 5])
    func aStreamEqualsTheWholeOnAnyThreads(dilation: Int, threads: Int) throws {
        var noise = Noise()
        let (channels, period, steps) = (40, 64, 5)
        var file = CheckpointFile()
        file.add("weight", [channels, channels, 7], floats: noise.floats(channels * channels * 7).values)
        let convolution = try PackedConvolution(
            file.weights().tensor("weight"),
            ConvolutionShape(inputs: channels, outputs: channels, taps: 7, dilation: dilation, period: period),
            bias: nil,
            format: .winograd)
        #expect(convolution.format == .winograd)
        let x = Rows(noise.floats(steps * period * channels).values, columns: channels)
        func apply(_ rows: Int, on processor: Processor) -> [Float] {
            let input = convolution.makeInput()
            return stride(from: 0, to: x.rows, by: rows).flatMap { start in
                let y = Rows(rows: rows, columns: channels)
                input.write(x[start..<start + rows], on: processor)
                convolution.apply(input, into: y, on: processor)
                input.advance(rows)
                return y.values
            }
        }
        #expect(apply(period, on: Processor()) == apply(steps * period, on: Processor(threads: threads)))
    }

    /// Steps too short for a tile, and other numbers of taps, are summed as they stand.
    @Test func whatCannotBeTransformedIsNot() throws {
        var file = CheckpointFile()
        file.add("weight", [8, 8, 7], floats: [Float](repeating: 0.5, count: 448))
        file.add("short", [8, 8, 3], floats: [Float](repeating: 0.5, count: 192))
        func format(_ name: String, taps: Int, dilation: Int, period: Int) throws -> ConvolutionFormat {
            try PackedConvolution(
                file.weights().tensor(name),
                ConvolutionShape(inputs: 8, outputs: 8, taps: taps, dilation: dilation, period: period), bias: nil,
                format: .winograd
            ).format
        }
        #expect(try format("weight", taps: 7, dilation: 9, period: 54) == .winograd)
        #expect(try format("weight", taps: 7, dilation: 9, period: 53) == .float32)
        #expect(try format("short", taps: 3, dilation: 1, period: 54) == .float32)
    }
}
