// Long free speech of two models: what is the same passes, what is damaged is noticed.

import Foundation
import ModelFile
import Qwen3TTS
import TestSupport
import Testing

@testable import Quantization

private let mini = Repository.path("Models/makima-mini")

private func trial(_ source: String, _ quantized: String, seconds: Int, count: Int = 3) throws -> RolloutQuality {
    let heard = try HeardQwen3(source, Configuration.codec(directory: source))
    return try RolloutTrial(heard, RolloutOptions(seconds: seconds, count: count), voice: nil, threads: 2)
        .run(quantized: quantized) { _ in }
}

/// A copy of the built-in model with other weights.
private func withDamage(
    _ change: (Tensor, [UInt8]) -> [UInt8], _ body: (_ damaged: String) throws -> Void
) throws {
    try withTemporaryFolder { folder in
        let damaged = folder + "/damaged"
        try FileManager.default.copyItem(atPath: mini, toPath: damaged)
        try rewrite(damaged + "/model.safetensors", change)
        try body(damaged)
    }
}

private func multiplied(_ bytes: [UInt8], by factor: Float) -> [UInt8] {
    stride(from: 0, to: bytes.count, by: 4).flatMap { start in
        let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
        let value = (Float(bitPattern: bits) * factor).bitPattern
        return (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}

@Test func aModelsRolloutsAreItsOwn() throws {
    let quality = try trial(mini, mini, seconds: 4)
    #expect(quality.source == quality.quantized && quality.passesGate && quality.outside.isEmpty)
    #expect(quality.source.map(\.seed) == [1, 2, 3])
    #expect(quality.source.allSatisfy { $0.frames > 10 && $0.frames <= 50 && $0.sound?.loudness != nil })
    #expect(quality.figures.count == 14)
    #expect(quality.source[0].codeDistances.map(\.count) == [16, 16])
    // Seeds differ.
    #expect(Set(quality.source.map(\.codeDistances)).count > 1)
}

@Test func aScaleThatIsWrongIsNoticed() throws {
    try withDamage({ tensor, bytes in
        let isScale = tensor.name.hasPrefix("talker.model.layers.3.mlp.down_proj.weight_scale")
        return isScale ? multiplied(bytes, by: 6) : bytes
    }) { damaged in
        let quality = try trial(mini, damaged, seconds: 10)
        #expect(!quality.passesGate, "\(quality.lines.joined(separator: "\n"))")
    }
}

@Test func aModelThatGivesNoNumbersIsNoticed() throws {
    try withDamage({ tensor, bytes in
        tensor.name == "talker.model.norm.weight" ? multiplied(bytes, by: .nan) : bytes
    }) { damaged in
        let quality = try trial(mini, damaged, seconds: 2)
        #expect(quality.quantized.allSatisfy { $0.end == .notFinite && $0.frames == 0 })
        #expect(!quality.passesGate)
        #expect(quality.lines.last == "BELOW THE GATE: 3 of 3 rollouts gave no numbers.")
    }
}

@Test func aReportHoldsTheRollouts() async throws {
    try await withCopy { source, folder in
        var options = QuantizationOptions(triesCodec: false)
        options.evaluation = EvaluationOptions(
            texts: ["good morning"], maximumFrames: 4, rollouts: RolloutOptions(seconds: 1, count: 3))
        var stages: [String: (done: Int, total: Int)] = [:]
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: .named("bf16"), options: options
        ) { stages[$0.stage.rawValue] = ($0.done, $0.total) }
        let rollouts = try #require(report.rollouts)
        #expect(rollouts.seconds == 1 && rollouts.source.count == 3 && rollouts.quantized.count == 3)
        let speaking = try #require(stages["speaking"])
        #expect(speaking.done == speaking.total)
        #expect(report.isBelowGate == !(report.speech!.passesGate && rollouts.passesGate))
        let saved = try Data(contentsOf: URL(filePath: folder + "/q/" + QualityReport.fileName))
        #expect(try JSONDecoder().decode(QualityReport.self, from: saved) == report)
        let again = try await reportQuality(
            source: source, destination: folder + "/q", recipe: .named("bf16"), options: options)
        #expect(again == report)
    }
}

// MARK: The rule

private func rollout(
    _ seed: Int, frames: Int = 600, distance: Double = 0.2, end: Rollout.End = .endOfSpeech, _ samples: [Float]? = nil
) -> Rollout {
    let sound = SoundFigures(samples ?? (0..<48_000).map { 0.1 * sin(Float($0) * 0.03) }, sampleRate: 24_000)
    return Rollout(
        seed: seed, frames: frames, seconds: Double(frames) / 12.5, end: end, sound: sound,
        codeDistances: [[0.1, 0.2, 0.3], [0.1, distance, 0.3]])
}

private func quality(_ source: [Rollout], _ quantized: [Rollout]) -> RolloutQuality {
    RolloutQuality(RolloutOptions(), source: source, quantized: quantized)
}

@Test func aFigureMayLieAsFarOffAsTheSourceSpreads() throws {
    // Lengths of 40, 44 and 48 s: a standard deviation of 4, so 36 to 52 are within.
    let source = [500, 550, 600].enumerated().map { rollout($0, frames: $1) }
    for (frames, isWithin) in [(450, true), (449, false), (650, true), (651, false)] {
        let figure = try #require(quality(source, [rollout(1, frames: frames)]).figures.first { $0.name == "length" })
        #expect(abs(figure.lowest! - 36) < 1e-9 && abs(figure.highest - 52) < 1e-9 && figure.source == 44)
        #expect(figure.isWithin == isWithin, "\(frames)")
    }
}

@Test func sameSeedsLeaveRoomForWhatNobodyHears() throws {
    let source = (1...3).map { rollout($0) }
    #expect(quality(source, [rollout(1, frames: 610)]).outside.isEmpty)
    #expect(quality(source, [rollout(1, frames: 613)]).outside.map(\.name) == ["length"])
    // Codes that are nearer than the source's own are no fault, those that are farther are one.
    #expect(quality(source, [rollout(1, distance: 0)]).outside.isEmpty)
    #expect(quality(source, [rollout(1, distance: 0.3)]).outside.map(\.name) == ["other codebooks, second half"])
}

@Test func oneFigureMayBeChanceTwoAreNot() {
    let source = (1...3).map { rollout($0) }
    let one = quality(source, [rollout(1, frames: 700)])
    #expect(one.passesGate && one.lines.last!.hasPrefix("One of 14 figures lies outside"))
    let two = quality(source, [rollout(1, frames: 700, distance: 0.5)])
    #expect(!two.passesGate)
    #expect(two.lines.last!.hasPrefix("BELOW THE GATE: 2 of 14 figures"))
    #expect(two.lines.contains { $0.contains("length") && $0.hasSuffix("OUTSIDE") })
    #expect(quality(source, source).lines.last == "Every figure lies where the source's do.")
}

@Test func silenceInPlaceOfSpeechLiesOutside() {
    let silence = rollout(1, [Float](repeating: 0, count: 48_000))
    let found = quality((1...3).map { rollout($0) }, [silence])
    #expect(!found.passesGate)
    #expect(found.figures.contains { $0.name == "loudness" && $0.quantized == nil && !$0.isWithin })
    // A source without sound has no loudness to compare.
    #expect(!quality([silence, silence, silence], [silence]).figures.contains { $0.name == "loudness" })
}

@Test func theTextIsAboutAsLongAsTheTime() {
    var last = 0
    for seconds in [1, 4, 10, 30, 60, 120, 600] {
        let text = RolloutOptions(seconds: seconds).text
        #expect(text.count <= max(14 * seconds, 60) && text.count >= 14 * seconds - 120 && text.count >= last)
        #expect(text.hasSuffix(".") || text.hasSuffix("?"))
        last = text.count
    }
}
