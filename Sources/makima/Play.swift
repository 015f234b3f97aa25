import ArgumentParser
import Audio

/// `makima play`: a sound file to the loudspeaker, to try the device.
struct Play: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Plays a sound file.")

    @Argument(help: ArgumentHelp("WAV, FLAC, OGG or MP3.", valueName: "file"))
    var file: String

    @Option(help: "Sound device of ALSA.")
    var device = "default"

    func run() throws {
        Interruption.listen()
        let clip = try AudioFile.read(path: file)
        var player = try ALSAPlayer(device: device, sampleRate: clip.sampleRate)
        // In short pieces, so that an interruption is heard at once.
        let piece = max(clip.sampleRate / 10, 1)
        for start in stride(from: 0, to: clip.samples.count, by: piece) {
            if Interruption.isRequested { throw ExitCode(130) }
            try player.play(Array(clip.samples[start..<min(start + piece, clip.samples.count)]))
        }
        try player.finish()
    }
}
