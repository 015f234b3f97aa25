// A checkpoint of a released shape with random weights, so that an engine can be measured anywhere, without a download. It is
// written to a temporary folder as the quantizer would write it, mapped like any other, and removed.
//
// What speech does not touch is left out (encoders) or small (embeddings of text). Weights have unit gain, so activations
// keep an ordinary size, and the end of speech is never chosen, so an utterance has the frames it is asked for.

import Compute
import FoundationEssentials
import ModelFile
import Quantization

final class SyntheticCheckpoint {
    let directory: String
    /// What all elements of a tensor are; nil for those of noise.
    private let constant: (Shape) -> Float?
    /// A row of a tensor whose elements are something else.
    private let exception: (tensor: String, row: Int, value: Float)

    /// An empty folder.
    init(exception: (tensor: String, row: Int, value: Float), constant: @escaping (Shape) -> Float?) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "makima-bench-\(UUID())").path
        self.exception = exception
        self.constant = constant
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// Qwen3-TTS of 0.6B.
    convenience init(_ recipe: Recipe) throws {
        try self.init(exception: ("talker.codec_head.weight", Self.endOfSpeech, 0)) { Self.constant($0.name) }
        try FileManager.default.createDirectory(
            atPath: directory + "/speech_tokenizer", withIntermediateDirectories: true)
        let shapes = Self.shapes()
        func encoding(_ part: String) -> (Shape) -> any WeightEncoding.Type {
            { Recipe.rule($0.name, in: recipe.parts[part] ?? [])?.format.encoding ?? Float32Matrix.self }
        }
        try write(shapes.filter { $0.name.hasPrefix("talker.") }, to: "model.safetensors", encoding("model"))
        try write(
            shapes.filter { $0.name.hasPrefix("decoder.") }, to: "speech_tokenizer/model.safetensors",
            encoding("speech_tokenizer"))
        try save(PackageResources.config_json, to: "config.json")
        try save(PackageResources.speech_tokenizer_json, to: "speech_tokenizer/config.json")
        try save(Array(#"{"do_sample":true,"max_new_tokens":8192}"#.utf8), to: "generation_config.json")
        try saveTokenizer(added: ["<|im_start|>", "<|im_end|>", "assistant"])
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    func save(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(filePath: directory + "/" + name))
    }

    // MARK: Tensors

    struct Shape {
        let name: String
        let extents: [Int]
        var rows: Int { extents[0] }
        var columns: Int { extents.dropFirst().reduce(1, *) }
    }

    /// Names and shapes of the released checkpoint, a line each.
    private static func shapes() -> [Shape] {
        String(decoding: PackageResources.tensors_txt, as: UTF8.self).split(separator: "\n").map { line in
            let parts = line.split(separator: " ")
            return Shape(name: String(parts[0]), extents: parts[1].split(separator: "x").map { Int($0)! })
        }
    }

    func write(
        _ shapes: [Shape], to file: String, _ encoding: (Shape) -> any WeightEncoding.Type = { _ in Float32Matrix.self }
    ) throws {
        let stored = shapes.map { ($0, encoding($0)) }
        let writer = try SafetensorsWriter(
            path: directory + "/" + file,
            tensors: stored.flatMap { shape, encoding in
                encoding.tensors(shape.extents).map {
                    TensorDescription(name: shape.name + $0.suffix, type: $0.type, shape: $0.shape)
                }
            })
        for (shape, encoding) in stored { try write(shape, encoding, writer) }
        // Not `finish`: nothing here outlives the run, so nothing is forced to the disk.
    }

    private func write(_ shape: Shape, _ encoding: any WeightEncoding.Type, _ writer: SafetensorsWriter) throws {
        let block = try block(shape, encoding)
        for first in stride(from: 0, to: shape.rows, by: block.rows) {
            try write(block, shape, encoding, at: first, writer)
        }
        for tensor in encoding.tensors(shape.extents) {
            if let integers = tensor.integers { try writer.write(integers, to: shape.name + tensor.suffix, at: 0) }
        }
        guard shape.name == exception.tensor else { return }
        let values = [Float](repeating: exception.value, count: shape.columns)
        try write(
            Block(rows: 1, try encoding.encode(values, columns: shape.columns)), shape, encoding, at: exception.row,
            writer)
    }

    /// Rows of a tensor in the parts of its format that hold rows.
    private struct Block {
        let rows: Int
        let parts: [[UInt8]]

        init(rows: Int, _ parts: [[UInt8]]) { (self.rows, self.parts) = (rows, parts) }
    }

    /// A block into the rows from `first` on, as far as there are rows.
    private func write(
        _ block: Block, _ shape: Shape, _ encoding: any WeightEncoding.Type, at first: Int, _ writer: SafetensorsWriter
    ) throws {
        let rows = min(block.rows, shape.rows - first)
        for (tensor, bytes) in zip(encoding.tensors(shape.extents).filter { $0.integers == nil }, block.parts) {
            let row = tensor.byteCount / shape.rows
            let part = rows == block.rows ? bytes : Array(bytes[..<(rows * row)])
            try writer.write(part, to: shape.name + tensor.suffix, at: first * row)
        }
    }

    /// Blocks by format, columns and values: what layers of one shape share is made once.
    private var blocks: [String: Block] = [:]

    private func block(_ shape: Shape, _ encoding: any WeightEncoding.Type) throws -> Block {
        let columns = shape.columns
        let value = constant(shape)
        let key = "\(encoding.name) \(columns) \(value.map(String.init(describing:)) ?? "noise")"
        if let block = blocks[key] { return block }
        let rows = max(1, Self.noise.count / columns)
        let gain = 1 / Float(columns).squareRoot()
        let values = (0..<rows * columns).map { value ?? gain * Self.noise[$0 % Self.noise.count] }
        let block = Block(rows: rows, try encoding.encode(values, columns: columns))
        blocks[key] = block
        return block
    }

    /// What all elements of a tensor are; nil for those of noise.
    private static func constant(_ name: String) -> Float? {
        if name.hasSuffix("norm.weight") || name.hasSuffix("cluster_usage") { return 1 }
        if name.hasSuffix("scale") || name.hasSuffix("gamma") { return 0.1 }
        return name.hasSuffix("bias") || name.hasSuffix("alpha") || name.hasSuffix("beta") ? 0 : nil
    }

    private static let endOfSpeech = 2150

    /// Numbers of mean 0 and deviation 1; a prime many, so that rows differ.
    private static let noise: [Float] = {
        var random = FixedRandom()
        return (0..<1_048_573).map { _ in
            // The sum of four uniform numbers has deviation √(1/3).
            let sum = (0..<4).reduce(Float(-2)) { total, _ in total + Float(random.next() >> 40) / Float(1 << 24) }
            return sum * 1.732
        }
    }()

    // MARK: Tokenizer

    /// A token for each byte, and those of `added`.
    func saveTokenizer(added: [String]) throws {
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
        let added = added.enumerated().map { index, text in
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
