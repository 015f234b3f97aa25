// What a recipe may say of a tensor.

package import Compute
package import ModelFile

/// How a tensor is stored; in recipes "keep", or the name of a weight format.
package enum TensorFormat: Sendable, Equatable {
    /// As it is.
    case keep
    case stored(WeightFormat)

    package static let int8 = TensorFormat.stored(WeightFormat(Int8Matrix.self))

    /// Formats that hold a matrix of any number of columns, up to a large one.
    package static let anywhere =
        [keep] + WeightFormat.all.filter { $0.encoding?.columnMultiple == 1 }.map(TensorFormat.stored)

    package init?(named name: String) {
        if name == "keep" {
            self = .keep
        } else {
            guard let format = WeightFormat(named: name), format.encoding != nil else { return nil }
            self = .stored(format)
        }
    }

    package var name: String {
        switch self {
        case .keep: "keep"
        case .stored(let format): format.name
        }
    }

    /// How values are encoded; nil where they are kept as they are.
    package var encoding: (any WeightEncoding.Type)? {
        switch self {
        case .keep: nil
        case .stored(let format): format.encoding
        }
    }

    /// Whether it takes whole rows of a matrix; else any values, each by itself.
    package var needsRows: Bool {
        switch self {
        case .keep: false
        case .stored(let format): !format.isPlain
        }
    }

    /// Why a tensor cannot be stored so; nil where it can.
    func obstacle(_ name: String, _ shape: [Int]) -> String? { encoding?.obstacle(name, shape) }

    /// What a tensor of `shape` and, in its source, `type` becomes.
    package func tensors(_ shape: [Int], of type: ElementType) -> [WeightTensor] {
        encoding?.tensors(shape) ?? [WeightTensor("", type, shape)]
    }
}

extension TensorFormat: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let name = try container.decode(String.self)
        guard let format = TensorFormat(named: name) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "there is no format \(name)")
        }
        self = format
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(name)
    }
}
