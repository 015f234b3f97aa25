import Foundation
import TestSupport
import Testing

@testable import Audio

@Suite struct ConverterTests {
    private let webm = ForeignAudio([0x1a, 0x45, 0xdf, 0xa3])!

    /// A program in the place of ffmpeg, whose last argument is `file:` and where to write.
    private func converter(_ script: String, in folder: TemporaryFolder) throws -> Converter {
        try folder.write(Data("#!/bin/bash\ntarget=${!#}\ntarget=${target#file:}\n\(script)\n".utf8), to: "program")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path("program"))
        return Converter(program: folder.path("program"), patience: 5)
    }

    @Test func whatItWritesIsGoneWithTheFile() throws {
        let folder = try TemporaryFolder()
        var file: ConvertedFile? = try converter("echo hello > \"$target\"", in: folder)
            .convert("clip", webm, longest: 60)
        let path = try #require(file?.path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "hello\n")
        file = nil
        #expect(!FileManager.default.fileExists(atPath: path))
        #expect(!FileManager.default.fileExists(atPath: URL(filePath: path).deletingLastPathComponent().path))
    }

    /// It knows what kind of file it gets, opens that one alone, and gets nothing else from us.
    @Test func itIsToldWhatItMayDo() throws {
        let folder = try TemporaryFolder()
        let script = "{ printf '%s\\n' \"$@\"; ls /proc/self/fd | wc -l; env; } > \"$target\""
        let file = try converter(script, in: folder).convert("http://clip", webm, longest: 60)
        let told = try String(contentsOfFile: file.path, encoding: .utf8).split(separator: "\n").map(String.init)
        #expect(told.contains("file:http://clip") && told.contains("matroska"))
        let whitelist = try #require(told.firstIndex(of: "-protocol_whitelist"))
        #expect(told[whitelist + 1] == "file")
        // Its three streams, and the one that looks.
        #expect(told.contains("4") && !told.contains { $0.hasPrefix("HOME=") })
    }

    @Test(arguments: [
        ("exit 3", "damaged"), ("exit 0", "damaged"), ("kill -9 $$", "damaged"), ("exec sleep 60", "longer"),
    ])
    func whatFailsIsOneSentence(script: String, reason: String) throws {
        let folder = try TemporaryFolder()
        var converter = try converter(script, in: folder)
        if reason == "longer" { converter.patience = 1 }
        let error = #expect(throws: AudioError.self) { _ = try converter.convert("clip", webm, longest: 60) }
        #expect(error?.description.contains(reason) == true, "\(error.debugDescription)")
    }

    /// Where starting a program does not tell that there is none, its child does.
    @Test func aProgramThatIsMissedOnlyByTheChildIsMissing() throws {
        let folder = try TemporaryFolder()
        let converter = try converter("exit 127", in: folder)
        #expect(throws: AudioError.notRead(path: "clip", kind: webm.kind)) {
            _ = try converter.convert("clip", webm, longest: 60)
        }
    }

    @Test func itWritesNoMoreThanItMay() throws {
        let folder = try TemporaryFolder()
        let converter = try converter("exec head -c 100000000 /dev/zero > \"$target\"", in: folder)
        #expect(throws: AudioError.self) { _ = try converter.convert("clip", webm, longest: 1) }
    }
}

private let hasFFmpeg = (try? shell("command -v ffmpeg").status) == 0

@Suite(.enabled(if: hasFFmpeg, "ffmpeg is not installed")) struct FFmpegTests {
    @Test(arguments: [
        ("a.m4a", "-c:a aac"), ("a.webm", "-c:a libopus"), ("a.mka", "-c:a pcm_s16le"), ("a.aac", "-c:a aac"),
        ("a.wma", "-c:a wmav2"),
    ])
    func whatPhonesRecordIsRead(name: String, codec: String) throws {
        let folder = try TemporaryFolder()
        let made = try shell("ffmpeg -v error -f lavfi -i sine=440:d=3:r=24000 -ac 2 \(codec) \(name)", in: folder.path)
        try #require(made.status == 0, "\(made.errors)")
        let clip = try AudioFile.read(path: folder.path(name))
        #expect(abs(clip.duration - 3) < 0.2 && clip.samples.contains { abs($0) > 0.05 })
        #expect([24_000, 48_000].contains(clip.sampleRate))
        let error = #expect(throws: AudioError.self) { try AudioFile.read(path: folder.path(name), longest: 1) }
        guard case .tooLong(folder.path(name), _, 1)? = error else {
            Issue.record("\(error.debugDescription)")
            return
        }
    }
}
