// One layer of an LSTM over several sequences at a time.

import Compute
import Glibc
import ModelFile

/// i, f, o = σ(…), g = tanh(…) of W·x + U·h + b;  c ← f·c + i·g;  h = o·tanh(c).
struct LongShortTermMemory {
    let inputs: Int
    let hidden: Int
    private let input: PackedConvolution  // [4 · hidden, inputs], gates in the order i, f, g, o, with both biases
    private let recurrent: PackedConvolution  // [4 · hidden, hidden]

    /// Layer `index` of `weights`, in torch's names.
    init(_ weights: Weights, layer index: Int) throws(ModelFileError) {
        let shape = try weights.extents("weight_hh_l\(index)", rank: 2)
        let hidden = shape[1]
        let inputs = try weights.extents("weight_ih_l\(index)", rank: 2)[1]
        let biases = [
            try weights.floats("bias_ih_l\(index)", shape: [4 * hidden]),
            try weights.floats("bias_hh_l\(index)", shape: [4 * hidden]),
        ]
        input = try PackedConvolution(
            weights.tensor("weight_ih_l\(index)", shape: [4 * hidden, inputs]),
            ConvolutionShape(inputs: inputs, outputs: 4 * hidden), bias: zip(biases[0], biases[1]).map { $0 + $1 },
            format: .float32)
        recurrent = try PackedConvolution(
            weights.tensor("weight_hh_l\(index)", shape: [4 * hidden, hidden]),
            ConvolutionShape(inputs: hidden, outputs: 4 * hidden), bias: nil, format: .float32)
        (self.inputs, self.hidden) = (inputs, hidden)
    }

    /// h [steps · sequences, hidden] of x [steps · sequences, inputs], in both the sequences of a step side by side.
    func apply(_ x: Rows, sequences: Int, on processor: Processor) -> Rows {
        precondition(x.columns == inputs && sequences > 0 && x.rows % sequences == 0 && x.rows > 0)
        let gates = Rows(rows: x.rows, columns: 4 * hidden)
        input.apply(x, into: gates, on: processor)
        let result = Rows(rows: x.rows, columns: hidden)
        let cell = Rows(rows: sequences, columns: hidden)
        let fromPast = Rows(rows: sequences, columns: 4 * hidden)
        for start in stride(from: 0, to: x.rows, by: sequences) {
            let step = start..<start + sequences
            if start > 0 {
                recurrent.apply(result[start - sequences..<start], into: fromPast, on: processor)
                processor.kernels.add(gates[step], fromPast)
            }
            advance(gates[step], cell, into: result[step])
        }
        return result
    }

    private func advance(_ gates: Rows, _ cell: Rows, into result: Rows) {
        for row in 0..<cell.rows {
            for unit in 0..<hidden {
                let input = Self.sigmoid(gates[row, unit]) * tanh(gates[row, 2 * hidden + unit])
                let memory = Self.sigmoid(gates[row, hidden + unit]) * cell[row, unit] + input
                cell[row, unit] = memory
                result[row, unit] = Self.sigmoid(gates[row, 3 * hidden + unit]) * tanh(memory)
            }
        }
    }

    private static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
}
