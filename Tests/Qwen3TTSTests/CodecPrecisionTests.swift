import Compute
import FoundationEssentials
import ModelFile
import TestSupport
import Testing

@testable import Qwen3TTS
import Speech

/// A copy of a checkpoint whose `speech_tokenizer/config.json` begins with another member.
private func withMember(
    _ member: String, of checkpoint: String = TinyCheckpoint.directory(), _ body: (_ directory: String) throws -> Void
) throws {
    try withCopy(of: checkpoint) { folder in
        let path = URL(filePath: folder + "/speech_tokenizer/config.json")
        let text = String(decoding: try Data(contentsOf: path), as: UTF8.self)
        try Data(("{" + member + "," + text.drop { $0 != "{" }.dropFirst()).utf8).write(to: path)
        try body(folder)
    }
}

private func withRecord(
    _ value: String, of checkpoint: String = TinyCheckpoint.directory(), _ body: (_ directory: String) throws -> Void
) throws {
    try withMember("\"makima_decoder_precision\": \(value)", of: checkpoint, body)
}

@Test(arguments: CodecPrecision.allCases)
func speechIsDecodedAsTheCheckpointRecords(precision: CodecPrecision) throws {
    try withRecord("\"\(precision.rawValue)\"") { directory in
        let decoder = try Checkpoint(directory: directory).decoder()
        #expect(decoder.precision == precision.here)
    }
}

@Test func withoutARecordTheWeightsDecide() throws {
    for member in ["\"other\": 1", "\"makima_decoder_precision\": null"] {
        try withMember(member) { directory in
            let codec = try Configuration.codec(directory: directory)
            #expect(try codec.speakingPrecision(format: "int8", in: directory) == .speaking)
            #expect(try codec.speakingPrecision(format: "f32", in: directory) == .float32)
        }
    }
}

@Test(arguments: [
    (#""int9""#, #""int9""#), (#""""#, #""""#), ("8", "no string"), ("true", "no string"), ("[]", "no string"),
    (#"{"a": "int8"}"#, "no string"), (#""INT8""#, #""INT8""#), (#""int8\u0000\n""#, #""int8\0\n""#),
    ("\"" + String(repeating: "8", count: 100_000) + "\"", "\"" + String(repeating: "8", count: 40) + "\""),
])
func aRecordThatIsNoPrecisionIsNamed(value: String, found: String) throws {
    let known = #""float32", "int16", "int8", "hybrid", "hybrid8", "transform""#
    try withRecord(value) { directory in
        #expect(
            throws: ConfigurationError.invalid(
                path: directory + "/speech_tokenizer/config.json", field: "makima_decoder_precision",
                reason: "is \(found), one of \(known) is expected")
        ) { try Qwen3Engine(directory: directory) }
    }
}

/// The built-in model's decoder is exact enough for bytes, though too small to gain by them.
struct RecordedBytesTests {
    private let mini = TinyCheckpoint.folder + "/../../../Models/makima-mini"

    private func speak(_ directory: String, threads: Int, together: Int) throws -> [[Float]] {
        let model = try Qwen3Engine(directory: directory, threads: threads)
        let utterances = try (0..<together).map { index in
            var request = SpeechRequest(text: "Good morning.", voice: .none, language: "english")
            request.options.seed = UInt64(index + 1)
            request.options.maximumFrames = 8
            return try model.begin(request)
        }
        var samples = [[Float]](repeating: [], count: together)
        var isSpeaking = true
        while isSpeaking {
            isSpeaking = false
            for (index, event) in model.advance(utterances, isCancelled: { _ in false }).enumerated() {
                guard case .frame(let frame, characters: _) = event else { continue }
                samples[index] += frame
                isSpeaking = true
            }
        }
        return samples
    }

    @Test func samplesDoNotDependOnThreadsOrCompany() throws {
        try withRecord("\"int8\"", of: mini) { directory in
            let decoder = try Checkpoint(directory: directory).decoder()
            #expect(decoder.precision == CodecPrecision.int8.here)
            let one = try speak(directory, threads: 1, together: 1)
            #expect(one[0].contains { $0 != 0 })
            #expect(try speak(directory, threads: 2, together: 1) == one)
            #expect(try speak(directory, threads: 1, together: 3)[0] == one[0])
        }
    }

    @Test func streamedEqualsWhole() throws {
        try withRecord("\"int8\"", of: mini) { directory in
            let decoder = try Checkpoint(directory: directory).decoder()
            let frames = try MiniCodec().configuration.randomCodes(24, seed: 4)
            let (one, two) = (Processor(), Processor(threads: 2))
            let whole = try decoder.step(frames, decoder.makeState(), on: two).values
            let state = decoder.makeState()
            #expect(try frames.flatMap { try decoder.step([$0], state, on: one).values } == whole)
        }
    }
}
