// Sound to speech tokens, 25 a second: the S3 tokenizer, version 2.
//
//   log-mel → conv1, conv2 (stride 2 each, GELU) → transformer blocks → project_down → finite scalar quantization

package import Compute
import Glibc
package import ModelFile

package struct S3Tokenizer {
    package let mel: LogMel
    package let bands: Int
    private let stem: [PackedConvolution]
    private let blocks: Weights
    private let blockCount: Int
    private let projection: PackedConvolution
    /// Digits of a token.
    private let digits: Int

    /// Values that a digit has.
    private static let levels = 3
    /// What tanh is multiplied with, so that no digit lies between two values.
    private static let bound: Float = 0.999_000_012_874_603_3
    /// Frames of the log-mel that a token stands for.
    static let framesPerToken = 4
    /// More digits would not be told apart in 64 bits.
    private static let mostDigits = 32

    /// `weights` are the `tokenizer` of `s3gen_meanflow.safetensors`.
    package init(_ weights: Weights) throws(ModelFileError) {
        let encoder = weights["encoder"]
        let first = try encoder["conv1"].extents("weight", rank: 3)
        let (hidden, bands) = (first[0], first[1])
        stem = [
            try Self.halving(encoder["conv1"], inputs: bands, outputs: hidden),
            try Self.halving(encoder["conv2"], inputs: hidden, outputs: hidden),
        ]
        blocks = encoder["blocks"]
        blockCount = encoder.count("blocks.")
        let codebook = weights[Self.codebook]
        digits = try Self.digits(weights)
        projection = try PackedConvolution(
            codebook.tensor("weight", shape: [digits, hidden]), ConvolutionShape(inputs: hidden, outputs: digits),
            bias: codebook.floats("bias", shape: [digits]), format: .float32)
        self.bands = bands
        mel = LogMel(bands: bands)
    }

    private static let codebook = "quantizer._codebook.project_down"

    /// Tokens that the tokenizer of these weights knows.
    static func vocabulary(_ weights: Weights) throws(ModelFileError) -> Int {
        (0..<(try digits(weights))).reduce(1) { product, _ in product * levels }
    }

    private static func digits(_ weights: Weights) throws(ModelFileError) -> Int {
        let shape = try weights[codebook].extents("weight", rank: 2)
        guard shape[0] <= mostDigits else {
            throw .wrongShape(
                name: try weights[codebook].tensor("weight").name, expected: [mostDigits, shape[1]], found: shape)
        }
        return shape[0]
    }

    private static func halving(_ weights: Weights, inputs: Int, outputs: Int) throws(ModelFileError)
        -> PackedConvolution
    {
        try PackedConvolution(
            weights.tensor("weight", shape: [outputs, inputs, 3]),
            ConvolutionShape(inputs: inputs, outputs: outputs, taps: 3, step: 2),
            bias: weights.floats("bias", shape: [outputs]), format: .float32)
    }

    /// The tokens of log-mels [frames, bands]. The blocks, 80 MB each, are loaded one after the other, once for all clips:
    /// `ModelFileError`, or `ReferenceError`.
    package func tokens(
        _ mels: [Rows], on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws -> [[Int]] {
        let signals = try mels.map { try begin($0, on: processor, trace: trace) }
        let angles = S3TokenizerBlock.angles(positions: signals.reduce(0) { max($0, $1.rows) })
        for index in 0..<blockCount {
            let block = try S3TokenizerBlock(blocks[index], hidden: projection.shape.inputs)
            for x in signals {
                block.apply(
                    x, angles: angles[0..<x.rows], on: processor, trace: trace.map { t in { t($0 + "\(index)", $1) } })
            }
        }
        return try signals.map { try quantize($0, on: processor, trace: trace) }
    }

    /// [tokens, hidden]
    private func begin(
        _ mel: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?
    ) throws(ReferenceError) -> Rows {
        precondition(mel.columns == bands)
        guard mel.rows > 0 else { throw .tooFew(samples: 0, minimum: 1) }
        var x = mel
        for (index, convolution) in stem.enumerated() {
            let y = Rows(rows: (x.rows + 1) / 2, columns: convolution.shape.outputs)
            convolution.apply(x.padded(before: 1, after: 1), into: y, on: processor)
            trace?("conv\(index + 1)", y)
            x = y
            processor.kernels.gelu(x)
        }
        return x
    }

    private func quantize(
        _ x: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?
    ) throws(ReferenceError) -> [Int] {
        let low = Rows(rows: x.rows, columns: digits)
        projection.apply(x, into: low, on: processor)
        trace?("project_down", low)
        guard low.isFinite else { throw .noResult(of: "speech tokenizer") }
        return (0..<low.rows).map { row in
            (0..<digits).reversed().reduce(0) { token, digit in
                token * Self.levels + Int(Self.bounded(low[row, digit]).rounded(.toNearestOrEven)) + 1
            }
        }
    }

    /// Between -1 and 1, of which the nearest whole number is the digit less 1.
    static func bounded(_ value: Float) -> Float { tanh(value) * bound }

    /// How far the digits of each token are from the next value, at least; what decides them is project_down [tokens, digits].
    static func margins(_ low: Rows) -> [Float] {
        (0..<low.rows).map { row in
            (0..<low.columns).reduce(1) { min($0, abs(abs(bounded(low[row, $1])) - 0.5)) }
        }
    }
}
