import Compute
import Testing

@testable import Qwen3TTS

/// Frames of a short sampled utterance of the tiny checkpoint, whose weights are random.
private func speak(threads: Int, seed: UInt64) throws -> (samples: [[Float]], end: GenerationStep) {
    let model = try SpeechModel(directory: TinyGoldens.directory + "/base")
    let processor = Processor(threads: threads)
    let goldens = try Goldens(path: TinyGoldens.directory + "/base.safetensors")
    let speaker = try model.speaker(goldens.floats("input/ref"), on: processor)
    let prompt = model.prompt(text: "The quick brown fox", language: nil, speaker: speaker, on: processor)
    var options = GenerationOptions(model.configuration.generation, seed: seed)
    options.maxNewTokens = 6
    var samples: [[Float]] = []
    let end = try model.speak(prompt, options: options, on: processor) { samples.append($0) }
    return (samples, end)
}

@Test func threadsDoNotChangeASample() throws {
    let one = try speak(threads: 1, seed: 3)
    #expect(!one.samples.isEmpty)
    #expect(one.samples.allSatisfy { $0.count == 1920 })
    let two = try speak(threads: 2, seed: 3)
    #expect(one.samples == two.samples)
    #expect(one.end == two.end)
    #expect(try speak(threads: 1, seed: 4).samples != one.samples)
}
