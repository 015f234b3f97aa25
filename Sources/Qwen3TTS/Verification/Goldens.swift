// Inputs and outputs of the official implementation, stage by stage, with a measured tolerance for each array.

package import Compute
import FoundationEssentials
import ModelFile

/// One case of a golden file: what the official implementation was asked.
package struct GoldenCase: Decodable, Sendable {
    package let text: String?
    package let language: String?
    package let reference: String?
    package let ref_text: String?
    package let speaker: String?
    package let instruct: String?
    package let non_streaming_mode: Bool?
    package let repetition_penalty: Float?
    package let max_new_tokens: Int?
    package let input_ids: [Int]?
    package let ref_ids: [Int]?
    package let instruct_ids: [Int]?
    package let temperature: Float?
    package let top_k: Int?
    package let top_p: Float?
    package let subtalker_temperature: Float?
    package let subtalker_top_k: Int?
    package let subtalker_top_p: Float?
    /// Frames of which the golden keeps the samples.
    package let picks: [Int]?
}

package struct Goldens {
    private struct Manifest: Decodable {
        struct Entry: Decodable { let tolerance: Double? }
        let arrays: [String: Entry]
        let cases: [String: GoldenCase]
    }

    package let cases: [String: GoldenCase]
    private let tensors: [String: Tensor]
    private let tolerances: [String: Double]
    private let path: String

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
    package func contains(_ name: String) -> Bool { tensors[name] != nil }
    package func shape(_ name: String) throws -> [Int] { try tensor(name).shape }

    package func floats(_ name: String) throws -> [Float] { try tensor(name).floats() }
    package func integers(_ name: String) throws -> [Int] { try tensor(name).integers() }

    /// An array as rows of its last dimension.
    package func rows(_ name: String) throws -> Rows {
        let tensor = try tensor(name)
        return Rows(try tensor.floats(), columns: tensor.shape.last ?? 1)
    }

    /// The largest difference an implementation may show; exact where nothing was measured.
    package func tolerance(_ name: String) -> Double { tolerances[name] ?? 0 }

    private func tensor(_ name: String) throws -> Tensor {
        guard let tensor = tensors[name] else { throw ModelFileError.missingTensor(name: name, path: path) }
        return tensor
    }
}
