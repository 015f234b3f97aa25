// Parsers that take the path of a file.

import Audio
import CFuzzer
import Chatterbox
import FoundationEssentials
import Glibc
import ModelFile
import Qwen3TTS
import Server
import Tokenization

/// A file in memory that holds the bytes of one input after the other.
struct MemoryFile {
    private let descriptor: CInt
    var path: String { "/proc/self/fd/\(descriptor)" }

    init() {
        descriptor = fuzzer_memory_file()
        precondition(descriptor >= 0, "no file in memory")
    }

    func fill(_ bytes: some Collection<UInt8>) {
        precondition(ftruncate(descriptor, 0) == 0)
        let bytes = Array(bytes)
        precondition(unsafe pwrite(descriptor, bytes, bytes.count, 0) == bytes.count)
    }
}

private let file = MemoryFile()

func parseSafetensors(_ bytes: [UInt8]) {
    file.fill(bytes)
    guard let opened = try? Safetensors(path: file.path) else { return }
    for tensor in opened.tensors.values {
        let count = (try? tensor.floats().count) ?? (try? tensor.integers().count)
        precondition(count == tensor.count, "a tensor is longer than it says")
    }
}

func parseClip(_ bytes: [UInt8]) {
    file.fill(bytes)
    guard let clip = try? AudioFile.read(path: file.path, longest: 60) else { return }
    precondition(clip.duration <= 61 && clip.samples.allSatisfy(\.isFinite), "a clip that no voice can be made from")
    precondition(ClipReport(clip).durationSeconds == clip.duration)
}

/// A voice that torch.save wrote; or a pickle alone, which is not behind a checksum.
func parseTorch(_ bytes: [UInt8]) {
    if bytes.first == 0x80 {
        _ = try? PickleReader(bytes, path: "pickle")
        return
    }
    file.fill(bytes)
    guard let voice = try? ChatterboxVoice(torch: file.path) else { return }
    precondition(
        ChatterboxVoice(voice.prepared, for: VoiceSizes()) == voice, "a voice that is another when it is read again")
}

// MARK: - Tokenizer

/// A folder with the three files of a tokenizer.
private struct TokenizerFolder {
    let path: String
    let vocabulary = MemoryFile()
    let merges = MemoryFile()
    let configuration = MemoryFile()

    init() {
        path = FileManager.default.temporaryDirectory.path + "/makima-fuzz-\(getpid())"
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for (name, file) in [
                ("vocab.json", vocabulary), ("merges.txt", merges), ("tokenizer_config.json", configuration),
            ] {
                try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: file.path)
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// The least that every tokenizer must have, so that inputs need not find it: a token for each byte.
    static let bytes: [UInt8] = {
        var next: UInt32 = 256
        let tokens = (UInt8.min...UInt8.max).map { byte in
            var scalar = UInt32(byte)
            if !(33...126).contains(scalar), !(161...172).contains(scalar), scalar < 174 {
                scalar = next
                next += 1
            }
            return "\"\\u" + String(String(scalar + 0x10000, radix: 16).dropFirst()) + "\":\(byte)"
        }
        return Array("{\(tokens.joined(separator: ",")),\"th\":256}".utf8)
    }()
}

private let folder = TokenizerFolder()

/// The input is vocab.json, merges.txt, tokenizer_config.json and a text, with zeros between them; an empty one is a good one.
func parseTokenizer(_ bytes: [UInt8]) {
    let parts = bytes.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
    func part(_ index: Int, _ good: [UInt8]) -> [UInt8] {
        index < parts.count && !parts[index].isEmpty ? Array(parts[index]) : good
    }
    folder.vocabulary.fill(part(0, TokenizerFolder.bytes))
    folder.merges.fill(part(1, Array("t h\n".utf8)))
    folder.configuration.fill(part(2, Array(#"{"added_tokens_decoder":{"300":{"content":"<|x|>"}}}"#.utf8)))
    guard let tokenizer = try? Tokenizer(directory: folder.path) else { return }
    _ = tokenizer.encode(String(decoding: part(3, Array("the <|x|> e\u{301} 😀 12".utf8)), as: UTF8.self))
}
