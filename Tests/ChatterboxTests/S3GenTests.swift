import Compute
import Glibc
import Testing
import Verifying

@testable import Chatterbox

@Suite struct S3GenTests {
    @Test func aWholeUtteranceEqualsTheOfficialImplementation() throws {
        let goldens = try TinyChatterbox.goldens()
        var report = VerificationReport()
        try S3GenVerification(TinyChatterbox.s3gen(), goldens, on: Processor(threads: 2)).run(into: &report)
        TinyChatterbox.expectPassed(report)
        #expect(report.lines.map(\.stage) == ["speak/wav"])
    }

    /// What 16 bits lose: in the mel, in the vocoder, and in both one after the other. Random weights hear another pitch in mel
    /// that differs by almost nothing, and a phase that is another makes another wave: so both have the pitch of the exact mel.
    @Test func inSixteenBitsSoundStaysWhatItIs() throws {
        let heads = try HeadCounts(directory: TinyChatterbox.directory)
        let weights = try TinyChatterbox.weights("s3gen_meanflow")
        let exact = try S3Gen(weights, heads: heads)
        let rounded = try S3Gen(weights, heads: heads, precision: .int16)
        let (noise, processor) = (SeededNoise(seed: 3), Processor())
        let tokens = (0..<60).map { 977 * $0 % 6561 }
        let mel = try exact.flow.mel(tokens, TinyChatterbox.voice(), noise: noise, on: processor)
        let near = try rounded.flow.mel(tokens, TinyChatterbox.voice(), noise: noise, on: processor)
        var cycle = 0.0
        let excitation = exact.vocoder.excitation(
            exact.vocoder.f0(mel, on: processor), cycle: &cycle, noise: noise, on: processor)
        let wave = try exact.vocoder.sound(mel, excitation: excitation, on: processor)
        func decibels(_ mel: Rows) throws -> Double {
            let sound = try rounded.vocoder.sound(mel, excitation: excitation, on: processor)
            return try #require(Deviation(sound, from: wave).decibels)
        }
        let ofMel = try #require(Deviation(near.values, from: mel.values).decibels)
        let (ofVocoder, ofBoth) = (try decibels(mel), try decibels(near))
        #expect(ofMel > 70 && ofVocoder > 60 && ofBoth > 50, "\(ofMel) \(ofVocoder) \(ofBoth)")
        #expect(S3GenPrecision.speaking(with: "f32") == .float32 && S3GenPrecision.speaking(with: "int8") == .int16)
    }

    /// The first numbers, the last ones and all of them as NumPy 2.4 gives them.
    @Test func theDrawsAreThoseOfNumPy() {
        var draws = GoldenDraws(tag: "speak/0")
        let values = draws.normals(200_000)
        #expect(values[..<4] == [1.9335333108901978, -0.23811785876750946, 0.36899009346961975, -0.42736056447029114])
        #expect(values[199_998...] == [0.8292476534843445, -0.14242008328437805])
        // Some of them in the tail, which takes more numbers.
        #expect(values.count { abs($0) > 3.654_152_9 } == 39)
        #expect(Self.fingerprint(values) == 0xB3EB4CF82FFE0ABC)
        var phases = GoldenDraws(tag: "speak/2")
        #expect(
            phases.uniforms(9, in: -Double.pi..<Double.pi)[..<3] == [
                -2.676779270172119, 1.0683305263519287, -0.0024198207538574934,
            ])
    }

    private static func fingerprint(_ values: [Float]) -> UInt64 {
        values.reduce(0) { ($0 &* 6_364_136_223_846_793_005) &+ UInt64($1.bitPattern) }
    }

    @Test(
        arguments: [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (String(repeating: "a", count: 56), "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
            (String(repeating: "a", count: 200), "c2a908d98f5df987ade41b5fce213067efbcc21ef2240212a41e54b5e7c28ae5"),
        ])
    func hashesAreThoseOfTheStandard(_ text: String, _ expected: String) {
        let digits = GoldenDraws.digest(text).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        #expect(digits.joined() == expected)
    }
}
