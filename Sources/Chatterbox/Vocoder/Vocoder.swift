// Mel to sound: a neural source filter whose network predicts short spectra. `HiFTGenerator`.
//
//   f0_predictor → m_source → STFT;  conv_pre → levels, each with the excitation → conv_post → inverse STFT

package import Compute
import Glibc
package import ModelFile

package struct Vocoder {
    let harmonics: Int
    let bands: Int
    private let f0Predictor: F0Predictor
    private let source: SourceModule
    private let first: Convolution  // conv_pre
    private let levels: [VocoderLevel]
    private let last: Convolution  // conv_post
    private let transform: ShortTransform

    /// Rows of a level for each of the one before.
    private static let rates = [8, 5, 3]
    /// Samples of a frame of mel.
    package static let samplesPerFrame = rates.reduce(ShortTransform.hop, *)
    package static let sampleRate = 24_000
    /// No sample is larger.
    private static let limit: Float = 0.99
    private static let largestMagnitude: Float = 100

    /// `weights` is the `mel2wav` part of the checkpoint.
    package init(_ weights: Weights, bands: Int, precision: S3GenPrecision = .float32) throws(ModelFileError) {
        self.bands = bands
        f0Predictor = try F0Predictor(weights["f0_predictor"], bands: bands)
        source = try SourceModule(weights["m_source"], samplesPerFrame: Self.samplesPerFrame)
        harmonics = source.harmonics
        first = try Convolution(weights["conv_pre"], inputs: bands, padding: .centred, format: precision.format)
        levels = try Self.levels(weights, inputs: first.outputs, precision.format)
        last = try Convolution(
            weights["conv_post"], inputs: levels[levels.count - 1].outputs, outputs: ShortTransform.columns,
            padding: .centred, format: precision.format)
        transform = try ShortTransform()
    }

    private static func levels(
        _ weights: Weights, inputs: Int, _ format: ConvolutionFormat
    ) throws(ModelFileError) -> [VocoderLevel] {
        let blocks = try weights.count("resblocks", with: "activations1.0.alpha") / rates.count
        guard blocks > 0, blocks <= 64, !weights["ups"][rates.count].contains("bias") else {
            let name = try weights["ups.0"].convolution().name
            throw .unusable(name: name, reason: "the vocoder does not have \(rates.count) levels")
        }
        var levels: [VocoderLevel] = []
        for (index, rate) in rates.enumerated() {
            levels.append(
                try VocoderLevel(
                    weights, index: index, inputs: levels.last?.outputs ?? inputs, rate: rate,
                    stride: rates[(index + 1)...].reduce(1, *), blocks: blocks, isLast: index == rates.count - 1,
                    format: format))
        }
        return levels
    }

    /// The sound of `mel` [frames, bands], of `samplesPerFrame` samples each.
    package func sound(
        _ mel: Rows, noise: some NoiseSource, on processor: Processor
    ) throws(S3GenError) -> [Float] {
        guard mel.rows > 0 else { return [] }
        precondition(mel.columns == bands)
        let f0 = f0(mel, on: processor)
        guard f0.allSatisfy(\.isFinite) else { throw .notFinite("pitch") }
        var cycle = 0.0
        let excitation = excitation(f0, cycle: &cycle, noise: noise, on: processor)
        return try sound(mel, excitation: excitation, on: processor)
    }

    /// Silence in the first 20 ms, growing loudness in the next.
    package static func fadeIn(_ samples: inout [Float]) {
        let length = sampleRate / 50
        for index in 0..<min(length, samples.count) { samples[index] = 0 }
        for index in length..<max(length, min(2 * length, samples.count)) {
            let angle = Float.pi * (1 - Float(index - length) / Float(length - 1))
            samples[index] *= (cos(angle) + 1) / 2
        }
    }

    // MARK: Stages

    /// A pitch for each frame.
    func f0(_ mel: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil) -> [Float] {
        f0Predictor.apply(mel, on: processor, trace: trace)
    }

    /// [samples, 1] of frames of those pitches: see `SourceModule.apply`.
    func excitation(
        _ f0: [Float], first: Int = 0, cycle: inout Double, noise: some NoiseSource, on processor: Processor
    ) -> Rows {
        source.apply(f0, first: first, cycle: &cycle, noise: noise, on: processor)
    }

    func sound(
        _ mel: Rows, excitation: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(S3GenError) -> [Float] {
        let spectra = transform.spectra(excitation, on: processor)
        trace?("source_stft", spectra)
        var x = first.apply(mel, on: processor)
        trace?("conv_pre", x)
        for level in levels { x = level.apply(x, spectra: spectra, on: processor, trace: trace) }
        processor.each(x) { processor.kernels.leakyReLU($0, $0, slope: 0.01) }
        x = last.apply(x, on: processor)
        trace?("conv_post", x)
        processor.each(x, Self.toSpectra)
        let samples = transform.signal(x, on: processor)
        guard samples.allSatisfy(\.isFinite) else { throw .notFinite("sound") }
        return samples.map { min(max($0, -Self.limit), Self.limit) }
    }

    /// Logarithms of magnitudes and what gives phases by its sine to real and imaginary parts.
    private static func toSpectra(_ x: Rows) {
        let bins = x.columns / 2
        for row in 0..<x.rows {
            for bin in 0..<bins {
                let magnitude = min(exp(x[row, bin]), largestMagnitude)
                let phase = sin(x[row, bins + bin])
                x[row, bin] = magnitude * cos(phase)
                x[row, bins + bin] = magnitude * sin(phase)
            }
        }
    }
}
