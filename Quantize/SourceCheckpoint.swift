// A released checkpoint, checked before anything is written.

import Compute
import Crypto
import Files
import FoundationEssentials
import Glibc
import ModelFile
import Qwen3TTS

struct SourceCheckpoint {
    let path: String
    let configuration: [UInt8]
    let codec: CodecRecord
    /// `model.safetensors` and `speech_tokenizer/model.safetensors`, shards joined; tensors in the order of the files.
    let parts: [Part]
    /// Small files to copy, relative to `path`.
    let files: [String]
    /// What lies there and is not copied.
    let ignored: [String]

    struct Part {
        /// "" or "speech_tokenizer/".
        let folder: String
        let tensors: [Tensor]
        let sourceFiles: [String]
    }

    static let speechTokenizer = "speech_tokenizer/"

    init(_ path: String) throws {
        self.path = path
        let configurationPath = path + "/config.json"
        let configuration: Configuration
        do {
            configuration = try Configuration(directory: path)
            codec = try CodecRecord(directory: path)
        } catch {
            throw QuantizationError.notACheckpoint(path: path, reason: "\(error)")
        }
        self.configuration = Array(try Data(contentsOf: URL(filePath: configurationPath)))
        struct Marks: Decodable { let quantization_config: Anything? }
        struct Anything: Decodable { init(from decoder: any Decoder) {} }
        if try JSONDecoder().decode(Marks.self, from: Data(self.configuration)).quantization_config != nil {
            throw QuantizationError.alreadyQuantized(path: path, evidence: "config.json has a quantization_config")
        }
        parts = try ["", Self.speechTokenizer].map { try Self.part(path, $0) }
        // Shapes are those the configuration promises.
        _ = try Talker(Safetensors.directory(path)["talker"], configuration)
        (files, ignored) = try Self.otherFiles(path)
    }

    private static func part(_ path: String, _ folder: String) throws -> Part {
        let weights = try Safetensors.directory(path + "/" + folder.dropLast(folder.isEmpty ? 0 : 1))
        var tensors: [Tensor] = []
        for name in weights.names { tensors.append(try weights.tensor(name)) }
        tensors.sort { ($0.path, $0.fileOffset, $0.name) < ($1.path, $1.fileOffset, $1.name) }
        // What formats put beside a matrix.
        let quantized = WeightFormat.all.flatMap { $0.matrix.tensors([0, 0]).map(\.suffix) }.filter { !$0.isEmpty }
        for tensor in tensors {
            let isInteger = tensor.type == .i8 && !tensor.name.hasPrefix("padding.")
            let isScale = quantized.contains { tensor.name.hasSuffix(".weight" + $0) }
            if isInteger || isScale {
                throw QuantizationError.alreadyQuantized(path: path, evidence: "tensor \(tensor.name)")
            }
        }
        // Padding of a file that this quantizer wrote, in bf16.
        tensors.removeAll { $0.name.hasPrefix("padding.") && $0.type == .i8 }
        return Part(folder: folder, tensors: tensors, sourceFiles: Set(tensors.map(\.path)).sorted())
    }

    private static let weightSuffixes = [
        ".safetensors", ".index.json", ".bin", ".pt", ".pth", ".gguf", ".onnx", ".ckpt",
    ]
    private static let largestFile = 256_000_000

    private static func otherFiles(_ path: String) throws -> (files: [String], ignored: [String]) {
        var files: [String] = []
        var ignored: [String] = []
        for folder in ["", speechTokenizer] {
            for name in try FileManager.default.contentsOfDirectory(atPath: path + "/" + folder).sorted() {
                let file = folder + name
                var status = stat()
                guard unsafe stat(path + "/" + file, &status) == 0 else { continue }
                let isFile = (status.st_mode & S_IFMT) == S_IFREG && Int(status.st_size) <= largestFile
                if name == "config.json" || file == QualityReport.fileName || file + "/" == speechTokenizer { continue }
                if name == "model.safetensors" || name == "model.safetensors.index.json" { continue }
                if name.wholeMatch(of: /model-\d+-of-\d+\.safetensors/) != nil { continue }
                if isFile && !name.hasPrefix(".") && !weightSuffixes.contains(where: { name.hasSuffix($0) }) {
                    files.append(file)
                } else {
                    ignored.append(file)
                }
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
