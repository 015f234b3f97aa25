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
@safe
struct StoredRows {
    let words: Rows
    fileprivate let scales: Rows
    fileprivate let lows: Rows

    fileprivate subscript(_ range: Range<Int>) -> StoredRows {
        StoredRows(words: words[range], scales: scales[range], lows: lows[range])
    }

    fileprivate func copy(from other: StoredRows) {
        words.copy(from: other.words)
        scales.copy(from: other.scales)
        lows.copy(from: other.lows)
    }

    /// From a row on.
    @unsafe func integers(from row: Int) -> mk_integer_rows {
        unsafe mk_integer_rows(
            values: words[row].pointer, words: words.columns, scales: scales[row].pointer, lows: lows[row].pointer)
    }
}

extension StoredRows {
    fileprivate init(rows: Int, words: Int) {
        self.init(
            words: Rows(rows: rows, columns: words), scales: Rows(rows: rows, columns: 1),
            lows: Rows(rows: rows, columns: 1))
    }
}

/// Memory for the step in progress of one convolution after the other. It grows to the largest and is then reused. Streams
/// that a convolution reads together have their places beside one another.
package final class ConvolutionWindow {
    private var places = [Place()]
    private var used = 0
    private let waves = ScratchRows()

    package init() {}

    /// The places that are written, in order.
    var written: ArraySlice<Place> { places[..<used] }

    /// The first place, or the one behind those that are written.
    fileprivate func place(beside: Bool) -> Place {
        if !beside { used = 0 }
        if used == places.count { places.append(Place()) }
        used += 1
        return places[used - 1]
    }

    /// A row for each part of a step.
    fileprivate func waves(_ rows: Int, channels: Int) -> Rows { waves.rows(rows, columns: channels) }

    /// Of one stream's step.
    final class Place {
        private let words = ScratchRows()
        private let scales = ScratchRows()
        private let lows = ScratchRows()
        fileprivate var owner: ObjectIdentifier?
        /// The past and the rows written last.
        private(set) var rows = StoredRows(rows: 0, words: 0)

        fileprivate func makeRoom(_ count: Int, words columns: Int) {
            rows = StoredRows(
                words: words.rows(count, columns: columns), scales: scales.rows(count, columns: 1),
                lows: lows.rows(count, columns: 1))
        }
    }
}

@safe
package final class ConvolutionInput {
    let format: ActivationFormat
    package let channels: Int
    package let history: Int
    private let past: StoredRows
    private let window: ConvolutionWindow
    /// Where the step in progress is, until another input writes there.
    private var place: ConvolutionWindow.Place?

    /// Rows a worker takes at least.
    private static let grain = 16

    init(history: Int, channels: Int, format: ActivationFormat, window: ConvolutionWindow) {
        self.format = format
        self.channels = channels
        self.history = history
        self.window = window
        past = StoredRows(rows: history, words: format.words(channels))
    }

    /// The next rows are x, or snake(x). With `beside` the streams that have written before keep their places in the window.
    package func write(_ x: Rows, snake: Snake? = nil, beside: Bool = false, on processor: Processor) {
        precondition(x.columns == channels && (snake != nil || format != .int8), "bytes come from snake")
        let target = room(x.rows, window.place(beside: beside))
        if let snake {
            precondition(x.stride == channels && snake.alpha.columns == channels)
        } else if format == .float32 {
            return target.words.copy(from: x)
        }
        run(x, snake, into: target, on: processor)
    }

    private func run(_ x: Rows, _ snake: Snake?, into target: StoredRows, on processor: Processor) {
        let parts = snake != nil && format != .float32 ? (x.rows + Self.grain - 1) / Self.grain : 0
        let work = Writing(
            kernels: processor.kernels, format: format, x: x, snake: snake, rows: target.words, scales: target.scales,
            lows: target.lows, scratch: window.waves(parts, channels: channels))
        processor.run(x.rows, grain: Self.grain, work)
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
        let step = step
        for row in 0..<history { step[row..<row + 1].copy(from: step[history..<history + 1]) }
    }

    /// Forgets all but the last `history` rows of a step of `rows`.
    package func advance(_ rows: Int) { past.copy(from: step[rows..<rows + history]) }

    /// History and the rows written last.
    var step: StoredRows {
        guard let place, place.owner == ObjectIdentifier(self) else {
            preconditionFailure("another convolution has taken the window")
        }
        return place.rows
    }

    /// Where the next `rows` rows are to be written, behind the past.
    private func room(_ rows: Int, _ place: ConvolutionWindow.Place) -> StoredRows {
        place.owner = ObjectIdentifier(self)
        place.makeRoom(history + rows, words: format.words(channels))
        self.place = place
        place.rows[0..<history].copy(from: past)
        return place.rows[history..<history + rows]
    }
}
