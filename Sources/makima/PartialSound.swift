import Audio
import Files
import FoundationEssentials
import ModelFile

/// The sound of a book that is not complete: it lies in a folder beside the file it becomes, and survives the program.
///
///     book.wav.partial/sound           16-bit samples, little-endian
///     book.wav.partial/progress.json   whose they are, and how far they go
struct PartialSound: ~Copyable {
    struct Progress: Codable, Equatable {
        /// Of the book and the settings it is spoken with.
        var fingerprint: String
        var part = 0
        /// Pieces of the part that are spoken.
        var pieces = 0
        /// Bytes of sound they take.
        var bytes = 0
    }

    /// Bytes copied at a time.
    private static let chunk = 1 << 20

    private let folder: String
    private let sampleRate: Int
    private(set) var progress: Progress
    /// Sound of the piece in progress.
    private var samples: [Float]
    private let file: OutputFile

    /// Goes on with what lies beside `path` where that has this fingerprint, else begins anew.
    init(beside path: String, fingerprint: String, sampleRate: Int, startsOver: Bool) throws {
        let folder = path + ".partial"
        let found = startsOver ? nil : Self.progress(in: folder).flatMap { $0.fingerprint == fingerprint ? $0 : nil }
        if found == nil, FileSystem.exists(folder) { try FileSystem.removeTree(folder) }
        let progress = found ?? Progress(fingerprint: fingerprint)
        try FileSystem.makeFolder(folder)
        let file = try OutputFile(continuing: folder + "/sound")
        try Self.save(progress, in: folder)
        self.folder = folder
        self.sampleRate = sampleRate
        self.progress = progress
        self.file = file
        samples = []
    }

    private static func progress(in folder: String) -> Progress? {
        guard let data = FileManager.default.contents(atPath: folder + "/progress.json"),
            let progress = try? JSONDecoder().decode(Progress.self, from: data),
            let sound = FileState(folder + "/sound"), progress.bytes >= 0, progress.bytes <= sound.size,
            progress.part >= 0, progress.pieces >= 0
        else { return nil }
        return progress
    }

    /// Seconds of sound of the part so far.
    var seconds: Double { Double(progress.bytes / 2) / Double(sampleRate) }

    mutating func append(_ more: [Float]) { samples += more }

    /// The piece is complete: from here on it need not be spoken again.
    mutating func completePiece() throws {
        let bytes = try PCM.int16LittleEndian(samples)
        samples = []
        try file.write(bytes, at: progress.bytes)
        try file.synchronize()
        progress.bytes += bytes.count
        progress.pieces += 1
        try Self.save(progress, in: folder)
    }

    /// Makes the sound file of the part; the next part begins.
    mutating func completePart(_ path: String) throws {
        let format = AudioFileWriter.Format(ofPath: path) ?? .wavPCM16
        var writer = try AudioFileWriter(path: path, sampleRate: sampleRate, format: format)
        if progress.bytes > 0 {
            let sound = try MappedFile(path: folder + "/sound")
            for start in stride(from: 0, to: progress.bytes, by: Self.chunk) {
                let bytes = sound.bytes(start..<min(start + Self.chunk, progress.bytes))
                try writer.write(PCM.samples(int16LittleEndian: bytes))
            }
        }
        try writer.finish()
        progress.part += 1
        progress.pieces = 0
        progress.bytes = 0
        try Self.save(progress, in: folder)
    }

    /// All parts are files: nothing is left to go on with.
    consuming func finish() throws { try FileSystem.removeTree(folder) }

    private static func save(_ progress: Progress, in folder: String) throws {
        try FileSystem.write([UInt8](JSONEncoder().encode(progress)), to: folder + "/progress.json")
    }
}
