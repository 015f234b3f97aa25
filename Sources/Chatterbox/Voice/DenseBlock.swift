// A block of CAMPPlus: every layer reads what the block was given and what all layers before it gave.

import Compute
import Glibc
import ModelFile

struct DenseBlock {
    private let layers: [DenseLayer]
    private let norm: BatchNorm
    private let transit: PackedConvolution
    private let inputs: Int

    var outputs: Int { transit.shape.outputs }

    /// `block<index>` and `transit<index>` of `weights`.
    init(_ weights: Weights, index: Int, inputs: Int, dilation: Int) throws(ModelFileError) {
        let block = weights["block\(index)"]
        var layers: [DenseLayer] = []
        var channels = inputs
        for index in 1..<max(block.count("tdnnd"), 2) {
            let layer = try DenseLayer(block["tdnnd\(index)"], inputs: channels, dilation: dilation)
            layers.append(layer)
            channels += layer.outputs
        }
        let transition = weights["transit\(index)"]
        norm = try BatchNorm(transition["nonlinear.batchnorm"], channels: channels)
        let outputs = try transition["linear"].extents("weight", rank: 3)[0]
        transit = try PackedConvolution(
            transition["linear"].tensor("weight", shape: [outputs, channels, 1]),
            ConvolutionShape(inputs: channels, outputs: outputs), bias: nil, format: .float32)
        self.layers = layers
        self.inputs = inputs
    }

    /// [frames, outputs] of x [frames, inputs].
    func apply(_ x: Rows, on processor: Processor) -> Rows {
        let all = Rows(rows: x.rows, columns: transit.shape.inputs)
        all.columns(0..<inputs).copy(from: x)
        var known = inputs
        for layer in layers {
            layer.apply(all.columns(0..<known), into: all.columns(known..<known + layer.outputs), on: processor)
            known += layer.outputs
        }
        let y = Rows(rows: x.rows, columns: outputs)
        transit.apply(norm.rectified(all), into: y, on: processor)
        return y
    }
}

/// y = local(h) · σ(linear2(relu(linear1(mean of h + mean of h's segment)))), h = relu(norm2(linear1(relu(norm1(x))))).
private struct DenseLayer {
    private let inputNorm: BatchNorm
    private let narrow: PackedConvolution
    private let local: PackedConvolution
    private let squeeze: PackedConvolution
    private let excite: PackedConvolution

    /// Frames of a segment.
    private static let segment = 100

    var outputs: Int { local.shape.outputs }

    init(_ weights: Weights, inputs: Int, dilation: Int) throws(ModelFileError) {
        inputNorm = try BatchNorm(weights["nonlinear1.batchnorm"], channels: inputs)
        let width = try weights["linear1"].extents("weight", rank: 3)[0]
        narrow = try PackedConvolution(
            weights["linear1"], ConvolutionShape(inputs: inputs, outputs: width),
            followedBy: BatchNorm(weights["nonlinear2.batchnorm"], channels: width))
        let mask = weights["cam_layer"]
        let shape = try mask["linear_local"].extents("weight", rank: 3)
        local = try PackedConvolution(
            mask["linear_local"].tensor("weight", shape: [shape[0], width, shape[2]]),
            ConvolutionShape(inputs: width, outputs: shape[0], taps: shape[2], dilation: dilation), bias: nil,
            format: .float32)
        let squeezed = try mask["linear1"].extents("weight", rank: 3)[0]
        squeeze = try Self.matrix(mask["linear1"], inputs: width, outputs: squeezed)
        excite = try Self.matrix(mask["linear2"], inputs: squeezed, outputs: shape[0])
    }

    private static func matrix(_ weights: Weights, inputs: Int, outputs: Int) throws(ModelFileError)
        -> PackedConvolution
    {
        try PackedConvolution(
            weights.tensor("weight", shape: [outputs, inputs, 1]), ConvolutionShape(inputs: inputs, outputs: outputs),
            bias: weights.floats("bias", shape: [outputs]), format: .float32)
    }

    func apply(_ x: Rows, into y: Rows, on processor: Processor) {
        let hidden = Rows(rows: x.rows, columns: narrow.shape.outputs)
        narrow.apply(inputNorm.rectified(x), into: hidden, on: processor)
        hidden.rectify()
        let reach = (local.shape.taps - 1) * local.shape.dilation
        local.apply(hidden.padded(before: reach / 2, after: reach - reach / 2), into: y, on: processor)
        let gates = gates(hidden, on: processor)
        for row in 0..<y.rows {
            for channel in 0..<y.columns { y[row, channel] *= gates[row / Self.segment, channel] }
        }
    }

    /// [segments, outputs]
    private func gates(_ hidden: Rows, on processor: Processor) -> Rows {
        let context = Rows(
            rows: (hidden.rows + Self.segment - 1) / Self.segment, columns: hidden.columns)
        for channel in 0..<hidden.columns {
            var all = 0.0
            for segment in 0..<context.rows {
                let frames = segment * Self.segment..<min((segment + 1) * Self.segment, hidden.rows)
                let sum = frames.reduce(0.0) { $0 + Double(hidden[$1, channel]) }
                context[segment, channel] = Float(sum / Double(frames.count))
                all += sum
            }
            let mean = Float(all / Double(hidden.rows))
            for segment in 0..<context.rows { context[segment, channel] += mean }
        }
        let squeezed = Rows(rows: context.rows, columns: squeeze.shape.outputs)
        squeeze.apply(context, into: squeezed, on: processor)
        squeezed.rectify()
        let gates = Rows(rows: context.rows, columns: outputs)
        excite.apply(squeezed, into: gates, on: processor)
        gates.map { 1 / (1 + exp(-$0)) }
        return gates
    }
}
