// Sample rate conversion at soxr's high quality, the `soxr_hq` of librosa. The only file that knows libsoxr.

import CSoxr

/// Converts a stream. In all it gives exactly ⌈input · to / from⌉ samples, as librosa does; the filter's delay means that
/// a push may return few samples or none.
@safe package struct Resampler: ~Copyable {
    package let inputRate: Int  // Hz
    package let outputRate: Int  // Hz
    private let soxr: soxr_t?  // nil when the rates are equal
    /// libsoxr's own store grows by little steps to all that it is given at once, so it is given no more than this.
    private static let longestPiece = 1 << 16  // samples
    private var consumed = 0  // samples in, since the start
    private var produced = 0  // samples out, since the start

    package init(from inputRate: Int, to outputRate: Int) throws(AudioError) {
        for rate in [inputRate, outputRate] where !supportedSampleRates.contains(rate) {
            throw .unsupportedSampleRate(rate, allowed: supportedSampleRates)
        }
        var handle: soxr_t?
        if inputRate != outputRate {
            var failure: soxr_error_t?
            var quality = unsafe soxr_quality_spec(UInt(SOXR_HQ), 0)
            unsafe handle = soxr_create(Double(inputRate), Double(outputRate), 1, &failure, nil, &quality, nil)
            guard unsafe handle != nil, unsafe failure == nil else {
                let reason = unsafe failure.map { unsafe String(cString: $0) } ?? "out of memory"
                throw .resamplingFailed(from: inputRate, to: outputRate, reason: reason)
            }
        }
        self.inputRate = inputRate
        self.outputRate = outputRate
        unsafe soxr = handle
    }

    /// Takes the next samples and returns those that are ready.
    package mutating func push(_ samples: [Float]) throws(AudioError) -> [Float] {
        if let index = samples.firstIndex(where: { !$0.isFinite }) { throw .nonFiniteSample(index: consumed + index) }
        guard !samples.isEmpty else { return [] }
        consumed += samples.count
        guard let soxr = unsafe soxr else { return samples }

        var output = [Float]()
        var taken = 0
        while true {
            let count = min(samples.count - taken, Self.longestPiece)
            var piece = [Float](repeating: 0, count: expectedTotal(count) + 64)
            var done = 0
            var given = 0
            let failure = unsafe samples.withUnsafeBufferPointer { input in
                unsafe soxr_process(
                    soxr, input.baseAddress! + taken, count, &done, &piece, piece.count, &given)
            }
            unsafe try check(failure)
            taken += done
            output += piece[..<given]
            if taken == samples.count && given < piece.count { break }
        }
        produced += output.count
        return output
    }

    /// Ends the stream and returns the rest.
    package consuming func flush() throws(AudioError) -> [Float] {
        guard let soxr = unsafe soxr, consumed > 0 else { return [] }
        let missing = expectedTotal(consumed) - produced
        var output = [Float]()
        while output.count < missing {
            var piece = [Float](repeating: 0, count: missing - output.count)
            var given = 0
            unsafe try check(soxr_process(soxr, nil, 0, nil, &piece, piece.count, &given))
            if given == 0 { break }
            output += piece[..<given]
        }
        // soxr may round the length down by a sample.
        output += [Float](repeating: 0, count: max(0, missing - output.count))
        return output
    }

    deinit {
        if let soxr = unsafe soxr { unsafe soxr_delete(soxr) }
    }

    private func expectedTotal(_ count: Int) -> Int { (count * outputRate + inputRate - 1) / inputRate }

    private func check(_ failure: soxr_error_t?) throws(AudioError) {
        guard let failure = unsafe failure else { return }
        throw .resamplingFailed(from: inputRate, to: outputRate, reason: unsafe String(cString: failure))
    }
}

/// The whole clip at another rate.
package func resample(_ clip: AudioClip, to rate: Int) throws(AudioError) -> AudioClip {
    var resampler = try Resampler(from: clip.sampleRate, to: rate)
    var samples = try resampler.push(clip.samples)
    samples += try resampler.flush()
    return AudioClip(samples: samples, sampleRate: rate)
}
