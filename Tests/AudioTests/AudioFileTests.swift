@testable import Audio
import Foundation
import TestSupport
import Testing

@Suite struct AudioFileTests {
    @Test(arguments: [8_000, 24_000, 96_000])
    func pcm16SurvivesWritingAndReading(rate: Int) throws {
        try withTemporaryFolder { folder in
            let path = folder + "/tone.wav"
            let samples = try PCM.int16(sine(440, rate: rate, count: 10_001)).map { Float($0) / 32768 }
            var writer = try AudioFileWriter(path: path, sampleRate: rate)
            try writer.write(Array(samples[..<1_000]))
            try writer.write([])
            try writer.write(Array(samples[1_000...]))
            try writer.finish()
            #expect(try AudioFile.read(path: path) == AudioClip(samples: samples, sampleRate: rate))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["tone.wav"])
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)).count == 44 + 2 * samples.count)
        }
    }

    @Test func floatSurvivesWritingAndReading() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/tone.wav"
            let samples = sine(440, rate: 24_000, count: 5_000)
            var writer = try AudioFileWriter(path: path, sampleRate: 24_000, format: .wavFloat32)
            try writer.write(samples)
            try writer.finish()
            #expect(try AudioFile.read(path: path).samples == samples)
        }
    }

    @Test func stereoIsAveraged() throws {
        let bytes = floatBytes([0.5, 0.25, -1, 1, 0, 0.5])
        #expect(try read(wav(format: 3, channels: 2, rate: 48_000, bits: 32, data: bytes)).samples == [0.375, 0, 0.25])
    }

    @Test func droppedWriterLeavesTheTargetUntouched() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/kept.wav"
            try Data("before".utf8).write(to: URL(fileURLWithPath: path))
            func begin() throws {
                var writer = try AudioFileWriter(path: path, sampleRate: 24_000)
                try writer.write([0.1, 0.2])
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
                try writer.write([.nan])
                try writer.finish()
            }
            #expect(throws: AudioError.nonFiniteSample(index: 0)) { try begin() }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["kept.wav"])
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "before")
        }
    }

    @Test func unwritableTargetsAreRefused() throws {
        try withTemporaryFolder { folder in
            for path in [folder, folder + "/missing/a.wav", "/dev/null"] {
                #expect {
                    try AudioFileWriter(path: path, sampleRate: 24_000).finish()
                } throws: { error in
                    guard case .cannotWrite(path, _) = error as? AudioError else { return false }
                    return true
                }
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: folder)
            #expect(left == [])
        }
    }

    @Test func missingFileAndFolderCannotBeOpened() throws {
        try withTemporaryFolder { folder in
            #expect(
                throws: AudioError.cannotOpen(path: folder + "/none.wav", reason: "No such file or directory")
            ) { try AudioFile.read(path: folder + "/none.wav") }
            #expect(throws: AudioError.cannotOpen(path: folder, reason: "it is not a regular file")) {
                try AudioFile.read(path: folder)
            }
        }
    }

    @Test func hostileBytesAreRefused() throws {
        let good = wav(format: 1, channels: 1, rate: 24_000, bits: 16, data: [UInt8](repeating: 1, count: 400))
        #expect(try kind(of: Data()) == "empty")
        #expect(try kind(of: Data("This is no sound at all, only text.\n".utf8)) == "notAudio")
        for length in [4, 12, 20, 35] { #expect(try kind(of: good.prefix(length)) != nil, "\(length) bytes") }
        #expect(try kind(of: wav(format: 1, channels: 1, rate: 24_000, bits: 16, data: [])) == "empty")
        #expect(try kind(of: wav(format: 1, channels: 1, rate: 7, bits: 16, data: [0, 0])) == "unsupportedSampleRate")
        let nan = floatBytes([0, 0, .nan, 0])
        #expect(try kind(of: wav(format: 3, channels: 1, rate: 24_000, bits: 32, data: nan)) == "nonFiniteInFile")
    }

    @Test func headerThatPromisesTooMuchGivesWhatIsThere() throws {
        let data = [UInt8](repeating: 0, count: 100)
        let file = wav(format: 1, channels: 1, rate: 24_000, bits: 16, data: data, claimedBytes: 2_000_000_000)
        #expect(try read(file).samples.count == 50)
    }

    @Test func aHeaderWithoutLengthsGivesWhatIsThere() throws {
        let data: [UInt8] = (0..<200).map { $0 % 2 == 0 ? UInt8($0) : 1 }
        let whole = try read(wav(format: 1, channels: 1, rate: 24_000, bits: 16, data: data))
        #expect(whole.samples.count == 100)
        var file = wav(format: 1, channels: 1, rate: 24_000, bits: 16, data: data, claimedBytes: 0)
        #expect(try read(file) == whole)
        // Both lengths zero, as a recorder leaves them behind that was switched off.
        file.replaceSubrange(4..<8, with: [0, 0, 0, 0])
        #expect(try read(file) == whole)
    }

    @Test func mp3InTheClothesOfWAVIsRead() throws {
        var encoder = try AudioEncoder(.mp3, sampleRate: 24_000)
        let mp3 = try encoder.encode(sine(440, rate: 24_000, count: 48_000)) + encoder.finish()
        let plain = try read(Data(mp3))
        #expect(abs(plain.duration - 2) < 0.2)
        for claimed in [nil, 0] {
            let file = wav(format: 0x55, channels: 1, rate: 24_000, bits: 0, data: mp3, claimedBytes: claimed)
            let clip = try read(file)
            #expect(clip == plain)
        }
    }

    @Test(arguments: [
        (Data([0, 0, 0, 32]) + Data("ftypM4A ".utf8), "M4A"), (Data([0x1a, 0x45, 0xdf, 0xa3, 1]), "WebM"),
        (Data([0x30, 0x26, 0xb2, 0x75]), "Windows Media"), (Data("#!AMR\n".utf8), "AMR"),
        (Data([0xff, 0xf1, 0x50]), "AAC"),
    ])
    func recordingsOfAnotherKindAreNamedWithWhatToDo(head: Data, kind: String) throws {
        let foreign = try #require(ForeignAudio(Array(head)))
        let error = #expect(throws: AudioError.notRead(path: "a", kind: foreign.kind)) {
            _ = try Converter(program: "no-such-program").convert("a", foreign, longest: 1)
        }
        #expect(error?.description.contains(kind) == true && error?.description.contains("ffmpeg") == true)
    }

    /// Silence for an hour takes 100 kB in FLAC: what counts is what it becomes.
    @Test func whatIsSmallOnTheDiskIsNotDecodedWithoutEnd() throws {
        for format in [AudioFormat.flac, .opus, .mp3] {
            var encoder = try AudioEncoder(format, sampleRate: 24_000)
            var bytes: [UInt8] = []
            for _ in 0..<70 { bytes += try encoder.encode([Float](repeating: 0, count: 24_000)) }
            bytes += try encoder.finish()
            try withTemporaryFolder { folder in
                try Data(bytes).write(to: URL(fileURLWithPath: folder + "/a"))
                let error = #expect(throws: AudioError.self) { try AudioFile.read(path: folder + "/a", longest: 60) }
                guard case .tooLong(_, let seconds, 60) = error else {
                    Issue.record("\(format): \(String(describing: error))")
                    return
                }
                #expect(seconds > 60 && seconds < 71)
                #expect(try AudioFile.read(path: folder + "/a", longest: 71).duration > 69)
            }
        }
    }

    @Test func elevenMinutesAreRefused() throws {
        let data = [UInt8](repeating: 128, count: 660 * 4_000)
        #expect(try kind(of: wav(format: 1, channels: 1, rate: 4_000, bits: 8, data: data)) == "tooLong")
        #expect(
            AudioError.tooLong(path: "a.wav", seconds: 660, limit: AudioFile.longest).description
                == "'a.wav' is 660 s long; at most 600 s are read.")
    }

    private func read(_ file: Data) throws -> AudioClip {
        try withTemporaryFolder { folder in
            try file.write(to: URL(fileURLWithPath: folder + "/a.wav"))
            return try AudioFile.read(path: folder + "/a.wav")
        }
    }

    /// The name of the error case that reading `file` ends with; nil when it succeeds.
    private func kind(of file: Data) throws -> String? {
        do {
            _ = try read(file)
            return nil
        } catch let error as AudioError {
            return Mirror(reflecting: error).children.first?.label
        }
    }
}
