// Samples of the model as the bytes a client asked for.

import Audio

/// Resamples as a stream and encodes little-endian.
struct PCMEncoder: ~Copyable {
    private let encoding: AudioEncoding
    private let sampleRate: Int
    private var resampler: Resampler?

    init(from modelRate: Int, to sampleRate: Int, encoding: AudioEncoding) throws(AudioError) {
        self.encoding = encoding
        self.sampleRate = sampleRate
        resampler = modelRate == sampleRate ? nil : try Resampler(from: modelRate, to: sampleRate)
    }

    /// May return few bytes or none: the resampler looks ahead.
    mutating func encode(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        try bytes(try resampler?.push(samples) ?? samples)
    }

    /// The rest.
    mutating func finish() throws(AudioError) -> [UInt8] {
        guard let last = resampler.take() else { return [] }
        return try bytes(try last.flush())
    }

    private func bytes(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        switch encoding {
        case .pcm16: return try PCM.int16LittleEndian(samples)
        case .pcm32f:
            var bytes: [UInt8] = []
            bytes.reserveCapacity(samples.count * 4)
            for sample in samples {
                let bits = sample.bitPattern
                for shift in stride(from: 0, to: 32, by: 8) {
                    bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(shift)))
                }
            }
            return bytes
        }
    }
}
