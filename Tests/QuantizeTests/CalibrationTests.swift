// The source speaks, and what its matrices multiply leads the rounding.

import Compute
import Foundation
import ModelFile
import TestSupport
import Testing

@testable import Quantization
import Speech

private func options(_ frames: Int = 12, threads: Int = 2, evaluated: Bool = false) -> QuantizationOptions {
    let texts = Array(CalibrationOptions.standardTexts.prefix(6))
    let evaluation = EvaluationOptions(texts: ["good morning", "how are you today"], maximumFrames: 12, threads: 1)
    return QuantizationOptions(
        threads: threads, calibration: CalibrationOptions(texts: texts, maximumFrames: frames),
        evaluation: evaluated ? evaluation : nil, triesCodec: false)
}

@Test func theReportSaysWhatLedTheRounding() async throws {
    try await withCopy { source, folder in
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: .named("mixed"), options: options())
        let record = try #require(report.calibration)
        #expect(record.texts == 6 && (32...72).contains(record.frames))
        for line in report.tensors {
            #expect((line.calibrationRows != nil) == (line.to == "int4"), "\(line)")
            #expect(line.calibrationRows == record.rows[line.name])
            #expect((MatrixInputs.least...MatrixInputs.most).contains(line.calibrationRows ?? MatrixInputs.most))
        }
        let matrices = record.rows.count
        #expect(matrices > 10 && report.text.contains("\(matrices) matrices are rounded by what") && report.notes == [])
        #expect(try CalibrationRecord.read(from: folder + "/q/model.safetensors") == record)
        let again = try await reportQuality(
            source: source, destination: folder + "/q", recipe: .named("mixed"), options: options())
        #expect(again == report)
    }
}

@Test func whatLeadsGivesTheSameBytesOnAnyNumberOfThreads() async throws {
    try await withCopy { source, folder in
        func file(_ name: String, _ options: QuantizationOptions) async throws -> Data {
            _ = try await quantize(
                source: source, destination: folder + "/" + name, recipe: .named("int4"), options: options)
            return try Data(contentsOf: URL(fileURLWithPath: folder + "/" + name + "/model.safetensors"))
        }
        let one = try await file("a", options(threads: 1))
        #expect(try await file("b", options(threads: 3)) == one)
        #expect(try await file("c", QuantizationOptions(triesCodec: false)) != one)
    }
}

@Test func ledRoundingIsNearerToTheSource() async throws {
    try await withCopy { source, folder in
        func divergence(_ name: String, _ options: QuantizationOptions) async throws -> Double {
            let report = try await quantize(
                source: source, destination: folder + "/" + name, recipe: .named("int4"), options: options)
            return try #require(report.speech?.otherCodebooksKL)
        }
        var plain = options(evaluated: true)
        plain.calibration = nil
        let led = try await divergence("led", options(24, evaluated: true))
        let byItself = try await divergence("plain", plain)
        // Random weights give the inputs of a layer little in common.
        #expect(led < byItself, "\(led) \(byItself)")
    }
}

@Test func nothingSpeaksWhereNothingIsLed() async throws {
    try await withCopy { source, folder in
        var stages: Set<String> = []
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: .named("int8"), options: options()
        ) { stages.insert($0.stage.rawValue) }
        #expect(report.calibration == nil && !stages.contains("calibrating") && stages.contains("writing"))
        let metadata = try Safetensors(path: folder + "/q/model.safetensors").metadata
        #expect(metadata[CalibrationRecord.key] == nil)
    }
}

@Test func matricesThatAreNotUsedAreRoundedByThemselvesAndReported() async throws {
    let recipe = try Recipe(
        json: Array(
            """
            {"name": "odd", "summary": "", "speech_tokenizer": [{"tensors": ["*"], "format": "keep"}], "model": [
              {"tensors": ["talker.model.text_embedding.weight", "talker.codec_head.weight"], "format": "int4"},
              {"tensors": ["*"], "format": "keep"}]}
            """.utf8), name: "odd")
    try await withCopy { source, folder in
        let report = try await quantize(
            source: source, destination: folder + "/q", recipe: recipe, options: options())
        let note = "is rounded by itself, since too little was seen of what it multiplies"
        #expect(report.notes == ["tensor talker.model.text_embedding.weight " + note])
        #expect(report.calibration?.rows.keys.sorted() == ["talker.codec_head.weight"])
        // A frame of each text is too little for a head.
        let short = try await quantize(
            source: source, destination: folder + "/r", recipe: recipe, options: options(2))
        #expect(short.calibration?.rows == [:] && short.notes.count == 2)
    }
}

// MARK: What is refused

@Test func inputsBeyondTheRangeOfFloatsNameTheirTensor() async throws {
    try await withCopy { source, folder in
        try rewrite(source + "/model.safetensors") { tensor, bytes in
            guard tensor.name == "talker.model.layers.1.post_attention_layernorm.weight" else { return bytes }
            let huge: [UInt8] = tensor.type == .bf16 ? [0x7f, 0x7f] : [0xff, 0xff, 0x7f, 0x7f]
            return (0..<tensor.count).flatMap { _ in huge }
        }
        await #expect(
            throws: QuantizationError.inputsNotFinite(tensor: "talker.model.layers.1.mlp.gate_proj.weight")
        ) {
            _ = try await quantize(
                source: source, destination: folder + "/q", recipe: .named("int4"), options: options())
        }
        #expect(try contents(folder) == ["source"])
    }
}

@Test(arguments: [
    "", "{}", "[]", #"{"texts":1,"frames":2,"rows":{"a":"b"}}"#, #"{"texts":1e400,"frames":2,"rows":{}}"#,
])
func recordsThatAreNoneAreRefused(text: String) throws {
    try withTemporaryFolder { folder in
        let path = folder + "/model.safetensors"
        let writer = try SafetensorsWriter(path: path, tensors: [], metadata: [CalibrationRecord.key: text])
        try writer.finish()
        #expect(
            throws: QuantizationError.notTheSame(path: path, reason: "its record of a calibration is none of ours")
        ) { _ = try CalibrationRecord.read(from: path) }
    }
}

// MARK: What is recorded

/// All that one layer multiplied.
private final class Everything: ProductObserver {
    let layer: String
    var rows: [[Float]] = []

    init(_ layer: String) { self.layer = layer }

    func willMultiply(_ x: Rows, by layers: [String]) {
        if layers.contains(layer) { rows += (0..<x.rows).map { x[$0].values } }
    }
}

@Test(arguments: ["talker.model.layers.0.self_attn.v_proj", "talker.code_predictor.lm_head.3"])
func whatALayerMultipliedIsWhatIsRecorded(layer: String) throws {
    let everything = Everything(layer)
    let recorder = InputRecorder(layers: [layer, "talker.model.layers.0.mlp.up_proj"])
    for observer in [everything, recorder] as [any ProductObserver] {
        let processor = Processor(kernels: .definition, threads: 1, observer: observer)
        let options = CalibrationOptions(texts: ["good morning"], maximumFrames: 5)
        try Qwen3Model(tiny, on: processor).speak(options) { _ in }
    }
    #expect(recorder.notFinite == nil)
    #expect(recorder.recorded.keys.sorted() == [layer, "talker.model.layers.0.mlp.up_proj"].sorted())
    let inputs = try #require(recorder.recorded[layer])
    #expect(inputs.count == everything.rows.count && inputs.count >= 3 && inputs.columns == everything.rows[0].count)
    let values = inputs.columnwise(padded: inputs.count)
    // Their largest becomes 1 to 2.
    let largest = everything.rows.joined().map { abs(widen(bfloat16($0))) }.max()!
    let factor = Float(sign: .plus, exponent: largest.exponent, significand: 1)
    for (row, expected) in everything.rows.enumerated() {
        for (column, value) in expected.enumerated() {
            #expect(values[(inputs.columns - 1 - column) * inputs.count + row] * factor == widen(bfloat16(value)))
        }
    }
}
