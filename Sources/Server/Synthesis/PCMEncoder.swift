// Samples of the model as the bytes a client asked for, in the buffer that its socket takes.

import Audio
import NIOCore

/// Stretches and resamples as a stream, where that is asked for, and encodes little-endian.
struct PCMEncoder: ~Copyable {
    private let encoding: AudioEncoding
    private var stretch: TimeStretch
    // Spelt out, it has no value before `init` gives it one: Swift 6.2 stops at an implicit nil that is overwritten.
    private var resampler: Optional<Resampler>

    init(from modelRate: Int, to sampleRate: Int, encoding: AudioEncoding, speed: Double) throws(AudioError) {
        let stretch = try TimeStretch(speed: speed, sampleRate: modelRate)
        let resampler: Resampler? = modelRate == sampleRate ? nil : try Resampler(from: modelRate, to: sampleRate)
        self.encoding = encoding
        self.stretch = stretch
        self.resampler = resampler
    }

    /// May return few bytes or none: stretching and resampling look ahead.
    mutating func encode(_ samples: [Float]) throws(AudioError) -> ByteBuffer {
        try encoding.bytes(try resampled(stretch.push(samples)))
    }

    /// The rest.
    mutating func finish() throws(AudioError) -> ByteBuffer {
        let last = try resampled(stretch.flush())
        guard let resampler = resampler.take() else { return try encoding.bytes(last) }
        return try encoding.bytes(last + (try resampler.flush()))
    }

    private mutating func resampled(_ samples: [Float]) throws(AudioError) -> [Float] {
        try resampler?.push(samples) ?? samples
    }
}

extension AudioEncoding {
    private var width: Int {
        switch self {
        case .pcm16: 2
        case .pcm32f: 4
        }
    }

    /// The samples, written once: into the buffer that is sent.
    func bytes(_ samples: [Float]) throws(AudioError) -> ByteBuffer {
        let count = samples.count * width
        var buffer = ByteBufferAllocator().buffer(capacity: count)
        var failure: AudioError?
        unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            do throws(AudioError) {
                switch self {
                case .pcm16: try unsafe PCM.writeInt16(samples, to: target)
                case .pcm32f: unsafe PCM.writeFloat32(samples, to: target)
                }
            } catch { failure = error }
            return count
        }
        if let failure { throw failure }
        return buffer
    }
}
