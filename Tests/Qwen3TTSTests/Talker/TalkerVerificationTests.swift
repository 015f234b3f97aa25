import Compute
import FoundationEssentials
import ModelFile
import Testing

@testable import Qwen3TTS

/// The tiny checkpoints and what the official implementation does with them.
enum TinyGoldens {
    static let directory = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Goldens/tiny").path

    static func talker(_ name: String) throws -> Talker {
        let folder = directory + "/" + name
        return try Talker(Safetensors.directory(folder)["talker"], Configuration(directory: folder))
    }
}

@Test(arguments: ["base", "custom_voice"], [1, 2])
func talkerEqualsOfficialImplementation(checkpoint: String, threads: Int) throws {
    let talker = try TinyGoldens.talker(checkpoint)
    let goldens = try Goldens(path: "\(TinyGoldens.directory)/\(checkpoint).safetensors")
    var report = VerificationReport()
    try TalkerVerification(talker, goldens, on: Processor(threads: threads)).run(into: &report)
    #expect(report.lines.count > 10)
    for line in report.failures {
        Issue.record("\(line.stage) \(line.shape): error \(line.error), tolerance \(line.tolerance)")
    }
}

@Test(arguments: ["base", "custom_voice"])
func codecDecoderEqualsOfficialImplementation(checkpoint: String) throws {
    let folder = TinyGoldens.directory + "/" + checkpoint
    let decoder = try CodecDecoder(
        Safetensors.directory(folder + "/speech_tokenizer")["decoder"], Configuration.codec(directory: folder))
    var report = VerificationReport()
    try CodecVerification(decoder, Goldens(path: folder + ".safetensors"), on: Processor()).run(into: &report)
    #expect(!report.lines.isEmpty)
    for line in report.failures {
        Issue.record("\(line.stage) \(line.shape): error \(line.error), tolerance \(line.tolerance)")
    }
}

@Test func sampledRunsRepeatWithTheirSeed() throws {
    let talker = try TinyGoldens.talker("base")
    let goldens = try Goldens(path: TinyGoldens.directory + "/base.safetensors")
    let processor = Processor()
    func run(seed: UInt64) throws -> [GenerationStep] {
        let prompt = Prompt(
            embeddings: try goldens.rows("prompt/xvec/embeds"), trailing: try goldens.rows("prompt/xvec/trailing"),
            padding: Prompt.padding(talker, on: processor))
        var options = GenerationOptions(.init(), seed: seed)
        options.maxNewTokens = 8
        let generation = Generation(talker, prompt: prompt, options: options, on: processor)
        return (0..<7).map { _ in generation.advance(on: processor) }
    }
    #expect(try run(seed: 1) == run(seed: 1))
    #expect(try run(seed: 1) != run(seed: 2))
}
