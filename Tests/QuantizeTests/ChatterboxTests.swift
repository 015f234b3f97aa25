// Checkpoints of Chatterbox, quantized: what is written, that it speaks, and what is refused.

import Chatterbox
import Compute
import Foundation
import ModelFile
import Speech
import TestSupport
import Testing

@testable import Quantization

private let t3File = "t3_turbo_v1.safetensors"

private func tensors(_ folder: String, _ file: String = t3File) throws -> [String: Tensor] {
    try Safetensors(path: folder + "/" + file).tensors
}

// MARK: What is written

@Test(arguments: Recipe.names)
func t3IsRoundedAndTheRestIsWrittenAsItIs(name: String) async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        let report = try await quantize(source: source, destination: folder + "/q", recipe: .named(name))
        #expect(report.notes == [])
        #expect(try Set(contents(source)).union([QualityReport.fileName]) == Set(contents(folder + "/q")))
        for (format, decibels) in [("int8", 38.0), ("int4", 16.0), ("BF16", 48.0)] {
            for line in report.tensors where line.to == format {
                #expect(line.sqnrDB ?? .infinity > decibels, "\(line)")
            }
        }
        let formats = [
            "int8": ["int8"], "int4": ["int4"], "mixed": ["int4", "int8"], "bf16": ["BF16"],
        ]
        let matrices = report.tensors.filter { $0.name.contains(".c_") && $0.name.hasSuffix(".weight") }
        #expect(matrices.count == 8 && Set(matrices.map(\.to)).sorted() == formats[name])
        for file in ["s3gen_meanflow.safetensors", "ve.safetensors"] {
            let (kept, old) = (try tensors(folder + "/q", file), try tensors(source, file))
            for (name, tensor) in old {
                #expect(kept[name]?.shape == tensor.shape, "\(name)")
                #expect(kept[name]?.bytes(0..<tensor.count) == tensor.bytes(0..<tensor.count), "\(name)")
            }
        }
        let metadata = try Safetensors(path: folder + "/q/" + t3File).metadata
        #expect(metadata["recipe"] == name && metadata["source_sha256"]?.count == 64)
        #expect(FileManager.default.contentsEqual(atPath: source + "/conds.pt", andPath: folder + "/q/conds.pt"))
    }
}

/// GPT-2's matrices lie [inputs, outputs] in the release, and [outputs, inputs] in what is written.
@Test func matricesAreTurned() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        _ = try await quantize(source: source, destination: folder + "/q", recipe: .named("bf16"))
        let (old, new) = (try tensors(source), try tensors(folder + "/q"))
        for name in ["attn.c_attn", "attn.c_proj", "mlp.c_fc", "mlp.c_proj"] {
            let (from, to) = (old["tfmr.h.1.\(name).weight"]!, new["tfmr.h.1.\(name).weight"]!)
            let (inputs, outputs) = (from.shape[0], from.shape[1])
            #expect(to.shape == [outputs, inputs])
            let (values, turned) = (try from.floats(), try to.floats())
            for input in [0, 1, inputs - 1] {
                for output in [0, 2, outputs - 1] {
                    let value = values[input * outputs + output]
                    #expect(abs(turned[output * inputs + input] - value) <= abs(value) / 256)
                }
            }
        }
        // What is not GPT-2's is not turned, and nothing is turned twice.
        #expect(new["speech_head.weight"]?.shape == old["speech_head.weight"]?.shape)
        _ = try await quantize(source: folder + "/q", destination: folder + "/again", recipe: .named("bf16"))
        let again = try tensors(folder + "/again")
        for (name, tensor) in new { #expect(again[name]?.bytes(0..<tensor.count) == tensor.bytes(0..<tensor.count)) }
    }
}

@Test func theSameCheckpointGivesTheSameBytes() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        for (name, threads) in [("a", 1), ("b", 3)] {
            _ = try await quantize(
                source: source, destination: folder + "/" + name, recipe: .named("mixed"),
                options: QuantizationOptions(threads: threads))
        }
        for file in try contents(folder + "/a") {
            #expect(
                FileManager.default.contentsEqual(atPath: folder + "/a/" + file, andPath: folder + "/b/" + file),
                "\(file)")
        }
    }
}

/// A matrix of several pieces, each a part of the rows of what lies the other way around.
@Test func piecesOfATurnedMatrixAreItsRows() throws {
    try withTemporaryFolder { folder in
        let (inputs, outputs) = (1500, 900)
        let values = (0..<inputs * outputs).map { Float($0 % 1009) - 500 }
        let writer = try SafetensorsWriter(
            path: folder + "/x.safetensors",
            tensors: [TensorDescription(name: "a.weight", type: .f32, shape: [inputs, outputs])])
        try writer.write(values, to: "a.weight", at: 0)
        try writer.finish()
        let tensor = try #require(try Safetensors(path: writer.path).tensors["a.weight"])
        let turned = (0..<outputs * inputs).map { values[$0 % inputs * outputs + $0 / inputs] }
        for format in ["int8", "keep"] {
            let rule = #"{"name": "x", "summary": "", "t3": [{"tensors": ["*"], "format": "\#(format)"}]}"#
            let rules = try Recipe(json: Array(rule.utf8), name: "x").parts["t3"] ?? []
            let plan = try TensorPlan(SourceTensor(tensor, isTurned: true), rules: rules)
            #expect(plan.pieces.count > 1 && plan.source.shape == [outputs, inputs])
            #expect(try plan.pieces.flatMap { try plan.source.floats($0) } == turned)
            let bytes = turned.flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
            }
            #expect(try plan.pieces.flatMap { try plan.source.bytes($0) } == bytes)
        }
    }
}

// MARK: What it says

/// Random weights magnify what is rounded, so what counts here is how far the logits are, not whether the largest is the same.
@Test(arguments: [("bf16", 30.0), ("int8", 22.0), ("int4", 4.0)])
func logitsAreNear(name: String, decibels: Double) async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        _ = try await quantize(source: source, destination: folder + "/q", recipe: .named(name))
        let tokens = (0..<40).map { $0 * 163 }
        func logits(_ directory: String) throws -> [Float] {
            let (t3, processor) = (try T3(directory: directory), Processor())
            let condition = T3Condition(speaker: (0..<256).map { sin(Float($0)) / 16 }, promptTokens: Array(0..<20))
            let voice = try T3Voice(condition, t3, on: processor)
            var values: [Float] = []
            try T3Evaluation(t3, on: processor).logits(voice, text: [5, 80, 17, 3], after: tokens) {
                values += $1.values
            }
            return values
        }
        let exact = try logits(source)
        #expect(exact.count == 41 * 6563)
        let found = Deviation(try logits(folder + "/q"), from: exact).decibels ?? .infinity
        #expect(found > decibels, "\(name): \(found) dB")
    }
}

@Test(arguments: Recipe.names)
func aQuantizedCheckpointSpeaksAndSaysWhatItIs(name: String) async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        _ = try await quantize(source: source, destination: folder + "/q", recipe: .named(name))
        func speak(threads: Int) throws -> [Float] {
            let engine = try ChatterboxEngine(directory: folder + "/q", threads: threads) { $0 }
            #expect(engine.information.format == name && engine.information.variant == "turbo")
            var request = SpeechRequest(text: "Hello there.", voice: .none, language: "english")
            request.options.seed = 2
            request.options.maximumFrames = 12
            let utterance = try engine.begin(request)
            var samples: [Float] = []
            while true {
                switch engine.advance([utterance], isCancelled: { _ in false })[0] {
                case .frame(let frame, characters: _): samples += frame
                case .working: continue
                case .starved, .ended, .failed: return samples
                }
            }
        }
        let samples = try speak(threads: 1)
        #expect(samples.count >= 1920 && samples.contains { $0 != 0 } && samples.allSatisfy(\.isFinite))
        #expect(try speak(threads: 2).map(\.bitPattern) == samples.map(\.bitPattern))
    }
}

@Test func aReportComparesSpeechTokens() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        var options = QuantizationOptions()
        options.evaluation = EvaluationOptions(
            texts: ["good morning", "how are you today"], maximumFrames: 12, threads: 2,
            rollouts: RolloutOptions(seconds: 1, count: 3))
        var last = -1.0
        for name in ["bf16", "int8", "int4"] {
            let report = try await quantize(
                source: source, destination: folder + "/" + name, recipe: .named(name), options: options)
            let speech = try #require(report.speech)
            #expect(speech.texts == 2 && speech.frames > 4 && speech.frames <= 24)
            #expect(speech.otherCodebooksAgreement == nil && speech.otherCodebooksKL == nil && report.codec == nil)
            #expect(speech.firstCodebookKL > last, "\(name) \(speech)")
            last = speech.firstCodebookKL
            let rollouts = try #require(report.rollouts)
            #expect(rollouts.source.count == 3 && rollouts.quantized.allSatisfy { $0.frames <= 25 })
            #expect(rollouts.source.allSatisfy { $0.seconds == Double($0.frames) / 25 && $0.sound != nil })
            #expect(rollouts.source[0].codeDistances.map(\.count) == [1, 1])
            #expect(!rollouts.figures.contains { $0.name.hasPrefix("other codebooks") })
            #expect(report.text.contains("codes   ") && !report.text.contains("other codebooks"))
            let again = try await reportQuality(
                source: source, destination: folder + "/" + name, recipe: .named(name), options: options)
            #expect(again == report)
        }
        #expect(last > 1e-3)
    }
}

@Test func aCheckpointAgreesWithItself() async throws {
    let heard = try ChatterboxSource(tinyChatterbox).heard
    let options = EvaluationOptions(texts: ["good morning"], maximumFrames: 20, threads: 1)
    let (quality, spoken) = try SpeechComparison(heard, quantized: tinyChatterbox, options: options).run { _ in }
    #expect(quality.firstCodebookAgreement == 1 && quality.firstCodebookKL < 1e-9 && quality.passesGate)
    #expect(quality.durationRatio == 1 && spoken[0].count == quality.frames && quality.frames > 4)
    // A minute is more than the positions of so small a model hold.
    #expect(heard.longestRollout == 3)
    let trial = RolloutTrial(heard, RolloutOptions(seconds: 60, count: 3), voice: nil, threads: 2)
    let rollouts = try trial.run(quantized: tinyChatterbox) { _ in }
    #expect(rollouts.seconds == 3 && rollouts.source == rollouts.quantized && rollouts.passesGate)
}

// MARK: What is refused

@Test func aBrokenPartIsNamed() async throws {
    func error(_ name: String = "int8", _ break: (_ source: String) throws -> Void) async throws -> String {
        try await withCopy(of: tinyChatterbox) { source, folder in
            try `break`(source)
            let error = await #expect(throws: (any Error).self) {
                _ = try await quantize(source: source, destination: folder + "/q", recipe: .named(name))
            }
            #expect(try contents(folder) == ["source"])
            return error.map { "\($0)" } ?? ""
        }
    }
    let matrix = "tfmr.h.1.mlp.c_proj.weight"
    for name in [matrix, "tfmr.h.0.ln_2.bias", "speech_head.bias", "text_emb.weight"] {
        let message = try await error { source in
            try rewrite(source + "/" + t3File) { $0.name == name ? nil : $1 }
        }
        #expect(message.contains(name), "\(message)")
    }
    let flat = try await error { source in
        let old = try Safetensors(path: source + "/" + t3File).tensors[matrix]!
        let extra = (TensorDescription(name: matrix, type: .f32, shape: [old.count]), old.bytes(0..<old.count))
        try rewrite(source + "/" + t3File, extra: [extra]) { $0.name == matrix ? nil : $1 }
    }
    #expect(flat.contains(matrix), "\(flat)")
    // In a matrix that is turned as well as in one that is kept.
    for (file, name) in [(t3File, matrix), ("ve.safetensors", "proj.weight")] {
        let message = try await error { source in
            try rewrite(source + "/" + file) { tensor, bytes in
                guard tensor.name == name else { return bytes }
                return bytes.dropLast(4) + [0, 0, 0xc0, 0x7f]
            }
        }
        #expect(message.contains(name) && message.contains("nan"), "\(message)")
    }
    for file in ["s3gen_meanflow.safetensors", "ve.safetensors"] {
        let message = try await error { try FileManager.default.removeItem(atPath: $0 + "/" + file) }
        #expect(message.contains(file), "\(message)")
    }
    let both = try await error {
        try FileManager.default.copyItem(atPath: $0 + "/" + t3File, toPath: $0 + "/t3_nano_v1.safetensors")
    }
    #expect(both.contains("both"), "\(both)")
    let neither = try await error { try FileManager.default.removeItem(atPath: $0 + "/" + t3File) }
    #expect(neither.contains(t3File) && neither.contains("config.json"), "\(neither)")
}

@Test func aQuantizedCheckpointIsNotQuantizedAgain() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        for name in ["int8", "int4"] {
            _ = try await quantize(source: source, destination: folder + "/" + name, recipe: .named(name))
            let error = await #expect(throws: QuantizationError.self) {
                _ = try await quantize(source: folder + "/" + name, destination: folder + "/r", recipe: .named("int8"))
            }
            guard case .alreadyQuantized? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }
}

@Test func aRecipeOfAnotherFamilyIsRefused() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        let json = #"{"name": "mine", "summary": "", "model": [{"tensors": ["*"], "format": "bf16"}]}"#
        let recipe = try Recipe(json: Array(json.utf8), name: "mine")
        await #expect(throws: QuantizationError.badRecipe(name: "mine", reason: "it has no rules for \"t3\"")) {
            _ = try await quantize(source: source, destination: folder + "/q", recipe: recipe)
        }
    }
}

@Test func withoutAVoiceThereIsNothingToListenTo() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        try FileManager.default.removeItem(atPath: source + "/conds.pt")
        var options = QuantizationOptions()
        options.evaluation = EvaluationOptions(texts: ["good morning"], maximumFrames: 4)
        await #expect(throws: QuantizationError.noVoice(source)) {
            _ = try await quantize(
                source: source, destination: folder + "/q", recipe: .named("int8"), options: options)
        }
        #expect(try contents(folder) == ["source"])
        // A clip is a voice.
        options.evaluation?.voice = (0..<130_000).map { 0.1 * sin(Float($0) * 0.05) + 0.05 * sin(Float($0) * 0.31) }
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: .named("int8"), options: options)
        #expect(report.speech?.frames ?? 0 > 0)
    }
}

@Test func theCommandTakesChatterbox() async throws {
    try await withCopy(of: tinyChatterbox) { source, folder in
        let arguments = "--format int4 --threads 2 --rollout-seconds 1 --rollouts 3"
        let written = try shell("'\(program)' '\(source)' '\(folder)/q' \(arguments)")
        #expect([0, 3].contains(written.status) && written.text.contains("3 rollouts of each model"), "\(written)")
        let again = try shell(
            "'\(program)' '\(source)' '\(folder)/q' --report-only --allow-below-gate --threads 2 --rollout-seconds 1 --rollouts 3"
        )
        #expect(again.status == 0 && again.output == written.output, "\(again)")
    }
}
