// Whether the codec decoder may compute in bytes: it decodes the same codes in float32 and in int8, and what counts is how far
// each whole waveform is off. What is found is recorded for the loader.

import Compute
import ModelFile
package import Qwen3TTS

package struct CodecQuality: Codable, Sendable, Equatable {
    package struct Input: Codable, Sendable, Equatable {
        package let name: String
        package let frames: Int
        /// The sound above its difference from float32's; nil where there is none, 0 where there is no sound to compare.
        package let decibels: Double?

        fileprivate var passes: Bool { decibels.map { $0 >= CodecQuality.gate } ?? true }
    }

    /// What int16 keeps on any decoder (docs/decisions/0001-codec-in-integers.md).
    package static let gate = 40.0

    package let inputs: [Input]
    /// What the inputs speak for: int8, or nil for what a checkpoint without a record is decoded with.
    package let choice: CodecPrecision?
    package let reason: String
    /// What the checkpoint records: of one that is being written, the choice.
    package var recorded: CodecPrecision?

    init(_ inputs: [Input], isFloat: Bool) {
        self.inputs = inputs
        let failing = inputs.filter { !$0.passes }
        if isFloat {
            (choice, reason) = (nil, "The weights are float32 throughout, so the codec decoder computes in it too")
        } else if let worst = failing.min(by: { $0.decibels! < $1.decibels! }) {
            choice = nil
            reason = "\(failing.count) of \(inputs.count) sounds miss the gate, \(worst.name) by the most"
        } else {
            (choice, reason) = (.int8, "Every sound keeps \(fixed(Self.gate, 0)) dB, so int8 serves")
        }
        recorded = choice
    }
}

struct CodecTrial {
    private let directory: String
    private let configuration: CodecConfiguration
    private let threads: Int

    private static let randomInputs = 4
    private static let randomFrames = 40

    /// `directory` holds the weights as they were written.
    init(_ directory: String, _ configuration: CodecConfiguration, threads: Int) {
        self.directory = directory
        self.configuration = configuration
        self.threads = threads
    }

    /// `spoken` are the codes of texts, one after the other.
    func run(spoken: [[[Int]]], _ progress: (QuantizationProgress) -> Void) throws -> CodecQuality {
        let random = (1...Self.randomInputs).map {
            ("random codes \($0)", configuration.randomCodes(Self.randomFrames, seed: $0))
        }
        let texts = spoken.enumerated().map { ("text \($0 + 1)", $1) }.filter { !$1.isEmpty }
        let inputs = random + texts
        var done = 0
        func report() {
            done += 1
            progress(QuantizationProgress(stage: .decoding, done: done, total: 2 * inputs.count))
        }
        // One decoder after the other, so that only one is in memory.
        let exact = try decode(inputs.map(\.1), .float32, report)
        let near = try decode(inputs.map(\.1), .int8, report)
        let results = inputs.indices.map { index in
            CodecQuality.Input(
                name: inputs[index].0, frames: inputs[index].1.count,
                decibels: Self.decibels(near[index], exact[index]))
        }
        let isFloat = try WeightFormat.name(of: Safetensors.directory(directory)) == "f32"
        return CodecQuality(results, isFloat: isFloat)
    }

    private func decode(
        _ inputs: [[[Int]]], _ precision: CodecPrecision, _ report: () -> Void
    ) throws -> [[Float]] {
        let decoder = try CodecDecoder(
            Safetensors.directory(directory + "/speech_tokenizer")["decoder"], configuration, precision: precision)
        let processor = Processor(threads: threads)
        return try inputs.map { frames in
            defer { report() }
            return try decoder.samples(frames, on: processor)
        }
    }

    private static func decibels(_ near: [Float], _ exact: [Float]) -> Double? {
        let deviation = Deviation(near, from: exact)
        let isSound = deviation.signal > 0 && deviation.signal.isFinite && deviation.noise.isFinite
        return isSound ? deviation.decibels : 0
    }
}

extension CodecQuality {
    var lines: [String] {
        let width = inputs.map(\.name.count).max() ?? 0
        return [
            "",
            "the codec decoder in 8-bit integers, its sound above its difference from float32 "
                + "(gate \(fixed(Self.gate, 1)) dB):",
        ]
            + inputs.map { input in
                let name = input.name + String(repeating: " ", count: width - input.name.count)
                let decibels = input.decibels.map { fixed($0, 1) + " dB" } ?? "no difference"
                return "  \(name)  \(input.frames) frames  \(decibels)"
            } + ["\(reason). The checkpoint records \(recorded?.rawValue ?? "nothing")."]
    }
}
