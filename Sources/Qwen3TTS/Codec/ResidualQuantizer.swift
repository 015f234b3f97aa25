// Codes to vectors: a frame is the sum of one codeword per quantizer, projected. The first quantizers (`rvq_first`, the
// meaning) and the others (`rvq_rest`, the sound) have their own projection.

import Compute
import ModelFile

/// A codebook as it is stored: sums of vectors, and how many went into each. It is read where it lies, a row at a time.
private struct Codebook {
    private let sums: Embedding  // [codebook, dimension]
    private let usage: [Float]

    init(_ weights: Weights, size: Int) throws(ModelFileError) {
        sums = try Embedding(weights.codewordSums("embedding_sum", size: size))
        usage = try weights.usage(size: size)
    }

    var dimension: Int { sums.columns }

    func add(_ code: Int, to y: Rows) { sums.lookUp(code, into: y, adding: true, dividedBy: usage[code]) }
}

/// One group of quantizers of the decoder.
struct ResidualQuantizer {
    let first: Int
    private let codebooks: [Codebook]
    private let projection: CausalConvolution
    private let dimension: Int

    /// Quantizers `range` of a frame's codes.
    init(
        _ weights: Weights, quantizers range: Range<Int>, codebook: Int, output: Int, format: ConvolutionFormat
    ) throws(ModelFileError) {
        var codebooks: [Codebook] = []
        for index in 0..<range.count {
            let book = weights["vq.layers"][index]["_codebook"]
            codebooks.append(try Codebook(book, size: codebook))
            if codebooks[index].dimension != codebooks[0].dimension {
                let found = try book.tensor("embedding_sum")
                throw .wrongShape(
                    name: found.name, expected: [codebook, codebooks[0].dimension], found: found.shape)
            }
        }
        first = range.lowerBound
        self.codebooks = codebooks
        dimension = codebooks[0].dimension
        projection = try CausalConvolution(
            weights["output_proj"], inputs: dimension, outputs: output, format: format)
    }

    struct State {
        fileprivate let sums: SignalBuffer
        fileprivate let projection: CausalConvolution.State
    }

    func makeState(_ workspace: CodecWorkspace, output: SignalBuffer) -> State {
        State(sums: workspace.branch, projection: projection.makeState(workspace.window, output: output))
    }

    /// The vectors [frames, output] of every lane's frames.
    func step(_ lanes: ArraySlice<CodecLane>, _ state: (CodecLane) -> State, on processor: Processor) -> Rows {
        let sums = state(lanes.first!).sums.rows(lanes.frames, columns: dimension)
        sums.fill(0)
        lanes.forEach(in: sums) { lane, sums in
            let width = lane.codes.count / lane.frames
            for row in 0..<lane.frames {
                for (index, codebook) in codebooks.enumerated() {
                    codebook.add(lane.codes[row * width + first + index], to: sums[row])
                }
            }
        }
        return projection.step(sums, lanes, { state($0).projection }, on: processor)
    }
}

/// Codewords are kept as sums with the number of vectors that went into each: codeword = sum / max(`cluster_usage`, 1e-5).
extension Weights {
    /// All codewords [size, dimension].
    func codebook(_ sum: String, size: Int) throws(ModelFileError) -> Rows {
        let tensor = try codewordSums(sum, size: size)
        let columns = tensor.shape[1]
        let usage = try usage(size: size)
        let sums = try tensor.floats()
        tensor.release(0..<tensor.count)
        return Rows(sums.indices.map { sums[$0] / usage[$0 / columns] }, columns: columns)
    }

    fileprivate func codewordSums(_ name: String, size: Int) throws(ModelFileError) -> Tensor {
        let tensor = try tensor(name)
        guard tensor.shape.count == 2, tensor.shape[0] == size, tensor.shape[1] > 0 else {
            throw .wrongShape(name: tensor.name, expected: [size, tensor.shape.last ?? 1], found: tensor.shape)
        }
        return tensor
    }

    fileprivate func usage(size: Int) throws(ModelFileError) -> [Float] {
        try floats("cluster_usage", shape: [size]).map { max($0, 1e-5) }
    }
}
