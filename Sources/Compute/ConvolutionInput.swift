// What a streamed convolution reads: the last rows of the past, then the rows of the step in progress, in the format the
// convolution computes with. Each row of an integer format has its own scale, so that what is stored depends neither on
// the size of a step nor on other rows.

internal import CKernels

/// What a convolution computes with.
package enum ConvolutionFormat: Sendable, CaseIterable {
    /// float32 weights and activations.
    case float32
    /// The same by Winograd's transform (`ConvolutionShape.transform`): a third or six tenths of the multiplications, with more
    /// weights. float32 for a shape without one.
    case winograd
    /// 16-bit weights and activations, exact sums.
    case int16
    /// 16-bit weights and activations in two bytes each, exact sums but for the products of two low bytes: for processors that
    /// multiply bytes faster.
    case split16
    /// 8-bit weights and 16-bit activations in two bytes, exact sums.
    case split8
    /// 8-bit weights and 16-bit activations, exact sums.
    case int8Weights
    /// 8-bit weights and activations, exact sums; activations come from snake.
    case int8

    /// How the input of the convolution is stored.
    var input: ActivationFormat {
        switch self {
        case .float32, .winograd: .float32
        case .int16, .int8Weights: .int16
        case .split16, .split8: .split
        case .int8: .int8
        }
    }

    var isFloat: Bool { input == .float32 }

    /// What a convolution of that shape computes with.
    func fitting(_ shape: ConvolutionShape) -> ConvolutionFormat {
        self == .winograd && shape.transform == nil ? .float32 : self
    }

    /// Words of weights that an output has for a row of `channels`; those of two bytes count once.
    func words(_ channels: Int) -> Int { input == .split ? input.words(channels) / 2 : input.words(channels) }

    /// Bytes of the weights of an output.
    func weightBytes(_ shape: ConvolutionShape) -> Int {
        switch self {
        case .int8Weights: 2 * words(shape.inputs) * shape.taps
        case .split16: 8 * words(shape.inputs) * shape.taps
        case .winograd: shape.transform.map { ($0.isRounded ? 2 : 4) * shape.inputs * $0.points } ?? 0
        case .float32, .int16, .split8, .int8: 4 * words(shape.inputs) * shape.taps
        }
    }

    /// Scales that an output has: one for each tap, or point of a transform, that is stored in integers.
    func scales(_ shape: ConvolutionShape) -> Int {
        if self == .winograd { return shape.transform.map { $0.isRounded ? $0.points : 0 } ?? 0 }
        return isFloat ? 0 : shape.taps
    }

    /// Bytes that the weights of a convolution take when they are packed.
    package func byteCount(of shape: ConvolutionShape) -> Int {
        shape.outputs * fitting(shape).weightBytes(shape)
    }
}

/// How the rows that a convolution reads are stored.
enum ActivationFormat {
    case float32, int16, split, int8

    /// Words of four bytes that hold a row of `channels`.
    func words(_ channels: Int) -> Int {
        switch self {
        case .float32: channels
        case .int16: (channels + 1) / 2
        case .split: (channels + 3) / 4 * 2
        case .int8: (channels + 3) / 4
        }
    }
}

/// y = x + sin²(alpha · x) · inverseBeta, channel by channel.
package struct Snake {
    package let alpha: Rows
    package let inverseBeta: Rows

    package init(alpha: Rows, inverseBeta: Rows) {
        precondition(alpha.rows == 1 && inverseBeta.rows == 1 && alpha.columns == inverseBeta.columns)
        self.alpha = alpha
        self.inverseBeta = inverseBeta
    }
}

@safe
package final class ConvolutionInput {
    let format: ActivationFormat
    package let channels: Int
    package let history: Int
    private var window: Rows  // words
    private var rowScales: Rows
    private var rowLows: Rows
    private var scratch: Rows

    /// Rows a worker takes at least.
    private static let grain = 16

    init(history: Int, channels: Int, format: ActivationFormat) {
        self.format = format
        self.channels = channels
        self.history = history
        window = Rows(rows: history, columns: format.words(channels))
        rowScales = Rows(rows: history, columns: 1)
        rowLows = Rows(rows: history, columns: 1)
        scratch = Rows(rows: 0, columns: channels)
    }

    /// The next rows are x.
    package func write(_ x: Rows, on processor: Processor) {
        precondition(x.columns == channels && format != .int8, "bytes come from snake")
        guard format != .float32 else { return room(x.rows).values.copy(from: x) }
        run(x, snake: nil, on: processor)
    }

    /// The next rows are snake(x).
    package func write(_ snake: Snake, of x: Rows, on processor: Processor) {
        precondition(x.columns == channels && x.stride == channels && snake.alpha.columns == channels)
        run(x, snake: snake, on: processor)
    }

    private func run(_ x: Rows, snake: Snake?, on processor: Processor) {
        let (rows, scales, lows) = room(x.rows)
        let parts = (x.rows + Self.grain - 1) / Self.grain
        if snake != nil && format != .float32 && scratch.rows < parts {
            scratch = Rows(rows: parts, columns: channels)
        }
        let work = Writing(
            kernels: processor.kernels, format: format, x: x, snake: snake, rows: rows, scales: scales, lows: lows,
            scratch: scratch)
        processor.pool.run(x.rows, grain: Self.grain, work)
    }

    /// Rows to the format of the convolution. Each worker has its own row of scratch.
    private struct Writing: ParallelWork {
        let kernels: Kernels
        let format: ActivationFormat
        let x: Rows
        let snake: Snake?
        let rows: Rows
        let scales: Rows
        let lows: Rows
        let scratch: Rows

        func run(_ part: Range<Int>) {
            guard let snake else { return quantize(x[part], rows[part], scales[part]) }
            activate(snake, x[part], rows[part], part)
        }

        private func quantize(_ x: Rows, _ rows: Rows, _ scales: Rows) {
            let integers = unsafe UnsafeMutableRawPointer(rows.pointer)
            if format == .split {
                unsafe kernels.table.pointee.quantize_s16(
                    integers.assumingMemoryBound(to: Int8.self), scales.pointer, x.pointer, x.stride, x.rows, x.columns)
            } else {
                unsafe kernels.table.pointee.quantize_q16(
                    integers.assumingMemoryBound(to: Int16.self), scales.pointer, x.pointer, x.stride, x.rows, x.columns
                )
            }
        }

        private func activate(_ snake: Snake, _ x: Rows, _ rows: Rows, _ part: Range<Int>) {
            let (alpha, beta) = (snake.alpha, snake.inverseBeta)
            switch format {
            case .float32:
                unsafe kernels.table.pointee.snake(
                    rows.pointer, x.pointer, alpha.pointer, beta.pointer, x.rows, x.columns)
            case .int16:
                unsafe kernels.table.pointee.snake_q16(
                    UnsafeMutableRawPointer(rows.pointer).assumingMemoryBound(to: Int16.self), scales[part].pointer,
                    x.pointer, alpha.pointer, beta.pointer, scratch[part.lowerBound / ConvolutionInput.grain].pointer,
                    x.rows, x.columns)
            case .split:
                let wave = scratch[part.lowerBound / ConvolutionInput.grain]
                for row in 0..<x.rows {
                    unsafe kernels.table.pointee.snake(
                        wave.pointer, x[row].pointer, alpha.pointer, beta.pointer, 1, x.columns)
                    quantize(wave, rows[row], scales[part][row])
                }
            case .int8:
                unsafe kernels.table.pointee.snake_q8(
                    UnsafeMutableRawPointer(rows.pointer).assumingMemoryBound(to: UInt8.self), scales[part].pointer,
                    lows[part].pointer, x.pointer, alpha.pointer, beta.pointer,
                    scratch[part.lowerBound / ConvolutionInput.grain].pointer, x.rows, x.columns)
            }
        }
    }

    /// Makes every row of the past like the first one of the step.
    package func repeatFirst() {
        for row in 0..<history {
            window[row].copy(from: window[history])
            rowScales[row].copy(from: rowScales[history])
            rowLows[row].copy(from: rowLows[history])
        }
    }

    /// Forgets all but the last `history` rows of a step of `rows`.
    package func advance(_ rows: Int) {
        // Rows move to lower addresses in ascending order, so overlap does no harm.
        window[0..<history].copy(from: window[rows..<rows + history])
        rowScales[0..<history].copy(from: rowScales[rows..<rows + history])
        rowLows[0..<history].copy(from: rowLows[rows..<rows + history])
    }

    /// History and the `rows` rows written last.
    func values(_ rows: Int) -> Rows { window[0..<history + rows] }

    @unsafe func integers(from row: Int) -> mk_integer_rows {
        unsafe mk_integer_rows(
            values: window[row].pointer, words: window.columns, scales: rowScales[row].pointer,
            lows: rowLows[row].pointer)
    }

    /// Where the next `rows` rows are to be written.
    private func room(_ rows: Int) -> (values: Rows, scales: Rows, lows: Rows) {
        if window.rows < history + rows {
            window = Self.grown(window, history: history, rows: rows)
            rowScales = Self.grown(rowScales, history: history, rows: rows)
            rowLows = Self.grown(rowLows, history: history, rows: rows)
        }
        let range = history..<history + rows
        return (window[range], rowScales[range], rowLows[range])
    }

    private static func grown(_ old: Rows, history: Int, rows: Int) -> Rows {
        let larger = Rows(rows: history + rows, columns: old.columns)
        larger[0..<history].copy(from: old[0..<history])
        return larger
    }
}
