// Inputs and outputs of the official implementation, stage by stage, with a measured tolerance for each array.

package import Compute
import FoundationEssentials
import ModelFile

/// A golden file and the manifest beside it, whose cases say what the official implementation was asked. It keeps account of
/// the arrays that were asked for.
package final class Goldens<Case: Decodable> {
    private struct Manifest: Decodable {
        struct Entry: Decodable { let tolerance: Double? }
        let arrays: [String: Entry]
        let cases: [String: Case]
    }

    package let cases: [String: Case]
    private let tensors: [String: Tensor]
    private let tolerances: [String: Double]
    private let path: String
    private var used: Set<String> = []

    /// `FILE.safetensors` with its manifest `FILE.json`.
    package init(path: String) throws {
        self.path = path
        tensors = try Safetensors(path: path).tensors
        let manifest = (path.hasSuffix(".safetensors") ? String(path.dropLast(12)) : path) + ".json"
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: manifest))
        } catch {
            throw ConfigurationError.unreadable(path: manifest, reason: "the goldens need their manifest beside them")
        }
        do {
            let decoded = try JSONDecoder().decode(Manifest.self, from: data)
            cases = decoded.cases
            tolerances = decoded.arrays.compactMapValues(\.tolerance)
        } catch {
            throw ConfigurationError.unreadable(path: manifest, reason: "not a manifest of goldens: \(error)")
        }
    }

    package var names: [String] { tensors.keys.sorted() }
    /// Arrays nobody asked for yet.
    package var unused: [String] { names.filter { !used.contains($0) } }
    package func names(below prefix: String) -> [String] { names.filter { $0.hasPrefix(prefix) } }

    package func contains(_ name: String) -> Bool { tensors[name] != nil }
    package func shape(_ name: String) throws -> [Int] { try tensor(name).shape }

    package func floats(_ name: String) throws -> [Float] { try tensor(name).floats() }
    package func integers(_ name: String) throws -> [Int] { try tensor(name).integers() }

    /// An array as rows of its last dimension, `columns` where that is known.
    package func rows(_ name: String, columns: Int? = nil) throws -> Rows {
        let tensor = try tensor(name)
        let last = tensor.shape.last ?? 1
        guard tensor.count > 0, columns == nil || columns == last else {
            throw ModelFileError.wrongShape(
                name: name, expected: [max(tensor.count / max(last, 1), 1), columns ?? 1], found: tensor.shape)
        }
        return Rows(try tensor.floats(), columns: last)
    }

    /// Codes [frames, groups], each below `limit`.
    package func frames(_ name: String, groups: Int, below limit: Int) throws -> [[Int]] {
        let tensor = try tensor(name)
        guard tensor.shape.count == 2, tensor.shape[1] == groups else {
            throw ModelFileError.wrongShape(
                name: name, expected: [tensor.shape.first ?? 1, groups], found: tensor.shape)
        }
        let codes = try tensor.integers()
        guard codes.allSatisfy({ (0..<limit).contains($0) }) else {
            throw ConfigurationError.invalid(path: path, field: name, reason: "holds codes outside 0..<\(limit)")
        }
        return stride(from: 0, to: codes.count, by: groups).map { Array(codes[$0..<$0 + groups]) }
    }

    /// Ids of a case, each below `limit`: goldens of another checkpoint must not become an index out of range.
    package func ids(_ ids: [Int]?, below limit: Int, case name: String) throws -> [Int] {
        let ids = ids ?? []
        guard ids.allSatisfy({ (0..<limit).contains($0) }) else {
            throw ConfigurationError.invalid(
                path: path, field: "case \(name)",
                reason: "has token ids outside 0..<\(limit): are these the goldens of another checkpoint?")
        }
        return ids
    }

    /// The largest difference an implementation may show; exact where nothing was measured.
    package func tolerance(_ name: String) -> Double { tolerances[name] ?? 0 }

    private func tensor(_ name: String) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ModelFileError.missingTensor(name: name, path: path) }
        used.insert(name)
        return tensor
    }
}
