import Foundation
import Qwen3TTS
import Testing

@testable import Quantization
import Speech

private func options(_ frames: Int = 6) -> EvaluationOptions {
    EvaluationOptions(
        texts: ["good morning", "how are you today"],
        voice: (0..<24_000).map { 0.1 * sin(Float($0) * 0.05) + 0.05 * sin(Float($0) * 0.31) }, maximumFrames: frames,
        threads: 1)
}

@Test func aModelAgreesWithItself() async throws {
    let heard = try HeardQwen3(tiny, Configuration.codec(directory: tiny))
    let (quality, spoken) = try SpeechComparison(heard, quantized: tiny, options: options()).run { _ in }
    #expect(quality.firstCodebookAgreement == 1 && quality.otherCodebooksAgreement == 1)
    #expect(quality.firstCodebookKL < 1e-9 && quality.otherCodebooksKL ?? 1 < 1e-9)
    #expect(quality.durationRatio == 1 && quality.endOfSpeechMisses == 0 && quality.passesGate)
    #expect(quality.texts == 2 && quality.frames > 4)
    #expect(spoken.joined().count == quality.frames)
}

@Test func fewerBitsAgreeLess() async throws {
    try await withCopy { source, folder in
        var last = 0.0
        for name in ["bf16", "int8", "int4"] {
            var quantization = QuantizationOptions()
            quantization.evaluation = options()
            let report = try await quantize(
                source: source, destination: folder + "/" + name, recipe: .named(name), options: quantization)
            let quality = try #require(report.speech)
            let divergence = try #require(quality.otherCodebooksKL)
            #expect(divergence >= last, "\(name) \(quality)")
            last = divergence
            #expect(report.isBelowGate == !quality.passesGate)
        }
        #expect(last > 1e-4)
    }
}

@Test func theReportIsReadable() {
    let speech = SpeechQuality(
        texts: 8, frames: 300, firstCodebookAgreement: 0.9689, otherCodebooksAgreement: 0.85, firstCodebookKL: 0.0012,
        otherCodebooksKL: 0.0345, durationRatio: 1.0204, endOfSpeechMisses: 1, gate: .standard)
    let line = QualityReport.TensorLine(
        file: "model.safetensors", name: "x.weight", shape: [2, 3], from: "BF16", to: "int8", bytes: 14, sqnrDB: 41.25,
        maxError: 0.00012)
    let report = QualityReport(
        recipe: "int8", quantizer: "q", sourceBytes: 12_000_000, bytes: 6_500_000, tensors: [line], notes: ["careful"],
        speech: speech, rollouts: nil,
        codec: CodecQuality(
            [
                .init(name: "random codes 1", frames: 40, decibels: 44.87),
                .init(name: "text 1", frames: 9, decibels: nil),
            ],
            isFloat: false))
    #expect(report.isBelowGate)
    let text = report.text
    for part in [
        "x.weight", "2×3", "BF16", "int8", "41.3", "1.2e-4", "12 MB → 7 MB (54.2 %)", "note: careful", "96.89 %",
        "85.00 %", "1.020", "1 of 8", "BELOW THE GATE",
        "random codes 1  40 frames  44.9 dB", "text 1          9 frames  no difference", "so int8 serves",
        "records int8.",
    ] { #expect(text.contains(part), "\(part) in \(text)") }
}
