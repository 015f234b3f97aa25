import Compute
import Foundation
import ModelFile
import Qwen3TTS
import Testing

@testable import Quantization
import Speech

/// Sound of the codec decoder of a checkpoint for fixed codes.
private func sound(_ directory: String) throws -> [Float] {
    let decoder = try CodecDecoder(
        Safetensors.directory(directory + "/speech_tokenizer")["decoder"], Configuration.codec(directory: directory))
    let c = decoder.configuration.decoder
    let frames = (0..<12).map { frame in (0..<c.quantizers).map { (frame * 31 + $0 * 17 + 5) % c.codebookSize } }
    return try decoder.step(frames, decoder.makeState(), on: Processor()).values
}

/// Rounding the decoder's weights to bfloat16 alone leaves 22.6 dB here, which a listener hears.
@Test(arguments: Recipe.names)
func theCodecOfAQuantizedCheckpointIsTheSources(name: String) async throws {
    try await withCopy { source, folder in
        _ = try await quantize(source: source, destination: folder + "/q", recipe: .named(name))
        #expect(try sound(folder + "/q") == sound(source))
    }
}
