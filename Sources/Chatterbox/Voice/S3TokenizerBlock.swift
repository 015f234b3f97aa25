// A block of the S3 tokenizer: attention with rotated positions beside a memory of what is near, then a perceptron.
//
//   x ← x + out(attention(rotate(q), rotate(k), v)) + v + fsmn(v);  x ← x + mlp(norm(x)), q, k and v of norm(x)

import Compute
import Glibc
import ModelFile

struct S3TokenizerBlock {
    private let attentionNorm: Norm
    private let query: PackedConvolution
    private let key: PackedConvolution
    private let value: PackedConvolution
    private let output: PackedConvolution
    private let memory: Rows  // [taps, hidden], of each channel's own convolution
    private let mlpNorm: Norm
    private let expand: PackedConvolution
    private let contract: PackedConvolution
    private let hidden: Int

    /// Elements of a head: a constant of the official code.
    private static let headDimension = 64
    private static let theta: Float = 10_000

    private struct Norm {
        let weight: Rows
        let bias: Rows
        static let epsilon: Float = 1e-5

        init(_ weights: Weights, _ hidden: Int) throws(ModelFileError) {
            weight = Rows(try weights.floats("weight", shape: [hidden]), columns: hidden)
            bias = Rows(try weights.floats("bias", shape: [hidden]), columns: hidden)
        }

        func apply(_ x: Rows, into y: Rows, on processor: Processor) {
            processor.kernels.layerNorm(y, x, weight: weight, bias: bias, epsilon: Self.epsilon)
        }
    }

    init(_ weights: Weights, hidden: Int) throws(ModelFileError) {
        let attention = weights["attn"]
        guard hidden % Self.headDimension == 0 else {
            let tensor = try attention.tensor("query.weight")
            throw .wrongShape(name: tensor.name, expected: [Self.headDimension, hidden], found: tensor.shape)
        }
        attentionNorm = try Norm(weights["attn_ln"], hidden)
        query = try Self.matrix(attention["query"], hidden, hidden)
        key = try Self.matrix(attention["key"], hidden, hidden, hasBias: false)
        value = try Self.matrix(attention["value"], hidden, hidden)
        output = try Self.matrix(attention["out"], hidden, hidden)
        memory = try Self.depthwise(attention["fsmn_block"], hidden)
        mlpNorm = try Norm(weights["mlp_ln"], hidden)
        let wide = try weights["mlp.0"].extents("weight", rank: 2)[0]
        expand = try Self.matrix(weights["mlp.0"], hidden, wide)
        contract = try Self.matrix(weights["mlp.2"], wide, hidden)
        self.hidden = hidden
    }

    private static func matrix(
        _ weights: Weights, _ inputs: Int, _ outputs: Int, hasBias: Bool = true
    ) throws(ModelFileError) -> PackedConvolution {
        try PackedConvolution(
            weights.tensor("weight", shape: [outputs, inputs]), ConvolutionShape(inputs: inputs, outputs: outputs),
            bias: hasBias ? weights.floats("bias", shape: [outputs]) : nil, format: .float32)
    }

    /// `weight` [channels, 1, taps] as rows of taps.
    private static func depthwise(_ weights: Weights, _ channels: Int) throws(ModelFileError) -> Rows {
        let taps = try weights.extents("weight", rank: 3)[2]
        let values = try weights.floats("weight", shape: [channels, 1, taps])
        let rows = Rows(rows: taps, columns: channels)
        for (index, value) in values.enumerated() { rows[index % taps, index / taps] = value }
        return rows
    }

    /// Cosines, then sines, of each position [positions, head dimension].
    static func angles(positions: Int) -> Rows {
        let rotary = RotaryEmbedding(dim: headDimension, theta: theta)
        let rows = Rows(rows: positions, columns: headDimension)
        for position in 0..<positions { rotary.fill(rows[position], position: position) }
        return rows
    }

    /// x [positions, hidden], in place.
    func apply(_ x: Rows, angles: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?) {
        let normed = Rows(rows: x.rows, columns: hidden)
        attentionNorm.apply(x, into: normed, on: processor)
        let attended = attend(normed, angles: angles, on: processor)
        trace?("attn", attended)
        processor.kernels.add(x, attended)
        mlpNorm.apply(x, into: normed, on: processor)
        let wide = Rows(rows: x.rows, columns: expand.shape.outputs)
        expand.apply(normed, into: wide, on: processor)
        processor.kernels.gelu(wide)
        let result = Rows(rows: x.rows, columns: hidden)
        contract.apply(wide, into: result, on: processor)
        trace?("mlp", result)
        processor.kernels.add(x, result)
        trace?("block", x)
    }

    private func attend(_ x: Rows, angles: Rows, on processor: Processor) -> Rows {
        let (queries, keys) = (Rows(rows: x.rows, columns: hidden), Rows(rows: x.rows, columns: hidden))
        let values = Rows(rows: x.rows, columns: hidden)
        query.apply(x, into: queries, on: processor)
        key.apply(x, into: keys, on: processor)
        value.apply(x, into: values, on: processor)
        let half = Self.headDimension / 2
        for row in 0..<x.rows {
            let (cos, sin) = (angles[row].columns(0..<half), angles[row].columns(half..<2 * half))
            processor.kernels.rotate(queries[row], cos: cos, sin: sin, dim: Self.headDimension)
            processor.kernels.rotate(keys[row], cos: cos, sin: sin, dim: Self.headDimension)
        }
        let mixed = Rows(rows: x.rows, columns: hidden)
        let work = Attending(
            queries: queries, keys: keys, values: values, result: mixed, dimension: Self.headDimension,
            kernels: processor.kernels)
        processor.run(hidden / Self.headDimension, grain: 1, work)
        let result = Rows(rows: x.rows, columns: hidden)
        output.apply(mixed, into: result, on: processor)
        processor.kernels.add(result, remember(values, on: processor))
        processor.kernels.add(result, values)
        return result
    }

    /// The convolution of each channel of v with what is near, zero beyond the ends.
    private func remember(_ values: Rows, on processor: Processor) -> Rows {
        let before = (memory.rows - 1) / 2
        let result = Rows(rows: values.rows, columns: hidden)
        processor.kernels.depthwise(
            result, values.padded(before: before, after: memory.rows - 1 - before), weight: memory,
            bias: Rows(rows: 1, columns: hidden))
        return result
    }

    /// Every position attends to every other, head by head.
    private struct Attending: ParallelWork {
        let queries: Rows
        let keys: Rows
        let values: Rows
        let result: Rows
        let dimension: Int
        let kernels: Kernels

        func run(_ heads: Range<Int>) {
            let scores = Rows(rows: 1, columns: keys.rows)
            for head in heads {
                let columns = head * dimension..<(head + 1) * dimension
                for row in 0..<queries.rows {
                    kernels.attention(
                        result.heads(row, head..<head + 1, dim: dimension),
                        q: queries.heads(row, head..<head + 1, dim: dimension), k: keys.columns(columns),
                        v: values.columns(columns), scale: 1 / Float(dimension).squareRoot(), scores: scores)
                }
            }
        }
    }
}
