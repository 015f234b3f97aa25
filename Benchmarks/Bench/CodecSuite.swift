// The codec decoder by itself: what each precision takes on every instruction set, and how far it is from float32.

import Compute
import Glibc
import ModelFile
import Quantization
import Qwen3TTS

struct CodecSuite {
    private let weights: Weights
    private let configuration: CodecConfiguration

    /// `directory` is a checkpoint in the official layout.
    init(directory: String) throws {
        weights = try Safetensors.directory(directory + "/speech_tokenizer")["decoder"]
        configuration = try Configuration.codec(directory: directory)
    }

    static func isPrecision(_ name: String) -> Bool { CodecPrecision(rawValue: name) != nil }
    static var precisions: [String] { CodecPrecision.allCases.map(\.rawValue) }
    static var sets: [String] { Kernels.available.map(\.name) }

    struct Line {
        let precision: String
        let set: String
        /// Processor time of a frame on one thread, so that what else runs on the machine counts little.
        let milliseconds: Double
        /// 10·log10 of the sound's power over that of its difference from float32; nil for float32 itself.
        let decibels: Double?
    }

    /// `frames` random codes, frame by frame.
    func run(precisions: [String], sets: [String], frames: Int) throws -> [Line] {
        let exact = try decode(.float32, .best, frames).samples
        var lines: [Line] = []
        for precision in precisions.compactMap(CodecPrecision.init) {
            for kernels in Kernels.available where sets.contains(kernels.name) {
                let (samples, times) = try decode(precision, kernels, frames)
                lines.append(
                    Line(
                        precision: precision.rawValue, set: kernels.name, milliseconds: percentile(times, 0.5),
                        decibels: precision == .float32 ? nil : Deviation(samples, from: exact).decibels))
            }
        }
        return lines
    }

    private func decode(
        _ precision: CodecPrecision, _ kernels: Kernels, _ frames: Int
    ) throws -> (samples: [Float], times: [Double]) {
        let decoder = try CodecDecoder(weights, configuration, precision: precision)
        let (state, processor) = (decoder.makeState(), Processor(kernels: kernels))
        var samples: [Float] = []
        var times: [Double] = []
        for codes in configuration.randomCodes(frames, seed: 1) {
            let start = Self.processorTime
            samples += try decoder.step([codes], state, on: processor).values
            times.append(Self.processorTime - start)
        }
        return (samples, times)
    }

    /// Processor time of this thread, in milliseconds.
    private static var processorTime: Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) * 1e-6
    }

    static func table(_ lines: [Line]) -> String {
        let widths = [10, 14, 14, 18]
        let rows = lines.map { line in
            row(
                [
                    line.precision, line.set, fixed(line.milliseconds, 2),
                    line.decibels.map { fixed($0, 1) } ?? "-",
                ], widths)
        }
        return ([row(["codec", "kernels", "ms per frame", "dB from float32"], widths)] + rows).joined(separator: "\n")
    }
}
