import Compute
import FoundationEssentials
import ModelFile
import Testing
import Verifying

@testable import Qwen3TTS
import Speech

struct VoiceClonerTests {
    /// Encoders are larger than much of what speaks beside them, and most servers make a voice once in a while. Asked of a
    /// process of its own, in which nothing else takes or returns memory.
    @Test(.enabled(if: isMemoryGivenBack, "the address sanitizer keeps it"))
    func theirMemoryGoesWhenTheClipIsDone() async {
        await #expect(processExitsWith: .success) {
            let cloner = try Self.cloner(TinyCheckpoint.folder + "/../../../Models/makima-mini")
            let clip = try TinyCheckpoint.goldens().signal("ref")
            // What is set up once, by whoever comes first, is not counted.
            let first = try cloner.prompt(clip, transcript: nil)
            #expect("A warm evening.".isSpeakable)
            let before = residentKilobytes()
            // The allocator keeps some of what it gets, now more, now less; what is held stays every time.
            let after = try (0..<5).map { _ in
                let prompt = try cloner.prompt(clip, transcript: "A warm evening.")
                #expect(prompt.speaker == first.speaker && prompt.codes.count > 10)
                return residentKilobytes()
            }
            // The codec encoder alone is 6700 kB in float32.
            #expect(after.min()! - before < 4000, "\(before) kB, then \(after)")
        }
    }

    /// One that encodes whatever comes with a transcript.
    private static func cloner(_ directory: String) throws -> VoiceCloner {
        var information = try Qwen3Engine(directory: directory).information
        information.clonesInContext = true
        return VoiceCloner(
            information, try Configuration(directory: directory),
            speaker: (
                try Safetensors.directory(directory)["speaker_encoder"],
                try Configuration.speakerEncoder(directory: directory)
            ),
            codec: (
                try Safetensors.directory(directory + "/speech_tokenizer")["encoder"],
                try Configuration.codec(directory: directory)
            ), kernels: .best)
    }
}

private var isMemoryGivenBack: Bool { ProcessInfo.processInfo.environment["ASAN_OPTIONS"] == nil }

/// Memory of this process, without what it maps of files.
private func residentKilobytes() -> Int {
    let status = (try? String(contentsOf: URL(filePath: "/proc/self/status"), encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return line?.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) } ?? .min / 2
}
