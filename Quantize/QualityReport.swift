// What quantization did, tensor by tensor and as speech; printed, and saved beside the weights.

import FoundationEssentials
import Glibc

package struct QualityReport: Codable, Sendable, Equatable {
    package static let fileName = "quantization_report.json"

    package struct TensorLine: Codable, Sendable, Equatable {
        package let file: String
        package let name: String
        package let shape: [Int]
        package let from: String
        package let to: String
        /// As stored, scales included.
        package let bytes: Int
        /// Signal to quantization noise; nil where nothing was lost.
        package let sqnrDB: Double?
        package let maxError: Float
        /// Inputs that its rounding was led by; nil where it was rounded by itself.
        package var calibrationRows: Int? = nil
    }

    package let recipe: String
    package let quantizer: String
    package let sourceBytes: Int
    package let bytes: Int
    package let tensors: [TensorLine]
    /// nil when no matrix was rounded by what it multiplies.
    package var calibration: CalibrationRecord? = nil
    /// What a reader should know: tensors without a rule, files left behind.
    package let notes: [String]
    /// nil when the models were not run.
    package let speech: SpeechQuality?
    /// nil when they did not speak freely for long.
    package let rollouts: RolloutQuality?
    /// nil when the codec decoder was not tried.
    package let codec: CodecQuality?

    package var isBelowGate: Bool { speech?.passesGate == false || rollouts?.passesGate == false }

    package func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self)) + [UInt8(ascii: "\n")]
    }
}

/// The source and the quantized model on the same texts and voice.
package struct SpeechQuality: Codable, Sendable, Equatable {
    package struct Gate: Codable, Sendable, Equatable {
        package let firstCodebook: Double
        package let otherCodebooks: Double
        /// Below it a listener hears other speech rather than the same speech with a little noise.
        package static let standard = Gate(firstCodebook: 0.969, otherCodebooks: 0.79)
    }

    package let texts: Int
    package let frames: Int
    /// Given the source's history, how often the most probable code is the source's.
    package let firstCodebookAgreement: Double
    /// nil where a frame is one code.
    package let otherCodebooksAgreement: Double?
    /// Mean KL divergence of the quantized distribution from the source's, in nats.
    package let firstCodebookKL: Double
    package let otherCodebooksKL: Double?
    /// Free running: frames spoken, quantized over source.
    package let durationRatio: Double
    /// Texts that the source ends and the quantized model does not, and the other way round.
    package let endOfSpeechMisses: Int
    package let gate: Gate

    package var passesGate: Bool {
        firstCodebookAgreement >= gate.firstCodebook && otherCodebooksAgreement ?? 1 >= gate.otherCodebooks
    }
}

// MARK: As text

extension QualityReport {
    package var text: String {
        var lines = [Self.row("tensor", "shape", "from", "to", "bytes", "SQNR dB", "max error")]
        for line in tensors {
            lines.append(
                Self.row(
                    line.name, line.shape.map(String.init).joined(separator: "×"), line.from, line.to,
                    String(line.bytes), line.sqnrDB.map { fixed($0, 1) } ?? "exact",
                    line.maxError == 0 ? "0" : scientific(line.maxError)))
        }
        lines.append("")
        lines.append(
            "\(recipe): \(tensors.count) tensors, \(megabytes(sourceBytes)) → \(megabytes(bytes)) "
                + "(\(fixed(100 * Double(bytes) / Double(max(1, sourceBytes)), 1)) %)")
        if let calibration { lines.append(calibration.line) }
        lines += notes.map { "note: " + $0 }
        if let speech { lines += speech.lines }
        if let rollouts { lines += rollouts.lines }
        if let codec { lines += codec.lines }
        return lines.joined(separator: "\n")
    }

    private static func row(_ cells: String...) -> String {
        let widths = [64, 16, 5, 5, 10, 8, 0]
        var text = ""
        for (cell, width) in zip(cells, widths) {
            text += cell + String(repeating: " ", count: max(width - cell.count, 0) + 1)
        }
        return text
    }
}

extension SpeechQuality {
    var lines: [String] {
        [
            "",
            "\(texts) texts, \(frames) frames, each code predicted from the source's history:",
        ] + codebooks + [
            "running freely: duration ratio \(fixed(durationRatio, 3)), end of speech missed "
                + "\(endOfSpeechMisses) of \(texts)",
            passesGate ? "The gate is passed." : "BELOW THE GATE: expect speech that differs from the source's.",
        ]
    }

    private var codebooks: [String] {
        func line(_ name: String, _ agreement: Double, _ gate: Double, _ divergence: Double) -> String {
            "  \(name)   \(fixed(100 * agreement, 2)) % agree (gate \(fixed(100 * gate, 1))), "
                + "KL \(fixed(divergence, 4)) nats"
        }
        guard let otherCodebooksAgreement, let otherCodebooksKL else {
            return [line("codes", firstCodebookAgreement, gate.firstCodebook, firstCodebookKL)]
        }
        return [
            line("first codebook ", firstCodebookAgreement, gate.firstCodebook, firstCodebookKL),
            line("other codebooks", otherCodebooksAgreement, gate.otherCodebooks, otherCodebooksKL),
        ]
    }
}

/// The number with so many digits behind the point, or its name when it is not finite.
package func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
    let scale = pow(10, Double(digits))
    let rounded = Int64((abs(value) * scale).rounded())
    let fraction = String(rounded % Int64(scale))
    let sign = value < 0 && rounded != 0 ? "-" : ""
    guard digits > 0 else { return sign + String(rounded) }
    return sign + String(rounded / Int64(scale)) + "." + String(repeating: "0", count: digits - fraction.count)
        + fraction
}

/// Two significant digits.
func scientific(_ value: Float) -> String {
    let exponent = log10(Double(value)).rounded(.down)
    return fixed(Double(value) / pow(10, exponent), 1) + "e" + String(Int(exponent))
}
