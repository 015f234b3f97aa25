import Audio
import Testing

@Suite struct PCMTests {
    private static let step: Float = 1 / 32768

    @Test func roundsAndClamps() throws {
        #expect(try PCM.int16([0, 0.5, -1, 1, 3, -3]) == [0, 16384, -32768, 32767, 32767, -32768])
        #expect(try PCM.int16([0.6, -0.6, 0.4].map { $0 * Self.step }) == [1, -1, 0])
    }

    @Test func bytesAreLittleEndian() throws {
        #expect(try PCM.int16LittleEndian([258, -2].map { $0 * Self.step }) == [2, 1, 0xFE, 0xFF])
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func nonFiniteSampleIsNamed(_ bad: Float) {
        #expect(throws: AudioError.nonFiniteSample(index: 2)) { try PCM.int16([0, 0, bad]) }
    }
}
