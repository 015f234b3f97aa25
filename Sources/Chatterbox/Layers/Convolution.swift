// A convolution over a whole signal [time, channels]; a matrix is one with a single tap.

import Compute
import ModelFile

struct Convolution {
    /// Zeros around the signal.
    enum Padding: Equatable {
        /// All before it: as many rows as there are, none of which sees a later one.
        case causal
        /// Half on both sides.
        case centred
        /// None: fewer rows than there are.
        case none
        /// So many on both sides.
        case both(Int)
    }

    let inputs: Int
    let outputs: Int
    let taps: Int
    private let convolution: PackedConvolution
    private let before: Int
    private let after: Int

    /// `weight` [outputs, inputs, taps] with or without weight norm, or [outputs, inputs], and where present `bias` [outputs].
    init(
        _ weights: Weights, inputs: Int, outputs: Int? = nil, padding: Padding = .causal, stride: Int = 1,
        dilation: Int = 1, format: ConvolutionFormat = .float32
    ) throws(ModelFileError) {
        let kernel = try weights.convolution()
        let shape = ConvolutionShape(
            inputs: kernel.shape[1], outputs: kernel.shape[0], taps: kernel.shape[2], dilation: dilation, step: stride)
        guard shape.inputs == inputs, outputs == nil || outputs == shape.outputs else {
            throw .wrongShape(
                name: kernel.name, expected: [outputs ?? shape.outputs, inputs, shape.taps], found: kernel.shape)
        }
        convolution = try PackedConvolution(kernel, shape, bias: weights.optionalBias(shape.outputs), format: format)
        let reach = shape.inputRows(for: 1) - 1
        switch padding {
        case .causal: (before, after) = (reach, 0)
        case .centred: (before, after) = (reach / 2, reach - reach / 2)
        case .both(let rows): (before, after) = (rows, rows)
        case .none: (before, after) = (0, 0)
        }
        self.inputs = inputs
        self.outputs = shape.outputs
        taps = shape.taps
    }

    /// A convolution without padding whose weights [outputs, inputs, taps] were computed.
    init(computed weights: ConvolutionWeights, stride: Int = 1) throws(ModelFileError) {
        let shape = ConvolutionShape(
            inputs: weights.shape[1], outputs: weights.shape[0], taps: weights.shape[2], step: stride)
        convolution = try PackedConvolution(weights, shape, bias: nil, format: .float32)
        (inputs, outputs, taps) = (shape.inputs, shape.outputs, shape.taps)
        (before, after) = (0, 0)
    }

    /// Rows that x gives, which goes on from what is in `memory`, as causal convolutions can.
    func apply(_ x: Rows, _ memory: inout SignalMemory?, on processor: Processor) -> Rows {
        precondition(after == 0)
        guard memory != nil, before > 0 else { return apply(x, on: processor) }
        let padded = padded(x, nil, processor)
        memory?.extend(padded, by: before)
        let y = Rows(rows: x.rows, columns: outputs)
        convolution.apply(padded, into: y, on: processor)
        return y
    }

    /// Rows that x gives, or snake(x).
    func apply(_ x: Rows, snake: Snake? = nil, on processor: Processor) -> Rows {
        let shape = convolution.shape
        let count = (x.rows + before + after - shape.inputRows(for: 1)) / shape.step + 1
        let y = Rows(rows: count, columns: outputs)
        convolution.apply(padded(x, snake, processor), into: y, on: processor)
        return y
    }

    /// y += what x gives, or snake(x).
    func add(_ x: Rows, snake: Snake? = nil, to y: Rows, on processor: Processor) {
        convolution.apply(padded(x, snake, processor), into: y, accumulating: true, on: processor)
    }

    private func padded(_ x: Rows, _ snake: Snake?, _ processor: Processor) -> Rows {
        precondition(x.columns == inputs)
        guard before + after > 0 || snake != nil else { return x }
        let padded = processor.passing(rows: before + x.rows + after, columns: inputs)
        padded[0..<before].fill(0)
        padded[before + x.rows..<padded.rows].fill(0)
        let middle = padded[before..<before + x.rows]
        processor.forRows(x.rows) { part in
            if let snake {
                processor.kernels.snake(
                    middle[part], x[part], alpha: snake.alpha, inverseBeta: snake.inverseBeta)
            } else {
                middle[part].copy(from: x[part])
            }
        }
        return padded
    }
}
