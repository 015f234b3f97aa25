// Codes to vectors: a frame is the sum of one codeword per quantizer, projected. The first quantizers (`rvq_first`, the
// meaning) and the others (`rvq_rest`, the sound) have their own projection.

import Compute
import ModelFile

/// One group of quantizers of the decoder.
struct ResidualQuantizer {
    let first: Int
    private let codebooks: [Rows]  // [codebook, dimension] each
    private let projection: CausalConvolution
    private let dimension: Int

    /// Quantizers `range` of a frame's codes.
    init(
        _ weights: Weights, quantizers range: Range<Int>, codebook: Int, output: Int, format: ConvolutionFormat
    ) throws(ModelFileError) {
        var codebooks: [Rows] = []
        var dimension = 0
        for index in 0..<range.count {
            let book = weights["vq.layers"][index]["_codebook"]
            let table = try book.codebook("embedding_sum", size: codebook)
            if index > 0 && table.columns != dimension {
                let found = try book.tensor("embedding_sum")
                throw .wrongShape(name: found.name, expected: [codebook, dimension], found: found.shape)
            }
            dimension = table.columns
            codebooks.append(table)
        }
        first = range.lowerBound
        self.codebooks = codebooks
        self.dimension = dimension
        projection = try CausalConvolution(
            weights["output_proj"], inputs: dimension, outputs: output, format: format)
    }

    struct State {
        fileprivate let sums = SignalBuffer()
        fileprivate let projection: CausalConvolution.State
    }

    func makeState() -> State { State(projection: projection.makeState()) }

    /// The vectors [frames, output] of frames whose codes were checked.
    func step(_ frames: [[Int]], _ state: State, on processor: Processor) -> Rows {
        let sums = state.sums.rows(frames.count, columns: dimension)
        sums.fill(0)
        for (row, codes) in frames.enumerated() {
            for (index, table) in codebooks.enumerated() {
                processor.kernels.add(sums[row], table[codes[first + index]])
            }
        }
        return projection.step(sums, state.projection, on: processor)
    }
}

extension Weights {
    /// Codewords are kept as sums with the number of vectors that went into each: `sum` / max(`cluster_usage`, 1e-5).
    func codebook(_ sum: String, size: Int) throws(ModelFileError) -> Rows {
        let tensor = try tensor(sum)
        guard tensor.shape.count == 2, tensor.shape[0] == size, tensor.shape[1] > 0 else {
            throw .wrongShape(name: tensor.name, expected: [size, tensor.shape.last ?? 1], found: tensor.shape)
        }
        let columns = tensor.shape[1]
        let usage = try floats("cluster_usage", shape: [size])
        let sums = try tensor.floats()
        return Rows(sums.indices.map { sums[$0] / max(usage[$0 / columns], 1e-5) }, columns: columns)
    }
}
