// Convolutions as checkpoints store them: plainly, or with weight norm as a parametrization.

import Compute
import Glibc
import ModelFile

extension Weights {
    /// The weights [first, second, taps] of a convolution, a matrix having one tap: `weight`, or g·v / |v| with a norm for each
    /// of the first dimension.
    func convolution() throws(ModelFileError) -> ConvolutionWeights {
        let isNormed = contains("parametrizations.weight.original1")
        let tensor = try tensor(isNormed ? "parametrizations.weight.original1" : "weight")
        let shape = ConvolutionWeights(tensor).shape
        guard shape.count == 3, shape.allSatisfy({ $0 > 0 }) else {
            throw .wrongShape(name: tensor.name, expected: [1, 1, 1], found: tensor.shape)
        }
        guard isNormed else { return ConvolutionWeights(tensor) }
        let gains = try floats("parametrizations.weight.original0", shape: [shape[0], 1, 1])
        let values = Self.normed(try tensor.floats(), gains)
        // They are not read again.
        tensor.release(0..<tensor.count)
        return ConvolutionWeights(values, shape: shape, name: tensor.name)
    }

    private static func normed(_ directions: [Float], _ gains: [Float]) -> [Float] {
        var values = directions
        let size = directions.count / gains.count
        for (index, gain) in gains.enumerated() {
            let range = index * size..<(index + 1) * size
            let norm = directions[range].reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            for i in range { values[i] = Float(Double(gain) * Double(directions[i]) / norm) }
        }
        return values
    }

    /// How many members the list `list` has, which begins with number 0 and whose members have a tensor `probe`.
    func count(_ list: String, with probe: String) throws(ModelFileError) -> Int {
        var count = 0
        while contains("\(list).\(count).\(probe)") { count += 1 }
        if count == 0 { _ = try tensor("\(list).0.\(probe)") }
        return count
    }
}
