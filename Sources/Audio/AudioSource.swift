// The bytes of a sound file with a header that can be believed: recorders that were switched off and programs that write into
// a pipe leave lengths of zero behind, and MP3 in the clothes of WAV is an MP3.

import CSndfile
import Files
import Glibc

@safe final class AudioSource {
    private let descriptor: Int32
    /// The part of the file that is the sound file.
    private var window: Range<Int>
    /// What is read in place of what the file holds.
    private var corrections: [(offset: Int, bytes: [UInt8])] = []
    private var position = 0  // in the window
    /// Of recordings that people often have and libsndfile does not read; nil for all others.
    private(set) var foreign: ForeignAudio?

    init(path: String) throws(AudioError) {
        descriptor = unsafe open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        window = 0..<0
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: systemMessage(errno)) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .cannotOpen(path: path, reason: "it is not a regular file")
        }
        guard status.st_size > 0 else { throw .empty(path: path) }
        window = 0..<Int(status.st_size)
        foreign = ForeignAudio(bytes(at: 0, count: 16))
        correctWAV()
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    // MARK: What it is

    private func correctWAV() {
        let head = bytes(at: 0, count: 12)[...]
        guard head.count == 12, head[..<4] == Array("RIFF".utf8)[...], head[8...] == Array("WAVE".utf8)[...] else {
            return
        }
        var offset = 12
        var format = 0
        for _ in 0..<Self.chunkLimit {
            let chunk = bytes(at: offset, count: 8)
            guard chunk.count == 8 else { return }
            let size = Self.little(chunk[4...])
            switch String(decoding: chunk[..<4], as: UTF8.self) {
            case "fmt ": format = Self.little(bytes(at: offset + 8, count: 2)[...])
            case "data": return take(offset + 8, size, format, isWhole: Self.little(head[4..<8]) == window.count - 8)
            default: break
            }
            offset += 8 + size + size % 2
        }
    }

    private static let chunkLimit = 1000
    private static let mpegFormats = [0x50, 0x55]

    /// The sound begins at `start` and has `size` bytes, as the header says, which knows the file's length when it `isWhole`.
    private func take(_ start: Int, _ size: Int, _ format: Int, isWhole: Bool) {
        let rest = window.upperBound - start
        guard rest > 0 else { return }
        if Self.mpegFormats.contains(format) {
            window = start..<start + (size == 0 ? rest : min(size, rest))
        } else if size == 0, !isWhole {
            let length = UInt32(clamping: rest)
            corrections = [
                (4, Self.little(UInt32(clamping: window.upperBound - 8))), (start - 4, Self.little(length)),
            ]
        }
    }

    private static func little(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reversed().reduce(0) { $0 << 8 | Int($1) } }

    private static func little(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    // MARK: Reading

    /// Fewer at the end of the file.
    private func bytes(at offset: Int, count: Int) -> [UInt8] {
        let count = max(0, min(count, window.upperBound - offset))
        var found = [UInt8](repeating: 0, count: count)
        let got = unsafe found.withUnsafeMutableBytes { unsafe fill($0, from: offset) }
        return Array(found.prefix(got))
    }

    /// Returns how many bytes there were.
    private func fill(_ target: UnsafeMutableRawBufferPointer, from offset: Int) -> Int {
        var done = 0
        while done < target.count {
            let got = unsafe pread(
                descriptor, target.baseAddress! + done, target.count - done, off_t(offset + done))
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            done += got
        }
        for correction in corrections {
            for (index, byte) in correction.bytes.enumerated() {
                let place = correction.offset + index - offset
                if (0..<done).contains(place) { unsafe target[place] = byte }
            }
        }
        return done
    }

    private func read(_ target: UnsafeMutableRawBufferPointer) -> Int {
        let count = max(0, min(target.count, window.count - position))
        let got = unsafe fill(
            UnsafeMutableRawBufferPointer(rebasing: target[..<count]), from: window.lowerBound + position)
        position += got
        return got
    }

    private func seek(_ offset: Int, _ whence: Int32) -> Int {
        let base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? position : window.count
        position = max(0, min(base.addingReportingOverflow(offset).partialValue, window.count))
        return position
    }

    private static func source(_ user: UnsafeMutableRawPointer?) -> AudioSource {
        guard let user = unsafe user else { preconditionFailure("libsndfile lost its user data") }
        return unsafe Unmanaged<AudioSource>.fromOpaque(user).takeUnretainedValue()
    }

    /// Opens it with libsndfile, which then reads through this value: it has to outlive the file.
    func openFile(_ info: inout SF_INFO) -> OpaquePointer? {
        var calls = unsafe SF_VIRTUAL_IO(
            get_filelen: { user in unsafe sf_count_t(AudioSource.source(user).window.count) },
            seek: { offset, whence, user in unsafe sf_count_t(AudioSource.source(user).seek(Int(offset), whence)) },
            read: { bytes, count, user in
                unsafe sf_count_t(
                    AudioSource.source(user).read(UnsafeMutableRawBufferPointer(start: bytes, count: Int(count))))
            },
            write: { _, _, _ in 0 },
            tell: { user in unsafe sf_count_t(AudioSource.source(user).position) })
        return unsafe sf_open_virtual(&calls, Int32(SFM_READ), &info, Unmanaged.passUnretained(self).toOpaque())
    }
}
