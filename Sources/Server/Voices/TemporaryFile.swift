import Files
import FoundationEssentials
import Glibc
import NIOCore

/// A file that only we know, gone with its last reference.
final class TemporaryFile: Sendable {
    private let file: OutputFile

    var path: String { file.path }

    init() throws(VoiceError) {
        let path = FileManager.default.temporaryDirectory.path + "/makima-\(UUID().uuidString)"
        do { file = try OutputFile(creating: path, isPrivate: true) } catch { throw VoiceError(error) }
    }

    deinit { unsafe _ = unlink(path) }

    func write(_ bytes: ByteBuffer) throws(VoiceError) {
        try VoiceError.mapping { () throws(FileError) in try file.write(bytes.readableBytesSpan) }
    }
}
