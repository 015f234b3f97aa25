// A released checkpoint, checked before anything is written.

import Crypto
import Files
import FoundationEssentials
import Glibc
import ModelFile

struct SourceCheckpoint {
    let path: String
    let family: any CheckpointFamily
    /// Files of weights.
    let parts: [SourcePart]
    /// Small files to copy, relative to `path`.
    let files: [String]
    /// What lies there and is not copied.
    let ignored: [String]

    init(_ path: String) throws {
        self.path = path
        guard let type = CheckpointFamilies.of(path) else {
            throw QuantizationError.notACheckpoint(path: path, reason: "it holds \(CheckpointFamilies.missing)")
        }
        family = try type.init(path)
        parts = family.parts
        (files, ignored) = try Self.otherFiles(path, family)
    }

    private static let weightSuffixes = [
        ".safetensors", ".index.json", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".ckpt",
    ]
    private static let largestFile = 256_000_000

    private static func otherFiles(
        _ path: String, _ family: any CheckpointFamily
    ) throws -> (files: [String], ignored: [String]) {
        var files: [String] = []
        var ignored: [String] = []
        for folder in [""] + family.folders {
            for name in try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted() {
                let file = folder + name
                var status = stat()
                guard unsafe stat(path + "/" + file, &status) == 0 else { continue }
                let isFile = (status.st_mode & S_IFMT) == S_IFREG && Int(status.st_size) <= largestFile
                if file == QualityReport.fileName || family.folders.contains(file + "/") { continue }
                if family.isWritten(file) { continue }
                let isWeights = weightSuffixes.contains { name.hasSuffix($0) } && !family.needs(file)
                if isFile && !name.hasPrefix(".") && !isWeights { files.append(file) } else { ignored.append(file) }
            }
        }
        return (files, ignored)
    }

    var byteCount: Int { parts.flatMap(\.tensors).reduce(0) { $0 + $1.byteCount } }

    /// SHA-256 of a file, in pieces; `progress` is told the bytes of each.
    static func digest(_ path: String, progress: (Int) -> Void) throws -> String {
        let file = try MappedFile(path: path)
        var hash = SHA256()
        let piece = 16 << 20
        for start in stride(from: 0, to: file.count, by: piece) {
            let range = start..<min(start + piece, file.count)
            hash.update(data: file.bytes(range))
            file.release(range)
            progress(range.count)
        }
        return hexadecimal(hash.finalize())
    }
}
