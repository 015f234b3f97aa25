// x ← x + attention(norm_mha(x));  x ← x + w_2(silu(w_1(norm_ff(x)))).  `ConformerEncoderLayer` without convolution.

import Compute
import Glibc
import ModelFile

struct ConformerBlock {
    private let attentionNorm: LayerNorm
    private let attention: RelativeAttention
    private let feedForwardNorm: LayerNorm
    private let up: Convolution
    private let down: Convolution

    init(_ weights: Weights, width: Int) throws(ModelFileError) {
        attentionNorm = try LayerNorm(weights["norm_mha"], columns: width, epsilon: 1e-12)
        attention = try RelativeAttention(weights["self_attn"], width: width)
        feedForwardNorm = try LayerNorm(weights["norm_ff"], columns: width, epsilon: 1e-12)
        up = try Convolution(weights["feed_forward.w_1"], inputs: width)
        down = try Convolution(weights["feed_forward.w_2"], inputs: up.outputs, outputs: width)
    }

    /// Changes x; `positions` is `RelativeAttention.table` for as many rows. `trace` sees what attention gives.
    func apply(_ x: Rows, positions: Rows, on processor: Processor, trace: ((Rows) -> Void)? = nil) {
        let attended = attention.apply(attentionNorm.apply(x, on: processor), positions: positions, on: processor)
        trace?(attended)
        processor.add(attended, to: x)
        let hidden = up.apply(feedForwardNorm.apply(x, on: processor), on: processor)
        processor.each(hidden) { processor.kernels.silu($0) }
        down.add(hidden, to: x, on: processor)
    }
}

/// Attention whose scores depend on distances. `RelPositionMultiHeadedAttention`.
struct RelativeAttention {
    private let core: FullAttention
    private let query: Convolution
    private let key: Convolution
    private let value: Convolution
    private let position: Convolution  // linear_pos
    private let output: Convolution
    private let keyBias: Rows  // pos_bias_u [heads, dim]
    private let positionBias: Rows  // pos_bias_v [heads, dim]

    init(_ weights: Weights, width: Int) throws(ModelFileError) {
        let tensor = try weights.tensor("pos_bias_u")
        guard tensor.shape.count == 2, tensor.shape.allSatisfy({ (1...width).contains($0) }),
            tensor.shape[0] * tensor.shape[1] == width
        else { throw .wrongShape(name: tensor.name, expected: [1, width], found: tensor.shape) }
        core = FullAttention(heads: tensor.shape[0], dimension: tensor.shape[1])
        keyBias = Rows(try tensor.floats(), columns: core.dimension)
        positionBias = Rows(try weights.floats("pos_bias_v", shape: tensor.shape), columns: core.dimension)
        query = try Convolution(weights["linear_q"], inputs: width, outputs: width)
        key = try Convolution(weights["linear_k"], inputs: width, outputs: width)
        value = try Convolution(weights["linear_v"], inputs: width, outputs: width)
        position = try Convolution(weights["linear_pos"], inputs: width, outputs: width)
        output = try Convolution(weights["linear_out"], inputs: width, outputs: width)
    }

    /// Sines and cosines of the distances count - 1 down to 1 - count, in pairs: [2·count - 1, width].
    static func table(_ count: Int, width: Int) -> Rows {
        let table = Rows(rows: 2 * count - 1, columns: width)
        for column in stride(from: 0, to: width, by: 2) {
            let frequency = exp(Float(column) * -(log(Float(10_000)) / Float(width)))
            for row in 0..<table.rows {
                let angle = Float(count - 1 - row) * frequency
                table[row, column] = sin(angle)
                if column + 1 < width { table[row, column + 1] = cos(angle) }
            }
        }
        return table
    }

    func apply(_ x: Rows, positions: Rows, on processor: Processor) -> Rows {
        let values = value.apply(x, on: processor)
        let relative = RelativePositions(
            table: position.apply(positions, on: processor), keyBias: keyBias, positionBias: positionBias)
        let attended = Rows(rows: x.rows, columns: x.columns)
        core.apply(
            queries: query.apply(x, on: processor), keys: key.apply(x, on: processor), values: values,
            relative: relative, into: attended, on: processor)
        return output.apply(attended, on: processor)
    }
}
