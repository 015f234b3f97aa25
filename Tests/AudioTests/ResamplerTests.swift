import Audio
import Compute
import Foundation
import Testing

@Suite struct ResamplerTests {
    @Test(arguments: [(16_000, 24_000), (44_100, 24_000), (48_000, 24_000), (24_000, 48_000), (24_000, 22_050)])
    func toneStaysTheSameTone(from: Int, to: Int) throws {
        let clip = AudioClip(samples: sine(1_000, rate: from, count: from), sampleRate: from)
        let output = try resample(clip, to: to)
        #expect(output.sampleRate == to)
        #expect(output.samples.count == to)
        // The ends ring, as the tone starts and stops at once.
        let middle = to / 10..<to * 9 / 10
        #expect(
            Deviation(output.samples[middle], from: sine(1_000, rate: to, count: to)[middle]).decibels ?? .infinity > 80
        )
    }

    @Test func toneAboveTheNewBandIsRemoved() throws {
        let clip = AudioClip(samples: sine(15_000, rate: 48_000, count: 48_000), sampleRate: 48_000)
        let output = try resample(clip, to: 24_000).samples
        #expect(output[2_400..<21_600].allSatisfy { abs($0) < 1e-4 })
    }

    @Test(arguments: [(16_000, 24_000), (44_100, 24_000), (24_000, 48_000), (24_000, 8_000)], [1, 160, 1_999])
    func streamedEqualsWhole(rates: (from: Int, to: Int), piece: Int) throws {
        let samples = sine(440, rate: rates.from, count: 7_919)
        let whole = try resample(AudioClip(samples: samples, sampleRate: rates.from), to: rates.to).samples
        #expect(whole.count == (7_919 * rates.to + rates.from - 1) / rates.from)

        var resampler = try Resampler(from: rates.from, to: rates.to)
        var streamed = [Float]()
        for start in stride(from: 0, to: samples.count, by: piece) {
            streamed += try resampler.push(Array(samples[start..<min(start + piece, samples.count)]))
        }
        streamed += try resampler.flush()
        #expect(streamed.count == whole.count)
        #expect(zip(streamed, whole).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test(arguments: [0, 1, 2, 7])
    func shortInputsHaveTheExactLength(count: Int) throws {
        let clip = AudioClip(samples: [Float](repeating: 0.5, count: count), sampleRate: 16_000)
        #expect(try resample(clip, to: 24_000).samples.count == (count * 3 + 1) / 2)
    }

    @Test func equalRatesChangeNothing() throws {
        let clip = AudioClip(samples: sine(440, rate: 24_000, count: 100), sampleRate: 24_000)
        #expect(try resample(clip, to: 24_000) == clip)
    }

    @Test func badRatesAndSamplesAreRefused() throws {
        for rate in [0, -1, 3_999, 192_001, Int.max] {
            #expect(throws: AudioError.unsupportedSampleRate(rate, allowed: 4_000...192_000)) {
                try resample(AudioClip(samples: [0], sampleRate: 24_000), to: rate)
            }
        }
        #expect(throws: AudioError.nonFiniteSample(index: 1)) {
            try resample(AudioClip(samples: [0, .nan], sampleRate: 24_000), to: 48_000)
        }
    }

    /// librosa's `soxr_hq` is the same filter, so only rounding may differ.
    @Test(.enabled(if: Reference.exists, "no reference vocabulary"), arguments: [16_000, 44_100, 48_000])
    func equalsTheReference(rate: Int) throws {
        let input = try Reference.array("resample/\(rate)/input")
        let expected = try Reference.array("resample/\(rate)/output")
        let output = try resample(AudioClip(samples: input, sampleRate: rate), to: 24_000).samples
        try #require(output.count == expected.count)
        #expect(Deviation(output, from: expected).decibels ?? .infinity > 120)
    }
}

/// The arrays that the official classes gave for a tiny checkpoint, where they lie beside the repository.
private enum Reference {
    static let url = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("../shared/reference/tiny/base.safetensors").standardized
    static let exists = FileManager.default.fileExists(atPath: url.path)

    /// A float32 array of the safetensors file: u64 header length, JSON header, data.
    static func array(_ name: String) throws -> [Float] {
        let bytes = [UInt8](try Data(contentsOf: url))
        let length = bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + length])) as? [String: Any]
        let entry = try #require(header?[name] as? [String: Any])
        let offsets = try #require(entry["data_offsets"] as? [Int])
        return stride(from: 8 + length + offsets[0], to: 8 + length + offsets[1], by: 4).map { start in
            Float(bitPattern: bytes[start..<start + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        }
    }
}
