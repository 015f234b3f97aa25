// Samples of the model as the bytes a client asked for.

import Audio

/// Stretches and resamples as a stream and encodes little-endian.
struct PCMEncoder: ~Copyable {
    private let encoding: AudioEncoding
    private var stretch: TimeStretch
    private var resampler: Resampler?

    init(from modelRate: Int, to sampleRate: Int, encoding: AudioEncoding, speed: Double) throws(AudioError) {
        let stretch = try TimeStretch(speed: speed, sampleRate: modelRate)
        resampler = modelRate == sampleRate ? nil : try Resampler(from: modelRate, to: sampleRate)
        self.encoding = encoding
        self.stretch = stretch
    }

    /// May return few bytes or none: stretching and resampling look ahead.
    mutating func encode(_ samples: [Float]) throws(AudioError) -> [UInt8] { try resample(stretch.push(samples)) }

    /// The rest.
    mutating func finish() throws(AudioError) -> [UInt8] {
        let last = try resample(stretch.flush())
        guard let resampler = resampler.take() else { return last }
        return last + (try bytes(try resampler.flush()))
    }

    private mutating func resample(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        try bytes(try resampler?.push(samples) ?? samples)
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
