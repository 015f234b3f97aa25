import ArgumentParser
import Audio
import Files
import Glibc

/// Where speech goes: a file, the sound device, standard output, or a file and the device.
final class SpeechOutput {
    /// Path of the file, where one is written.
    let path: String?
    private var file: AudioFileWriter?
    private var player: ALSAPlayer?
    private let writesRaw: Bool
    private let sampleRate: Int
    private var gain: LoudnessGain?
    private var stretch: TimeStretch
    private var buffer = StartBuffer()
    private var held: [Float] = []
    private var isPlaying = false
    private var hasAnnounced = false
    private let start = ContinuousClock().now
    private var progressLine: ProgressLine

    /// Without a path it plays; without a device it writes `speech.wav`. Files and devices are opened at once, so that what
    /// cannot be written is known before anything is computed.
    ///
    /// - Parameter gain: in dB; 0 leaves every sample as it is.
    init(
        path: String?, plays: Bool, _ sound: SoundOptions, speed: Double, gain: Double = 0, sampleRate: Int
    ) throws {
        writesRaw = path == "-"
        self.gain = gain == 0 ? nil : LoudnessGain(decibels: gain, sampleRate: sampleRate)
        stretch = try TimeStretch(speed: speed, sampleRate: sampleRate)
        progressLine = ProgressLine(sampleRate: sampleRate)
        var path = writesRaw ? nil : path
        if plays || (path == nil && !writesRaw) {
            // Asked for by name, a device says why it cannot be had.
            if ALSAPlayer.isAvailable(device: sound.device) || sound.device != "default" {
                player = try sound.open(sampleRate: sampleRate)
            } else if path == nil {
                path = "speech.wav"
                printError("There is no sound device: writing speech.wav.")
            }
        }
        if let path {
            let format = AudioFileWriter.Format(ofPath: path) ?? .wavPCM16
            file = try AudioFileWriter(path: path, sampleRate: sampleRate, format: format)
        }
        self.path = path
        self.sampleRate = sampleRate
    }

    /// Where speech fails, what is printed next begins a line of its own.
    deinit { progressLine.finish() }

    /// Seconds of sound, to a tenth.
    var seconds: Double { progressLine.seconds }
    var hasSound: Bool { progressLine.samples > 0 }
    /// Nobody hears it before it is complete.
    var onlyWritesFile: Bool { player == nil && !writesRaw }

    /// `progress`: how much of the text is spoken, 0 to 1. Playing begins as soon as it will not run out.
    func write(_ samples: [Float], progress: Double) throws {
        try write(stretched: stretch.push(gain?.push(samples) ?? samples))
        guard player != nil, !isPlaying, let wait = buffer.secondsToWait(progress: progress) else { return }
        if wait == 0 { try playHeld() } else { announce(wait) }
    }

    /// Says once when playing begins, where that is not at once.
    private func announce(_ wait: Double) {
        guard !hasAnnounced else { return }
        hasAnnounced = true
        progressLine.finish()
        printError("This computer speaks more slowly than it is heard: it begins in about \(Int(wait.rounded(.up))) s.")
    }

    private func write(stretched samples: [Float]) throws {
        guard !samples.isEmpty else { return }
        progressLine.show(samples.count)
        try file?.write(samples)
        if writesRaw { try writeRaw(samples) }
        guard player != nil else { return }
        if isPlaying { return try player!.play(samples) }
        held += samples
        buffer.add(
            Double(samples.count) / Double(sampleRate), at: (ContinuousClock().now - start) / .seconds(1))
    }

    private func playHeld() throws {
        isPlaying = true
        // In short pieces, so that an interruption is heard at once.
        let piece = sampleRate / 10
        for start in stride(from: 0, to: held.count, by: piece) {
            if Interruption.isRequested || Task.isCancelled { throw ExitCode(130) }
            try player?.play(Array(held[start..<min(start + piece, held.count)]))
        }
        held = []
    }

    /// Completes the file, plays what is left and waits until everything was heard.
    func finish() throws {
        if let rest = gain?.finish() { try write(stretched: stretch.push(rest)) }
        try write(stretched: stretch.flush())
        progressLine.finish()
        if let file = file.take() { try file.finish() }
        try playHeld()
        if let player = player.take() { try player.finish() }
    }

    private func writeRaw(_ samples: [Float]) throws {
        try StandardOutput.write(PCM.int16LittleEndian(samples))
    }
}

enum StandardOutput {
    /// Waits until all of it is written.
    static func write(_ bytes: [UInt8]) throws {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress!, $0.count)
            }
            if count > 0 {
                written += count
            } else if errno != EINTR {
                throw Failure("Standard output cannot be written: \(systemMessage(errno)).")
            }
        }
    }
}

/// The line that grows while speech is made: on a terminal only.
private struct ProgressLine {
    private(set) var samples = 0
    private let sampleRate: Int
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now

    init(sampleRate: Int) { self.sampleRate = sampleRate }

    var seconds: Double { (Double(samples) / Double(sampleRate) * 10).rounded() / 10 }

    mutating func show(_ more: Int) {
        samples += more
        guard isTerminal, more > 0 else { return }
        let spent = (clock.now - start) / .seconds(1)
        let speed = (Double(samples) / Double(sampleRate) / max(spent, 0.001) * 10).rounded() / 10
        writeError("\r\(seconds) s spoken, \(speed) × real time ")
    }

    func finish() {
        if isTerminal, samples > 0 { writeError("\r\u{1B}[K") }
    }
}
