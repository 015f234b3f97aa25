import Foundation
import TestSupport
import Testing

/// The commands that look at checkpoints, and what they say of broken ones.
struct CheckpointTests {
    let command: Command

    init() throws { command = try Command() }

    @Test func inspectSaysWhatACheckpointIs() throws {
        let result = try command.run(["inspect", "\(Command.tiny)/custom_voice"])
        let text = result.text
        #expect(result.status == 0, "\(result.errors)")
        for part in ["custom_voice", "bf16", "3 layers, hidden 64", "ryan", "german", "clones voices   no", "MB"] {
            #expect(text.contains(part), "\(part): \(text)")
        }
    }

    @Test func verifyComparesEveryStage() throws {
        let result = try command.run(
            [
                "verify", "--model", "\(Command.tiny)/custom_voice", "--golden",
                "\(Command.tiny)/custom_voice.safetensors",
            ])
        let lines = result.text.split(separator: "\n")
        #expect(result.status == 0, "\(result.errors)")
        #expect(lines.count > 25 && lines.last?.contains(", 0 failed") == true)
        let wrong = try command.run(
            ["verify", "--model", "\(Command.tiny)/base", "--golden", "\(Command.tiny)/custom_voice.safetensors"])
        #expect(wrong.status == 1)
    }

    /// What a change to a copy of the tiny checkpoint makes of it.
    private func broken(_ change: (URL) throws -> Void) throws -> String {
        let copy = command.folder.appending(path: "model")
        try? FileManager.default.removeItem(at: copy)
        try FileManager.default.copyItem(at: URL(filePath: "\(Command.tiny)/base"), to: copy)
        try change(copy)
        let result = try command.run(["say", "Hello", "--model", copy.path, "--output", "a.wav"])
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        #expect(try command.files == ["model"])
        return result.errors
    }

    private func edit(_ file: URL, _ change: (inout String) -> Void) throws {
        var text = try String(contentsOf: file, encoding: .utf8)
        change(&text)
        try text.write(to: file, atomically: true, encoding: .utf8)
    }

    @Test func brokenCheckpointsAreNamed() throws {
        for file in [
            "config.json", "model.safetensors", "vocab.json", "merges.txt", "speech_tokenizer/config.json",
            "speech_tokenizer/model.safetensors",
        ] {
            let name = file.split(separator: "/").last!
            let missing = try broken { try FileManager.default.removeItem(at: $0.appending(path: file)) }
            #expect(missing.contains(name), "\(missing)")
            let truncated = try broken {
                let path = $0.appending(path: file)
                let bytes = try Data(contentsOf: path)
                try bytes.prefix(bytes.count / 2).write(to: path)
            }
            #expect(truncated.contains(name), "\(truncated)")
            let emptied = try broken { try Data().write(to: $0.appending(path: file)) }
            #expect(emptied.contains(name), "\(emptied)")
        }
    }

    @Test func configurationsThatDoNotFitAreNamed() throws {
        let other = try broken {
            try edit($0.appending(path: "config.json")) {
                $0 = $0.replacingOccurrences(of: "\"qwen3_tts\"", with: "\"llama\"")
            }
        }
        #expect(other.contains("model_type") && other.contains("llama"))
        let wider = try broken {
            try edit($0.appending(path: "config.json")) {
                $0 = $0.replacingOccurrences(of: "\"num_hidden_layers\": 3", with: "\"num_hidden_layers\": 4")
            }
        }
        #expect(wider.contains("talker.model.layers.3.") && wider.contains("no tensor"), "\(wider)")
        let shaped = try broken {
            try edit($0.appending(path: "config.json")) {
                $0 = $0.replacingOccurrences(of: "\"intermediate_size\": 128", with: "\"intermediate_size\": 96")
            }
        }
        #expect(shaped.contains("shape") && shaped.contains("128") && shaped.contains("96"), "\(shaped)")
    }
}
