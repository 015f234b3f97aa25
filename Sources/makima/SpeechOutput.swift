import Audio
import Glibc

/// Where speech goes: a file, the sound device, standard output, or a file and the device.
final class SpeechOutput {
    /// Of the file, where one is written.
    let path: String?
    private var file: AudioFileWriter?
    private var player: ALSAPlayer?
    private let writesRaw: Bool
    private let sampleRate: Int
    private var buffer = StartBuffer()
    private var held: [Float] = []
    private var isPlaying = false
    private let start = ContinuousClock().now

    /// Without a path it plays; without a device it writes `speech.wav`. Files and devices are opened at once, so that what
    /// cannot be written is known before anything is computed.
    init(path: String?, plays: Bool, device: String, sampleRate: Int) throws {
        writesRaw = path == "-"
        var path = writesRaw ? nil : path
        if plays || (path == nil && !writesRaw) {
            if ALSAPlayer.isAvailable(device: device) {
                player = try ALSAPlayer(device: device, sampleRate: sampleRate)
            } else if device != "default" {
                // Asked for by name: say why it cannot be had.
                player = try ALSAPlayer(device: device, sampleRate: sampleRate)
            } else if path == nil, !writesRaw {
                path = "speech.wav"
                printError("There is no sound device: writing speech.wav.")
            }
        }
        if let path { file = try AudioFileWriter(path: path, sampleRate: sampleRate) }
        self.path = path
        self.sampleRate = sampleRate
    }

    /// `progress`: how much of the text is spoken, 0 to 1. Playing begins as soon as it will not run out.
    func write(_ samples: [Float], progress: Double) throws {
        guard !samples.isEmpty else { return }
        try file?.write(samples)
        if writesRaw { try writeRaw(samples) }
        guard player != nil else { return }
        if isPlaying { return try player!.play(samples) }
        held += samples
        buffer.add(
            Double(samples.count) / Double(sampleRate), at: (ContinuousClock().now - start) / .seconds(1))
        if buffer.isReady(progress: progress) { try playHeld() }
    }

    private func playHeld() throws {
        isPlaying = true
        try player?.play(held)
        held = []
    }

    /// Completes the file, plays what is left and waits until everything was heard.
    func finish() throws {
        if let file = file.take() { try file.finish() }
        try playHeld()
        if let player = player.take() { try player.finish() }
    }

    private func writeRaw(_ samples: [Float]) throws {
        let bytes = try PCM.int16LittleEndian(samples)
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress!, $0.count)
            }
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw Failure("Standard output cannot be written: \(unsafe String(cString: strerror(errno))).")
            }
        }
    }
}
