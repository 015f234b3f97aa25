package import FoundationEssentials

/// A WAV file by hand, so that reading is not only tested against our own writer.
package func wav(format: UInt16, channels: Int, rate: Int, bits: Int, data: [UInt8], claimedBytes: Int? = nil) -> Data {
    let size = UInt32(claimedBytes ?? data.count)
    var bytes = Array("RIFF".utf8) + littleEndian(36 + size) + Array("WAVEfmt ".utf8) + littleEndian(UInt32(16))
    bytes += littleEndian(format) + littleEndian(UInt16(channels)) + littleEndian(UInt32(rate))
    bytes += littleEndian(UInt32(rate * channels * bits / 8)) + littleEndian(UInt16(channels * bits / 8))
    bytes += littleEndian(UInt16(bits)) + Array("data".utf8) + littleEndian(size) + data
    return Data(bytes)
}

/// The bytes of a number, the lowest first.
package func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}
