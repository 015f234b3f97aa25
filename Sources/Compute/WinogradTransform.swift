// A convolution of seven taps by Winograd's transform, in parts for the workers.

internal import CKernels

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

    /// Tiles a worker takes at least where they are divided: twice what is summed together.
    private static let grain = 24

    /// y [periods · period, outputs] from x, whose row 0 is the oldest that y's row 0 needs.
    init(_ convolution: mk_winograd_convolution, _ x: Rows, _ y: Rows, _ processor: Processor) {
        unsafe self.convolution = unsafe convolution
        self.x = x
        self.y = y
        kernels = processor.kernels
        let length = unsafe Int(MK_WINOGRAD_OUTPUTS) * convolution.dilation
        let blocks = unsafe (convolution.period + length - 1) / length
        tiles = unsafe y.rows / convolution.period * blocks * convolution.dilation
        panels = unsafe (convolution.outputs + Int(MK_PANEL) - 1) / Int(MK_PANEL)
        dividesTiles = tiles >= Self.grain * processor.pool.threads
        parts = min(processor.pool.threads, dividesTiles ? tiles : panels)
        let together = min(tiles, Int(MK_WINOGRAD_TILES))
        scratch = unsafe processor.transformed.rows(
            parts, columns: together * Int(MK_WINOGRAD_POINTS) * (convolution.inputs + Int(MK_PANEL)))
    }

    func run(on processor: Processor) { processor.pool.run(parts, grain: 1, self) }

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
