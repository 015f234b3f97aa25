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

    init(_ weights: Weights, width: Int, format: ConvolutionFormat) throws(ModelFileError) {
        attentionNorm = try LayerNorm(weights["norm_mha"], columns: width, epsilon: 1e-12)
        attention = try RelativeAttention(weights["self_attn"], width: width, format: format)
        feedForwardNorm = try LayerNorm(weights["norm_ff"], columns: width, epsilon: 1e-12)
        up = try Convolution(weights["feed_forward.w_1"], inputs: width, format: format)
        down = try Convolution(weights["feed_forward.w_2"], inputs: up.outputs, outputs: width, format: format)
    }

    /// Changes x, which goes on from what is in `memory`. `trace` sees what attention gives.
    func apply(
        _ x: Rows, _ memory: inout SignalMemory?, on processor: Processor, trace: ((Rows) -> Void)? = nil
    ) {
        let attended = attention.apply(attentionNorm.apply(x, on: processor), &memory, on: processor)
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
    private let known = KnownPositions()

    init(_ weights: Weights, width: Int, format: ConvolutionFormat) throws(ModelFileError) {
        let tensor = try weights.tensor("pos_bias_u")
        guard tensor.shape.count == 2, tensor.shape.allSatisfy({ (1...width).contains($0) }),
            tensor.shape[0] * tensor.shape[1] == width
        else { throw .wrongShape(name: tensor.name, expected: [1, width], found: tensor.shape) }
        core = FullAttention(heads: tensor.shape[0], dimension: tensor.shape[1])
        keyBias = Rows(try tensor.floats(), columns: core.dimension)
        positionBias = Rows(try weights.floats("pos_bias_v", shape: tensor.shape), columns: core.dimension)
        query = try Convolution(weights["linear_q"], inputs: width, outputs: width, format: format)
        key = try Convolution(weights["linear_k"], inputs: width, outputs: width, format: format)
        value = try Convolution(weights["linear_v"], inputs: width, outputs: width, format: format)
        position = try Convolution(weights["linear_pos"], inputs: width, outputs: width)
        output = try Convolution(weights["linear_out"], inputs: width, outputs: width, format: format)
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

    /// What x gives, which goes on from what is in `memory`.
    func apply(_ x: Rows, _ memory: inout SignalMemory?, on processor: Processor) -> Rows {
        let part = core.pack(
            keys: key.apply(x, on: processor), values: value.apply(x, on: processor), on: processor)
        let parts = memory?.attended(with: part) ?? [part]
        let attended = Rows(rows: x.rows, columns: x.columns)
        core.apply(
            queries: query.apply(x, on: processor), over: parts,
            positions: positions(reaching: parts.reduce(0) { $0 + $1.rows }, on: processor), into: attended,
            on: processor)
        return output.apply(attended, on: processor)
    }

    /// Positions of at least so many rows. They are the same for every signal.
    private func positions(reaching rows: Int, on processor: Processor) -> PackedPositions {
        if let known = known.positions, known.reach >= rows { return known }
        let reach = (rows + Self.step - 1) / Self.step * Self.step
        let table = position.apply(Self.table(reach, width: query.inputs), on: processor)
        let relative = RelativePositions(table: table, keyBias: keyBias, positionBias: positionBias)
        let positions = core.pack(relative, on: processor)
        if reach <= Self.mostKept { known.positions = positions }
        return positions
    }

    /// Rows by which the reach of what is kept grows, and how far: more are computed for a signal and forgotten.
    private static let step = 128
    private static let mostKept = 1024
}

/// Positions that were computed.
private final class KnownPositions {
    var positions: PackedPositions?
}
