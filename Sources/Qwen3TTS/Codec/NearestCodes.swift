// Vectors to codes: each codebook takes the codeword nearest to what the ones before it left over.

import Compute
import ModelFile

struct NearestCodes {
    private let projection: CausalConvolution
    private let books: [Book]

    private struct Book {
        let codewords: Rows  // [codebook, dimension]
        /// r·c - |c|²/2 for every codeword c: largest where |r - c| is smallest.
        let score: PackedConvolution
    }

    /// The first `count` codebooks of a quantizer.
    init(_ weights: Weights, count: Int, _ c: CodecConfiguration.Encoder) throws(ModelFileError) {
        var books: [Book] = []
        for index in 0..<count {
            let book = weights["layers"][index]["codebook"]
            let codewords = try book.codebook("embed_sum", size: c.codebookSize)
            guard codewords.columns == c.codebookDimension else {
                let found = try book.tensor("embed_sum")
                throw .wrongShape(
                    name: found.name, expected: [c.codebookSize, c.codebookDimension], found: found.shape)
            }
            let values = codewords.values
            let halves = (0..<c.codebookSize).map { row in
                -Float(
                    (0..<codewords.columns).reduce(0.0) {
                        let value = Double(values[row * codewords.columns + $1])
                        return $0 + value * value / 2
                    })
            }
            books.append(Book(codewords: codewords, score: PackedConvolution(matrix: codewords, bias: halves)))
        }
        self.books = books
        projection = try CausalConvolution(weights["input_proj"], inputs: c.hidden, outputs: c.codebookDimension)
    }

    /// [frames, hidden] → [frames, dimension].
    func project(_ x: Rows, on processor: Processor) -> Rows { projection.whole(x, on: processor) }

    /// Codes of each frame; `residual` is used up.
    func codes(_ residual: Rows, on processor: Processor) -> [[Int]] {
        var codes = [[Int]](repeating: [], count: residual.rows)
        let minus = Rows([Float](repeating: -1, count: residual.columns), columns: residual.columns)
        for book in books {
            let scores = Rows(rows: residual.rows, columns: book.codewords.rows)
            book.score.apply(residual, into: scores, on: processor)
            for frame in 0..<residual.rows {
                var best = 0
                for code in 1..<scores.columns where scores[frame, code] > scores[frame, best] { best = code }
                codes[frame].append(best)
                processor.kernels.add(residual[frame], book.codewords[best], scale: minus)
            }
        }
        return codes
    }
}
