// Convolutions by Winograd's transform: every instruction set against the definition, the definition against the convolution,
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
    var taps = 7
    var tile = 6
    var isRounded = false

    var testDescription: String {
        "\(tile) of \(taps) taps\(isRounded ? ", rounded" : ""), \(inputs)→\(outputs), dilation \(dilation), period \(period)"
    }

    /// Every form, with weights of both widths. A period of the last shape is shorter than some tiles.
    static let all = [(7, 10), (7, 6), (7, 4), (2, 5)].flatMap { taps, tile in
        [false, true].flatMap { isRounded in
            [(3, 1, 1, 6), (19, 75, 3, 20), (32, 48, 9, 160), (21, 33, 2, 23), (18, 40, 9, 32)].map {
                WinogradShape(
                    inputs: $0.0, outputs: $0.1, dilation: $0.2, period: $0.3, taps: taps, tile: tile,
                    isRounded: isRounded)
            }
        }
    }

    var tiles: Int { (period + tile * dilation - 1) / (tile * dilation) * dilation }
    var points: Int { tile + taps - 1 }
}

/// A convolution of noise over two periods of noise.
@safe private struct TransformedNoise {
    let shape: WinogradShape
    let source, bias, x: Guarded<Float>
    let weights, scales, scratch: Guarded<Float>
    var rows: Int { 2 * shape.period }
    var panels: Int { (shape.outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL) }

    init(_ shape: WinogradShape) {
        self.shape = shape
        var noise = Noise()
        source = noise.floats(shape.outputs * shape.inputs * shape.taps)
        let panels = (shape.outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL)
        bias = noise.floats(panels * Int(MK_PANEL))
        x = noise.floats((2 * shape.period + (shape.taps - 1) * shape.dilation) * shape.inputs)
        weights = output(panels * shape.points * shape.inputs * Int(MK_PANEL) / (shape.isRounded ? 2 : 1))
        scales = output(panels * shape.points * Int(MK_PANEL))
        scratch = output(
            min(2 * shape.tiles, Int(MK_WINOGRAD_TILES)) * shape.points * (shape.inputs + Int(MK_PANEL)))
        let unpacked = output((shape.points + shape.taps) * shape.inputs * Int(MK_PANEL))
        var layout = unsafe mk_convolution_source(
            values: UnsafeRawPointer(source.base), bf16: 0, inputs: shape.inputs, outputs: shape.outputs,
            taps: shape.taps, channels: shape.outputs, kernel: shape.taps, first: 0, phase: 0,
            output: shape.inputs * shape.taps, tap: 1, input: shape.taps)
        let isFinite = unsafe mk_pack_winograd(
            weights.base, shape.isRounded ? scales.base : nil, unpacked.base, &layout, shape.tile, 0, panels)
        #expect(isFinite == 1 && weights.isIntact && scales.isIntact && unpacked.isIntact)
    }

    /// y of the tiles and panels that are asked for, everything else as it was.
    func apply(_ isa: InstructionSet, _ tiles: Range<Int>, _ panels: Range<Int>, into y: Guarded<Float>) {
        var c = unsafe mk_winograd_convolution(
            weights: weights.base, scales: shape.isRounded ? scales.base : nil, bias: bias.base, inputs: shape.inputs,
            outputs: shape.outputs, taps: shape.taps, tile: shape.tile, dilation: shape.dilation, period: shape.period)
        unsafe isa.table.pointee.conv_winograd(
            y.base, shape.outputs, x.base, shape.inputs, &c, scratch.base, tiles.lowerBound, tiles.upperBound,
            panels.lowerBound, panels.upperBound)
        #expect(y.isIntact && scratch.isIntact)
    }

    /// The sum in double precision.
    func exact(_ t: Int, _ o: Int) -> Double {
        var sum = unsafe Double(bias.base[o])
        for k in 0..<shape.taps {
            for i in 0..<shape.inputs {
                sum +=
                    unsafe Double(source.base[(o * shape.inputs + i) * shape.taps + k])
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
        // The more points, the more rounding is magnified, most that of weights to 16 bits.
        let rounded = [6: 1e-7, 10: 1e-7, 12: 1e-6, 16: 1e-5]
        #expect(error < signal * (shape.isRounded ? rounded[shape.points]! : 1e-8))
    }

    /// A step of several periods, on several threads, against one period after the other.
    @Test(
        arguments: [(7, 1, 256), (7, 1, 64), (7, 3, 64), (7, 9, 64), (7, 1, 32), (7, 9, 32), (2, 1, 160)], [1, 2, 5])
    func aStreamEqualsTheWholeOnAnyThreads(shape: (taps: Int, dilation: Int, period: Int), threads: Int) throws {
        var noise = Noise()
        let (channels, period, steps) = (40, shape.period, 5)
        var file = CheckpointFile()
        file.add(
            "weight", [channels, channels, shape.taps], floats: noise.floats(channels * channels * shape.taps).values)
        let convolution = try PackedConvolution(
            file.weights().tensor("weight"),
            ConvolutionShape(
                inputs: channels, outputs: channels, taps: shape.taps, dilation: shape.dilation, period: period),
            bias: nil, format: .winograd)
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

    /// Weights in 16 bits must be finite to have a scale.
    @Test func whatIsRoundedAndNotFiniteIsRefused() throws {
        var file = CheckpointFile()
        file.add("weight", [8, 8, 7], floats: [Float](repeating: .infinity, count: 448))
        let tensor = try file.weights().tensor("weight")
        #expect(throws: ModelFileError.notFinite(name: "weight")) {
            try PackedConvolution(
                tensor, ConvolutionShape(inputs: 8, outputs: 8, taps: 7, period: 32), bias: nil, format: .winograd)
        }
    }

    @Test func fewerRowsHaveSmallerTilesAndFewRoundedWeights() {
        func form(taps: Int, period: Int) -> WinogradForm? {
            ConvolutionShape(inputs: 8, outputs: 8, taps: taps, period: period).transform
        }
        #expect(form(taps: 7, period: 256) == WinogradForm(outputs: 10, points: 16, isRounded: false))
        #expect(form(taps: 7, period: 255) == WinogradForm(outputs: 6, points: 12, isRounded: false))
        #expect(form(taps: 7, period: 64) == WinogradForm(outputs: 6, points: 12, isRounded: false))
        #expect(form(taps: 7, period: 63) == WinogradForm(outputs: 4, points: 10, isRounded: true))
        #expect(form(taps: 2, period: 64) == WinogradForm(outputs: 5, points: 6, isRounded: false))
        #expect(form(taps: 2, period: 63) == nil)
    }

    /// Steps shorter than a dilation, and other numbers of taps, are summed as they stand.
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
        #expect(try format("weight", taps: 7, dilation: 9, period: 9) == .winograd)
        #expect(try format("weight", taps: 7, dilation: 9, period: 8) == .float32)
        #expect(try format("short", taps: 3, dilation: 1, period: 54) == .float32)
    }
}
