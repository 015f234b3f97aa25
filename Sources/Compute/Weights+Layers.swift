// The parameters of layers as checkpoints name them.

package import ModelFile

extension Weights {
    /// `weight` [first, second, taps] and its number of taps; a matrix has one.
    package func kernel(_ first: Int, _ second: Int) throws(ModelFileError) -> (tensor: Tensor, taps: Int) {
        let tensor = try tensor("weight")
        let taps = tensor.shape.count == 2 ? 1 : tensor.shape.last ?? 0
        guard tensor.shape.prefix(2) == [first, second], tensor.shape.count <= 3, taps > 0 else {
            throw .wrongShape(name: tensor.name, expected: [first, second, max(taps, 1)], found: tensor.shape)
        }
        return (tensor, taps)
    }

    package func optionalBias(_ count: Int) throws(ModelFileError) -> [Float]? {
        contains("bias") ? try floats("bias", shape: [count]) : nil
    }

    /// A vector as one row.
    package func row(_ name: String, _ count: Int) throws(ModelFileError) -> Rows {
        Rows(try floats(name, shape: [count]), columns: count)
    }
}
