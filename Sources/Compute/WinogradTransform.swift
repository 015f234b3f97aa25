// A convolution by Winograd's transform: the form it takes, and its parts for the workers.

internal import CKernels

/// So many outputs from a product at each point, of a convolution that `conv_winograd` has code for.
struct WinogradForm: Equatable {
    let outputs: Int
    let points: Int
    /// The weights are stored in 16 bits.
    let isRounded: Bool

    /// Frames of fewer rows share their weights so little that reading them takes longer than multiplying.
    static let someRows = 64
    /// Frames of as many wait for nothing else than multiplying.
    static let manyRows = 256
}

extension ConvolutionShape {
    /// How its outputs are computed by the transform, where they can be. Larger tiles multiply less and have more weights. Few
    /// rows have weights in 16 bits and the smallest tile, whose weights lose least when they are rounded; two taps save too
    /// little there.
    var transform: WinogradForm? {
        guard step == 1, period > 1, period >= dilation else { return nil }
        return switch (taps, period) {
        case (7, WinogradForm.manyRows...): WinogradForm(outputs: 10, points: 16, isRounded: false)
        case (7, WinogradForm.someRows...): WinogradForm(outputs: 6, points: 12, isRounded: false)
        case (7, _): WinogradForm(outputs: 4, points: 10, isRounded: true)
        case (2, WinogradForm.someRows...): WinogradForm(outputs: 5, points: 6, isRounded: false)
        default: nil
        }
    }
}

@safe
struct WinogradTransform: ParallelWork {
    private let convolution: mk_winograd_convolution
    private let x: Rows
    private let y: Rows
    private let kernels: Kernels
    private let tiles: Int
    private let panels: Int
    private let parts: Int
    /// Long signals are divided by tiles of rows, short ones by panels of outputs, for which each worker transforms all inputs.
    private let dividesTiles: Bool
    /// Inputs and products at the points, a row for each part.
    private let scratch: Rows

    /// Tiles a worker takes at least where they are divided: more than are summed together.
    private static let grain = 16

    /// y [periods · period, outputs] from x, whose row 0 is the oldest that y's row 0 needs.
    init(_ convolution: mk_winograd_convolution, _ x: Rows, _ y: Rows, _ processor: Processor) {
        unsafe self.convolution = unsafe convolution
        self.x = x
        self.y = y
        kernels = processor.kernels
        let length = unsafe convolution.tile * convolution.dilation
        let points = unsafe convolution.tile + convolution.taps - 1
        let blocks = unsafe (convolution.period + length - 1) / length
        tiles = unsafe y.rows / convolution.period * blocks * convolution.dilation
        panels = unsafe (convolution.outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL)
        dividesTiles = tiles >= Self.grain * processor.threads
        parts = min(processor.threads, dividesTiles ? tiles : panels)
        let together = min(tiles, Int(MK_WINOGRAD_TILES))
        scratch = unsafe processor.transformed.rows(
            parts, columns: together * points * (convolution.inputs + Int(MK_PANEL)))
    }

    func run(on processor: Processor) { processor.run(parts, grain: 1, self) }

    func run(_ range: Range<Int>) {
        var convolution = unsafe convolution
        for part in range {
            let tiles = dividesTiles ? share(tiles, part) : 0..<tiles
            let panels = dividesTiles ? 0..<panels : share(panels, part)
            unsafe kernels.table.pointee.conv_winograd(
                y.pointer, y.stride, x.pointer, x.stride, &convolution, scratch[part].pointer, tiles.lowerBound,
                tiles.upperBound, panels.lowerBound, panels.upperBound)
        }
    }

    private func share(_ count: Int, _ part: Int) -> Range<Int> { count * part / parts..<count * (part + 1) / parts }
}
