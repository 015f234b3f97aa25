// Audio files, read whole and written as a stream. With AudioSource and AudioEncoder the only files that know libsndfile.

import CSndfile
import Files
import Glibc

package enum AudioFile {
    /// Longer files are refused, so that a wrong path cannot fill the memory. Seconds.
    package static let longest = 600.0

    /// Reads a whole file; several channels are averaged to one.
    /// - Parameter longest: seconds that are decoded at most, however little the file takes on the disk.
    package static func read(path: String, longest: Double = longest) throws(AudioError) -> AudioClip {
        let source = try AudioSource(path: path)
        guard let foreign = source.foreign else { return try read(source, path: path, longest: longest) }
        let converted = try Converter().convert(path, foreign, longest: longest)
        defer { withExtendedLifetime(converted) {} }
        return try read(AudioSource(path: converted.path), path: path, longest: longest)
    }

    /// `path` is for errors.
    private static func read(_ source: AudioSource, path: String, longest: Double) throws(AudioError) -> AudioClip {
        defer { withExtendedLifetime(source) {} }
        var info = SF_INFO()
        guard let file = unsafe source.openFile(&info) else {
            throw .notAudio(path: path, reason: sndfileMessage(nil))
        }
        defer { unsafe _ = sf_close(file) }
        let rate = Int(info.samplerate)
        guard supportedSampleRates.contains(rate) else {
            throw .unsupportedSampleRate(rate, allowed: supportedSampleRates)
        }
        guard info.frames > 0, info.channels > 0 else { throw .empty(path: path) }
        // A stream that was written without knowing its end does not tell its length, and that of an MP3 is a guess.
        let isGuess = info.frames == sf_count_t.max || info.format & Int32(SF_FORMAT_TYPEMASK) == Int32(SF_FORMAT_MPEG)
        let frames = isGuess ? nil : Int(info.frames)
        let seconds = Double(frames ?? 0) / Double(rate)
        guard seconds <= longest else { throw .tooLong(path: path, seconds: seconds, limit: longest) }

        let most = Int(longest * Double(rate))
        let samples = unsafe try mono(file, path: path, frames: frames, most: most, Int(info.channels), rate)
        guard !samples.isEmpty else { throw .empty(path: path) }
        return AudioClip(samples: samples, sampleRate: rate)
    }

    /// Reads `frames` frames, or up to the end when their number is not known, in pieces and averages their channels.
    private static func mono(
        _ file: OpaquePointer, path: String, frames: Int?, most: Int, _ channels: Int, _ rate: Int
    ) throws(AudioError) -> [Float] {
        let pieceFrames = 4096
        var piece = [Float](repeating: 0, count: pieceFrames * channels)  // [frames, channels]
        var samples = [Float]()
        while samples.count < frames ?? .max {
            let wanted = min(pieceFrames, (frames ?? .max) - samples.count)
            let got = Int(unsafe sf_readf_float(file, &piece, sf_count_t(wanted)))
            guard got > 0 else {
                guard let frames else { break }
                throw .truncated(path: path, expectedFrames: frames, foundFrames: samples.count)
            }
            for frame in 0..<got {
                var sum: Float = 0
                for channel in 0..<channels { sum += piece[frame * channels + channel] }
                guard sum.isFinite else { throw .nonFiniteInFile(path: path, frame: samples.count) }
                samples.append(sum / Float(channels))
            }
            guard samples.count <= most else {
                throw .tooLong(
                    path: path, seconds: Double(samples.count) / Double(rate), limit: Double(most) / Double(rate))
            }
        }
        return samples
    }
}

extension AudioFileWriter.Format {
    private static let byEnding: [(ending: String, format: Self)] = [
        ("wav", .wavPCM16), ("flac", .flac), ("mp3", .mp3), ("opus", .opus), ("ogg", .opus), ("pcm", .rawPCM16),
    ]

    /// The endings of names that are known, for people: ".wav, .flac or .mp3".
    package static var endings: String {
        let names = byEnding.map { ".\($0.ending)" }
        return names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
    }

    /// By the ending of a file's name, in any case; nil when it is not known.
    package init?(ofPath path: String) {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return nil }
        let ending = name[name.index(after: dot)...].lowercased()
        guard let row = Self.byEnding.first(where: { $0.ending == ending }) else { return nil }
        self = row.format
    }

    /// libsndfile's number.
    fileprivate var number: Int {
        switch self {
        case .wavPCM16: SF_FORMAT_WAV | SF_FORMAT_PCM_16
        case .wavFloat32: SF_FORMAT_WAV | SF_FORMAT_FLOAT
        case .rawPCM16: SF_FORMAT_RAW | SF_FORMAT_PCM_16 | SF_ENDIAN_LITTLE
        case .flac: SF_FORMAT_FLAC | SF_FORMAT_PCM_16
        case .mp3: SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III
        case .opus: SF_FORMAT_OGG | SF_FORMAT_OPUS
        }
    }
}

/// Writes a mono file piece by piece. The sound grows under a temporary name beside the target and takes its name in
/// `finish()`; a writer that is dropped before removes what it wrote, so the target is either complete or untouched.
@safe package struct AudioFileWriter: ~Copyable {
    package enum Format: Sendable { case wavPCM16, wavFloat32, rawPCM16, flac, mp3, opus }

    package let path: String
    package let sampleRate: Int
    private let format: Format
    // nil once published. Spelt out, it has no value before `init` gives it one: Swift 6.2 stops at an implicit nil that is overwritten.
    private var staged: Optional<StagedFile>
    private var file: OpaquePointer?  // nil once closed

    package init(path: String, sampleRate: Int, format: Format = .wavPCM16) throws(AudioError) {
        guard supportedSampleRates.contains(sampleRate) else {
            throw .unsupportedSampleRate(sampleRate, allowed: supportedSampleRates)
        }
        // Renaming over a device, or writing to a folder, is never what was meant.
        var status = stat()
        if unsafe stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
            throw .cannotWrite(path: path, reason: "it exists and is not a regular file")
        }
        let staged: StagedFile
        do { staged = try StagedFile(for: path) } catch { throw AudioError(error) }
        var info = SF_INFO()
        info.samplerate = Int32(sampleRate)
        info.channels = 1
        info.format = Int32(format.number)
        guard let opened = unsafe sf_open_fd(staged.descriptor, Int32(SFM_WRITE), &info, Int32(SF_FALSE)) else {
            throw .cannotWrite(path: path, reason: sndfileMessage(nil))
        }
        self.path = path
        self.sampleRate = sampleRate
        self.format = format
        self.staged = consume staged
        unsafe file = opened
    }

    package mutating func write(_ samples: [Float]) throws(AudioError) {
        guard let file = unsafe file else { preconditionFailure("write after finish") }
        let written: sf_count_t
        switch format {
        case .wavFloat32:
            if let index = samples.firstIndex(where: { !$0.isFinite }) { throw .nonFiniteSample(index: index) }
            written = unsafe sf_write_float(file, samples, sf_count_t(samples.count))
        case .wavPCM16, .rawPCM16, .flac, .mp3, .opus:
            let values = try PCM.int16(samples)
            written = unsafe sf_write_short(file, values, sf_count_t(values.count))
        }
        guard written == samples.count else {
            throw .cannotWrite(path: path, reason: unsafe sndfileMessage(file))
        }
    }

    /// Completes the file, makes it durable and gives it its name.
    package consuming func finish() throws(AudioError) {
        let status = unsafe sf_close(file)
        unsafe file = nil
        guard status == 0 else {
            throw .cannotWrite(path: path, reason: unsafe String(cString: sf_error_number(status)))
        }
        do { try staged.take()?.publish() } catch { throw AudioError(error) }
    }

    deinit {
        if let file = unsafe file { unsafe _ = sf_close(file) }
    }
}

/// The last message of `file`, or of the last failed opening; without its full stop.
private func sndfileMessage(_ file: OpaquePointer?) -> String {
    var message = unsafe String(cString: sf_strerror(file))
    while message.last == "." || message.last == "\n" { message.removeLast() }
    return message
}
