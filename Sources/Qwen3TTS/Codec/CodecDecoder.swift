// Codes to sound. A frame of codes gives `samplesPerFrame` samples; every layer keeps what it needs of the past, so sound
// decoded frame by frame equals sound decoded whole, bit for bit.
//
//   quantizers → pre_conv → pre_transformer → upsample (ConvNeXt) → decoder.0 → decoder blocks → snake → convolution

package import Compute
package import ModelFile

package struct CodecDecoder {
    package let precision: CodecPrecision
    package let configuration: CodecConfiguration
    private let quantizers: [ResidualQuantizer]
    private let preConvolution: CausalConvolution
    private let preTransformer: PreTransformer
    private let upsample: [ConvNeXtBlock]
    private let firstConvolution: CausalConvolution
    private let blocks: [DecoderBlock]
    private let lastActivation: Snake
    private let lastConvolution: CausalConvolution
    private let lastChannels: Int

    /// `weights` is the `decoder` part of the speech tokenizer. The configuration is validated.
    package init(
        _ weights: Weights, _ configuration: CodecConfiguration, precision: CodecPrecision = .float32
    ) throws(ModelFileError) {
        let c = configuration.decoder
        self.precision = precision
        self.configuration = configuration
        let width = c.codebookDimension
        let quantizer = weights["quantizer"]
        quantizers = [
            try ResidualQuantizer(
                quantizer["rvq_first"], quantizers: 0..<c.semanticQuantizers, codebook: c.codebookSize, output: width,
                format: precision.format(.quantizer)),
            try ResidualQuantizer(
                quantizer["rvq_rest"], quantizers: c.semanticQuantizers..<c.quantizers, codebook: c.codebookSize,
                output: width, format: precision.format(.quantizer)),
        ]
        preConvolution = try CausalConvolution(
            weights["pre_conv.conv"], inputs: width, outputs: c.latent, format: precision.format(.preConvolution))
        preTransformer = try PreTransformer(weights["pre_transformer"], c, precision)
        var upsample: [ConvNeXtBlock] = []
        for (index, ratio) in c.upsamplingRatios.enumerated() {
            upsample.append(
                try ConvNeXtBlock(weights["upsample"][index], channels: c.latent, ratio: ratio, precision))
        }
        self.upsample = upsample

        let decoder = weights["decoder"]
        firstConvolution = try CausalConvolution(
            decoder["0.conv"], inputs: c.latent, outputs: c.decoderChannels, format: precision.format(.first))
        var blocks: [DecoderBlock] = []
        var period = c.upsamplingRatios.reduce(1, *)
        for (index, rate) in c.upsampleRates.enumerated() {
            period *= rate
            blocks.append(
                try DecoderBlock(
                    decoder[index + 1]["block"], inputs: c.decoderChannels >> index,
                    outputs: c.decoderChannels >> (index + 1), rate: rate, index: index, period: period,
                    precision))
        }
        self.blocks = blocks
        lastChannels = c.decoderChannels >> blocks.count
        lastActivation = try Snake(decoder[blocks.count + 1], channels: lastChannels)
        lastConvolution = try CausalConvolution(
            decoder[blocks.count + 2]["conv"], inputs: lastChannels, outputs: 1, format: precision.format(.last))
    }

    /// What one utterance remembers.
    package final class State {
        fileprivate var frames = 0
        fileprivate let quantizers: [ResidualQuantizer.State]
        fileprivate let preConvolution: CausalConvolution.State
        fileprivate let preTransformer: PreTransformer.State
        fileprivate let upsample: [ConvNeXtBlock.State]
        fileprivate let firstConvolution: CausalConvolution.State
        fileprivate let blocks: [DecoderBlock.State]
        fileprivate let lastConvolution: CausalConvolution.State

        fileprivate init(_ decoder: CodecDecoder, _ workspace: CodecWorkspace) {
            // Each layer writes where the one before it did not. The quantizers' vectors are added up in the first one's place.
            var places = [workspace.even, workspace.odd]
            func next() -> SignalBuffer {
                places.swapAt(0, 1)
                return places[0]
            }
            quantizers = decoder.quantizers.map { $0.makeState(workspace, output: next()) }
            places.swapAt(0, 1)
            preConvolution = decoder.preConvolution.makeState(workspace.window, output: next())
            preTransformer = decoder.preTransformer.makeState(workspace, output: next())
            upsample = decoder.upsample.map { $0.makeState(workspace, output: next()) }
            firstConvolution = decoder.firstConvolution.makeState(workspace.window, output: next())
            blocks = decoder.blocks.map { $0.makeState(workspace, output: next()) }
            lastConvolution = decoder.lastConvolution.makeState(workspace.window, output: next())
        }
    }

    /// The state of a new utterance. Those that take turns can share a workspace.
    package func makeState(_ workspace: CodecWorkspace = CodecWorkspace()) -> State { State(self, workspace) }

    /// Samples [frames · samplesPerFrame, 1] in [-1, 1] of the next frames, valid until the next step. On an error the
    /// state is as before; when `isCancelled` says so, there are no samples and the state is of no use any more.
    package func step(
        _ frames: [[Int]], _ state: State, on processor: Processor, isCancelled: () -> Bool = { false },
        trace: ((String, Rows) -> Void)? = nil
    ) throws(CodecError) -> Rows {
        try check(frames, after: state.frames)
        guard !frames.isEmpty else { return Rows(rows: 0, columns: 1) }
        state.frames += frames.count
        var x = dequantize(frames, state, on: processor)
        trace?("quantizer", x)
        x = preConvolution.step(x, state.preConvolution, on: processor)
        trace?("pre_conv", x)
        x = preTransformer.step(
            x, state.preTransformer, on: processor, trace: trace.map { t in { t("pre_transformer" + $0, $1) } })
        trace?("pre_transformer", x)
        for (index, block) in upsample.enumerated() {
            if isCancelled() { return Rows(rows: 0, columns: 1) }
            x = block.step(
                x, state.upsample[index], on: processor, trace: trace.map { t in { t("upsample\(index)_" + $0, $1) } })
            trace?("upsample\(index)", x)
        }
        x = firstConvolution.step(x, state.firstConvolution, on: processor)
        trace?("decoder0", x)
        for (index, block) in blocks.enumerated() {
            if isCancelled() { return Rows(rows: 0, columns: 1) }
            x = block.step(
                x, state.blocks[index], on: processor,
                trace: trace.map { t in { t("decoder\(index + 1)_" + $0, $1) } })
            trace?("decoder\(index + 1)", x)
        }
        return waveform(x, state, on: processor, trace: trace)
    }

    private func dequantize(_ frames: [[Int]], _ state: State, on processor: Processor) -> Rows {
        let first = quantizers[0].step(frames, state.quantizers[0], on: processor)
        processor.kernels.add(first, quantizers[1].step(frames, state.quantizers[1], on: processor))
        return first
    }

    private func waveform(
        _ x: Rows, _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)?
    ) -> Rows {
        trace?("decoder\(blocks.count + 1)", lastActivation.applied(to: x, on: processor))
        let samples = lastConvolution.step(lastActivation, of: x, state.lastConvolution, on: processor)
        trace?("decoder\(blocks.count + 2)", samples)
        for row in 0..<samples.rows { samples[row, 0] = min(max(samples[row, 0], -1), 1) }
        trace?("wav", samples)
        return samples
    }

    private func check(_ frames: [[Int]], after past: Int) throws(CodecError) {
        let c = configuration.decoder
        for (index, codes) in frames.enumerated() {
            guard codes.count == c.quantizers else {
                throw .wrongCodeCount(frame: past + index, expected: c.quantizers, found: codes.count)
            }
            for (quantizer, code) in codes.enumerated() where !(0..<c.codebookSize).contains(code) {
                throw .codeOutOfRange(frame: past + index, quantizer: quantizer, code: code, limit: c.codebookSize)
            }
        }
    }
}
