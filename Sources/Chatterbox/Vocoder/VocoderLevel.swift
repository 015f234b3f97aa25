// A level of the vocoder: more rows, what the excitation says at that rate, and the mean of blocks that see different lengths.

import Compute
import ModelFile

struct VocoderLevel {
    let outputs: Int
    private let name: Int
    private let isLast: Bool
    private let up: TransposedConvolution
    private let sourceDown: Convolution
    private let sourceBlock: ResBlock
    private let blocks: [ResBlock]

    /// Level `index` of `weights`, which has `blocks` blocks. A row of the excitation's spectra comes every `stride`-th row.
    init(
        _ weights: Weights, index: Int, inputs: Int, rate: Int, stride: Int, blocks count: Int, isLast: Bool,
        format: ConvolutionFormat
    ) throws(ModelFileError) {
        name = index
        self.isLast = isLast
        up = try TransposedConvolution(weights["ups"][index], inputs: inputs, rate: rate, format: format)
        outputs = up.outputs
        let taps = stride == 1 ? 1 : 2 * stride
        let kernel = try weights["source_downs"][index].tensor(
            "weight", shape: [outputs, ShortTransform.columns, taps])
        sourceDown = try Convolution(
            weights["source_downs"][index], inputs: kernel.shape[1], padding: .both(stride / 2), stride: stride,
            format: format)
        sourceBlock = try ResBlock(weights["source_resblocks"][index], channels: outputs, format: format)
        var blocks: [ResBlock] = []
        for number in index * count..<(index + 1) * count {
            blocks.append(try ResBlock(weights["resblocks"][number], channels: outputs, format: format))
        }
        self.blocks = blocks
    }

    /// `spectra` are those of the excitation.
    func apply(
        _ x: Rows, spectra: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?
    ) -> Rows {
        let active = Rows(rows: x.rows, columns: x.columns)
        processor.forRows(x.rows) { processor.kernels.leakyReLU(active[$0], x[$0], slope: 0.1) }
        var y = up.apply(active, on: processor)
        trace?("up\(name)", y)
        if isLast { y = Self.reflected(y) }
        let down = sourceDown.apply(spectra, on: processor)
        trace?("source_down\(name)", down)
        let source = sourceBlock.apply(down, on: processor)
        trace?("source_res\(name)", source)
        processor.add(source, to: y)
        return mean(y, on: processor, trace: trace)
    }

    /// One row more in front: the second one.
    private static func reflected(_ x: Rows) -> Rows {
        let y = Rows(rows: x.rows + 1, columns: x.columns)
        y[0].copy(from: x[1])
        y[1..<y.rows].copy(from: x)
        return y
    }

    private func mean(_ x: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?) -> Rows {
        let sum = Rows(rows: x.rows, columns: x.columns)
        let share = Rows(rows: 1, columns: x.columns)
        share.fill(1 / Float(blocks.count))
        for (index, block) in blocks.enumerated() {
            let result = block.apply(x, on: processor)
            trace?("res\(name)_\(index)", result)
            processor.forRows(sum.rows) { processor.kernels.add(sum[$0], result[$0], scale: share) }
        }
        return sum
    }
}
