// Samples as numbers of files, sockets and sound devices.

package enum PCM {
    /// 1.0 is 32768, as files are read, so that 16-bit sound survives reading and writing unchanged.
    /// Rounds to nearest; what is louder than full scale is clamped.
    package static func int16(_ samples: [Float]) throws(AudioError) -> [Int16] {
        var result = [Int16]()
        result.reserveCapacity(samples.count)
        for (index, sample) in samples.enumerated() { result.append(try int16(sample, at: index)) }
        return result
    }

    private static func int16(_ sample: Float, at index: Int) throws(AudioError) -> Int16 {
        guard sample.isFinite else { throw .nonFiniteSample(index: index) }
        let scaled = (sample * 32768).rounded(.toNearestOrEven)
        return Int16(max(-32768, min(32767, scaled)))
    }

    /// 16-bit samples in bytes, little-endian on every machine, written where they are to lie: `target` has 2 · samples.count
    /// bytes or more. On an error some of them are written.
    package static func writeInt16(
        _ samples: [Float], to target: UnsafeMutableRawBufferPointer
    ) throws(AudioError) {
        precondition(target.count >= 2 * samples.count)
        for (index, sample) in samples.enumerated() {
            let bits = UInt16(bitPattern: try int16(sample, at: index)).littleEndian
            unsafe target.storeBytes(of: bits, toByteOffset: 2 * index, as: UInt16.self)
        }
    }

    /// 32-bit floats in bytes, little-endian: `target` has 4 · samples.count bytes or more.
    package static func writeFloat32(_ samples: [Float], to target: UnsafeMutableRawBufferPointer) {
        precondition(target.count >= 4 * samples.count)
        for (index, sample) in samples.enumerated() {
            unsafe target.storeBytes(of: sample.bitPattern.littleEndian, toByteOffset: 4 * index, as: UInt32.self)
        }
    }

    /// The samples of such bytes, in [-1, 1); half a sample at the end is left out.
    package static func samples(int16LittleEndian bytes: [UInt8]) -> [Float] {
        stride(from: 0, to: bytes.count - 1, by: 2).map { index in
            Float(Int16(bitPattern: UInt16(bytes[index]) | UInt16(bytes[index + 1]) << 8)) / 32768
        }
    }

    /// 16-bit samples in bytes of their own.
    package static func int16LittleEndian(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(2 * samples.count)
        for value in try int16(samples) {
            let bits = UInt16(bitPattern: value)
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        }
        return bytes
    }
}
