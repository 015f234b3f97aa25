// Where a frame of noise should go: the mean velocity over a step. `ConditionalDecoder` for mean flows.
//
//   down_blocks.0 → mid_blocks → up_blocks.0 over both → final_block → final_proj

import Compute
import ModelFile

struct Estimator {
    let bands: Int
    private let time: TimeEmbedding
    private let down: EstimatorStage
    private let middle: [EstimatorStage]
    private let up: EstimatorStage
    private let finalBlock: CausalBlock
    private let finalProjection: Convolution

    /// Noise, mu, speaker and prompt beside one another.
    static let parts = 4

    init(_ weights: Weights, bands: Int, heads: Int?, format: ConvolutionFormat) throws(ModelFileError) {
        self.bands = bands
        for list in ["down_blocks", "up_blocks"] where try weights.count(list, with: "0.res_conv.weight") != 1 {
            let name = try weights.tensor("\(list).1.0.res_conv.weight").name
            throw .unusable(name: name, reason: "the estimator changes its rate")
        }
        let inputs = Self.parts * bands
        time = try TimeEmbedding(weights, inputs: inputs)
        let embedded = time.outputs
        down = try EstimatorStage(
            weights["down_blocks.0"], name: "est_down0", inputs: inputs, time: embedded, heads: heads,
            hasConvolution: true, format: format)
        var width = down.outputs
        var middle: [EstimatorStage] = []
        for index in 0..<(try weights.count("mid_blocks", with: "0.res_conv.weight")) {
            let stage = try EstimatorStage(
                weights["mid_blocks"][index], name: "est_mid\(index)", inputs: width, time: embedded, heads: heads,
                hasConvolution: false, format: format)
            width = stage.outputs
            middle.append(stage)
        }
        self.middle = middle
        up = try EstimatorStage(
            weights["up_blocks.0"], name: "est_up0", inputs: width + down.outputs, time: embedded, heads: heads,
            hasConvolution: true, format: format)
        finalBlock = try CausalBlock(weights["final_block"], inputs: up.outputs, format: format)
        finalProjection = try Convolution(
            weights["final_proj"], inputs: finalBlock.outputs, outputs: bands, format: format)
    }

    /// The velocity [frames, bands] of x [frames, 4 · bands] over the step from time t to time r. x goes on from what is in
    /// `memory`, which belongs to that step.
    func apply(
        _ x: Rows, from t: Float, to r: Float, _ memory: inout SignalMemory?, on processor: Processor,
        trace: ((String, Rows) -> Void)? = nil
    ) -> Rows {
        let time = time.apply(from: t, to: r, on: processor, trace: trace)
        processor.kernels.mish(time)
        let (skipped, first) = down.apply(x, time: time, &memory, on: processor, trace: trace)
        var hidden = first
        for stage in middle {
            hidden = stage.apply(hidden, time: time, &memory, on: processor, trace: trace).result
        }
        let both = Rows(rows: x.rows, columns: hidden.columns + skipped.columns)
        both.columns(0..<hidden.columns).copy(from: hidden)
        both.columns(hidden.columns..<both.columns).copy(from: skipped)
        hidden = up.apply(both, time: time, &memory, on: processor, trace: trace).result
        hidden = finalBlock.apply(hidden, &memory, on: processor)
        trace?("est_final_block", hidden)
        let velocity = finalProjection.apply(hidden, on: processor)
        trace?("velocity", velocity)
        return velocity
    }
}
