// A T3 of random weights and any dimensions, and what it means, in double precision and without tricks.

import Foundation
import ModelFile
import TestSupport

/// The tensors of a file, to be spoilt or stored otherwise by a test.
struct T3Checkpoint {
    struct Stored {
        var shape: [Int]
        var floats: [Float] = []
        var bytes: [Int8] = []  // instead of floats
    }

    var tensors: [String: Stored] = [:]
    let heads: Int
    let hidden: Int
    let layers: Int

    /// One of them, made once.
    static let standard = T3Checkpoint()

    init(
        hidden: Int = 24, heads: Int = 3, layers: Int = 3, inner: Int = 40, positions: Int = 150, speaker: Int = 10,
        text: Int = 30, seed: UInt64 = 1
    ) {
        (self.heads, self.hidden, self.layers) = (heads, hidden, layers)
        var random = SplitMix(state: seed)
        func add(_ name: String, _ shape: [Int], around centre: Float = 0, scale: Float = 0.5) {
            let values = (0..<shape.reduce(1, *)).map { _ in
                centre + scale * Float(Int64(bitPattern: random.next()) >> 40) * 0x1p-23
            }
            tensors[name] = Stored(shape: shape, floats: values)
        }
        func addLayer(_ name: String, _ inputs: Int, _ outputs: Int) {
            add(name + ".weight", [inputs, outputs], scale: 2 / Float(inputs).squareRoot())
            add(name + ".bias", [outputs], scale: 0.3)
        }
        func addNorm(_ name: String) {
            add(name + ".weight", [hidden], around: 1)
            add(name + ".bias", [hidden])
        }
        add("cond_enc.spkr_enc.weight", [hidden, speaker])
        add("cond_enc.spkr_enc.bias", [hidden])
        add("text_emb.weight", [text, hidden], scale: 2)
        add("speech_emb.weight", [6563, hidden], scale: 2)
        add("speech_head.weight", [6563, hidden], scale: 1)
        add("speech_head.bias", [6563])
        add("tfmr.wpe.weight", [positions, hidden])
        for index in 0..<layers {
            let layer = "tfmr.h.\(index)."
            addNorm(layer + "ln_1")
            addLayer(layer + "attn.c_attn", hidden, 3 * hidden)
            addLayer(layer + "attn.c_proj", hidden, hidden)
            addNorm(layer + "ln_2")
            addLayer(layer + "mlp.c_fc", hidden, inner)
            addLayer(layer + "mlp.c_proj", inner, hidden)
        }
        addNorm("tfmr.ln_f")
    }

    /// The matrices of the layers, whose orientation is GPT-2's own.
    var matrices: [String] { tensors.keys.filter { $0.contains(".c_") && $0.hasSuffix(".weight") } }

    /// Writes `name` into a folder and opens it.
    func write(to folder: String, _ name: String = "t3_turbo_v1.safetensors") throws -> Weights {
        let sorted = tensors.sorted { $0.key < $1.key }
        let writer = try SafetensorsWriter(
            path: folder + "/" + name,
            tensors: sorted.map {
                TensorDescription(name: $0.key, type: $0.value.bytes.isEmpty ? .f32 : .i8, shape: $0.value.shape)
            })
        for (name, stored) in sorted {
            if stored.bytes.isEmpty {
                try writer.write(stored.floats, to: name, at: 0)
            } else {
                try writer.write(stored.bytes, to: name, at: 0)
            }
        }
        try writer.finish()
        return Weights(tensors: try Safetensors(path: writer.path).tensors, path: writer.path)
    }

    /// The tensors as a loader gets them; mapped as long as they are used.
    func weights() throws -> Weights { try withTemporaryFolder { try write(to: $0) } }

    /// As a quantizer would store the matrices: [outputs, inputs], int8 with a scale for each row where asked for.
    func turned(int8: Bool = false) -> T3Checkpoint {
        var copy = self
        for name in matrices {
            let (inputs, outputs) = (tensors[name]!.shape[0], tensors[name]!.shape[1])
            let values = tensors[name]!.floats
            let turned = (0..<outputs).map { output in (0..<inputs).map { values[$0 * outputs + output] } }
            copy.tensors[name] = Stored(shape: [outputs, inputs], floats: turned.flatMap { $0 })
            guard int8 else { continue }
            let scales = turned.map { ($0.map(abs).max() ?? 0) / 127 }
            copy.tensors[name]!.bytes = zip(turned, scales).flatMap { row, scale in
                row.map { Int8(($0 / scale).rounded()) }
            }
            copy.tensors[name + "_scale"] = Stored(shape: [outputs, 1], floats: scales)
        }
        return copy
    }
}

// MARK: - Meaning

extension T3Checkpoint {
    private func rows(_ name: String) -> [[Double]] {
        let tensor = tensors[name]!
        let columns = tensor.shape.last!
        return stride(from: 0, to: tensor.floats.count, by: columns).map {
            tensor.floats[$0..<$0 + columns].map(Double.init)
        }
    }

    private func vector(_ name: String) -> [Double] { tensors[name]!.floats.map(Double.init) }

    /// Speaker, prompt tokens, text, start token and speech tokens.
    func embeds(speaker: [Float], prompt: [Int], text: [Int], speech: [Int] = []) -> [[Double]] {
        let encoder = zip(rows("cond_enc.spkr_enc.weight"), vector("cond_enc.spkr_enc.bias"))
        let first = encoder.map { row, bias in zip(row, speaker).reduce(bias) { $0 + $1.0 * Double($1.1) } }
        let (texts, speeches) = (rows("text_emb.weight"), rows("speech_emb.weight"))
        return [first] + prompt.map { speeches[$0] } + text.map { texts[$0] } + ([6561] + speech).map { speeches[$0] }
    }

    /// Logits after each row.
    func logits(_ embeds: [[Double]], last count: Int) -> [[Double]] {
        var x = zip(embeds, rows("tfmr.wpe.weight")).map { zip($0, $1).map(+) }
        for index in 0..<layers {
            let layer = "tfmr.h.\(index)."
            let projections = dense(layer + "attn.c_attn", norm(layer + "ln_1", x))
            x = sum(x, dense(layer + "attn.c_proj", attended(projections)))
            let inner = dense(layer + "mlp.c_fc", norm(layer + "ln_2", x)).map { $0.map(Self.gelu) }
            x = sum(x, dense(layer + "mlp.c_proj", inner))
        }
        let (head, bias) = (rows("speech_head.weight"), vector("speech_head.bias"))
        return norm("tfmr.ln_f", x).suffix(count).map { row in
            zip(head, bias).map { weights, bias in zip(weights, row).reduce(bias) { $0 + $1.0 * $1.1 } }
        }
    }

    private static func gelu(_ x: Double) -> Double {
        x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    private func sum(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] { zip(a, b).map { zip($0, $1).map(+) } }

    private func dense(_ name: String, _ x: [[Double]]) -> [[Double]] {
        let (weights, bias) = (rows(name + ".weight"), vector(name + ".bias"))
        return x.map { row in
            var y = bias
            for (value, weights) in zip(row, weights) {
                for output in y.indices { y[output] += value * weights[output] }
            }
            return y
        }
    }

    private func norm(_ name: String, _ x: [[Double]]) -> [[Double]] {
        let (weight, bias) = (vector(name + ".weight"), vector(name + ".bias"))
        return x.map { row in
            let mean = row.reduce(0, +) / Double(row.count)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(row.count)
            return row.indices.map { (row[$0] - mean) / (variance + 1e-5).squareRoot() * weight[$0] + bias[$0] }
        }
    }

    private func attended(_ projections: [[Double]]) -> [[Double]] {
        let dim = hidden / heads
        return projections.indices.map { row in
            (0..<heads).flatMap { head -> [Double] in
                func part(_ row: Int, _ which: Int) -> ArraySlice<Double> {
                    projections[row][which * hidden + head * dim..<which * hidden + (head + 1) * dim]
                }
                let scores = (0...row).map { other in
                    exp(zip(part(row, 0), part(other, 1)).reduce(0) { $0 + $1.0 * $1.1 } / Double(dim).squareRoot())
                }
                let total = scores.reduce(0, +)
                var result = [Double](repeating: 0, count: dim)
                for (other, score) in scores.enumerated() {
                    for (index, value) in part(other, 2).enumerated() { result[index] += score / total * value }
                }
                return result
            }
        }
    }
}
