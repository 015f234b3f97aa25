// What several audio tests need: a folder that goes away, and tones.

import Foundation

/// Runs `body` with the path of an empty folder that is removed afterwards.
func withTemporaryFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
}

func sine(_ frequency: Double, rate: Int, count: Int, amplitude: Double = 0.5) -> [Float] {
    (0..<count).map { Float(amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
}

/// How far `actual` is from `expected`, in dB.
func signalToNoise(_ actual: ArraySlice<Float>, _ expected: ArraySlice<Float>) -> Double {
    var signal = 0.0
    var noise = 1e-30
    for (a, e) in zip(actual, expected) {
        signal += Double(e) * Double(e)
        noise += Double(a - e) * Double(a - e)
    }
    return 10 * log10(signal / noise)
}

/// A WAV file by hand, so that reading is not only tested against our own writer.
func wav(format: UInt16, channels: Int, rate: Int, bits: Int, data: [UInt8], claimedBytes: Int? = nil) -> Data {
    func little<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        (0..<T.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> T($0 * 8)) }
    }
    let size = UInt32(claimedBytes ?? data.count)
    var bytes = Array("RIFF".utf8) + little(36 + size) + Array("WAVEfmt ".utf8) + little(UInt32(16))
    bytes += little(format) + little(UInt16(channels)) + little(UInt32(rate))
    bytes += little(UInt32(rate * channels * bits / 8)) + little(UInt16(channels * bits / 8)) + little(UInt16(bits))
    bytes += Array("data".utf8) + little(size) + data
    return Data(bytes)
}

/// The bytes of 32-bit floats, little-endian.
func floatBytes(_ samples: [Float]) -> [UInt8] {
    samples.flatMap { sample in (0..<4).map { UInt8(truncatingIfNeeded: sample.bitPattern >> UInt32($0 * 8)) } }
}
