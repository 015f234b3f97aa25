import Compute
import ModelFile
import Testing

@testable import Qwen3TTS

struct SpeakerEncoderTests {
    let encoder: SpeakerEncoder
    let configuration: SpeakerEncoderConfiguration
    let processor = Processor()

    init() throws {
        configuration = try #require(try Configuration.speakerEncoder(directory: TinyCheckpoint.directory()))
        encoder = try SpeakerEncoder(
            Safetensors.directory(TinyCheckpoint.directory())["speaker_encoder"], configuration)
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
