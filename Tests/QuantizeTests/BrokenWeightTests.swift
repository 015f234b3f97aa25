// A model that is broken says so, in every format and with every instruction set, instead of speaking something.

import Compute
import Foundation
import ModelFile
import Quantization
import Qwen3TTS
import Speech
import Testing

private let norms = [
    "talker.model.layers.0.input_layernorm.weight", "talker.model.norm.weight",
    "talker.code_predictor.model.layers.0.input_layernorm.weight",
]

/// Sets the first element of a float32 tensor of a file.
private func set(_ name: String, to value: Float, in path: String) throws {
    let tensor = try #require(try Safetensors(path: path).tensors[name])
    try #require(tensor.type == .f32)
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.seek(toOffset: UInt64(tensor.fileOffset))
    try file.write(contentsOf: (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) })
    try file.close()
}

/// The first event that is no frame; nil while it speaks.
private func end(_ directory: String, _ kernels: Kernels) throws -> SpeechEvent? {
    let model = try Qwen3Engine(directory: directory, threads: 1, kernels: kernels)
    var request = SpeechRequest(text: "the quick brown fox", voice: .none, language: "english")
    request.options.seed = 3
    request.options.maximumFrames = 12
    let utterance = try model.begin(request)
    for _ in 0..<12 {
        let event = model.advance([utterance], isCancelled: { _ in false })[0]
        switch event {
        case .frame, .working: continue
        case .starved, .ended, .failed: return event
        }
    }
    return nil
}

@Test(arguments: Recipe.names)
func aBrokenNormFailsTheUtterance(format: String) async throws {
    try await withCopy { source, folder in
        let whole = folder + "/whole"
        _ = try await quantize(
            source: source, destination: whole, recipe: .named(format), options: QuantizationOptions(triesCodec: false))
        for (index, norm) in norms.enumerated() {
            for value in [Float.nan, .infinity, -.infinity] {
                let broken = "\(folder)/\(index) \(value)"
                try FileManager.default.copyItem(atPath: whole, toPath: broken)
                try set(norm, to: value, in: broken + "/model.safetensors")
                for kernels in Kernels.available {
                    let event = try end(broken, kernels)
                    #expect(event == .failed(.notFinite(frame: 0)), "\(value) in \(norm), \(kernels.name)")
                }
            }
        }
    }
}
