// A transposed convolution over a whole signal: `rate` rows for each row, cut by the same number on both sides.

import Compute
import ModelFile

struct TransposedConvolution {
    let outputs: Int
    let rate: Int
    private let convolution: PackedConvolution
    /// Rows cut on each side.
    private let cut: Int

    /// `weight` [inputs, outputs, kernel] with or without weight norm, and where present `bias` [outputs].
    init(
        _ weights: Weights, inputs: Int, rate: Int, format: ConvolutionFormat = .float32
    ) throws(ModelFileError) {
        let kernel = try weights.convolution()
        let (channels, length) = (kernel.shape[1], kernel.shape[2])
        guard kernel.shape[0] == inputs else {
            throw .wrongShape(name: kernel.name, expected: [inputs, channels, length], found: kernel.shape)
        }
        guard length >= rate, (length - rate) % 2 == 0 else {
            throw .unusable(name: kernel.name, reason: "\(length) taps do not give \(rate) rows for each")
        }
        convolution = try PackedConvolution(
            transposed: kernel,
            ConvolutionShape(inputs: inputs, outputs: rate * channels, taps: (length + rate - 1) / rate),
            stride: rate, bias: weights.optionalBias(channels), format: format)
        outputs = channels
        cut = (length - rate) / 2
        self.rate = rate
    }

    /// `rate` rows for each row of x.
    func apply(_ x: Rows, on processor: Processor) -> Rows {
        let more = convolution.shape.taps - 1
        let padded = Rows(rows: x.rows + 2 * more, columns: x.columns)
        padded[more..<more + x.rows].copy(from: x)
        // The rows of an input row lie beside one another, so that they are rows of the result.
        let (count, width) = (x.rows + more, rate * outputs)
        let buffer = FloatBuffer(count: count * width)
        convolution.apply(padded, into: Rows(buffer: buffer, rows: count, columns: width), on: processor)
        return Rows(buffer: buffer, offset: cut * outputs, rows: rate * x.rows, columns: outputs)
    }
}
