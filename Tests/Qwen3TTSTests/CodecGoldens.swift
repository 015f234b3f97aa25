// The tiny checkpoint and the arrays the official implementation computed from it.

import Compute
import Foundation
import ModelFile
import Testing

@testable import Qwen3TTS

struct CodecGoldens {
    static let folder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../Goldens/tiny").standardizedFileURL
    static let available = FileManager.default.fileExists(atPath: folder.appending(path: "base.safetensors").path)

    struct Manifest: Decodable {
        struct Array: Decodable { let tolerance: Float? }
        let arrays: [String: Array]
        let cases: [String: AnyCase]
        /// Cases differ in shape; only those with picks matter here.
        struct AnyCase: Decodable {
            let picks: [Int]
            enum Keys: String, CodingKey { case picks }
            init(from decoder: any Decoder) throws {
                picks = (try? decoder.container(keyedBy: Keys.self).decode([Int].self, forKey: .picks)) ?? []
            }
        }
    }

    let weights: Weights
    let arrays: Weights
    let manifest: Manifest
    let configuration: CodecConfiguration

    init() throws {
        let folder = Self.folder
        weights = try Self.open("base/speech_tokenizer/model.safetensors")
        arrays = try Self.open("base.safetensors")
        manifest = try JSONDecoder().decode(
            Manifest.self, from: Data(contentsOf: folder.appending(path: "base.json")))
        configuration = try JSONDecoder().decode(
            CodecConfiguration.self,
            from: Data(contentsOf: folder.appending(path: "base/speech_tokenizer/config.json")))
        try configuration.validate()
    }

    static func open(_ name: String) throws -> Weights {
        let file = try Safetensors(path: folder.appending(path: name).path)
        return Weights(tensors: file.tensors, path: file.path)
    }

    func floats(_ name: String) throws -> [Float] { try arrays.floats(name) }

    func frames(_ name: String) throws -> [[Int]] {
        let tensor = try arrays.tensor(name)
        let values = try tensor.integers()
        return (0..<tensor.shape[0]).map { Array(values[$0 * tensor.shape[1]..<($0 + 1) * tensor.shape[1]]) }
    }

    /// Compares with a golden within its own tolerance. Convolution stages are stored [channels, time].
    func expectEqual(_ name: String, _ found: Rows, transposed: Bool = false) throws {
        let tensor = try arrays.tensor(name)
        let golden = try tensor.floats()
        let tolerance = try #require(manifest.arrays[name]?.tolerance)
        #expect(golden.count == found.rows * found.columns, "\(name)")
        guard golden.count == found.rows * found.columns else { return }
        if transposed { #expect(tensor.shape == [found.columns, found.rows], "\(name)") }
        var worst: Float = 0
        for row in 0..<found.rows {
            for column in 0..<found.columns {
                let at = transposed ? column * found.rows + row : row * found.columns + column
                let difference = abs(found[row, column] - golden[at])
                worst = difference.isNaN ? .infinity : max(worst, difference)
            }
        }
        #expect(worst <= tolerance, "\(name): \(worst) off")
    }
}
