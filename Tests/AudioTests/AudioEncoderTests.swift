import Audio
import Foundation
import TestSupport
import Testing

extension AudioFormat {
    /// Those that this machine makes: AAC needs a library that need not be there.
    static let made = allCases.filter { format in
        (try? AudioEncoder(format, sampleRate: 24_000).finish()) != nil
    }
    fileprivate static let madeAndRead = made.filter { $0 != .aac }
}

@Suite struct AudioEncoderTests {
    /// What was encoded piece by piece is read back: its length, and the tone in it.
    @Test(arguments: AudioFormat.madeAndRead, [24_000, 48_000])
    func streamsDecodeToTheSound(format: AudioFormat, rate: Int) throws {
        let samples = sine(440, rate: rate, count: rate * 2)
        let bytes = try encode(samples, format, rate: rate)
        let clip = try decode(bytes, format, rate: rate)
        let seconds = Double(clip.samples.count) / Double(clip.sampleRate)
        #expect(abs(seconds - 2) < (format == .mp3 ? 0.15 : 0.03))
        let middle = clip.samples[(clip.samples.count / 4)..<(clip.samples.count * 3 / 4)]
        let crossings = zip(middle, middle.dropFirst()).filter { $0.0 < 0 && $0.1 >= 0 }.count
        #expect(abs(Double(crossings) / (seconds / 2) - 440) < 3)
        if format == .wav || format == .pcm || format == .flac {
            #expect(zip(clip.samples, samples).allSatisfy { abs($0 - $1) <= 1 / 32768 })
        }
    }

    /// Bytes come while the sound is made, not at its end.
    @Test(arguments: AudioFormat.made.filter { $0 != .flac })
    func bytesComeEarly(format: AudioFormat) throws {
        var encoder = try AudioEncoder(format, sampleRate: 24_000)
        let samples = sine(440, rate: 24_000, count: 1920)
        var early = 0
        for _ in 0..<12 { early += try encoder.encode(samples).count }
        let rest = try encoder.finish().count
        #expect(early > rest)
    }

    /// Every frame has its length in its header, and 1024 samples; the last sample comes out, a delay behind the first.
    @Test(
        .enabled(if: AudioFormat.made.contains(.aac)), arguments: [0, 1, 1023, 1024, 24_000], [8_000, 24_000, 48_000])
    func aacIsFramesOfTheSound(count: Int, rate: Int) throws {
        let bytes = try encode(sine(440, rate: rate, count: count), .aac, rate: rate)
        var (position, frames) = (0, 0)
        while position < bytes.count {
            #expect(bytes[position] == 0xFF && bytes[position + 1] & 0xF6 == 0xF0)
            position +=
                Int(bytes[position + 3] & 3) << 11 | Int(bytes[position + 4]) << 3 | Int(bytes[position + 5]) >> 5
            frames += 1
        }
        #expect(position == bytes.count)
        #expect(frames == (count + 1600 + 1023) / 1024)
    }

    @Test func aacWithoutItsLibrarySaysWhatIsMissing() {
        guard !AudioFormat.made.contains(.aac) else { return }
        #expect { try AudioEncoder(.aac, sampleRate: 24_000).finish() } throws: { error in
            "\(error)".contains("libvo-aacenc0")
        }
    }

    /// Programs that read a FLAC ask its header how long it is.
    @Test func theHeaderOfAFLACHasItsLength() throws {
        let bytes = try encode(sine(440, rate: 24_000, count: 24_000), .flac, rate: 24_000)
        // Behind "fLaC", four bytes and the first thirteen and a half of STREAMINFO: 36 bits.
        let count = bytes[22..<26].reduce(Int(bytes[21] & 15)) { $0 << 8 | Int($1) }
        #expect(count == 24_000)
    }

    @Test(arguments: AudioFormat.made)
    func nothingButAHeaderIsStillAFile(format: AudioFormat) throws {
        let bytes = try AudioEncoder(format, sampleRate: 24_000).finish()
        #expect(format == .pcm ? bytes.isEmpty : true)
    }

    @Test(arguments: AudioFormat.made)
    func badSamplesAndRatesAreRefused(format: AudioFormat) throws {
        #expect(throws: AudioError.nonFiniteSample(index: 1)) {
            var encoder = try AudioEncoder(format, sampleRate: 24_000)
            _ = try encoder.encode([0, .nan])
        }
        #expect(throws: AudioError.self) { try AudioEncoder(format, sampleRate: 7).finish() }
    }

    /// Opus knows five rates; another is an error, no crash.
    @Test func rateThatTheFormatDoesNotKnowIsAnError() {
        #expect {
            try AudioEncoder(.opus, sampleRate: 22_050).finish()
        } throws: { error in
            guard case .encodingFailed = error as? AudioError else { return false }
            return true
        }
    }

    private func encode(_ samples: [Float], _ format: AudioFormat, rate: Int) throws -> [UInt8] {
        var encoder = try AudioEncoder(format, sampleRate: rate)
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: samples.count, by: 1000) {
            bytes += try encoder.encode(Array(samples[start..<min(start + 1000, samples.count)]))
        }
        bytes += try encoder.finish()
        return bytes
    }

    private func decode(_ bytes: [UInt8], _ format: AudioFormat, rate: Int) throws -> AudioClip {
        let file = format == .pcm ? wav(format: 1, channels: 1, rate: rate, bits: 16, data: bytes) : Data(bytes)
        return try withTemporaryFolder { folder in
            let path = folder + "/a"
            try file.write(to: URL(fileURLWithPath: path))
            return try AudioFile.read(path: path)
        }
    }
}
