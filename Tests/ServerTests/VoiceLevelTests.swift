import FoundationEssentials
import Speech
import TestSupport
import Testing

@testable import Server

@Suite struct VoiceLevelTests {
    private func voice(_ byte: UInt8) -> SpeechVoice { .cloned(id: "a", PreparedVoice(engine: "beep", bytes: [byte])) }

    @Test func aVoiceIsMeasuredOnce() throws {
        let folder = try TemporaryFolder()
        let level = VoiceLevel(folder: folder.path + "/cache/loudness")
        let first = try #require(level.loudness(of: voice(200), speaking: BeepEngine(), identity: "one"))
        let softer = try #require(level.loudness(of: voice(100), speaking: BeepEngine(), identity: "one"))
        #expect(abs(first - softer - 6) < 0.1)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/cache/loudness")
        #expect(files.count == 2)
        for file in files { try Data("-7".utf8).write(to: URL(filePath: folder.path + "/cache/loudness/" + file)) }
        #expect(level.loudness(of: voice(200), speaking: BeepEngine(), identity: "one") == -7)
        #expect(level.loudness(of: voice(200), speaking: BeepEngine(), identity: "two") == first)
    }

    @Test func whatCannotBeKeptIsNotMeasured() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: URL(filePath: folder.path + "/file"))
        let level = VoiceLevel(folder: folder.path + "/file/loudness")
        #expect(level.loudness(of: voice(200), speaking: BeepEngine(), identity: "one") == nil)
    }

    @Test func aVoiceThatKnowsItsLoudnessIsNotMeasured() {
        let known = SpeechVoice.cloned(id: "a", PreparedVoice(engine: "beep", bytes: [1], loudness: -23))
        #expect(VoiceLevel(folder: "/nowhere").loudness(of: known, speaking: BeepEngine(), identity: "") == -23)
    }
}
