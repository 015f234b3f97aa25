// The list of weight formats, and how one is recognized in a checkpoint.

package import ModelFile

/// A way to store a matrix of weights: the type that reads it.
package struct WeightFormat: Sendable, Equatable, CustomStringConvertible {
    package let matrix: any WeightMatrix.Type

    /// Every format. A row here makes one known to checkpoints, recipes, reports, benchmarks and tests.
    package static let all = [
        WeightFormat(Int8Matrix.self),
        WeightFormat(Int4Matrix.self),
        WeightFormat(BFloat16Matrix.self),
        f32,
    ]
    package static let f32 = WeightFormat(Float32Matrix.self)

    package init(_ matrix: any WeightMatrix.Type) { self.matrix = matrix }

    /// The format that recipes and reports call `name`; nil where there is none.
    package init?(named name: String) {
        guard let format = Self.all.first(where: { $0.name == name }) else { return nil }
        self = format
    }

    package var name: String { matrix.name }
    package var description: String { name }
    package static func == (a: WeightFormat, b: WeightFormat) -> Bool { a.matrix == b.matrix }

    /// Whether matrices are stored in it as numbers that need no scale.
    package var isPlain: Bool { matrix is any NumberMatrix.Type }

    /// The tensor that holds the elements of a matrix: by it the format is recognized.
    private var elements: (suffix: String, type: ElementType) {
        let tensor = matrix.tensors([0, 0])[0]
        return (tensor.suffix, tensor.type)
    }

    /// The format of the matrix `weight` below `weights`.
    static func of(_ weights: Weights) throws(ModelFileError) -> WeightFormat {
        let suffix = all.map(\.elements.suffix).first { !$0.isEmpty && weights.contains("weight" + $0) } ?? ""
        return try of(weights.tensor("weight" + suffix)) { $0.elements.suffix == suffix }
    }

    /// The format of plain numbers that `tensor` has.
    static func ofNumbers(_ tensor: Tensor) throws(ModelFileError) -> any NumberMatrix.Type {
        try of(tensor, among: \.isPlain).matrix as! any NumberMatrix.Type
    }

    private static func of(
        _ tensor: Tensor, among isMember: (WeightFormat) -> Bool
    ) throws(ModelFileError) -> WeightFormat {
        let candidates = all.filter(isMember)
        guard let format = candidates.first(where: { $0.elements.type == tensor.type }) else {
            let types = candidates.map(\.elements.type.rawValue)
            let expected = (types.count > 1 ? types.dropLast().joined(separator: ", ") + " or " : "") + types.last!
            throw .wrongType(name: tensor.name, expected: expected, found: tensor.type.rawValue)
        }
        return format
    }
}

extension WeightFormat {
    /// The name of the format that all matrices of a checkpoint's transformers have, as "bf16" or "int8", or "mixed". What is in
    /// front of `.weight` tells such a matrix.
    package static func name(
        of weights: Weights, where isMatrix: (String) -> Bool = { $0.contains(".layers.") && $0.contains("_proj.") }
    ) throws(ModelFileError) -> String {
        let formats = WeightFormat.all.map { ($0.name, $0.matrix.tensors([0, 0])[0]) }
        var found: Set<String> = []
        for name in weights.names where isMatrix(name) {
            let candidates = formats.filter { name.hasSuffix(".weight" + $0.1.suffix) }
            guard !candidates.isEmpty else { continue }
            let type = try weights.tensor(name).type
            found.insert(candidates.first { $0.1.type == type }?.0 ?? type.rawValue.lowercased())
        }
        return found.count == 1 ? found.first! : "mixed"
    }
}
