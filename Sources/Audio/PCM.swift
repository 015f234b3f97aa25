// Samples as 16-bit integers, the form that files, sockets and sound devices take.

package enum PCM {
    /// 1.0 is 32768, as files are read, so that 16-bit sound survives reading and writing unchanged.
    /// Rounds to nearest; what is louder than full scale is clamped.
    package static func int16(_ samples: [Float]) throws(AudioError) -> [Int16] {
        var result = [Int16]()
        result.reserveCapacity(samples.count)
        for (index, sample) in samples.enumerated() {
            guard sample.isFinite else { throw .nonFiniteSample(index: index) }
            let scaled = (sample * 32768).rounded(.toNearestOrEven)
            result.append(Int16(max(-32768, min(32767, scaled))))
        }
        return result
    }

    /// The same as bytes, little-endian on every machine.
    package static func int16LittleEndian(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        var bytes = [UInt8]()
        bytes.reserveCapacity(samples.count * 2)
        for value in try int16(samples) {
            let bits = UInt16(bitPattern: value)
            bytes.append(UInt8(truncatingIfNeeded: bits))
            bytes.append(UInt8(truncatingIfNeeded: bits >> 8))
        }
        return bytes
    }
}
