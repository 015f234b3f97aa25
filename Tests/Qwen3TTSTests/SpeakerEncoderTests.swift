import Compute
import Foundation
import ModelFile
import Testing

@testable import Qwen3TTS

@Suite(.enabled(if: CodecGoldens.available))
struct SpeakerEncoderTests {
    let goldens: CodecGoldens
    let encoder: SpeakerEncoder
    let configuration: SpeakerEncoderConfiguration
    let processor = Processor()

    init() throws {
        struct File: Decodable { let speaker_encoder_config: SpeakerEncoderConfiguration }
        goldens = try CodecGoldens()
        let json = try Data(contentsOf: CodecGoldens.folder.appending(path: "base/config.json"))
        configuration = try JSONDecoder().decode(File.self, from: json).speaker_encoder_config
        try configuration.validate()
        encoder = try SpeakerEncoder(CodecGoldens.open("base/model.safetensors")["speaker_encoder"], configuration)
    }

    @Test func spectrogramEqualsTheReference() throws {
        let reference = try goldens.floats("input/ref")
        try goldens.expectEqual("speaker/ref/mel", encoder.mel(reference))
        try goldens.expectEqual("speaker/clip/mel", encoder.mel(Array(reference[30000..<35003])))
    }

    @Test func everyStageEqualsTheReference() throws {
        let mel = Rows(try goldens.floats("speaker/clip/mel"), columns: encoder.mel.bands)
        var seen: Set<String> = []
        var failure: (any Error)?
        let vector = try encoder.embed(mel: mel, on: processor) { name, rows in
            guard goldens.arrays.contains("speaker/clip/" + name) else { return }
            seen.insert(name)
            do { try goldens.expectEqual("speaker/clip/" + name, rows, transposed: true) } catch { failure = error }
        }
        if let failure { throw failure }
        let prefix = "speaker/clip/"
        let stored = goldens.arrays.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        #expect(seen == Set(stored).subtracting(["mel", "embedding"]))
        try goldens.expectEqual("speaker/clip/embedding", Rows(vector, columns: vector.count))
    }

    @Test func vectorOfALongerClipEqualsTheReference() throws {
        let mel = Rows(try goldens.floats("speaker/ref/mel"), columns: encoder.mel.bands)
        let vector = try encoder.embed(mel: mel, on: processor)
        try goldens.expectEqual("speaker/ref/embedding", Rows(vector, columns: vector.count))
    }

    @Test(arguments: [0, 1, 255, 384, 385, 1024])
    func clipsTooShortAreRefused(_ count: Int) throws {
        #expect(throws: CodecError.self) {
            try encoder.embed([Float](repeating: 0.1, count: count), on: processor)
        }
    }

    @Test func impossibleConfigurationIsRefused() {
        var broken = configuration
        broken.enc_channels = [32, 32, 31, 32, 96]
        #expect(throws: CodecError.self) { try broken.validate() }
    }
}
