// A convolution over time-major signals with its weights in panels: also a transposed convolution (one tap per input
// frame, outputs = stride · channels) and a plain matrix product (one tap).

internal import CKernels

package struct PackedConvolution {
    package let inputs: Int
    package let outputs: Int
    package let taps: Int
    package let dilation: Int
    package let step: Int
    private let weights: FloatBuffer  // [panel][tap][input][MK_PANEL], zero beyond `outputs`
    private let bias: Rows  // [1, outputs]

    private static let panel = Int(MK_PANEL)

    /// `weight(output, tap, input)` gives each element; bias of `outputs` elements or none.
    package init(
        inputs: Int, outputs: Int, taps: Int, dilation: Int = 1, step: Int = 1, bias: [Float]? = nil,
        weight: (_ output: Int, _ tap: Int, _ input: Int) -> Float
    ) {
        precondition(inputs > 0 && outputs > 0 && taps > 0 && dilation > 0 && step > 0)
        precondition(bias == nil || bias!.count == outputs)
        self.inputs = inputs
        self.outputs = outputs
        self.taps = taps
        self.dilation = dilation
        self.step = step
        self.bias = Rows(bias ?? [Float](repeating: 0, count: outputs), columns: outputs)
        let panels = (outputs + Self.panel - 1) / Self.panel
        weights = FloatBuffer(count: panels * taps * inputs * Self.panel)
        for output in 0..<outputs {
            let start = output / Self.panel * taps * inputs * Self.panel + output % Self.panel
            for tap in 0..<taps {
                for input in 0..<inputs {
                    unsafe weights.base[start + (tap * inputs + input) * Self.panel] = weight(output, tap, input)
                }
            }
        }
    }

    /// Rows of input that `count` rows of output need.
    package func inputRows(for count: Int) -> Int { (count - 1) * step + (taps - 1) * dilation + 1 }

    /// y [count, outputs] from x, whose row 0 is the oldest that y's row 0 needs.
    package func apply(_ x: Rows, into y: Rows, on processor: Processor) {
        precondition(x.columns == inputs && y.columns == outputs && y.rows > 0)
        precondition(x.rows >= inputRows(for: y.rows), "too few rows of input")
        let panels = (outputs + Self.panel - 1) / Self.panel
        processor.pool.run(panels, grain: 1) { range in
            unsafe processor.kernels.table.pointee.conv_f32(
                y.pointer, y.stride, x.pointer, x.stride, weights.base, bias.pointer, y.rows, step, inputs, outputs,
                taps, dilation, range.lowerBound, range.upperBound, 0)
        }
    }
}
