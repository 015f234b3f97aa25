// What the quantizer finds out about the codec decoder, and how it records that.

import Foundation
import ModelFile
import Qwen3TTS
import TestSupport
import Testing

@testable import Quantization
import Speech

private let mini = Repository.path("Models/makima-mini")

/// A copy of the tiny checkpoint with the built-in model's codec, which was trained, and a record.
private func withTrainedCodec<T>(_ body: (_ source: String, _ folder: String) async throws -> T) async throws -> T {
    try await withCopy { source, folder in
        try FileManager.default.removeItem(atPath: source + "/speech_tokenizer")
        try FileManager.default.copyItem(
            atPath: mini + "/speech_tokenizer", toPath: source + "/speech_tokenizer")
        let recorded = try CodecRecord(directory: source).recording(.int8)
        try Data(recorded).write(to: URL(fileURLWithPath: source + "/speech_tokenizer/config.json"))
        return try await body(source, folder)
    }
}

private func record(_ directory: String) throws -> CodecPrecision? {
    try Configuration.codec(directory: directory).recordedPrecision(in: directory)
}

private func codecFile(_ directory: String) throws -> String {
    try String(contentsOfFile: directory + "/speech_tokenizer/config.json", encoding: .utf8)
}

@Test func bytesAreRecordedForADecoderThatKeepsItsSound() async throws {
    try await withTrainedCodec { source, folder in
        let released = try CodecRecord(directory: source).recording(nil)
        try Data(released).write(to: URL(fileURLWithPath: source + "/speech_tokenizer/config.json"))
        var options = QuantizationOptions()
        options.evaluation = EvaluationOptions(texts: ["good morning"], maximumFrames: 6)
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: .named("int8"), options: options)
        let codec = try #require(report.codec)
        #expect(codec.choice == .int8 && codec.recorded == .int8, "\(codec)")
        #expect(codec.inputs.map(\.name) == (1...4).map { "random codes \($0)" } + ["text 1"])
        #expect(codec.inputs.allSatisfy { $0.decibels ?? 99 >= 40 && $0.frames > 0 })
        #expect(try record(folder + "/q") == .int8)
        // Everything else is as it was.
        let member = ",\n  \"makima_decoder_precision\": \"int8\""
        #expect(try codecFile(folder + "/q").replacing(member, with: "") == String(decoding: released, as: UTF8.self))

        let files = try contents(folder + "/q/speech_tokenizer")
        let again = try await reportQuality(
            source: source, destination: folder + "/q", recipe: .named("int8"), options: options)
        #expect(again == report)
        #expect(try contents(folder + "/q/speech_tokenizer") == files && record(folder + "/q") == .int8)
    }
}

@Test func randomWeightsAreNotRecordedAndTheirFileStaysAsItWas() async throws {
    try await withCopy { source, folder in
        let report = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8"))
        let codec = try #require(report.codec)
        #expect(codec.choice == nil && codec.recorded == nil && codec.reason.contains("miss the gate"), "\(codec)")
        #expect(codec.inputs.contains { $0.decibels ?? 99 < 40 })
        #expect(try codecFile(folder + "/q") == codecFile(source))
    }
}

@Test func whoDeclinesGetsNoRecordWhateverTheSourceHas() async throws {
    try await withTrainedCodec { source, folder in
        #expect(try record(source) == .int8)
        let options = QuantizationOptions(triesCodec: false)
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: .named("int8"), options: options)
        #expect(report.codec == nil)
        #expect(try record(folder + "/q") == nil)
        #expect(try !codecFile(folder + "/q").contains("makima"))
    }
}

/// Float checkpoints are for comparing: their codec stays in float32 too.
@Test func floatWeightsAreNotRecorded() async throws {
    try await withTrainedCodec { source, folder in
        let recipe = try Recipe(
            json: Array(
                """
                {"name": "f32", "summary": "", "model": [{"tensors": ["*"], "format": "f32"}],
                 "speech_tokenizer": [{"tensors": ["*"], "format": "keep"}]}
                """.utf8), name: "f32")
        let report = try await quantize(source: source, destination: folder + "/q", recipe: recipe)
        #expect(report.codec?.choice == nil && report.codec?.reason.contains("float32 throughout") == true)
        #expect(try record(folder + "/q") == nil)
    }
}

/// A decoder without sound agrees with itself in any precision, which says nothing.
@Test func silenceIsNoProof() async throws {
    try await withTrainedCodec { source, folder in
        try rewrite(source + "/speech_tokenizer/model.safetensors") { tensor, bytes in
            if tensor.name.hasPrefix("padding.") { return nil }
            return tensor.name.hasPrefix("decoder.decoder.6.conv") ? [UInt8](repeating: 0, count: bytes.count) : bytes
        }
        let report = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8"))
        let codec = try #require(report.codec)
        #expect(codec.choice == nil && codec.inputs.allSatisfy { $0.decibels == 0 }, "\(codec)")
    }
}

@Test func oneSoundBelowTheGateIsEnoughToDecline() {
    func quality(_ decibels: Double?...) -> CodecQuality {
        CodecQuality(
            decibels.enumerated().map { CodecQuality.Input(name: "text \($0)", frames: 3, decibels: $1) },
            isFloat: false)
    }
    #expect(quality(44, 40, nil).choice == .int8)
    let declined = quality(44, 39.9, 38, nil)
    #expect(declined.choice == nil && declined.reason == "2 of 4 sounds miss the gate, text 2 by the most")
}

@Test(arguments: [
    #"{"makima_decoder_precision": "int16", "a": 1}"#, #"{"a": 1, "makima_decoder_precision" : "int16"}"#,
    "{\"a\": 1,\n  \"makima_decoder_precision\":\n\"int16\",\n  \"b\": 2}",
])
func aRecordIsReplacedWhereverItStands(head: String) async throws {
    try await withCopy { source, folder in
        let path = source + "/speech_tokenizer/config.json"
        let rest = try codecFile(source).drop { $0 != "{" }.dropFirst()
        try (head.dropLast() + "," + rest).write(toFile: path, atomically: false, encoding: .utf8)
        let file = try CodecRecord(directory: source)
        for precision in [nil] + CodecPrecision.allCases.map(Optional.some) {
            let text = String(decoding: try file.recording(precision), as: UTF8.self)
            #expect(text.components(separatedBy: "makima_decoder_precision").count == (precision == nil ? 1 : 2))
            try text.write(toFile: path, atomically: false, encoding: .utf8)
            #expect(try record(source) == precision)
        }
    }
}

@Test(arguments: [#""int9""#, "8", "[1]", #""\u0000\n""#])
func sourcesWithAnUnreadableRecordAreRefused(value: String) async throws {
    try await withCopy { source, folder in
        let path = source + "/speech_tokenizer/config.json"
        let rest = try codecFile(source).drop { $0 != "{" }.dropFirst()
        try ("{\"makima_decoder_precision\": \(value)," + rest).write(toFile: path, atomically: false, encoding: .utf8)
        let error = await #expect(throws: QuantizationError.self) {
            _ = try await quantize(source: source, destination: folder + "/q", recipe: .named("int8"))
        }
        guard case .notACheckpoint(source, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(reason.contains("makima_decoder_precision") && reason.contains("int16"), "\(reason)")
        #expect(try contents(folder) == ["source"])
    }
}

@Test func aRecordWrittenInDisguiseIsRefusedRatherThanDoubled() async throws {
    try await withCopy { source, folder in
        let path = source + "/speech_tokenizer/config.json"
        let rest = try codecFile(source).drop { $0 != "{" }.dropFirst()
        try (#"{"makima\u005fdecoder_precision": "int16","# + rest)
            .write(toFile: path, atomically: false, encoding: .utf8)
        #expect(try record(source) == .int16)
        #expect(throws: QuantizationError.self) { try CodecRecord(directory: source).recording(nil) }
    }
}
