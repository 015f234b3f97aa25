// Runs the codec decoder on the codes of the goldens, one frame at a time as a listener hears it.

package import Compute

package struct CodecVerification {
    private let decoder: CodecDecoder
    private let goldens: Goldens
    private let processor: Processor

    package init(_ decoder: CodecDecoder, _ goldens: Goldens, on processor: Processor) {
        self.decoder = decoder
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        if goldens.contains("decoder/small/codes") { try stages(&report) }
        if goldens.contains("decoder/batch/codes") {
            try close("decoder/batch/wav", try decode(frames("decoder/batch/codes")), &report)
        }
        for (codes, wave, golden) in [
            ("decoder/window/codes", "decoder/window/wav_frames", "decoder_window"),
            ("decoder/chunk/codes", "decoder/chunk/once_frames", "decoder_chunk"),
        ] where goldens.contains(codes) {
            let samples = try decode(frames(codes))
            let size = decoder.configuration.samplesPerFrame
            let picked = (goldens.cases[golden]?.picks ?? []).flatMap { samples[$0 * size..<($0 + 1) * size] }
            try close(wave, picked, &report)
        }
        for name in ["xvec", "cv"] where goldens.contains("wav/\(name)") {
            try close("wav/\(name)", try decode(frames("generate/\(name)/codes")), &report)
        }
    }

    private func decode(_ frames: [[Int]]) throws -> [Float] {
        let state = decoder.makeState()
        var samples: [Float] = []
        for frame in frames { samples += try decoder.step([frame], state, on: processor).values }
        return samples
    }

    /// Every stage of a short decode. Convolution stages are stored [channels, time], ours are [time, channels].
    private func stages(_ report: inout VerificationReport) throws {
        var found: [(String, [Float])] = []
        _ = try decoder.step(
            try frames("decoder/small/codes"), decoder.makeState(), on: processor,
            trace: { name, rows in
                found.append((name, name.hasPrefix("pre_transformer") ? rows.values : rows.transposedValues))
            })
        for (name, values) in found where goldens.contains("decoder/small/\(name)") {
            try close("decoder/small/\(name)", values, &report)
        }
    }

    private func frames(_ name: String) throws -> [[Int]] {
        let groups = decoder.configuration.decoder.quantizers
        let all = try goldens.integers(name)
        return stride(from: 0, to: all.count, by: groups).map { Array(all[$0..<min($0 + groups, all.count)]) }
    }

    private func close(_ name: String, _ value: [Float], _ report: inout VerificationReport) throws {
        report.compare(
            name, value, try goldens.floats(name), shape: try goldens.shape(name), tolerance: goldens.tolerance(name))
    }
}

extension Rows {
    /// Column by column.
    fileprivate var transposedValues: [Float] {
        (0..<columns).flatMap { column in (0..<rows).map { self[$0, column] } }
    }
}
