// A batch norm of a trained model: each channel is scaled and shifted.

import Compute
import Glibc
import ModelFile

/// y = x · scale + shift.
struct BatchNorm {
    let scale: [Float]
    let shift: [Float]
    private static let epsilon = 1e-5

    /// `running_mean` and `running_var`, and where the norm is affine `weight` and `bias`, [channels] each.
    init(_ weights: Weights, channels: Int, isAffine: Bool = true) throws(ModelFileError) {
        func parameter(_ name: String, _ absent: Float) throws(ModelFileError) -> [Float] {
            isAffine
                ? try weights.floats(name, shape: [channels]) : [Float](repeating: absent, count: channels)
        }
        let weight = try parameter("weight", 1)
        let bias = try parameter("bias", 0)
        let mean = try weights.floats("running_mean", shape: [channels])
        let variance = try weights.floats("running_var", shape: [channels])
        let scales = (0..<channels).map { Double(weight[$0]) / (Double(variance[$0]) + Self.epsilon).squareRoot() }
        scale = scales.map { Float($0) }
        shift = (0..<channels).map { Float(Double(bias[$0]) - Double(mean[$0]) * scales[$0]) }
    }

    /// max(0, norm(x)), no number where there was none, of the first columns of x, which are as many as there are channels.
    func rectified(_ x: Rows) -> Rows {
        let result = Rows(rows: x.rows, columns: scale.count)
        for row in 0..<x.rows {
            for (channel, scale) in scale.enumerated() {
                let value = x[row, channel] * scale + shift[channel]
                result[row, channel] = value < 0 ? 0 : value
            }
        }
        return result
    }
}

extension PackedConvolution {
    /// `weights.weight` [outputs, inputs, taps] and the norm of what it gives, as one.
    init(_ weights: Weights, _ shape: ConvolutionShape, followedBy norm: BatchNorm) throws(ModelFileError) {
        let tensor = try weights.tensor("weight", shape: [shape.outputs, shape.inputs, shape.taps])
        try self.init(try tensor.floats(), name: tensor.name, shape, followedBy: norm)
    }

    /// The same with `values` in the order of such a tensor.
    init(
        _ values: [Float], name: String, _ shape: ConvolutionShape, followedBy norm: BatchNorm
    ) throws(ModelFileError) {
        precondition(shape.outputs == norm.scale.count)
        let each = shape.inputs * shape.taps
        let scaled = values.enumerated().map { $1 * norm.scale[$0 / each] }
        let weights = ConvolutionWeights(scaled, shape: [shape.outputs, shape.inputs, shape.taps], name: name)
        try self.init(weights, shape, bias: norm.shift, format: .float32)
    }
}
