import Audio
import Foundation
import TestSupport
import Testing

/// Against a device that writes into a file, as no sound card is needed for that. It never underruns.
@Suite(.serialized) struct ALSAPlayerTests {
    @Test func playedSamplesReachTheDevice() throws {
        try withALSA(file: true) { raw in
            #expect(ALSAPlayer.isAvailable())
            let samples = sine(440, rate: 24_000, count: 24_000)
            var player = try ALSAPlayer(sampleRate: 24_000)
            try player.play(Array(samples[..<1_920]))
            try player.play([])
            try player.play(Array(samples[1_920...]))
            try player.finish()

            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: raw)))
            let expected = try PCM.int16(samples)
            // Draining may fill the last period with silence.
            try #require(bytes.count >= 2 * expected.count)
            let heard = (0..<expected.count).map {
                Int16(bitPattern: UInt16(bytes[2 * $0]) | UInt16(bytes[2 * $0 + 1]) << 8)
            }
            #expect(zip(heard, expected).allSatisfy { abs(Int($0) - Int($1)) <= 1 })
        }
    }

    @Test func volumeScalesTheSound() throws {
        try withALSA(file: true) { raw in
            var player = try ALSAPlayer(sampleRate: 24_000, volume: 0.5)
            try player.play([Float](repeating: 0.5, count: 4800))
            #expect(player.underruns == 0)
            try player.finish()
            let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: raw)))
            #expect(abs(Int(Int16(bitPattern: UInt16(bytes[2000]) | UInt16(bytes[2001]) << 8)) - 8192) <= 1)
        }
    }

    @Test func devicesAreListed() throws {
        let folderDevice = "hint { show on description \"For tests\" }"
        try withTemporaryFolder { folder in
            let configuration = folder + "/alsa.conf"
            try Data("defaults.namehint.basic on\npcm.tester { type null \(folderDevice) }\n".utf8)
                .write(to: URL(fileURLWithPath: configuration))
            unsafe setenv("ALSA_CONFIG_PATH", configuration, 1)
            defer { unsafe unsetenv("ALSA_CONFIG_PATH") }
            #expect(ALSAPlayer.devices().contains { $0.name == "tester" && $0.description == "For tests" })
        }
    }

    @Test func missingDeviceSaysWhatToDo() throws {
        try withALSA(file: false) { _ in
            #expect(!ALSAPlayer.isAvailable())
            #expect {
                try ALSAPlayer(sampleRate: 24_000).finish()
            } throws: { error in
                guard case .deviceUnavailable("default", _) = error as? AudioError else { return false }
                return "\(error)".contains("--output")
            }
        }
    }

    @Test func badSampleIsRefusedBeforeTheDevice() throws {
        try withALSA(file: true) { _ in
            func play() throws {
                var player = try ALSAPlayer(sampleRate: 24_000)
                try player.play([0, .infinity])
                try player.finish()
            }
            #expect(throws: AudioError.nonFiniteSample(index: 1)) { try play() }
        }
    }

    /// alsa-lib reads its configuration again when this names another file. With `file`, "default" writes raw samples
    /// to the path given to `body`; without, there is no device.
    private func withALSA(file: Bool, _ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let raw = folder + "/played.raw"
            let device = """
                pcm.!default { type plug slave.pcm "recorder" }
                pcm.recorder { type file slave.pcm { type null } file "\(raw)" format raw }

                """
            let configuration = folder + "/alsa.conf"
            try Data((file ? device : "# nothing\n").utf8).write(to: URL(fileURLWithPath: configuration))
            unsafe setenv("ALSA_CONFIG_PATH", configuration, 1)
            defer { unsafe unsetenv("ALSA_CONFIG_PATH") }
            try body(raw)
        }
    }
}
