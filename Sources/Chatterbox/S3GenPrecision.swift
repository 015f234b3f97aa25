// What the convolutions and matrices of flow and vocoder compute with.

import Compute

package enum S3GenPrecision: String, Sendable, CaseIterable {
    /// As the official implementation.
    case float32
    /// 16-bit weights and activations with exact sums, in half the memory. What is one number for a frame or one row for an
    /// utterance stays as it is: the pitch, whose error would grow with the phase; the time of a step; positions; spectra.
    case int16

    /// What speech is decoded with where T3 is stored like this: weights that are rounded already lose more than 16 bits do.
    package static func speaking(with format: String) -> S3GenPrecision { format == "f32" ? .float32 : .int16 }

    /// aarch64 multiplies 16 bits no faster than floats, but bytes.
    var format: ConvolutionFormat {
        switch self {
        case .float32: return .float32
        case .int16:
            #if arch(arm64)
                return .split16
            #else
                return .int16
            #endif
        }
    }
}
