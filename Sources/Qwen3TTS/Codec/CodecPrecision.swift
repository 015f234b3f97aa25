// What the codec decoder computes with: the choices, the layers they are made for, and the choice that a checkpoint records.

package import Compute
package import ModelFile

/// What the decoder computes with. Each gives the same samples streamed or whole and on any number of threads; how far they are
/// from float32 is measured (docs/decisions/0001-codec-in-integers.md).
package enum CodecPrecision: String, Codable, Sendable, CaseIterable {
    /// As the official implementation.
    case float32
    /// 16-bit integers everywhere.
    case int16
    /// 8-bit ones where they save most and cost least.
    case int8
    /// 16-bit integers, multiplied as bytes, where few rows share the weights, so that reading them takes the time; in the
    /// decoder's blocks, where multiplying does, float32 with a third of the multiplications.
    case hybrid
    /// hybrid with 8-bit weights where int8 has them in layers of few rows.
    case hybrid8
    /// int16, and in the decoder's blocks float32 with a third of the multiplications for the convolutions of seven taps.
    case transform

    /// What speech is decoded with where the checkpoint records nothing.
    package static let speaking = CodecPrecision.int16.here

    /// What this computer decodes with where a checkpoint records this: seven taps are faster in floats that are multiplied a
    /// third as often than in 16 bits. aarch64 multiplies 16 bits no faster than floats anywhere, and bytes no faster than such
    /// floats.
    package var here: CodecPrecision {
        #if arch(arm64)
            return switch self {
            case .float32: .float32
            case .int16, .hybrid, .transform: .hybrid
            case .int8, .hybrid8: .hybrid8
            }
        #else
            return switch self {
            case .float32: .float32
            case .int16, .hybrid, .transform: .transform
            case .int8, .hybrid8: .int8
            }
        #endif
    }

    /// The table of choices.
    package func format(_ layer: CodecLayer) -> ConvolutionFormat {
        switch (self, layer) {
        case (.float32, _): .float32
        case (.int16, _): .int16
        // Few rows share these weights, so a frame waits for reading them.
        case (.int8, .attention), (.int8, .pointwise): .int8Weights
        // Half of all multiplications, where an error has a short way to the sound.
        case (.int8, .dilated(let block)) where block > 0: .int8
        case (.int8, _): .int16
        case (.hybrid8, .attention), (.hybrid8, .pointwise): .split8
        case (.hybrid, .dilated), (.hybrid8, .dilated): .winograd
        case (.hybrid, .narrow), (.hybrid8, .narrow), (.hybrid, .last), (.hybrid8, .last): .float32
        case (.hybrid, .rate(let block)), (.hybrid8, .rate(let block)): block > 0 ? .winograd : .split16
        case (.hybrid, _), (.hybrid8, _): .split16
        case (.transform, .dilated): .winograd
        case (.transform, _): .int16
        }
    }
}

/// The decoder's matrices and convolutions, in kinds that are treated alike. Blocks count from 0.
package enum CodecLayer {
    case quantizer, preConvolution
    /// The transformer: the matrices into and out of it; its layers.
    case projection, attention, mlp
    /// A ConvNeXt stage: its transposed convolution, and the two matrices.
    case upsampling, pointwise
    case first
    /// A block: its transposed convolution; the two convolutions of a residual unit, of seven taps and of one.
    case rate(block: Int), dilated(block: Int), narrow(block: Int)
    case last
}

extension CodecConfiguration {
    /// The record's name in `speech_tokenizer/config.json`; the official code keeps keys it does not know and ignores them.
    package static let precisionKey = CodingKeys.record.rawValue

    /// The precision that the quantizer measured and recorded; nil without a record. `directory` is for the error.
    package func recordedPrecision(in directory: String) throws(ConfigurationError) -> CodecPrecision? {
        guard let record else { return nil }
        if case .text(let value) = record, let precision = CodecPrecision(rawValue: value) { return precision }
        let known = CodecPrecision.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
        throw .invalid(
            path: directory + "/speech_tokenizer/config.json", field: Self.precisionKey,
            reason: "is \(record.description), one of \(known) is expected")
    }

    /// What speech is decoded with: what the checkpoint records, else by how its weights are stored. `format` is
    /// `WeightFormat.name(of:)`'s; weights that are rounded already lose more than 16-bit sound does: 40 dB below the sound and
    /// less.
    package func speakingPrecision(format: String, in directory: String) throws(ConfigurationError) -> CodecPrecision {
        try recordedPrecision(in: directory)?.here ?? (format == "f32" ? .float32 : .speaking)
    }
}

/// The record as it stands in the file.
package enum PrecisionRecord: Decodable, Sendable, Equatable {
    case text(String)
    case other

    package init(from decoder: any Decoder) throws {
        let text = try? decoder.singleValueContainer().decode(String.self)
        self = text.map(PrecisionRecord.text) ?? .other
    }

    /// Short and in printable characters, whatever the file holds.
    fileprivate var description: String {
        switch self {
        case .text(let value): String(reflecting: String(value.prefix(40)))
        case .other: "no string"
        }
    }
}
