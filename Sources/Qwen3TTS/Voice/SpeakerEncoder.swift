// Who speaks: ECAPA-TDNN over a log-mel spectrogram gives one vector (the x-vector).
//
//   blocks.0 → three squeeze-excitation Res2Net blocks → mfa over their outputs → attentive statistics → fc

package import Compute
import Glibc
package import ModelFile

/// `speaker_encoder_config`; absent fields have the official defaults.
package struct SpeakerEncoderConfiguration: Decodable, Sendable, Equatable {
    package var enc_dim: Int
    package var sample_rate: Int?
    package var mel_dim: Int?
    package var enc_channels: [Int]?
    package var enc_dilations: [Int]?
    package var enc_attention_channels: Int?
    package var enc_res2net_scale: Int?
    package var enc_se_channels: Int?

    var bands: Int { mel_dim ?? 128 }
    var channels: [Int] { enc_channels ?? [512, 512, 512, 512, 1536] }
    var dilations: [Int] { enc_dilations ?? [1, 2, 3, 4, 1] }
    var attention: Int { enc_attention_channels ?? 128 }
    var scale: Int { enc_res2net_scale ?? 8 }
    var squeeze: Int { enc_se_channels ?? 128 }

    package func validate() throws(CodecError) {
        let sizes = [enc_dim, bands, attention, scale, squeeze, sample_rate ?? 24000] + channels + dilations
        guard sizes.allSatisfy({ (1...1 << 20).contains($0) }), channels.count >= 3, scale > 1,
            dilations.count == channels.count, channels.dropLast().allSatisfy({ $0 == channels[0] }),
            channels[0] % scale == 0, channels[channels.count - 1] == channels[0] * (channels.count - 2)
        else { throw .badConfiguration("speaker_encoder_config does not describe an encoder: \(self)") }
    }
}

package struct SpeakerEncoder {
    package let mel: MelSpectrogram
    package let dimension: Int
    private let first: SameConvolution
    private let blocks: [SqueezeExcitationBlock]
    private let aggregate: SameConvolution
    private let attentionIn: SameConvolution
    private let attentionOut: SameConvolution
    private let output: SameConvolution
    private let minimumFrames: Int

    /// `weights` is the `speaker_encoder` part of the checkpoint. The configuration is validated.
    package init(_ weights: Weights, _ c: SpeakerEncoderConfiguration) throws(ModelFileError) {
        let last = c.channels.count - 1
        let (channels, dilations, wide) = (c.channels[0], c.dilations, c.channels[last])
        mel = MelSpectrogram(bands: c.bands, sampleRate: c.sample_rate ?? 24000)
        dimension = c.enc_dim
        first = try SameConvolution(
            weights["blocks.0.conv"], inputs: c.bands, outputs: channels, dilation: dilations[0])
        var blocks: [SqueezeExcitationBlock] = []
        for index in 1..<last {
            blocks.append(
                try SqueezeExcitationBlock(
                    weights["blocks"][index], channels: channels, scale: c.scale, squeeze: c.squeeze,
                    dilation: dilations[index]))
        }
        self.blocks = blocks
        aggregate = try SameConvolution(weights["mfa.conv"], inputs: wide, outputs: wide, dilation: dilations[last])
        attentionIn = try SameConvolution(weights["asp.tdnn.conv"], inputs: 3 * wide, outputs: c.attention)
        attentionOut = try SameConvolution(weights["asp.conv"], inputs: c.attention, outputs: wide)
        output = try SameConvolution(weights["fc"], inputs: 2 * wide, outputs: c.enc_dim)
        minimumFrames = 1 + ([first.reach, aggregate.reach] + blocks.map(\.reach)).reduce(0, max)
    }

    /// The vector of a voice from 24 kHz samples.
    package func embed(_ samples: [Float], on processor: Processor) throws(CodecError) -> [Float] {
        try embed(mel: mel(samples), on: processor)
    }

    /// The vector of a log-mel spectrogram [frames, bands].
    package func embed(
        mel: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(CodecError) -> [Float] {
        guard mel.rows >= minimumFrames else {
            throw .tooShort(
                samples: mel.rows * MelSpectrogram.hop, minimum: minimumFrames * MelSpectrogram.hop)
        }
        var x = first.rectified(mel, on: processor)
        trace?("block0", x)
        var outputs: [Rows] = []
        for (index, block) in blocks.enumerated() {
            x = block.apply(x, on: processor, trace: trace.map { t in { t("block\(index + 1)" + $0, $1) } })
            outputs.append(x)
        }
        x = aggregate.rectified(Self.joined(outputs), on: processor)
        trace?("mfa", x)
        let pooled = pool(x, on: processor)
        trace?("asp", pooled)
        return output.apply(pooled, on: processor).values
    }

    /// Attentive statistics: weights from x with its plain mean and deviation, then weighted mean and deviation [1, 2n].
    private func pool(_ x: Rows, on processor: Processor) -> Rows {
        let even = Rows(rows: x.rows, columns: x.columns)
        even.fill(1 / Float(x.rows))
        let plain = Self.statistics(x, even)
        let context = Rows(rows: x.rows, columns: 3 * x.columns)
        for row in 0..<x.rows {
            context[row].columns(0..<x.columns).copy(from: x[row])
            context[row].columns(x.columns..<3 * x.columns).copy(from: plain)
        }
        let hidden = attentionIn.rectified(context, on: processor)
        hidden.map { tanh($0) }
        let weights = attentionOut.apply(hidden, on: processor)
        Self.softmaxOverTime(weights)
        return Self.statistics(x, weights)
    }

    /// Means, then deviations, of each channel.
    private static func statistics(_ x: Rows, _ weights: Rows) -> Rows {
        let result = Rows(rows: 1, columns: 2 * x.columns)
        for channel in 0..<x.columns {
            var mean = 0.0
            for row in 0..<x.rows { mean += Double(weights[row, channel] * x[row, channel]) }
            var variance = 0.0
            for row in 0..<x.rows {
                let difference = Double(x[row, channel]) - mean
                variance += Double(weights[row, channel]) * difference * difference
            }
            result[0, channel] = Float(mean)
            result[0, x.columns + channel] = Float(max(variance, 1e-12).squareRoot())
        }
        return result
    }

    private static func softmaxOverTime(_ x: Rows) {
        for channel in 0..<x.columns {
            let peak = (0..<x.rows).reduce(-Float.infinity) { max($0, x[$1, channel]) }
            var sum = 0.0
            for row in 0..<x.rows {
                x[row, channel] = exp(x[row, channel] - peak)
                sum += Double(x[row, channel])
            }
            for row in 0..<x.rows { x[row, channel] = Float(Double(x[row, channel]) / sum) }
        }
    }

    /// Side by side.
    private static func joined(_ parts: [Rows]) -> Rows {
        let result = Rows(rows: parts[0].rows, columns: parts.reduce(0) { $0 + $1.columns })
        var start = 0
        for part in parts {
            result.columns(start..<start + part.columns).copy(from: part)
            start += part.columns
        }
        return result
    }
}

/// tdnn1 → Res2Net → tdnn2 → squeeze and excitation, around a residual.
private struct SqueezeExcitationBlock {
    private let before: SameConvolution
    private let parts: [SameConvolution]
    private let after: SameConvolution
    private let squeeze: SameConvolution
    private let excite: SameConvolution
    private let width: Int

    var reach: Int { ([before.reach, after.reach] + parts.map(\.reach)).reduce(0, max) }

    init(_ weights: Weights, channels: Int, scale: Int, squeeze squeezed: Int, dilation: Int) throws(ModelFileError) {
        width = channels / scale
        before = try SameConvolution(weights["tdnn1.conv"], inputs: channels, outputs: channels)
        var parts: [SameConvolution] = []
        for index in 0..<scale - 1 {
            parts.append(
                try SameConvolution(
                    weights["res2net_block.blocks"][index]["conv"], inputs: width, outputs: width, dilation: dilation))
        }
        self.parts = parts
        after = try SameConvolution(weights["tdnn2.conv"], inputs: channels, outputs: channels)
        squeeze = try SameConvolution(weights["se_block.conv1"], inputs: channels, outputs: squeezed)
        excite = try SameConvolution(weights["se_block.conv2"], inputs: squeezed, outputs: channels)
    }

    func apply(_ input: Rows, on processor: Processor, trace: ((String, Rows) -> Void)?) -> Rows {
        var x = before.rectified(input, on: processor)
        trace?("_tdnn1", x)
        mix(x, on: processor)
        trace?("_res2net", x)
        x = after.rectified(x, on: processor)
        trace?("_tdnn2", x)
        let mean = Rows(rows: 1, columns: x.columns)
        for channel in 0..<x.columns {
            mean[0, channel] = Float((0..<x.rows).reduce(0.0) { $0 + Double(x[$1, channel]) } / Double(x.rows))
        }
        let gate = excite.apply(squeeze.rectified(mean, on: processor), on: processor)
        gate.map { 1 / (1 + exp(-$0)) }
        for row in 0..<x.rows {
            for channel in 0..<x.columns {
                x[row, channel] = x[row, channel] * gate[0, channel] + input[row, channel]
            }
        }
        trace?("", x)
        return x
    }

    /// Res2Net in place: part 0 passes, part 1 alone, part j with the output of part j - 1.
    private func mix(_ x: Rows, on processor: Processor) {
        for (index, convolution) in parts.enumerated() {
            let part = x.columns((index + 1) * width..<(index + 2) * width)
            if index > 0 { processor.kernels.add(part, x.columns(index * width..<(index + 1) * width)) }
            part.copy(from: convolution.rectified(part, on: processor))
        }
    }
}

/// A convolution that keeps the length, with the ends reflected.
struct SameConvolution {
    private let convolution: PackedConvolution

    /// `weight` [outputs, inputs, taps] and, where present, `bias` [outputs].
    init(_ weights: Weights, inputs: Int, outputs: Int, dilation: Int = 1) throws(ModelFileError) {
        let (tensor, taps) = try weights.kernel(outputs, inputs)
        convolution = try PackedConvolution(
            tensor, ConvolutionShape(inputs: inputs, outputs: outputs, taps: taps, dilation: dilation),
            bias: weights.optionalBias(outputs), format: .float32)
    }

    private var padding: Int { convolution.shape.inputRows(for: 1) - 1 }

    /// Rows beyond an end that are reflected; the input must be longer.
    var reach: Int { padding - padding / 2 }

    func apply(_ x: Rows, on processor: Processor) -> Rows {
        precondition(x.rows > reach)
        let padded = Rows(rows: x.rows + padding, columns: x.columns)
        for row in 0..<padded.rows {
            padded[row].copy(from: x[reflected(row - padding / 2, in: x.rows)])
        }
        let y = Rows(rows: x.rows, columns: convolution.shape.outputs)
        convolution.apply(padded, into: y, on: processor)
        return y
    }

    /// The same, then max(0, y).
    func rectified(_ x: Rows, on processor: Processor) -> Rows {
        let y = apply(x, on: processor)
        y.map { max(0, $0) }
        return y
    }
}

extension Rows {
    fileprivate func map(_ transform: (Float) -> Float) {
        for row in 0..<rows {
            for column in 0..<columns { self[row, column] = transform(self[row, column]) }
        }
    }
}
