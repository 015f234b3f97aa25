// Recordings that libsndfile does not read, as phones and browsers make them: ffmpeg decodes them, where it is installed, as a
// program of its own that is bounded in time, memory and what it writes. Its libraries change too often to be linked.

import CChild
import Files
import FoundationEssentials
import Glibc

/// A kind of recording that is known by its first bytes.
struct ForeignAudio: Sendable, Equatable {
    /// For people: "a WebM or Matroska recording".
    let kind: String
    /// ffmpeg's name of the container. It is told, since a guess could be a list of other files to open.
    let container: String

    /// - Parameter head: the first 16 bytes of the file.
    init?(_ head: [UInt8]) {
        if Array(head.dropFirst(4).prefix(4)) == Array("ftyp".utf8) {
            (kind, container) = ("an MPEG-4 recording (M4A, AAC)", "mp4")
        } else if head.prefix(4) == [0x1a, 0x45, 0xdf, 0xa3] {
            (kind, container) = ("a WebM or Matroska recording", "matroska")
        } else if head.prefix(4) == [0x30, 0x26, 0xb2, 0x75] {
            (kind, container) = ("a Windows Media recording", "asf")
        } else if head.prefix(5) == Array("#!AMR".utf8)[...] {
            (kind, container) = ("an AMR recording", "amr")
        } else if head.count >= 2, head[0] == 0xff, head[1] & 0xf6 == 0xf0 {
            // ADTS: twelve bits of synchronization, layer 0.
            (kind, container) = ("an AAC recording", "aac")
        } else {
            return nil
        }
    }
}

/// A program that makes WAV of other recordings, as ffmpeg does.
struct Converter: Sendable {
    /// Looked for on the PATH when it has no slash.
    var program = "ffmpeg"
    /// Seconds that it may take.
    var patience = 20
    private static let memoryLimit = 1 << 30
    /// The status of a child that found no program, where starting it could not tell: exit(127), as POSIX has it.
    private static let notFound: Int32 = 127 << 8
    /// Of one sample, in bytes.
    private static let sampleSize = 4

    /// The recording at `path` as a WAV file of its own, with its rate and one channel, cut a second after `longest`.
    func convert(_ path: String, _ audio: ForeignAudio, longest: Double) throws(AudioError) -> ConvertedFile {
        let file = try ConvertedFile(for: path)
        // A path that begins with a name and a colon would be a protocol.
        let arguments = [
            program, "-nostdin", "-v", "quiet", "-threads", "1", "-protocol_whitelist", "file", "-f", audio.container,
            "-i", "file:" + path, "-map", "0:a:0", "-map_metadata", "-1", "-t", "\(Int(longest) + 1)", "-ac", "1",
            "-c:a", "pcm_f32le", "-f", "wav", "file:" + file.path,
        ]
        let bytes = (Int(longest) + 2) * supportedSampleRates.upperBound * Self.sampleSize
        guard let child = try start(arguments, writing: bytes, path) else {
            throw .notRead(path: path, kind: audio.kind)
        }
        guard let status = wait(for: child) else {
            throw .notDecoded(path: path, kind: audio.kind, reason: "it took longer than \(patience) s")
        }
        guard status != Self.notFound else { throw .notRead(path: path, kind: audio.kind) }
        guard status == 0, FileSystem.exists(file.path) else {
            throw .notDecoded(path: path, kind: audio.kind, reason: "it is damaged, or holds no sound")
        }
        return file
    }

    /// nil when there is no such program.
    private func start(_ arguments: [String], writing bytes: Int, _ path: String) throws(AudioError) -> pid_t? {
        var words: [UnsafeMutablePointer<CChar>?] = unsafe arguments.map { unsafe strdup($0) } + [nil]
        defer { unsafe words.forEach { unsafe free($0) } }
        var child: pid_t = 0
        let limits = child_limits(memory: Self.memoryLimit, seconds: patience, file: bytes)
        let code = unsafe child_start(&child, &words, limits)
        guard code != ENOENT else { return nil }
        guard code == 0 else {
            throw .cannotOpen(path: path, reason: "\(program) cannot be run: \(systemMessage(code))")
        }
        return child
    }

    /// Its status as waitpid(2) tells it; nil when it had to be ended.
    private func wait(for child: pid_t) -> Int32? {
        let pause: useconds_t = 5_000
        var status: Int32 = 0
        for _ in 0..<patience * 1_000_000 / Int(pause) {
            let found = unsafe waitpid(child, &status, WNOHANG)
            if found != 0 { return found == child ? status : -1 }
            usleep(pause)
        }
        kill(child, SIGKILL)
        unsafe waitpid(child, &status, 0)
        return nil
    }
}

/// A WAV file in a folder that only we may enter, gone with its last reference.
final class ConvertedFile {
    private let folder: String
    var path: String { folder + "/clip.wav" }

    /// `original` is for the error.
    init(for original: String) throws(AudioError) {
        let template = unsafe strdup(FileManager.default.temporaryDirectory.path + "/makima-XXXXXX")!
        defer { unsafe free(template) }
        guard unsafe mkdtemp(template) != nil else {
            throw .cannotOpen(path: original, reason: "no temporary folder: \(systemMessage(errno))")
        }
        folder = unsafe String(cString: template)
    }

    deinit { try? FileSystem.removeTree(folder) }
}
