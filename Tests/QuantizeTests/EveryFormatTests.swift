// Speech of the tiny checkpoint in every format: in pieces or whole, on one thread or two, the same bits.

import Compute
import Foundation
import ModelFile
import Quantization
import Qwen3TTS
import Speech
import Testing
import Tokenization

private let frameLimit = 12

private func withFormat(_ name: String, _ body: (_ directory: String) throws -> Void) async throws {
    try await withCopy { source, folder in
        let directory = folder + "/" + name
        _ = try await quantize(source: source, destination: directory, recipe: .named(name))
        try body(directory)
    }
}

private func samples(_ directory: String, threads: Int) throws -> [Float] {
    let model = try Qwen3Engine(directory: directory, threads: threads)
    var request = SpeechRequest(text: "the quick brown fox", voice: .none, language: "english")
    request.options.seed = 3
    request.options.maximumFrames = frameLimit
    let utterance = try model.begin(request)
    var samples: [Float] = []
    while true {
        let event = model.advance([utterance], isCancelled: { _ in false })[0]
        guard case .frame(let frame, characters: _) = event else { return samples }
        samples += frame
    }
}

@Test(arguments: Recipe.names)
func samplesDoNotDependOnThreads(format: String) async throws {
    try await withFormat(format) { directory in
        let one = try samples(directory, threads: 1)
        #expect(one.count > 1920 && one.contains { $0 != 0 })
        #expect(try samples(directory, threads: 2).map(\.bitPattern) == one.map(\.bitPattern))
    }
}

/// What frames one by one are drawn from equals what all of them give in one pass, on another number of threads.
@Test(arguments: Recipe.names)
func logitsFrameByFrameEqualLogitsWhole(format: String) async throws {
    try await withFormat(format) { directory in
        let configuration = try Configuration(directory: directory)
        let talker = try Talker(Safetensors.directory(directory)["talker"], configuration)
        let (one, two) = (Processor(), Processor(threads: 2))
        let ids = try Tokenizer(directory: directory).encode(
            "<|im_start|>assistant\ngood morning<|im_end|>\n<|im_start|>assistant\n")
        let prompt = Prompt(PromptRequest(textIDs: ids, language: nil, speaker: nil), talker.embeddings, on: one)
        var options = GenerationOptions(configuration.generation, seed: 5)
        options.maxNewTokens = frameLimit
        let device = CPUTalker(talker, on: one)
        let generation = Generation(configuration, on: device, prompt: prompt, options: options)
        let loop = GenerationLoop(talker.embeddings, on: device, kernels: one.kernels)
        var (codes, first, others): ([[Int]], [[Float]], [[Float]]) = ([], [], [])
        loop.trace = { _, group, logits in
            if group == 0 { first.append(logits.values) } else { others.append(logits.values) }
        }
        repeat {
            loop.advance([generation])
            if generation.step == .frame { codes.append(generation.codes) }
        } while generation.step == .frame
        try #require(codes.count > 2)
        let groups = talker.codePredictor.groups - 1
        Evaluation(talker, on: two).logits(prompt: prompt, codes: codes) { frame, row, rows in
            #expect(row.values == first[frame])
            #expect(rows.values == others[frame * groups..<(frame + 1) * groups].flatMap { $0 })
        }
    }
}

@Test(arguments: Recipe.names)
func soundFrameByFrameEqualsSoundWhole(format: String) async throws {
    try await withFormat(format) { directory in
        let decoder = try CodecDecoder(
            Safetensors.directory(directory + "/speech_tokenizer")["decoder"],
            Configuration.codec(directory: directory), precision: .speaking)
        let c = decoder.configuration.decoder
        let frames = (0..<9).map { frame in (0..<c.quantizers).map { (frame * 37 + $0 * 11) % c.codebookSize } }
        let (piecewise, atOnce) = (decoder.makeState(), decoder.makeState())
        let whole = try decoder.step(frames, atOnce, on: Processor(threads: 2)).values
        let processor = Processor()
        let pieces = try frames.flatMap { try decoder.step([$0], piecewise, on: processor).values }
        #expect(pieces.map(\.bitPattern) == whole.map(\.bitPattern))
    }
}
