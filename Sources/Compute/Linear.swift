// y = W·x (+ bias), and layers that read the same input computed as one.

package import ModelFile

/// A matrix [rows, columns] of a checkpoint in any weight format, with an optional bias [rows].
package struct Linear {
    package let rows: Int
    package let columns: Int
    /// Its own, in a list for who watches products.
    fileprivate let names: [String]
    fileprivate let matrix: any WeightMatrix
    fileprivate let bias: Rows?

    package var format: WeightFormat { WeightFormat(type(of: matrix)) }

    /// The matrix `weights.weight`, stored as its format says, and, where present, `weights.bias` [rows].
    package init(_ weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        names = [weights.keyPath]
        matrix = try WeightFormat.of(weights).matrix.init(weights, rows: rows, columns: columns)
        bias = try Self.bias(weights, rows: rows)
        self.rows = rows
        self.columns = columns
    }

    /// The same of plain numbers that are stored the other way around, [columns, rows]: copied into memory in float32.
    package init(transposing weights: Weights, rows: Int, columns: Int) throws(ModelFileError) {
        names = [weights.keyPath]
        matrix = try Float32Matrix(transposing: weights.tensor("weight", shape: [columns, rows]))
        bias = try Self.bias(weights, rows: rows)
        self.rows = rows
        self.columns = columns
    }

    private static func bias(_ weights: Weights, rows: Int) throws(ModelFileError) -> Rows? {
        weights.contains("bias") ? Rows(try weights.floats("bias", shape: [rows]), columns: rows) : nil
    }

    /// y [n, rows] = x [n, columns] · Wᵀ + bias.
    package func apply(_ x: Rows, into y: Rows, on processor: Processor) {
        precondition(x.columns == columns && y.columns == rows && x.rows == y.rows)
        processor.observer?.willMultiply(x, by: names)
        let input = processor.input
        input.load(x, type(of: matrix).inputs, processor.kernels)
        processor.run(
            rows, grain: Self.grain, LinearWork(layer: self, input: input, output: y, kernels: processor.kernels))
    }

    /// Largest batch one call of a kernel takes.
    private static let batch = 16
    /// Rows a worker takes at least: fewer are not worth a fork.
    fileprivate static let grain = 32
    /// Rows of weights that stay in the cache while every batch of a long input passes.
    private static let block = 64

    fileprivate func multiply(_ input: LinearInput, into y: Rows, outputs: Range<Int>, _ kernels: Kernels) {
        let count = input.rows.rows
        let block = count > Self.batch ? Self.block : outputs.count
        for first in stride(from: outputs.lowerBound, to: outputs.upperBound, by: block) {
            let rows = first..<min(first + block, outputs.upperBound)
            for start in stride(from: 0, to: count, by: Self.batch) {
                matrix.multiply(
                    input, start..<min(start + Self.batch, count), into: y, bias: bias, outputs: rows, kernels)
            }
        }
    }
}

/// Layers that read the same input, as one: q, k and v, or gate and up. The input is quantized once, the workers are
/// called once, and the outputs lie side by side.
package struct LinearGroup {
    package let rows: Int
    package let columns: Int
    private let members: [(layer: Linear, outputs: Range<Int>)]
    private let inputs: LinearInput.Forms
    private let names: [String]

    package var isFloat32: Bool { members.allSatisfy { $0.layer.format == .f32 } }

    /// All of `layers` have the same number of columns.
    package init(_ layers: [Linear]) {
        precondition(!layers.isEmpty && layers.allSatisfy { $0.columns == layers[0].columns })
        var rows = 0
        var members: [(layer: Linear, outputs: Range<Int>)] = []
        for layer in layers {
            members.append((layer, rows..<rows + layer.rows))
            rows += layer.rows
        }
        self.rows = rows
        self.members = members
        columns = layers[0].columns
        inputs = layers.reduce(into: []) { $0.formUnion(type(of: $1.matrix).inputs) }
        names = layers.flatMap(\.names)
    }

    /// y [n, rows] = the outputs of the layers one after the other.
    package func apply(_ x: Rows, into y: Rows, on processor: Processor) {
        precondition(x.columns == columns && y.columns == rows && x.rows == y.rows)
        processor.observer?.willMultiply(x, by: names)
        let input = processor.input
        input.load(x, inputs, processor.kernels)
        processor.run(
            rows, grain: Linear.grain, GroupWork(group: self, input: input, output: y, kernels: processor.kernels))
    }

    fileprivate func multiply(_ input: LinearInput, into y: Rows, outputs range: Range<Int>, _ kernels: Kernels) {
        for (layer, outputs) in members {
            let part = range.clamped(to: outputs)
            guard !part.isEmpty else { continue }
            let own = part.lowerBound - outputs.lowerBound..<part.upperBound - outputs.lowerBound
            layer.multiply(input, into: y.columns(outputs), outputs: own, kernels)
        }
    }
}

private struct LinearWork: ParallelWork {
    let layer: Linear
    let input: LinearInput
    let output: Rows
    let kernels: Kernels

    func run(_ part: Range<Int>) { layer.multiply(input, into: output, outputs: part, kernels) }
}

private struct GroupWork: ParallelWork {
    let group: LinearGroup
    let input: LinearInput
    let output: Rows
    let kernels: Kernels

    func run(_ part: Range<Int>) { group.multiply(input, into: output, outputs: part, kernels) }
}
