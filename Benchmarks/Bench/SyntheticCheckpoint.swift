// A checkpoint of the released 0.6B shape with random weights, so that the engine can be measured anywhere, without a
// download. It is written to a temporary folder as the quantizer would write it, mapped like any other, and removed.
//
// What speech does not touch is left out (encoders) or small (the text embedding: 1024 rows). Weights have unit gain, so
// activations keep an ordinary size, and the end of speech is never chosen, so an utterance has the frames it is asked for.

import FoundationEssentials
import ModelFile
import Quantization

final class SyntheticCheckpoint {
    let directory: String

    init(_ recipe: Recipe) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "makima-bench-\(UUID())").path
        try FileManager.default.createDirectory(
            atPath: directory + "/speech_tokenizer", withIntermediateDirectories: true)
        let shapes = Self.shapes()
        try write(shapes.filter { $0.name.hasPrefix("talker.") }, recipe.model, to: "model.safetensors")
        try write(
            shapes.filter { $0.name.hasPrefix("decoder.") }, recipe.speechTokenizer,
            to: "speech_tokenizer/model.safetensors")
        try save(PackageResources.config_json, to: "config.json")
        try save(PackageResources.speech_tokenizer_json, to: "speech_tokenizer/config.json")
        try save(Array(#"{"do_sample":true,"max_new_tokens":8192}"#.utf8), to: "generation_config.json")
        try saveTokenizer()
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    private func save(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: directory + "/" + name))
    }

    // MARK: Tensors

    private struct Shape {
        let name: String
        let extents: [Int]
        var count: Int { extents.reduce(1, *) }
    }

    /// Names and shapes of the released checkpoint, a line each.
    private static func shapes() -> [Shape] {
        String(decoding: PackageResources.tensors_txt, as: UTF8.self).split(separator: "\n").map { line in
            let parts = line.split(separator: " ")
            return Shape(name: String(parts[0]), extents: parts[1].split(separator: "x").map { Int($0)! })
        }
    }

    private func write(_ shapes: [Shape], _ rules: [Recipe.Rule], to file: String) throws {
        let stored = shapes.map { ($0, Recipe.rule($0.name, in: rules)?.format ?? .f32) }
        let writer = try SafetensorsWriter(
            path: directory + "/" + file, tensors: stored.flatMap { Self.describe($0, $1) })
        for (shape, format) in stored { try write(shape, format, writer) }
        // Not `finish`: nothing here outlives the run, so nothing is forced to the disk.
    }

    private static func describe(_ shape: Shape, _ format: TensorFormat) -> [TensorDescription] {
        let (name, extents) = (shape.name, shape.extents)
        func tensor(_ suffix: String, _ type: ElementType, _ extents: [Int]) -> TensorDescription {
            TensorDescription(name: name + suffix, type: type, shape: extents)
        }
        switch format {
        case .int8: return [tensor("", .i8, extents), tensor("_scale", .f32, [extents[0], 1])]
        case .int4:
            return [
                tensor("_packed", .i32, [extents[0], extents[1] / 8]),
                tensor("_scale", .bf16, [extents[0], extents[1] / 32]), tensor("_shape", .i64, [2]),
            ]
        case .bf16: return [tensor("", .bf16, extents)]
        case .f32, .keep: return [tensor("", .f32, extents)]
        }
    }

    private func write(_ shape: Shape, _ format: TensorFormat, _ writer: SafetensorsWriter) throws {
        let gain = 1 / Float(max(1, shape.count / shape.extents[0])).squareRoot()
        let isHead = shape.name == "talker.codec_head.weight"
        switch format {
        case .int8:
            try fill(shape.name, bytes: shape.count, with: Self.codes, writer)
            var scales = [Float](repeating: gain / 73, count: shape.extents[0])
            if isHead { scales[Self.endOfSpeech] = 0 }
            try writer.write(scales, to: shape.name + "_scale", at: 0)
        case .int4:
            try fill(shape.name + "_packed", bytes: shape.count / 2, with: Self.codes, writer)
            let groups = shape.extents[1] / 32
            var scales = [UInt16](repeating: Self.half(gain / 4.6), count: shape.extents[0] * groups)
            if isHead { for i in 0..<groups { scales[Self.endOfSpeech * groups + i] = 0 } }
            try writer.write(scales, to: shape.name + "_scale", at: 0)
            try writer.write(shape.extents.map(Int64.init), to: shape.name + "_shape", at: 0)
        case .bf16, .f32, .keep:
            try writeFloats(shape, isBrain: format == .bf16, gain: gain, isHead: isHead, writer)
        }
    }

    private func writeFloats(
        _ shape: Shape, isBrain: Bool, gain: Float, isHead: Bool, _ writer: SafetensorsWriter
    ) throws {
        let row = max(1, shape.count / shape.extents[0])
        let value: (Int) -> Float =
            if shape.name.hasSuffix("norm.weight") || shape.name.hasSuffix("cluster_usage") {
                { _ in 1 }
            } else if shape.name.hasSuffix("scale") || shape.name.hasSuffix("gamma") {
                { _ in 0.1 }
            } else if shape.name.hasSuffix("bias") || shape.name.hasSuffix("alpha") || shape.name.hasSuffix("beta") {
                { _ in 0 }
            } else {
                { isHead && $0 / row == Self.endOfSpeech ? 0 : gain * Self.noise[$0 % Self.noise.count] }
            }
        let piece = 1 << 20
        for start in stride(from: 0, to: shape.count, by: piece) {
            let values = (start..<min(start + piece, shape.count)).map(value)
            if isBrain {
                try writer.write(values.map(Self.half), to: shape.name, at: start * 2)
            } else {
                try writer.write(values, to: shape.name, at: start * 4)
            }
        }
    }

    private func fill(_ name: String, bytes: Int, with block: [UInt8], _ writer: SafetensorsWriter) throws {
        for start in stride(from: 0, to: bytes, by: block.count) {
            let count = min(block.count, bytes - start)
            try writer.write(count == block.count ? block : Array(block[..<count]), to: name, at: start)
        }
    }

    private static let endOfSpeech = 2150

    /// A megabyte of int8 codes without -128, which is any int4 codes as well.
    private static let codes: [UInt8] = {
        var random = FixedRandom()
        return (0..<1 << 20).map { _ in
            let byte = UInt8(truncatingIfNeeded: random.next())
            return byte == 0x80 ? 0x81 : byte
        }
    }()

    /// Numbers of mean 0 and deviation 1; a prime many, so that rows differ.
    private static let noise: [Float] = {
        var random = FixedRandom()
        return (0..<1_048_573).map { _ in
            // The sum of four uniform numbers has deviation √(1/3).
            let sum = (0..<4).reduce(Float(-2)) { total, _ in total + Float(random.next() >> 40) / Float(1 << 24) }
            return sum * 1.732
        }
    }()

    private static func half(_ value: Float) -> UInt16 { UInt16(truncatingIfNeeded: value.bitPattern >> 16) }

    // MARK: Tokenizer

    /// A token for each byte, and those of the templates.
    private func saveTokenizer() throws {
        let printable = Array(33...126) + Array(161...172) + Array(174...255)
        var vocabulary: [String: Int] = [:]
        var next = 256
        for byte in 0..<256 {
            let scalar = printable.contains(byte) ? byte : next
            if scalar == next { next += 1 }
            vocabulary[String(Character(Unicode.Scalar(scalar)!))] = byte
        }
        try save(Array(JSONEncoder().encode(vocabulary)), to: "vocab.json")
        try save(Array("#version: 0.2\n".utf8), to: "merges.txt")
        let added = ["<|im_start|>", "<|im_end|>", "assistant"].enumerated().map { index, text in
            #""\#(1000 + index)":{"content":"\#(text)","lstrip":false,"normalized":false,"rstrip":false,"#
                + #""single_word":false,"special":true}"#
        }
        try save(
            Array(#"{"added_tokens_decoder":{\#(added.joined(separator: ","))}}"#.utf8), to: "tokenizer_config.json")
    }
}

/// The same numbers in every run.
private struct FixedRandom {
    private var state: UInt64 = 1
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 33
    }
}
