// A convolution over time-major signals with its weights in panels: also a transposed convolution (one tap per input
// frame, outputs = stride · channels) and a plain matrix product (one tap).

internal import CKernels
package import ModelFile
import Synchronization

/// The sizes of a convolution.
package struct ConvolutionShape: Sendable, Equatable {
    package var inputs: Int
    package var outputs: Int
    package var taps: Int
    package var dilation: Int
    package var step: Int
    /// The rows of output at a time are a multiple of this.
    package var period: Int

    package init(inputs: Int, outputs: Int, taps: Int = 1, dilation: Int = 1, step: Int = 1, period: Int = 1) {
        precondition(inputs > 0 && outputs > 0 && taps > 0 && dilation > 0 && step > 0 && period > 0)
        self.inputs = inputs
        self.outputs = outputs
        self.taps = taps
        self.dilation = dilation
        self.step = step
        self.period = period
    }

    /// Rows of input that `count` rows of output need.
    package func inputRows(for count: Int) -> Int { (count - 1) * step + (taps - 1) * dilation + 1 }
}

@safe
package struct PackedConvolution {
    package let shape: ConvolutionShape
    package let format: ConvolutionFormat
    private let weights: FloatBuffer  // words [panel][tap or point][input word][MK_PANEL], zero beyond `outputs`
    private let bias: FloatBuffer  // [panels · MK_PANEL]
    private let scales: FloatBuffer  // of integer weights, [panel][tap or point][MK_PANEL]
    private let sums: FloatBuffer  // of int8 weights, the same

    private static let panel = Int(MK_PANEL)
    private var panels: Int { (shape.outputs + Self.panel - 1) / Self.panel }
    private var form: WinogradForm? { format == .winograd ? shape.transform : nil }

    /// `weights` [outputs, inputs, taps], bias [outputs] or none.
    package init(
        _ weights: ConvolutionWeights, _ shape: ConvolutionShape, bias: [Float]?, format: ConvolutionFormat
    ) throws(ModelFileError) {
        precondition(weights.count == shape.outputs * shape.inputs * shape.taps)
        try self.init(weights, .plain(shape), shape, bias: bias, format: format)
    }

    /// `weights` [inputs, channels, kernel] of a transposed convolution; `shape.outputs` = stride · channels, and
    /// `shape.taps` = ⌈kernel / stride⌉. Tap j reads the weights of the input row that many rows before the last.
    package init(
        transposed weights: ConvolutionWeights, _ shape: ConvolutionShape, stride: Int, bias: [Float]?,
        format: ConvolutionFormat
    ) throws(ModelFileError) {
        let channels = shape.outputs / stride
        precondition(weights.shape.count == 3 && weights.shape[0] == shape.inputs && weights.shape[1] == channels)
        let kernel = weights.shape[2]
        precondition(shape.taps == (kernel + stride - 1) / stride)
        let layout = Layout(
            channels: channels, kernel: kernel, first: (shape.taps - 1) * stride, phase: 1, output: kernel,
            tap: -stride, input: channels * kernel)
        let repeated = bias.map { bias in (0..<stride).flatMap { _ in bias } }
        try self.init(weights, layout, shape, bias: repeated, format: format)
    }

    /// A matrix [outputs, inputs] computed from a checkpoint, in float32.
    package init(matrix: Rows, bias: [Float]) {
        precondition(matrix.stride == matrix.columns)
        let shape = ConvolutionShape(inputs: matrix.columns, outputs: matrix.rows)
        self.init(shape, .float32, bias: bias)
        _ = unsafe pack(UnsafeRawPointer(matrix.pointer), bf16: false, .plain(shape))
    }

    private init(
        _ weights: ConvolutionWeights, _ layout: Layout, _ shape: ConvolutionShape, bias: [Float]?,
        format: ConvolutionFormat
    ) throws(ModelFileError) {
        self.init(shape, format, bias: bias)
        let isFinite: Bool
        switch weights.source {
        case .tensor(let tensor) where tensor.type == .f32 || tensor.type == .bf16:
            isFinite = unsafe pack(tensor.pointer, bf16: tensor.type == .bf16, layout)
        case .tensor(let tensor): isFinite = pack(try tensor.floats(), layout)
        case .values(let values): isFinite = pack(values, layout)
        }
        if !isFinite { throw .notFinite(name: weights.name) }
        // The packed copy is what is read from here on.
        if case .tensor(let tensor) = weights.source { tensor.release(0..<tensor.count) }
    }

    private func pack(_ values: [Float], _ layout: Layout) -> Bool {
        unsafe values.withUnsafeBytes { unsafe pack($0.baseAddress!, bf16: false, layout) }
    }

    /// Where an element lies in a tensor; `mk_convolution_source` says how.
    private struct Layout {
        var channels: Int
        var kernel: Int
        var first = 0
        var phase = 0
        var output: Int
        var tap = 1
        var input: Int

        static func plain(_ shape: ConvolutionShape) -> Layout {
            Layout(
                channels: shape.outputs, kernel: shape.taps, output: shape.inputs * shape.taps, input: shape.taps)
        }
    }

    /// Storage without weights.
    private init(_ shape: ConvolutionShape, _ format: ConvolutionFormat, bias values: [Float]?) {
        precondition(values == nil || values!.count == shape.outputs)
        self.shape = shape
        let format = format.fitting(shape)
        self.format = format
        let panels = (shape.outputs + Self.panel - 1) / Self.panel
        let bytes = panels * Self.panel * format.weightBytes(shape)
        weights = FloatBuffer(count: bytes / MemoryLayout<Float>.stride, isFilled: true)
        bias = FloatBuffer(count: panels * Self.panel)
        scales = FloatBuffer(count: panels * Self.panel * format.scales(shape))
        sums = FloatBuffer(count: format == .int8 ? scales.count : 0)
        for (index, value) in (values ?? []).enumerated() { unsafe bias.base[index] = value }
    }

    /// False when a weight of an integer format is not finite.
    private func pack(_ values: UnsafeRawPointer, bf16: Bool, _ layout: Layout) -> Bool {
        let source = unsafe mk_convolution_source(
            values: values, bf16: bf16 ? 1 : 0, inputs: shape.inputs, outputs: shape.outputs, taps: shape.taps,
            channels: layout.channels, kernel: layout.kernel, first: layout.first, phase: layout.phase,
            output: layout.output, tap: layout.tap, input: layout.input)
        let work = unsafe Packing(convolution: self, source: source)
        // Packing is most of what the first word waits for after a start, so all cores do it where there is enough for them.
        let threads = min(panels, Processor.most, weights.count / Self.wordsForAThread)
        WorkerPool(threads: max(1, threads), name: "packing").run(panels, grain: 1, work)
        return work.isFinite.load(ordering: .relaxed)
    }

    /// Four bytes each: fewer are packed as soon as a thread has begun.
    private static let wordsForAThread = 1 << 18

    @safe
    private final class Packing: ParallelWork {
        private let convolution: PackedConvolution
        private let source: mk_convolution_source
        let isFinite = Atomic<Bool>(true)

        init(convolution: PackedConvolution, source: mk_convolution_source) {
            self.convolution = convolution
            unsafe self.source = unsafe source
        }

        func run(_ panels: Range<Int>) {
            let isPacked = unsafe withUnsafePointer(to: source) {
                unsafe convolution.pack($0, panels.lowerBound, panels.upperBound)
            }
            if !isPacked { isFinite.store(false, ordering: .relaxed) }
        }
    }

    private func pack(_ source: UnsafePointer<mk_convolution_source>, _ first: Int, _ last: Int) -> Bool {
        let packed = unsafe UnsafeMutableRawPointer(weights.base)
        guard format != .float32 else {
            unsafe mk_pack_f32(weights.base, source, first, last)
            return true
        }
        let scratch = FloatBuffer(count: (shape.taps + (form?.points ?? 0)) * shape.inputs * Self.panel)
        if let form {
            return unsafe mk_pack_winograd(
                packed, form.isRounded ? scales.base : nil, scratch.base, source, form.outputs, first, last) != 0
        }
        if format == .int16 {
            return unsafe mk_pack_q16(
                packed.assumingMemoryBound(to: Int16.self), scales.base, scratch.base, source, first, last) != 0
        }
        if format == .split16 {
            return unsafe mk_pack_s16(
                packed.assumingMemoryBound(to: Int8.self), scales.base, scratch.base, source, first, last) != 0
        }
        return unsafe mk_pack_q8(
            packed.assumingMemoryBound(to: Int8.self), scales.base, format == .int8 ? sums.base : nil, scratch.base,
            source, format == .int8Weights ? 2 : 4, first, last) != 0
    }

    /// An input with the history that this convolution needs. Those that share a window take turns.
    package func makeInput(_ window: ConvolutionWindow = ConvolutionWindow()) -> ConvolutionInput {
        ConvolutionInput(
            history: shape.inputRows(for: 1) - shape.step, channels: shape.inputs, format: format.input, window: window)
    }

    /// y [count, outputs], or with `accumulating` y +=, from the rows written to `input` last.
    package func apply(_ input: ConvolutionInput, into y: Rows, accumulating: Bool = false, on processor: Processor) {
        precondition(input.format == format.input && input.channels == shape.inputs)
        precondition(input.history == shape.inputRows(for: 1) - shape.step)
        apply(input.step, into: y, accumulating: accumulating, on: processor)
    }

    /// y from the rows that several streams have written to the window, beside one another; theirs follow one another in y.
    /// Where they are few, each panel of weights is read once for all.
    package func apply(_ window: ConvolutionWindow, into y: Rows, on processor: Processor) {
        let work = MultiplyingBeside(convolution: self, window: window, y: y, processor: processor)
        guard window.written.count > 1, form == nil, !work.dividesRows else {
            return work.forEach { apply($0, into: $1, accumulating: false, on: processor) }
        }
        processor.run(panels, grain: 1, work)
    }

    /// The same from any rows, of which row 0 is the oldest that y's row 0 needs.
    package func apply(_ x: Rows, into y: Rows, accumulating: Bool = false, on processor: Processor) {
        precondition(x.columns == shape.inputs)
        guard format != .float32 else {
            return divide(Multiplying(self, x, nil, y, accumulating, processor), on: processor)
        }
        let input = ConvolutionInput(
            history: 0, channels: shape.inputs, format: format.input, window: ConvolutionWindow())
        input.write(x, on: processor)
        apply(input.step, into: y, accumulating: accumulating, on: processor)
    }

    private func apply(_ x: StoredRows, into y: Rows, accumulating: Bool, on processor: Processor) {
        guard let form else { return divide(Multiplying(self, x.words, x, y, accumulating, processor), on: processor) }
        precondition(!accumulating && y.rows % shape.period == 0)
        precondition(x.words.rows >= shape.inputRows(for: y.rows) && y.columns == shape.outputs && y.rows > 0)
        let convolution = unsafe mk_winograd_convolution(
            weights: weights.base, scales: form.isRounded ? scales.base : nil, bias: bias.base,
            inputs: shape.inputs, outputs: shape.outputs, taps: shape.taps, tile: form.outputs,
            dilation: shape.dilation, period: shape.period)
        unsafe WinogradTransform(convolution, x.words, y, processor).run(on: processor)
    }

    /// Rows that a worker takes as a multiple of this: every kernel's tile divides it.
    private static let grain = 24

    /// Long signals are divided by rows, short ones by panels of outputs.
    private func divide(_ work: Multiplying, on processor: Processor) {
        if work.dividesRows {
            processor.run(work.y.rows, grain: Self.grain, work)
        } else {
            processor.run(panels, grain: 1, work)
        }
    }

    /// One application of the convolution, in parts.
    private struct Multiplying: ParallelWork {
        let convolution: PackedConvolution
        let x: Rows
        /// The same in the format of the convolution; nil for rows that stand elsewhere.
        let stored: StoredRows?
        let y: Rows
        let accumulating: Bool
        let kernels: Kernels
        let dividesRows: Bool

        init(
            _ convolution: PackedConvolution, _ x: Rows, _ stored: StoredRows?, _ y: Rows, _ accumulating: Bool,
            _ processor: Processor
        ) {
            let shape = convolution.shape
            precondition(x.rows >= shape.inputRows(for: y.rows) && y.columns == shape.outputs && y.rows > 0)
            self.convolution = convolution
            self.x = x
            self.stored = stored
            self.y = y
            self.accumulating = accumulating
            kernels = processor.kernels
            dividesRows = y.rows >= 2 * PackedConvolution.grain * processor.threads
        }

        func run(_ part: Range<Int>) {
            if dividesRows { multiply(part, 0..<convolution.panels) } else { multiply(0..<y.rows, part) }
        }

        func multiply(_ rows: Range<Int>, _ panels: Range<Int>) {
            if let stored, !convolution.format.isFloat {
                convolution.multiply(stored, rows, into: y[rows], panels, accumulating, kernels)
            } else {
                let x = x[rows.lowerBound * convolution.shape.step..<x.rows]
                convolution.multiply(x, into: y[rows], panels, accumulating, kernels)
            }
        }
    }

    /// One application for streams beside one another, in parts.
    private struct MultiplyingBeside: ParallelWork {
        let convolution: PackedConvolution
        let window: ConvolutionWindow
        let y: Rows
        let processor: Processor

        /// Whether a stream alone has rows enough for every worker.
        var dividesRows: Bool { y.rows >= 2 * PackedConvolution.grain * processor.threads * window.written.count }

        func run(_ panels: Range<Int>) {
            for panel in panels {
                forEach { x, y in
                    Multiplying(convolution, x.words, x, y, false, processor).multiply(0..<y.rows, panel..<panel + 1)
                }
            }
        }

        func forEach(_ body: (StoredRows, Rows) -> Void) {
            let shape = convolution.shape
            var first = 0
            for place in window.written {
                let count = (place.rows.words.rows - shape.inputRows(for: 1)) / shape.step + 1
                body(place.rows, y[first..<first + count])
                first += count
            }
            precondition(first == y.rows, "the streams give other rows")
        }
    }

    private func multiply(
        _ stored: StoredRows, _ rows: Range<Int>, into y: Rows, _ panels: Range<Int>, _ accumulating: Bool,
        _ kernels: Kernels
    ) {
        var x = unsafe stored.integers(from: rows.lowerBound * shape.step)
        var convolution = unsafe mk_integer_convolution(
            weights: weights.base, scales: scales.base, sums: sums.base, bias: bias.base,
            words: format.words(shape.inputs), outputs: shape.outputs, taps: shape.taps, dilation: shape.dilation,
            step: shape.step)
        let operation =
            switch format {
            case .int8: unsafe kernels.table.pointee.conv_q8
            case .int8Weights: unsafe kernels.table.pointee.conv_q8_q16
            case .split16: unsafe kernels.table.pointee.conv_s16
            case .split8: unsafe kernels.table.pointee.conv_q8_s16
            default: unsafe kernels.table.pointee.conv_q16
            }
        unsafe operation!(
            y.pointer, y.stride, &x, &convolution, y.rows, panels.lowerBound, panels.upperBound, accumulating ? 1 : 0)
    }

    private func multiply(
        _ x: Rows, into y: Rows, _ panels: Range<Int>, _ accumulating: Bool, _ kernels: Kernels
    ) {
        unsafe kernels.table.pointee.conv_f32(
            y.pointer, y.stride, x.pointer, x.stride, weights.base, bias.base, y.rows, shape.step, shape.inputs,
            shape.outputs, shape.taps, shape.dilation, panels.lowerBound, panels.upperBound, accumulating ? 1 : 0)
    }
}
