import Compute
import ModelFile
import Testing
import Verifying

@testable import Qwen3TTS

struct CodecEncoderTests {
    let encoder: CodecEncoder
    let reference: [Float]
    let processor = Processor()

    init() throws {
        let codec = try TinyCheckpoint.codec()
        encoder = try CodecEncoder(codec.weights["encoder"], codec.configuration)
        reference = try TinyCheckpoint.goldens().signal("ref")
    }

    @Test(arguments: [1, 1919, 1920, 1921])
    func everyStartedFrameIsEncoded(_ count: Int) throws {
        let size = encoder.configuration.encodedSamplesPerFrame
        let codes = try encoder.encode(Array(reference[..<count]), on: processor)
        #expect(codes.count == (count + size - 1) / size)
        #expect(codes.allSatisfy { $0.count == encoder.configuration.validQuantizers })
    }

    @Test func silenceOfNoLengthIsRefused() {
        #expect(throws: CodecError.tooShort(samples: 0, minimum: 1)) { try encoder.encode([], on: processor) }
    }
}
