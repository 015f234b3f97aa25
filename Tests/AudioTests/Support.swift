// What several audio tests need: tones, and the bytes of samples.

import Foundation
import TestSupport

func sine(_ frequency: Double, rate: Int, count: Int, amplitude: Double = 0.5) -> [Float] {
    (0..<count).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
}

/// The bytes of 32-bit floats, little-endian.
func floatBytes(_ samples: [Float]) -> [UInt8] {
    samples.flatMap { littleEndian($0.bitPattern) }
}
