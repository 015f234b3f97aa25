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
        fileprivate let workspace: CodecWorkspace
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
            self.workspace = workspace
            quantizers = decoder.quantizers.map { $0.makeState(workspace, output: next()) }
            places.swapAt(0, 1)
            preConvolution = decoder.preConvolution.makeState(workspace.window, output: next())
            preTransformer = decoder.preTransformer.makeState(workspace, output: next())
            upsample = decoder.upsample.map { $0.makeState(workspace, output: next()) }
            // The last that all lanes pass together stays as it is until the last lane has gone on.
            let isLast = decoder.blocks.isEmpty
            firstConvolution = decoder.firstConvolution.makeState(
                workspace.window, output: isLast ? workspace.fork : next())
            blocks = decoder.blocks.enumerated().map { index, block in
                block.makeState(workspace, output: index == 0 ? workspace.fork : next())
            }
            lastConvolution = decoder.lastConvolution.makeState(workspace.window, output: next())
        }
    }

    /// The state of a new utterance. Those that take turns, or pass together, share a workspace.
    package func makeState(_ workspace: CodecWorkspace = CodecWorkspace()) -> State { State(self, workspace) }

    /// The next frames of an utterance, whose codes follow one another.
    package func lane(_ codes: [Int], _ state: State) throws(CodecError) -> CodecLane {
        let width = configuration.decoder.quantizers
        let frames = codes.count / width
        guard codes.count == frames * width else {
            throw .wrongCodeCount(frame: state.frames + frames, expected: width, found: codes.count % width)
        }
        for (index, code) in codes.enumerated() where !(0..<configuration.decoder.codebookSize).contains(code) {
            throw .codeOutOfRange(
                frame: state.frames + index / width, quantizer: index % width, code: code,
                limit: configuration.decoder.codebookSize)
        }
        return CodecLane(state: state, codes: codes, frames: frames)
    }

    /// Samples [frames · samplesPerFrame, 1] in [-1, 1] of the next frames, valid until the next step. On an error the
    /// state is as before.
    package func step(
        _ frames: [[Int]], _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(CodecError) -> Rows {
        for (index, codes) in frames.enumerated() where codes.count != configuration.decoder.quantizers {
            throw .wrongCodeCount(
                frame: state.frames + index, expected: configuration.decoder.quantizers, found: codes.count)
        }
        var sound = Rows(rows: 0, columns: 1)
        let lane = try lane(frames.flatMap { $0 }, state)
        if lane.frames > 0 { step([lane], on: processor, trace: trace) { sound = $1 } }
        return sound
    }

    /// Gives `hear` the sound of each lane, as `step` with one utterance does, valid until it returns. A lane for which
    /// `isCancelled` says so between layers has no sound, and its state is of no use any more. Every lane has frames.
    package func step(
        _ lanes: [CodecLane], on processor: Processor, isCancelled: (_ lane: Int) -> Bool = { _ in false },
        trace: ((String, Rows) -> Void)? = nil, hear: (_ lane: Int, _ samples: Rows) -> Void
    ) {
        precondition(lanes.allSatisfy { $0.frames > 0 && $0.state.workspace === lanes.first?.state.workspace })
        guard !lanes.isEmpty else { return }
        let raised = processor.at(.codecRows, shape: lanes[...].frames) {
            runTogether(lanes[...], on: $0, isCancelled, trace)
        }
        guard let raised else { return }
        var index = 0
        lanes[...].forEach(in: raised) { lane, x in
            let samples = processor.at(.codecSamples, shape: lane.frames) {
                runAlone(x, lanes[index...index], on: $0, { isCancelled(index) }, trace)
            }
            if let samples { hear(index, samples) }
            index += 1
        }
    }

    /// The layers that have few rows for each frame, up to the raised rate of the first block. Nil when nobody wants to hear.
    private func runTogether(
        _ lanes: ArraySlice<CodecLane>, on processor: Processor, _ isCancelled: (Int) -> Bool,
        _ trace: ((String, Rows) -> Void)?
    ) -> Rows? {
        for lane in lanes { lane.state.frames += lane.frames }
        var x = dequantize(lanes, on: processor)
        trace?("quantizer", x)
        x = preConvolution.step(x, lanes, { $0.state.preConvolution }, on: processor)
        trace?("pre_conv", x)
        x = preTransformer.step(
            x, lanes, { $0.state.preTransformer }, on: processor,
            trace: trace.map { t in { t("pre_transformer" + $0, $1) } })
        trace?("pre_transformer", x)
        for (index, block) in upsample.enumerated() {
            if lanes.indices.allSatisfy(isCancelled) { return nil }
            x = block.step(
                x, lanes, { $0.state.upsample[index] }, on: processor,
                trace: trace.map { t in { t("upsample\(index)_" + $0, $1) } })
            trace?("upsample\(index)", x)
        }
        x = firstConvolution.step(x, lanes, { $0.state.firstConvolution }, on: processor)
        trace?("decoder0", x)
        guard let block = blocks.first else { return x }
        return block.raise(x, lanes, { $0.state.blocks[0] }, on: processor, trace: blockTrace(0, trace))
    }

    /// From the first block's raised rate to the samples.
    private func runAlone(
        _ x: Rows, _ lanes: ArraySlice<CodecLane>, on processor: Processor, _ isCancelled: () -> Bool,
        _ trace: ((String, Rows) -> Void)?
    ) -> Rows? {
        let state = lanes.first!.state
        var x = x
        for (index, block) in blocks.enumerated() {
            if isCancelled() { return nil }
            let blockTrace = blockTrace(index, trace)
            if index > 0 { x = block.raise(x, lanes, { $0.state.blocks[index] }, on: processor, trace: blockTrace) }
            block.refine(x, state.blocks[index], on: processor, trace: blockTrace)
            trace?("decoder\(index + 1)", x)
        }
        return waveform(x, state, on: processor, trace: trace)
    }

    private func blockTrace(_ index: Int, _ trace: ((String, Rows) -> Void)?) -> ((String, Rows) -> Void)? {
        trace.map { t in { t("decoder\(index + 1)_" + $0, $1) } }
    }

    private func dequantize(_ lanes: ArraySlice<CodecLane>, on processor: Processor) -> Rows {
        let first = quantizers[0].step(lanes, { $0.state.quantizers[0] }, on: processor)
        processor.kernels.add(first, quantizers[1].step(lanes, { $0.state.quantizers[1] }, on: processor))
        return first
    }

    private func waveform(
        _ x: Rows, _ state: State, on processor: Processor, trace: ((String, Rows) -> Void)?
    ) -> Rows {
        trace?("decoder\(blocks.count + 1)", lastActivation.applied(to: x, on: processor))
        let samples = lastConvolution.step(x, snake: lastActivation, state.lastConvolution, on: processor)
        trace?("decoder\(blocks.count + 2)", samples)
        for row in 0..<samples.rows { samples[row, 0] = min(max(samples[row, 0], -1), 1) }
        trace?("wav", samples)
        return samples
    }
}
