// Who speaks, as the flow is told: CAMPPlus gives the x-vector.
//
//   filter bank → head (convolutions over time and frequency) → tdnn (stride 2) → three dense blocks with context-aware masks,
//   each followed by a transit layer → mean and deviation over time → dense

package import Compute
import Glibc
package import ModelFile

package struct CAMPPlus {
    package let bank: KaldiFilterBank
    package let bands: Int
    /// Of the x-vector.
    package let dimension: Int
    private let head: Head
    private let tdnn: PackedConvolution
    private let blocks: [DenseBlock]
    private let outputNorm: BatchNorm
    private let dense: PackedConvolution

    /// Bands of the filter bank.
    private static let released = 80
    /// Of the convolutions in each block's layers; of further blocks the last.
    private static let dilations = [1, 2]
    /// Frames that one of the network stands for.
    private static let stride = 2

    /// `weights` are the `speaker_encoder` of `s3gen_meanflow.safetensors`.
    package init(_ weights: Weights) throws(ModelFileError) {
        bands = Self.released
        bank = KaldiFilterBank(bands: bands)
        head = try Head(weights["head"])
        let network = weights["xvector"]
        let shape = try network["tdnn.linear"].extents("weight", rank: 3)
        var channels = shape[0]
        tdnn = try PackedConvolution(
            network["tdnn.linear"],
            ConvolutionShape(inputs: head.outputs(bands: bands), outputs: channels, taps: shape[2], step: Self.stride),
            followedBy: BatchNorm(network["tdnn.nonlinear.batchnorm"], channels: channels))
        var blocks: [DenseBlock] = []
        // Both are numbered from 1 on.
        for index in 1..<max(network.count("transit"), 2) {
            let dilation = Self.dilations[min(index, Self.dilations.count) - 1]
            let block = try DenseBlock(network, index: index, inputs: channels, dilation: dilation)
            blocks.append(block)
            channels = block.outputs
        }
        self.blocks = blocks
        outputNorm = try BatchNorm(network["out_nonlinear.batchnorm"], channels: channels)
        dimension = try network["dense.linear"].extents("weight", rank: 3)[0]
        dense = try PackedConvolution(
            network["dense.linear"], ConvolutionShape(inputs: 2 * channels, outputs: dimension),
            followedBy: BatchNorm(network["dense.nonlinear.batchnorm"], channels: dimension, isAffine: false))
    }

    /// The x-vector [dimension] of a 16 kHz clip.
    package func embed(_ samples: [Float], on processor: Processor) throws(ReferenceError) -> [Float] {
        try embed(bank: bank(samples), on: processor)
    }

    /// The same of a filter bank's frames [frames, bands].
    package func embed(
        bank: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(ReferenceError) -> [Float] {
        precondition(bank.columns == bands)
        // Two frames of the network have a deviation.
        guard bank.rows > Self.stride else { throw .tooFew(samples: bank.rows, minimum: Self.stride + 1) }
        var x = head.apply(bank, on: processor)
        trace?("head", x)
        x = halve(x, on: processor)
        trace?("tdnn", x)
        for (index, block) in blocks.enumerated() {
            x = block.apply(x, on: processor)
            trace?("transit\(index + 1)", x)
        }
        let statistics = Self.statistics(outputNorm.rectified(x))
        trace?("stats", statistics)
        let result = Rows(rows: 1, columns: dimension)
        dense.apply(statistics, into: result, on: processor)
        trace?("embedding", result)
        guard result.isFinite else { throw .noResult(of: "speaker network") }
        return result.values
    }

    private func halve(_ x: Rows, on processor: Processor) -> Rows {
        let margin = (tdnn.shape.taps - 1) / 2
        let padded = x.padded(before: margin, after: tdnn.shape.taps - 1 - margin)
        let y = Rows(rows: (x.rows - 1) / Self.stride + 1, columns: tdnn.shape.outputs)
        tdnn.apply(padded, into: y, on: processor)
        y.rectify()
        return y
    }

    /// Means of the channels over time, then their deviations, of one less than there are frames [1, 2 · channels].
    private static func statistics(_ x: Rows) -> Rows {
        let result = Rows(rows: 1, columns: 2 * x.columns)
        for channel in 0..<x.columns {
            let mean = (0..<x.rows).reduce(0.0) { $0 + Double(x[$1, channel]) } / Double(x.rows)
            let squares = (0..<x.rows).reduce(0.0) { sum, row in
                let difference = Double(x[row, channel]) - mean
                return sum + difference * difference
            }
            result[0, channel] = Float(mean)
            result[0, x.columns + channel] = Float((squares / Double(x.rows - 1)).squareRoot())
        }
        return result
    }
}

/// conv1 → layer1, layer2 (two blocks each, the first of which halves the bands) → conv2, which halves them again.
private struct Head {
    private let first: BandConvolution
    private let blocks: [BandBlock]
    private let last: BandConvolution

    init(_ weights: Weights) throws(ModelFileError) {
        first = try BandConvolution(weights["conv1"], followedBy: weights["bn1"], channels: 1)
        var width = first.width
        var blocks: [BandBlock] = []
        for layer in ["layer1", "layer2"] {
            for index in 0..<2 {
                let block = try BandBlock(weights[layer][index], channels: width, stride: index == 0 ? 2 : 1)
                blocks.append(block)
                width = block.width
            }
        }
        self.blocks = blocks
        last = try BandConvolution(weights["conv2"], followedBy: weights["bn2"], channels: width, stride: 2)
    }

    /// Channels times what is left of the bands.
    func outputs(bands: Int) -> Int { last.width * (0..<3).reduce(bands) { left, _ in (left - 1) / 2 + 1 } }

    /// [frames, channels · bands] of a filter bank's frames [frames, bands].
    func apply(_ bank: Rows, on processor: Processor) -> Rows {
        var x = first.rectified(BandImage(bank), on: processor)
        for block in blocks { x = block.apply(x, on: processor) }
        return last.rectified(x, on: processor).flattened
    }
}
