// What a streamed convolution reads: the last rows of the past, then the rows of the step in progress, in the format the
// convolution computes with. Each row of an integer format has its own scale, so that what is stored depends neither on
// the size of a step nor on other rows. The past stays with the stream; the step is in memory that streams and layers share.

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

/// Rows in the format of a convolution, with what their integers mean.
private struct StoredRows {
    let words: Rows
    let scales: Rows
    let lows: Rows

    init(words: Rows, scales: Rows, lows: Rows) {
        self.words = words
        self.scales = scales
        self.lows = lows
    }

    init(rows: Int, words: Int) {
        self.init(
            words: Rows(rows: rows, columns: words), scales: Rows(rows: rows, columns: 1),
            lows: Rows(rows: rows, columns: 1))
    }

    subscript(_ range: Range<Int>) -> StoredRows {
        StoredRows(words: words[range], scales: scales[range], lows: lows[range])
    }

    func copy(from other: StoredRows) {
        words.copy(from: other.words)
        scales.copy(from: other.scales)
        lows.copy(from: other.lows)
    }
}

/// Memory for the step in progress of one convolution after the other. It grows to the largest and is then reused.
package final class ConvolutionWindow {
    private let words = ScratchRows()
    private let scales = ScratchRows()
    private let lows = ScratchRows()
    private let waves = ScratchRows()
    /// Whose step it is.
    fileprivate var owner: ObjectIdentifier?

    package init() {}

    fileprivate func rows(_ rows: Int, words columns: Int) -> StoredRows {
        StoredRows(
            words: words.rows(rows, columns: columns), scales: scales.rows(rows, columns: 1),
            lows: lows.rows(rows, columns: 1))
    }

    /// A row for each part of a step.
    fileprivate func waves(_ rows: Int, channels: Int) -> Rows { waves.rows(rows, columns: channels) }
}

@safe
package final class ConvolutionInput {
    let format: ActivationFormat
    package let channels: Int
    package let history: Int
    private let past: StoredRows
    private let window: ConvolutionWindow
    /// The past and the step in progress, in the window: of this input until another one writes there.
    private var step: StoredRows

    /// Rows a worker takes at least.
    private static let grain = 16

    init(history: Int, channels: Int, format: ActivationFormat, window: ConvolutionWindow) {
        self.format = format
        self.channels = channels
        self.history = history
        self.window = window
        past = StoredRows(rows: history, words: format.words(channels))
        step = past
    }

    /// The next rows are x.
    package func write(_ x: Rows, on processor: Processor) {
        precondition(x.columns == channels && format != .int8, "bytes come from snake")
        guard format != .float32 else { return room(x.rows).words.copy(from: x) }
        run(x, snake: nil, on: processor)
    }

    /// The next rows are snake(x).
    package func write(_ snake: Snake, of x: Rows, on processor: Processor) {
        precondition(x.columns == channels && x.stride == channels && snake.alpha.columns == channels)
        run(x, snake: snake, on: processor)
    }

    private func run(_ x: Rows, snake: Snake?, on processor: Processor) {
        let target = room(x.rows)
        let parts = snake != nil && format != .float32 ? (x.rows + Self.grain - 1) / Self.grain : 0
        let work = Writing(
            kernels: processor.kernels, format: format, x: x, snake: snake, rows: target.words, scales: target.scales,
            lows: target.lows, scratch: window.waves(parts, channels: channels))
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
        for row in 0..<history { step[row..<row + 1].copy(from: step[history..<history + 1]) }
    }

    /// Forgets all but the last `history` rows of a step of `rows`.
    package func advance(_ rows: Int) {
        precondition(window.owner == ObjectIdentifier(self), "another convolution has taken the window")
        past.copy(from: step[rows..<rows + history])
    }

    /// History and the `rows` rows written last.
    func values(_ rows: Int) -> Rows {
        precondition(window.owner == ObjectIdentifier(self), "another convolution has taken the window")
        return step.words[0..<history + rows]
    }

    /// From a row on of what `values` gives.
    @unsafe func integers(from row: Int) -> mk_integer_rows {
        unsafe mk_integer_rows(
            values: step.words[row].pointer, words: step.words.columns, scales: step.scales[row].pointer,
            lows: step.lows[row].pointer)
    }

    /// Where the next `rows` rows are to be written, behind the past.
    private func room(_ rows: Int) -> StoredRows {
        window.owner = ObjectIdentifier(self)
        step = window.rows(history + rows, words: format.words(channels))
        step[0..<history].copy(from: past)
        return step[history..<history + rows]
    }
}
