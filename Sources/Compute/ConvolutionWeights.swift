// Where the weights of a convolution come from.

package import ModelFile

/// The weights [first, second, taps] of a convolution: a tensor of a checkpoint, or values computed from some of its tensors.
package struct ConvolutionWeights {
    enum Source {
        case tensor(Tensor)
        case values([Float])
    }

    /// What errors call them.
    package let name: String
    package let shape: [Int]
    let source: Source

    /// A matrix has one tap.
    package init(_ tensor: Tensor) {
        name = tensor.name
        shape = tensor.shape.count == 2 ? tensor.shape + [1] : tensor.shape
        source = .tensor(tensor)
    }

    /// `values` in the order of a tensor of that shape.
    package init(_ values: [Float], shape: [Int], name: String) {
        precondition(values.count == shape.reduce(1, *))
        self.name = name
        self.shape = shape
        source = .values(values)
    }

    var count: Int { shape.reduce(1, *) }
}

extension PackedConvolution {
    /// `tensor` [outputs, inputs, taps], bias [outputs] or none.
    package init(
        _ tensor: Tensor, _ shape: ConvolutionShape, bias: [Float]?, format: ConvolutionFormat
    ) throws(ModelFileError) {
        try self.init(ConvolutionWeights(tensor), shape, bias: bias, format: format)
    }

    /// `tensor` [inputs, channels, kernel] of a transposed convolution.
    package init(
        transposed tensor: Tensor, _ shape: ConvolutionShape, stride: Int, bias: [Float]?, format: ConvolutionFormat
    ) throws(ModelFileError) {
        try self.init(transposed: ConvolutionWeights(tensor), shape, stride: stride, bias: bias, format: format)
    }
}
