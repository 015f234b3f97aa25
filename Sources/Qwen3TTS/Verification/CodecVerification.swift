// Runs the codec on the goldens: its decoder one frame at a time as a listener hears it, its encoder on whole clips.

package import Compute
package import Verifying

package struct CodecVerification {
    private let decoder: CodecDecoder
    private let encoder: CodecEncoder
    private let goldens: Qwen3Goldens
    private let processor: Processor

    package init(_ decoder: CodecDecoder, _ encoder: CodecEncoder, _ goldens: Qwen3Goldens, on processor: Processor) {
        self.decoder = decoder
        self.encoder = encoder
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        for clip in ["clip", "ref", "long"] where goldens.contains("encoder/\(clip)/codes") {
            try encode(clip, &report)
        }
        if goldens.contains("decoder/small/codes") { try stages("small", &report) }
        if goldens.contains("decoder/window/pre_transformer") { try stages("window", &report) }
        if goldens.contains("decoder/batch/wav") {
            try report.compare("decoder/batch/wav", try decode("decoder/batch/codes"), with: goldens)
        }
        for (codes, wave, golden) in [
            ("decoder/window/codes", "decoder/window/wav_frames", "decoder_window"),
            ("decoder/chunk/codes", "decoder/chunk/once_frames", "decoder_chunk"),
        ] where goldens.contains(wave) {
            try report.compare(wave, try picked(decode(codes), goldens.cases[golden]?.picks ?? []), with: goldens)
        }
        for name in goldens.names(below: "wav/") {
            let spoken = "generate/\(name.dropFirst(4))/codes"
            guard goldens.contains(spoken) else { continue }
            let samples = try decode(reference(of: String(name.dropFirst(4))) + frames(spoken))
            // The reference clip's own frames are decoded in front and cut off.
            let count = try goldens.shape(name).first ?? 0
            try report.compare(name, Array(samples.suffix(count)), with: goldens)
        }
    }

    // MARK: Decoder

    private func decode(_ codes: String) throws -> [Float] { try decode(frames(codes)) }

    private func decode(_ frames: [[Int]]) throws -> [Float] {
        let state = decoder.makeState()
        var samples: [Float] = []
        for frame in frames { samples += try decoder.step([frame], state, on: processor).values }
        return samples
    }

    /// Codes of the reference clip where a case clones by them.
    private func reference(of name: String) throws -> [[Int]] {
        guard let golden = goldens.cases[name], golden.ref_ids != nil, let clip = golden.reference else { return [] }
        return try frames("encoder/\(clip)/codes")
    }

    private func picked(_ samples: [Float], _ picks: [Int]) -> [Float] {
        let size = decoder.configuration.samplesPerFrame
        let frames = samples.count / size
        return picks.filter { (0..<frames).contains($0) }.flatMap { samples[$0 * size..<($0 + 1) * size] }
    }

    /// Every stage of a decode for which there is a golden.
    private func stages(_ name: String, _ report: inout VerificationReport) throws {
        let base = "decoder/\(name)/"
        let recorder = StageRecorder(
            keeps: { goldens.contains(base + $0) }, isTimeMajor: { $0.hasPrefix("pre_transformer") })
        _ = try decoder.step(frames(base + "codes"), decoder.makeState(), on: processor, trace: recorder.record)
        for stage in recorder.stages { try report.compare(base + stage.name, stage.values, with: goldens) }
    }

    private func frames(_ name: String) throws -> [[Int]] {
        let c = decoder.configuration.decoder
        return try goldens.frames(name, groups: c.quantizers, below: c.codebookSize)
    }

    // MARK: Encoder

    private func encode(_ clip: String, _ report: inout VerificationReport) throws {
        let base = "encoder/\(clip)/"
        let samples = try goldens.signal(clip)
        let recorder = StageRecorder(
            keeps: { goldens.contains(base + $0) },
            isTimeMajor: { $0.hasPrefix("transformer") || $0.hasSuffix("_in") })
        var tail: [Float]?
        let codes = try encoder.encode(samples, on: processor) { name, rows in
            recorder.record(name, rows)
            if name == "transformer", goldens.contains(base + "transformer_tail") {
                tail = rows[max(rows.rows - 8, 0)..<rows.rows].values
            }
        }
        for stage in recorder.stages { try report.compare(base + stage.name, stage.values, with: goldens) }
        if let tail { try report.compare(base + "transformer_tail", tail, with: goldens) }
        try compare(codes, base, &report)
    }

    /// Counts codes that differ, but not those decided by less than the official code's own rounding, nor the later
    /// quantizers of such a frame: they start from what that decision left over.
    private func compare(_ codes: [[Int]], _ base: String, _ report: inout VerificationReport) throws {
        let c = decoder.configuration
        let expected = try goldens.frames(
            base + "codes", groups: c.validQuantizers, below: c.encoder.codebookSize)
        let margins = goldens.contains(base + "margins") ? try goldens.floats(base + "margins") : []
        let rounding = goldens.tolerance(base + "margins")
        var differing = abs(codes.count - expected.count) * c.validQuantizers
        for (frame, pair) in zip(codes, expected).enumerated() {
            for part in [0..<c.encoder.semanticQuantizers, c.encoder.semanticQuantizers..<c.validQuantizers] {
                guard let first = part.first(where: { pair.0[$0] != pair.1[$0] }) else { continue }
                let at = frame * c.validQuantizers + first
                let isOpen = margins.indices.contains(at) && Double(margins[at]) < rounding
                if !isOpen { differing += part.filter { pair.0[$0] != pair.1[$0] }.count }
            }
        }
        report.add(
            base + "codes", shape: try goldens.shape(base + "codes"), error: Double(differing), tolerance: 0)
    }
}

extension Qwen3Goldens {
    /// A signal of the goldens: stored, a part of the reference, or built from it without rounding.
    func signal(_ name: String) throws -> [Float] {
        let reference = try floats("input/ref")
        switch name {
        case "clip":
            guard reference.count >= 35003 else {
                throw CodecError.tooShort(samples: reference.count, minimum: 35003)
            }
            return Array(reference[30000..<35003])
        case "long":
            let scale = cases["long"]?.scale ?? 1
            return reference + reference.reversed().map { scale * $0 } + reference.map { -$0 }
                + reference.reversed().map { scale / 2 * $0 }
        default: return reference
        }
    }
}
