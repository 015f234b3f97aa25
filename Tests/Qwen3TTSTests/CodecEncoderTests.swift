import Compute
import ModelFile
import Testing

@testable import Qwen3TTS

@Suite(.enabled(if: CodecGoldens.available))
struct CodecEncoderTests {
    let goldens: CodecGoldens
    let encoder: CodecEncoder
    let reference: [Float]
    let processor = Processor()

    init() throws {
        goldens = try CodecGoldens()
        encoder = try CodecEncoder(goldens.weights["encoder"], goldens.configuration)
        reference = try goldens.floats("input/ref")
    }

    @Test func everyStageOfAClipEqualsTheReference() throws {
        let seen = try encode(Array(reference[30000..<35003]), golden: "encoder/clip/")
        let prefix = "encoder/clip/"
        let stored = goldens.arrays.names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
        #expect(seen == Set(stored).subtracting(["codes", "margins"]))
    }

    @Test func codesOfALongerClipEqualTheReference() throws {
        #expect(try encode(reference, golden: "encoder/ref/") == ["transformer", "downsample"])
    }

    /// More than 250 steps: attention is not windowed.
    @Test func codesBeyondTheConfiguredWindowEqualTheReference() throws {
        let scale: Float = 0.25
        let backwards = reference.reversed()
        let long =
            reference + backwards.map { scale * $0 } + reference.map { -$0 } + backwards.map { scale / 2 * $0 }
        #expect(try encoder.encode(long, on: processor) == goldens.frames("encoder/long/codes"))
    }

    @Test(arguments: [1, 1919, 1920, 1921])
    func everyStartedFrameIsEncoded(_ count: Int) throws {
        let size = goldens.configuration.encodedSamplesPerFrame
        let codes = try encoder.encode(Array(reference[..<count]), on: processor)
        #expect(codes.count == (count + size - 1) / size)
        #expect(codes.allSatisfy { $0.count == goldens.configuration.validQuantizers })
    }

    @Test func silenceOfNoLengthIsRefused() {
        #expect(throws: CodecError.tooShort(samples: 0, minimum: 1)) { try encoder.encode([], on: processor) }
    }

    /// Compares every stage there is a golden for, and the codes.
    private func encode(_ samples: [Float], golden prefix: String) throws -> Set<String> {
        let rowMajor = ["transformer", "transformer0", "transformer1", "semantic_in", "acoustic_in"]
        var seen: Set<String> = []
        var failure: (any Error)?
        let codes = try encoder.encode(samples, on: processor) { name, rows in
            guard goldens.arrays.contains(prefix + name) else { return }
            seen.insert(name)
            do {
                try goldens.expectEqual(prefix + name, rows, transposed: !rowMajor.contains(name))
            } catch { failure = error }
        }
        if let failure { throw failure }
        #expect(try codes == goldens.frames(prefix + "codes"))
        return seen
    }
}
