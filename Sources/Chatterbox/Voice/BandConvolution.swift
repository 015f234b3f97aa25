// Convolutions over time and frequency, for the head of CAMPPlus.

import Compute
import ModelFile

/// Channels of bands over time, between zeros at every border: row t + 1, columns (b + 1) · channels … are the channels of band
/// b at time t.
struct BandImage {
    let rows: Rows  // [time + 2, (bands + 2) · channels]
    let bands: Int
    let channels: Int
    var time: Int { rows.rows - 2 }

    init(time: Int, bands: Int, channels: Int) {
        rows = Rows(rows: time + 2, columns: (bands + 2) * channels)
        (self.bands, self.channels) = (bands, channels)
    }

    /// One channel, from rows [time, bands].
    init(_ values: Rows) {
        self.init(time: values.rows, bands: values.columns, channels: 1)
        rows[1..<1 + time].columns(1..<1 + bands).copy(from: values)
    }

    /// Without the borders [time, channels], of one band.
    func band(_ index: Int) -> Rows { rows[1..<1 + time].columns((index + 1) * channels..<(index + 2) * channels) }

    /// Rows [time, channels · bands], bands side by side.
    var flattened: Rows {
        let result = Rows(rows: time, columns: channels * bands)
        for row in 0..<time {
            for band in 0..<bands {
                for channel in 0..<channels {
                    result[row, channel * bands + band] = rows[row + 1, (band + 1) * channels + channel]
                }
            }
        }
        return result
    }
}

/// A convolution of 3 x 3, or of 1 x 1, and the norm of what it gives; `stride` bands from one output to the next. What an output
/// band reads are bands that lie side by side, so that it is a convolution over time.
struct BandConvolution {
    private let convolution: PackedConvolution  // inputs = taps · channels
    private let channels: Int
    private let outputs: Int
    private let taps: Int
    private let stride: Int

    /// `weight` [outputs, channels, taps, taps], of bands and of time.
    init(
        _ weights: Weights, followedBy norm: Weights, channels: Int, stride: Int = 1, taps: Int = 3
    ) throws(ModelFileError) {
        let outputs = try weights.extents("weight", rank: 4)[0]
        let values = try weights.floats("weight", shape: [outputs, channels, taps, taps])
        // A channel's taps of a band, band after band.
        let inputs = taps * channels
        let sorted = (0..<values.count).map { (index: Int) -> Float in
            let (output, rest) = index.quotientAndRemainder(dividingBy: inputs * taps)
            let (input, tap) = rest.quotientAndRemainder(dividingBy: taps)
            let (band, channel) = input.quotientAndRemainder(dividingBy: channels)
            return values[((output * channels + channel) * taps + band) * taps + tap]
        }
        convolution = try PackedConvolution(
            sorted, name: weights.tensor("weight").name,
            ConvolutionShape(inputs: inputs, outputs: outputs, taps: taps),
            followedBy: BatchNorm(norm, channels: outputs))
        (self.channels, self.outputs, self.taps, self.stride) = (channels, outputs, taps, stride)
    }

    /// Channels that it gives.
    var width: Int { outputs }

    func apply(_ x: BandImage, on processor: Processor) -> BandImage {
        precondition(x.channels == channels)
        let y = BandImage(time: x.time, bands: (x.bands - 1) / stride + 1, channels: outputs)
        let border = (3 - taps) / 2
        let rows = x.rows[border..<x.rows.rows - border]
        for band in 0..<y.bands {
            let first = (band * stride + border) * channels
            convolution.apply(rows.columns(first..<first + taps * channels), into: y.band(band), on: processor)
        }
        return y
    }

    /// The same, then max(0, y).
    func rectified(_ x: BandImage, on processor: Processor) -> BandImage {
        let y = apply(x, on: processor)
        y.rows.rectify()
        return y
    }
}

/// x ← max(0, conv2(relu(conv1(x))) + x), or + shortcut(x) where the bands are halved.
struct BandBlock {
    private let first: BandConvolution
    private let second: BandConvolution
    private let shortcut: BandConvolution?

    init(_ weights: Weights, channels: Int, stride: Int) throws(ModelFileError) {
        first = try BandConvolution(
            weights["conv1"], followedBy: weights["bn1"], channels: channels, stride: stride)
        second = try BandConvolution(weights["conv2"], followedBy: weights["bn2"], channels: first.width)
        guard stride != 1 || second.width != channels else {
            shortcut = nil
            return
        }
        let around = try BandConvolution(
            weights["shortcut.0"], followedBy: weights["shortcut.1"], channels: channels, stride: stride, taps: 1)
        guard around.width == second.width else {
            let tensor = try weights["shortcut.0"].tensor("weight")
            throw .wrongShape(name: tensor.name, expected: [second.width, channels, 1, 1], found: tensor.shape)
        }
        shortcut = around
    }

    var width: Int { second.width }

    func apply(_ x: BandImage, on processor: Processor) -> BandImage {
        let y = second.apply(first.rectified(x, on: processor), on: processor)
        processor.kernels.add(y.rows, (shortcut?.apply(x, on: processor) ?? x).rows)
        y.rows.rectify()
        return y
    }
}
