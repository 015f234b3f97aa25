import Compute
import FoundationEssentials
import Speech
import Testing

@testable import Qwen3TTS

/// A prepared voice depends on speaker encoder and codec: another file of either is another model.
@Suite struct IdentityTests {
    @Test(arguments: [
        "config.json", "model.safetensors", "speech_tokenizer/config.json", "speech_tokenizer/model.safetensors",
    ])
    func anotherFileIsAnotherModel(file: String) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path
        try FileManager.default.copyItem(atPath: TinyCheckpoint.directory(), toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let identity = EngineDescription.qwen3.identity
        let before = identity(folder)
        #expect(identity(folder) == before)
        let path = URL(filePath: folder + "/" + file)
        try (Data(contentsOf: path) + Data(" ".utf8)).write(to: path)
        #expect(identity(folder) != before)
    }

    @Test func aFolderIsTakenByItsConfiguration() {
        #expect(EngineDescription.qwen3.accepts(TinyCheckpoint.directory()))
        #expect(!EngineDescription.qwen3.accepts(TinyCheckpoint.directory() + "/speech_tokenizer"))
        #expect(!EngineDescription.qwen3.accepts("/nonexistent"))
    }

    /// Voices of another engine, another width or another version, and what is cut off or damaged, are nobody's.
    @Test func whatIsNotOfThisModelIsNotRead() throws {
        let configuration = try Configuration(directory: TinyCheckpoint.directory())
        let width = configuration.talker.hidden_size
        let groups = configuration.talker.num_code_groups
        let prompt = VoicePrompt(
            speaker: (0..<width).map { Float($0) / 7 },
            codes: (0..<5).map { frame in (0..<groups).map { ($0 * 3 + frame) % 30 } }, transcript: "Schön, 你好.")
        let voice = prompt.prepared
        #expect(VoicePrompt(voice, for: configuration) == prompt)
        func isRead(_ bytes: [UInt8], engine: String = "qwen3") -> Bool {
            VoicePrompt(PreparedVoice(engine: engine, bytes: bytes), for: configuration) != nil
        }
        #expect(!isRead(voice.bytes, engine: "chatterbox"))
        for count in 0..<voice.bytes.count { #expect(!isRead(Array(voice.bytes.prefix(count)))) }
        #expect(!isRead(voice.bytes + [0]))
        #expect(!isRead(Array("qwen3 voice 2\n".utf8) + voice.bytes.dropFirst(14)))
        #expect(VoicePrompt(VoicePrompt(speaker: [1, 2]).prepared, for: configuration) == nil)
        #expect(
            VoicePrompt(VoicePrompt(speaker: [Float](repeating: .nan, count: width)).prepared, for: configuration)
                == nil)
        var wild = prompt
        wild.codes[1][2] = 100_000
        #expect(VoicePrompt(wild.prepared, for: configuration) == nil)
        // Whatever bytes come, nothing traps.
        var random = RandomStream(seed: 7)
        for _ in 0..<2000 {
            var bytes = voice.bytes
            for _ in 0..<3 { bytes[Int(random.uniform() * Double(bytes.count))] = UInt8(random.uniform() * 256) }
            _ = isRead(bytes)
        }
    }
}
