// How a weight format is written. What its tensors are its type in `Compute/Formats` says; here is how values become them, what
// a recipe may ask of it, and how config.json names it.

package import Compute
import ModelFile

/// A weight format that recipes can ask for.
package protocol WeightEncoding: WeightMatrix {
    /// What the recipe of this name is for: the int8 recipe, with this format for its matrices. nil for formats that only
    /// recipes of other names use.
    static var recipe: String? { get }

    /// Columns of a matrix must be a multiple of this.
    static var columnMultiple: Int { get }
    /// Columns of a matrix, at most.
    static var columnLimit: Int { get }

    /// Whole rows of `columns` finite values, as they lie in each of the format's `tensors` that holds rows. Throws where a
    /// value is beyond what the format holds.
    static func encode(_ values: [Float], columns: Int) throws(BeyondRange) -> [[UInt8]]

    /// How the compressed-tensors convention calls the format; nil for plain numbers, which are no quantization.
    static var scheme: CompressedTensors? { get }
}

extension WeightEncoding {
    package static var recipe: String? { nil }
    package static var columnMultiple: Int { 1 }
    package static var columnLimit: Int { .max }
    package static var scheme: CompressedTensors? { nil }

    /// Why a tensor of this name and shape cannot be stored so; nil where it can.
    static func obstacle(_ name: String, _ shape: [Int]) -> String? {
        guard !(Self.self is any NumberMatrix.Type) else { return nil }
        guard name.hasSuffix(".weight"), shape.count == 2, !shape.contains(0) else {
            return "it is no matrix named *.weight, but has shape \(shape)"
        }
        guard shape[1] % columnMultiple == 0 else {
            return "its \(shape[1]) columns are no multiple of \(columnMultiple)"
        }
        return shape[1] <= columnLimit ? nil : "it has \(shape[1]) columns, of \(columnLimit) at most"
    }
}

extension WeightFormat {
    /// nil for a format that is only read.
    package var encoding: (any WeightEncoding.Type)? { matrix as? any WeightEncoding.Type }
}

/// A value that a format has no number for.
package struct BeyondRange: Error {
    package let value: Float
}

/// A group of `quantization_config` by the public compressed-tensors convention.
package struct CompressedTensors: Sendable {
    package struct Arguments: Encodable, Sendable {
        let num_bits: Int
        let type: String
        let symmetric: Bool
        let strategy: String
        let dynamic: Bool
        let group_size: Int?

        /// Symmetric integers with a scale for each channel, or for each group of `group` inputs.
        static func integers(bits: Int, group: Int? = nil) -> Arguments {
            Arguments(
                num_bits: bits, type: "int", symmetric: true, strategy: group == nil ? "channel" : "group",
                dynamic: false, group_size: group)
        }

        /// int8, made while the model runs, with a scale for each vector.
        static let bytesPerVector = Arguments(
            num_bits: 8, type: "int", symmetric: true, strategy: "token", dynamic: true, group_size: nil)
    }

    /// "int-quantized"
    let format: String
    let weights: Arguments
    var activations: Arguments? = .bytesPerVector
}

/// The bytes of values as they lie in memory.
func bytes(of values: [some BitwiseCopyable]) -> [UInt8] {
    unsafe values.withUnsafeBytes { bytes in unsafe Array(bytes) }
}
