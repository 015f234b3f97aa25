// AAC where Debian's libvo-aacenc0 is installed: frames with ADTS headers, which need no file around them.

import CAAC

/// A class: the library keeps its place in memory.
@safe final class AACEncoder {
    private static let bitsPerSecond = 64_000

    private var encoder: OpaquePointer?  // nil once closed
    /// Samples that do not fill a frame yet.
    private var waiting: [Int16] = []

    init(sampleRate: Int) throws(AudioError) {
        var opened: OpaquePointer?
        // The library knows no more than six bits a sample.
        let bits = min(Self.bitsPerSecond, 4 * sampleRate)
        switch unsafe aac_open(&opened, Int32(sampleRate), Int32(bits)) {
        case AAC_READY: unsafe encoder = opened
        case AAC_NO_LIBRARY:
            throw .encodingFailed(reason: "AAC needs Debian's libvo-aacenc0, which is not installed on the server.")
        default: throw .encodingFailed(reason: "AAC has no sample rate of \(sampleRate).")
        }
    }

    func encode(_ samples: [Int16]) throws(AudioError) -> [UInt8] {
        waiting += samples
        var bytes: [UInt8] = []
        var start = 0
        while waiting.count - start >= Int(AAC_FRAME) {
            bytes += try frame(Array(waiting[start..<(start + Int(AAC_FRAME))]))
            start += Int(AAC_FRAME)
        }
        waiting.removeFirst(start)
        return bytes
    }

    /// The rest, and silence behind it until the last sample has come out.
    func finish() throws(AudioError) -> [UInt8] {
        var silence = Int(AAC_DELAY)
        let last = (waiting.count + silence) % Int(AAC_FRAME)
        if last > 0 { silence += Int(AAC_FRAME) - last }
        let bytes = try encode([Int16](repeating: 0, count: silence))
        close()
        return bytes
    }

    private func frame(_ samples: [Int16]) throws(AudioError) -> [UInt8] {
        guard let encoder = unsafe encoder else { preconditionFailure("encoding after the end") }
        var count: Int32 = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Int(AAC_LARGEST_FRAME)) { buffer, filled in
            count = unsafe aac_encode(encoder, samples, buffer.baseAddress)
            filled = max(0, Int(count))
        }
        guard count >= 0 else { throw .encodingFailed(reason: "the AAC encoder failed.") }
        return bytes
    }

    private func close() {
        if let encoder = unsafe encoder { unsafe aac_close(encoder) }
        unsafe encoder = nil
    }

    deinit { close() }
}
