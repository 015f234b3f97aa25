// Sound as a stream of bytes in the formats that clients ask for. AudioFile names the others that know libsndfile.

import CSndfile

package enum AudioFormat: String, Sendable, CaseIterable {
    case wav, pcm, flac, mp3, opus, aac

    /// For HTTP's Content-Type.
    package var mediaType: String {
        switch self {
        case .wav: "audio/wav"
        case .pcm: "audio/pcm"
        case .flac: "audio/flac"
        case .mp3: "audio/mpeg"
        case .opus: "audio/ogg"
        case .aac: "audio/aac"
        }
    }
}

/// Encodes mono sound piece by piece; every call returns the bytes that are ready. Nothing is ever taken back, so that the
/// bytes can be sent at once: a length in a header says "unknown". Only FLAC is kept back until its end: libraries take the length
/// in its header for the truth.
package struct AudioEncoder: ~Copyable {
    package let format: AudioFormat
    package let sampleRate: Int
    private let library: LibraryEncoder?
    private let aac: AACEncoder?
    private var header: [UInt8]

    package init(_ format: AudioFormat, sampleRate: Int) throws(AudioError) {
        guard supportedSampleRates.contains(sampleRate) else {
            throw .unsupportedSampleRate(sampleRate, allowed: supportedSampleRates)
        }
        let library = try Self.codec(format).map { codec throws(AudioError) in try LibraryEncoder(codec, sampleRate) }
        let aac = format == .aac ? try AACEncoder(sampleRate: sampleRate) : nil
        self.library = library
        self.aac = aac
        header = format == .wav ? Self.wavHeader(sampleRate) : []
        self.format = format
        self.sampleRate = sampleRate
    }

    /// libsndfile's number; nil for what it does not make.
    private static func codec(_ format: AudioFormat) -> Int? {
        switch format {
        case .wav, .pcm, .aac: nil
        case .flac: SF_FORMAT_FLAC | SF_FORMAT_PCM_16
        case .mp3: SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III
        case .opus: SF_FORMAT_OGG | SF_FORMAT_OPUS
        }
    }

    package mutating func encode(_ samples: [Float]) throws(AudioError) -> [UInt8] {
        if let aac { return try aac.encode(try PCM.int16(samples)) }
        guard let library else {
            defer { header = [] }
            return header + (try PCM.int16LittleEndian(samples))
        }
        try library.write(try PCM.int16(samples))
        return format == .flac ? [] : library.sink.take()
    }

    package consuming func finish() throws(AudioError) -> [UInt8] {
        if let aac { return try aac.finish() }
        guard let library else { return header }
        try library.close()
        return library.sink.take()
    }

    /// 16-bit mono with the length left open, as streaming servers write it.
    private static func wavHeader(_ sampleRate: Int) -> [UInt8] {
        func little(_ value: UInt32, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) }
        }
        let rate = UInt32(sampleRate)
        return Array("RIFF".utf8) + little(.max, 4) + Array("WAVEfmt ".utf8) + little(16, 4) + little(1, 2)
            + little(1, 2)
            + little(rate, 4) + little(rate * 2, 4) + little(2, 2) + little(16, 2) + Array("data".utf8)
            + little(.max, 4)
    }
}

/// libsndfile writing into memory. A class: the library holds its address.
@safe private final class LibraryEncoder {
    let sink = Sink()
    private var file: OpaquePointer?  // nil once closed

    init(_ format: Int, _ sampleRate: Int) throws(AudioError) {
        var info = SF_INFO()
        info.samplerate = Int32(sampleRate)
        info.channels = 1
        info.format = Int32(format)
        var calls = Sink.calls
        let opened = unsafe sf_open_virtual(&calls, Int32(SFM_WRITE), &info, Unmanaged.passUnretained(sink).toOpaque())
        guard let opened = unsafe opened else {
            throw .encodingFailed(reason: unsafe String(cString: sf_strerror(nil)))
        }
        unsafe file = opened
        // A page of Ogg would hold a second of speech back.
        var latency = Self.pageLatency
        _ = unsafe sf_command(opened, Int32(SFC_SET_OGG_PAGE_LATENCY_MS), &latency, Int32(MemoryLayout<Double>.size))
        // Players tell the length of an MP3 from its bit rate when no table of contents can be written.
        var mode = Int32(SF_BITRATE_MODE_CONSTANT)
        _ = unsafe sf_command(opened, Int32(SFC_SET_BITRATE_MODE), &mode, Int32(MemoryLayout<Int32>.size))
    }

    /// In milliseconds.
    private static let pageLatency = 100.0

    func write(_ samples: [Int16]) throws(AudioError) {
        guard let file = unsafe file, !samples.isEmpty else { return }
        guard unsafe sf_write_short(file, samples, sf_count_t(samples.count)) == samples.count else {
            throw .encodingFailed(reason: unsafe String(cString: sf_strerror(file)))
        }
    }

    func close() throws(AudioError) {
        guard let open = unsafe file else { return }
        unsafe file = nil
        let status = unsafe sf_close(open)
        guard status == 0 else { throw .encodingFailed(reason: unsafe String(cString: sf_error_number(status))) }
    }

    deinit {
        if let file = unsafe file { unsafe _ = sf_close(file) }
    }
}

/// Where the library writes to. What it wants to change in bytes that are already gone, which are lengths and tables for
/// seeking, is dropped.
private final class Sink {
    private var ready: [UInt8] = []
    /// Bytes given away so far.
    private var taken = 0
    private var position = 0

    func take() -> [UInt8] {
        taken += ready.count
        defer { ready = [] }
        return ready
    }

    func write(_ bytes: UnsafeRawBufferPointer) {
        let skipped = min(bytes.count, max(0, taken - position))
        for offset in skipped..<bytes.count {
            let byte = unsafe bytes[offset]
            let index = max(position, taken) - taken
            if index < ready.count { ready[index] = byte } else { ready.append(byte) }
            position = max(position, taken) + 1
        }
        if skipped == bytes.count { position += skipped }
    }

    func seek(_ offset: Int, _ whence: Int32) -> Int {
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : taken + ready.count
        position = max(0, min(base + offset, taken + ready.count))
        return position
    }

    private static func sink(_ user: UnsafeMutableRawPointer?) -> Sink {
        guard let user = unsafe user else { preconditionFailure("libsndfile lost its user data") }
        return unsafe Unmanaged<Sink>.fromOpaque(user).takeUnretainedValue()
    }

    static var calls: SF_VIRTUAL_IO {
        unsafe SF_VIRTUAL_IO(
            get_filelen: { user in
                let sink = unsafe Sink.sink(user)
                return sf_count_t(sink.taken + sink.ready.count)
            },
            seek: { offset, whence, user in unsafe sf_count_t(Sink.sink(user).seek(Int(offset), whence)) },
            read: { _, _, _ in 0 },
            write: { bytes, count, user in
                unsafe Sink.sink(user).write(UnsafeRawBufferPointer(start: bytes, count: Int(count)))
                return count
            },
            tell: { user in unsafe sf_count_t(Sink.sink(user).position) })
    }
}
