// What led the rounding, recorded in the file of the weights and reported.

import FoundationEssentials
import ModelFile

package struct CalibrationRecord: Codable, Sendable, Equatable {
    package let texts: Int
    package let frames: Int
    /// By tensor, the inputs that its rounding was led by; tensors of which too few were seen are not there.
    package let rows: [String: Int]

    /// Its key in the metadata of safetensors.
    static let key = "calibration"

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// That of a file of weights that was written here; nil where rounding was not led by anything.
    static func read(from path: String) throws -> CalibrationRecord? {
        guard let text = try Safetensors(path: path).metadata[key] else { return nil }
        do {
            return try JSONDecoder().decode(CalibrationRecord.self, from: Data(text.utf8))
        } catch {
            throw QuantizationError.notTheSame(path: path, reason: "its record of a calibration is none of ours")
        }
    }
}

// MARK: In a report

extension CalibrationRecord {
    /// Lines with the inputs that each tensor's rounding was led by.
    func added(to lines: [QualityReport.TensorLine]) -> [QualityReport.TensorLine] {
        lines.map { line in
            var line = line
            line.calibrationRows = rows[line.name]
            return line
        }
    }

    func notes(_ plans: some Sequence<TensorPlan>) -> [String] {
        plans.filter { $0.takesFeedback && rows[$0.source.name] == nil }.map {
            "tensor \($0.source.name) is rounded by itself, since too little was seen of what it multiplies"
        }
    }

    var line: String {
        let (least, most) = (rows.values.min() ?? 0, rows.values.max() ?? 0)
        return "\(rows.count) matrices are rounded by what they multiply, with \(least) to \(most) inputs each of "
            + "\(texts) texts, \(frames) frames"
    }
}
