// A stage of the estimator: a resnet that the time enters, transformer blocks, and but for the middle a convolution.

import Compute
import ModelFile

struct EstimatorStage {
    let outputs: Int
    private let name: String
    private let resnet: CausalResnet
    private let blocks: [EstimatorBlock]
    private let last: Convolution?

    /// `heads` of so many elements; nil for as many as there are.
    init(
        _ weights: Weights, name: String, inputs: Int, time: Int, heads: Int?, hasConvolution: Bool,
        format: ConvolutionFormat
    ) throws(ModelFileError) {
        self.name = name
        resnet = try CausalResnet(weights["0"], inputs: inputs, time: time, format: format)
        outputs = resnet.outputs
        var blocks: [EstimatorBlock] = []
        for index in 0..<(try weights.count("1", with: "norm1.weight")) {
            blocks.append(
                try EstimatorBlock(weights["1"][index], width: outputs, heads: heads, format: format))
        }
        self.blocks = blocks
        last = hasConvolution ? try Convolution(weights["2"], inputs: outputs, outputs: outputs, format: format) : nil
    }

    /// What the blocks give of x, which goes on from what is in `memory`, and what the convolution makes of it. `time` is mish of
    /// the embedded step.
    func apply(
        _ x: Rows, time: Rows, _ memory: inout SignalMemory?, on processor: Processor,
        trace: ((String, Rows) -> Void)?
    ) -> (hidden: Rows, result: Rows) {
        let hidden = resnet.apply(x, time: time, &memory, on: processor)
        trace?(name + "_resnet", hidden)
        for (index, block) in blocks.enumerated() {
            block.apply(
                hidden, &memory, on: processor, trace: trace.map { t in { t("\(name)_attn\(index)", $0) } })
            trace?("\(name)_block\(index)", hidden)
        }
        guard let last else { return (hidden, hidden) }
        let result = last.apply(hidden, &memory, on: processor)
        trace?(name + "_conv", result)
        return (hidden, result)
    }
}

/// mish(norm(convolution)), which sees only the past. `CausalBlock1D`.
struct CausalBlock {
    let outputs: Int
    private let convolution: Convolution
    private let norm: LayerNorm

    init(
        _ weights: Weights, inputs: Int, outputs: Int? = nil, format: ConvolutionFormat
    ) throws(ModelFileError) {
        convolution = try Convolution(weights["block.0"], inputs: inputs, outputs: outputs, format: format)
        norm = try LayerNorm(weights["block.2"], columns: convolution.outputs)
        self.outputs = convolution.outputs
    }

    func apply(_ x: Rows, _ memory: inout SignalMemory?, on processor: Processor) -> Rows {
        let y = norm.apply(convolution.apply(x, &memory, on: processor), on: processor)
        processor.each(y) { processor.kernels.mish($0) }
        return y
    }
}

/// block2(block1(x) + mlp(time)) + res_conv(x). `CausalResnetBlock1D`.
private struct CausalResnet {
    let outputs: Int
    private let first: CausalBlock
    private let second: CausalBlock
    private let time: Convolution  // mlp.1
    private let residual: Convolution  // res_conv

    init(_ weights: Weights, inputs: Int, time width: Int, format: ConvolutionFormat) throws(ModelFileError) {
        first = try CausalBlock(weights["block1"], inputs: inputs, format: format)
        outputs = first.outputs
        second = try CausalBlock(weights["block2"], inputs: outputs, outputs: outputs, format: format)
        time = try Convolution(weights["mlp.1"], inputs: width, outputs: outputs)
        residual = try Convolution(weights["res_conv"], inputs: inputs, outputs: outputs, format: format)
    }

    func apply(
        _ x: Rows, time embedded: Rows, _ memory: inout SignalMemory?, on processor: Processor
    ) -> Rows {
        let hidden = first.apply(x, &memory, on: processor)
        processor.add(row: time.apply(embedded, on: processor), to: hidden)
        let y = second.apply(hidden, &memory, on: processor)
        residual.add(x, to: y, on: processor)
        return y
    }
}

/// x ← x + attn1(norm1(x));  x ← x + ff(norm3(x)).  `BasicTransformerBlock`.
private struct EstimatorBlock {
    private let attentionNorm: LayerNorm
    private let core: FullAttention
    private let query: Convolution
    private let key: Convolution
    private let value: Convolution
    private let output: Convolution
    private let feedForwardNorm: LayerNorm
    private let up: Convolution
    private let down: Convolution

    init(_ weights: Weights, width: Int, heads: Int?, format: ConvolutionFormat) throws(ModelFileError) {
        attentionNorm = try LayerNorm(weights["norm1"], columns: width)
        let attention = weights["attn1"]
        query = try Convolution(attention["to_q"], inputs: width, format: format)
        let inner = query.outputs
        let heads = heads ?? max(inner / HeadCounts.released, 1)
        guard inner % heads == 0 else {
            let name = try attention.tensor("to_q.weight").name
            throw .unusable(name: name, reason: "\(inner) rows do not divide into \(heads) heads")
        }
        core = FullAttention(heads: heads, dimension: inner / heads)
        key = try Convolution(attention["to_k"], inputs: width, outputs: inner, format: format)
        value = try Convolution(attention["to_v"], inputs: width, outputs: inner, format: format)
        output = try Convolution(attention["to_out.0"], inputs: inner, outputs: width, format: format)
        feedForwardNorm = try LayerNorm(weights["norm3"], columns: width)
        up = try Convolution(weights["ff.net.0.proj"], inputs: width, format: format)
        down = try Convolution(weights["ff.net.2"], inputs: up.outputs, outputs: width, format: format)
    }

    /// Changes x, which goes on from what is in `memory`. `trace` sees what attention gives.
    func apply(_ x: Rows, _ memory: inout SignalMemory?, on processor: Processor, trace: ((Rows) -> Void)?) {
        let normed = attentionNorm.apply(x, on: processor)
        let (keys, values) = (key.apply(normed, on: processor), value.apply(normed, on: processor))
        let queries = query.apply(normed, on: processor)
        let attended = Rows(rows: x.rows, columns: query.outputs)
        if let parts = memory?.attended(with: core.pack(keys: keys, values: values, on: processor)) {
            core.apply(queries: queries, over: parts, into: attended, on: processor)
        } else {
            core.apply(queries: queries, keys: keys, values: values, into: attended, on: processor)
        }
        let added = output.apply(attended, on: processor)
        trace?(added)
        processor.add(added, to: x)
        let hidden = up.apply(feedForwardNorm.apply(x, on: processor), on: processor)
        processor.each(hidden) { processor.kernels.gelu($0) }
        down.add(hidden, to: x, on: processor)
    }
}
