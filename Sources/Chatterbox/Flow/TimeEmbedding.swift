// Where on the way from noise to mel a step begins and ends, as one vector. `SinusoidalPosEmb`, `TimestepEmbedding` and
// `time_embed_mixer`.

import Compute
import Glibc
import ModelFile

struct TimeEmbedding {
    let outputs: Int
    private let frequencies: [Float]
    private let first: Convolution  // time_mlp.linear_1
    private let second: Convolution  // time_mlp.linear_2
    private let mixer: Convolution

    private static let scale: Float = 1000

    /// `inputs` is how many sines and cosines there are.
    init(_ weights: Weights, inputs: Int) throws(ModelFileError) {
        let mlp = weights["time_mlp"]
        first = try Convolution(mlp["linear_1"], inputs: inputs)
        second = try Convolution(mlp["linear_2"], inputs: first.outputs)
        mixer = try Convolution(weights["time_embed_mixer"], inputs: 2 * second.outputs, outputs: second.outputs)
        outputs = mixer.outputs
        guard inputs % 2 == 0, inputs > 2 else {
            throw .unusable(name: "time_mlp.linear_1.weight", reason: "\(inputs) columns are no sines and cosines")
        }
        let half = inputs / 2
        let rate = -(log(10_000) / Double(half - 1))
        frequencies = (0..<half).map { exp(Float($0) * Float(rate)) }
    }

    /// [1, outputs] of a step that begins at time t and ends at time r.
    func apply(from t: Float, to r: Float, on processor: Processor, trace: ((String, Rows) -> Void)? = nil) -> Rows {
        let pair = Rows(rows: 1, columns: 2 * second.outputs)
        for (index, time) in [t, r].enumerated() {
            let embedded = embed(time, on: processor)
            trace?("time_mlp\(index)", embedded)
            pair.columns(index * second.outputs..<(index + 1) * second.outputs).copy(from: embedded)
        }
        let mixed = mixer.apply(pair, on: processor)
        trace?("time_mix", mixed)
        return mixed
    }

    private func embed(_ time: Float, on processor: Processor) -> Rows {
        let waves = Rows(rows: 1, columns: 2 * frequencies.count)
        for (index, frequency) in frequencies.enumerated() {
            let angle = Self.scale * time * frequency
            waves[0, index] = sin(angle)
            waves[0, frequencies.count + index] = cos(angle)
        }
        let hidden = first.apply(waves, on: processor)
        processor.kernels.silu(hidden)
        return second.apply(hidden, on: processor)
    }
}
