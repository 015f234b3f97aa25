import Compute
import Glibc
import ModelFile
import TestSupport
import Testing
import Verifying

@testable import Chatterbox

@Suite struct VocoderTests {
    @Test(arguments: Kernels.available.map(\.name), [1, 3])
    func everyStageEqualsTheOfficialImplementation(kernels name: String, threads: Int) throws {
        let kernels = try #require(Kernels.available.first { $0.name == name })
        let goldens = try TinyChatterbox.goldens()
        var report = VerificationReport()
        try VocoderVerification(
            TinyChatterbox.s3gen().vocoder, goldens, on: Processor(kernels: kernels, threads: threads)
        ).run(into: &report)
        TinyChatterbox.expectPassed(report)
        let given = ["mel", "noise", "phases"]
        #expect(report.lines.count == goldens.names(below: "vocoder/").count - given.count)
        #expect(goldens.unused.filter { $0.hasPrefix("vocoder/") } == [])
    }

    /// Pieces that overlap add up to what they were cut from, at the ends too.
    @Test func theShortTransformAndItsInverseGiveTheSignalBack() throws {
        let transform = try ShortTransform()
        let signal = Rows((0..<480).map { sin(Float($0 * $0) / 300) }, columns: 1)
        let spectra = transform.spectra(signal, on: Processor())
        #expect(spectra.rows == 121 && spectra.columns == 18)
        let back = transform.signal(spectra, on: Processor())
        #expect(back.count == 480)
        for (a, b) in zip(back, signal.values) { #expect(abs(a - b) < 2e-6) }
    }

    /// An hour of a steady pitch: every frame begins where in its period it should.
    @Test func aLongSignalKeepsItsPhase() throws {
        let source = try SourceModule(
            TinyChatterbox.weights("s3gen_meanflow")["mel2wav.m_source"], samplesPerFrame: 480)
        var cycle = 0.0
        let starts = source.starts([Float](repeating: 220.5, count: 50 * 3600), &cycle)
        for (frame, start) in starts.enumerated() {
            // A frame is 4.41 periods.
            let distance = abs(start - Double(frame * 441 % 100) / 100)
            #expect(min(distance, 1 - distance) < 1e-9)
        }
    }

    /// A signal in two parts is the signal in one: the phase is carried, the noise belongs to its frame.
    @Test func theExcitationIsTheSameInParts() throws {
        let source = try SourceModule(
            TinyChatterbox.weights("s3gen_meanflow")["mel2wav.m_source"], samplesPerFrame: 480)
        let f0: [Float] = [120, 121.5, 0, 3, 260, 255, 250.25]
        let noise = SeededNoise(seed: 2)
        var whole = 0.0
        let expected = source.apply(f0, cycle: &whole, noise: noise, on: Processor(threads: 2)).values
        var cycle = 0.0
        var parts = source.apply(Array(f0[..<3]), cycle: &cycle, noise: noise, on: Processor()).values
        parts += source.apply(Array(f0[3...]), first: 3, cycle: &cycle, noise: noise, on: Processor()).values
        #expect(parts.map(\.bitPattern) == expected.map(\.bitPattern) && cycle == whole)
    }

    @Test func silenceThenGrowingLoudness() {
        var samples = [Float](repeating: 1, count: 1000)
        Vocoder.fadeIn(&samples)
        #expect(samples[..<481].allSatisfy { $0 == 0 } && samples[959...].allSatisfy { $0 == 1 })
        #expect(zip(samples, samples.dropFirst()).allSatisfy { $0 <= $1 })
        for count in [0, 1, 480, 481] {
            var short = [Float](repeating: 1, count: count)
            Vocoder.fadeIn(&short)
            #expect(short.allSatisfy { $0 == 0 })
        }
    }

    @Test func aBrokenModelIsNoSilence() throws {
        let vocoder = try TinyChatterbox.s3gen().vocoder
        let mel = Rows(rows: 3, columns: 80)
        mel[1, 4] = .nan
        #expect(throws: S3GenError.notFinite("pitch")) {
            try vocoder.sound(mel, noise: SeededNoise(seed: 1), on: Processor())
        }
        let silent = Rows(rows: 3 * Vocoder.samplesPerFrame, columns: 1)
        #expect(throws: S3GenError.notFinite("sound")) {
            try vocoder.sound(mel, excitation: silent, on: Processor())
        }
    }

    @Test func theSameSeedGivesTheSameSound() throws {
        let s3gen = try TinyChatterbox.s3gen()
        let voice = try TinyChatterbox.voice()
        let sounds = try [(1, 1), (1, 2), (2, 1)].map { seed, threads in
            try s3gen.sound(
                [7, 8, 9, 10], voice, noise: SeededNoise(seed: UInt64(seed)), on: Processor(threads: threads))
        }
        #expect(sounds[0].count == 4 * 960 && sounds[0].map(\.bitPattern) == sounds[1].map(\.bitPattern))
        #expect(sounds[0] != sounds[2] && sounds[0].contains { $0 != 0 })
    }
}
