import ArgumentParser
import Audio

/// `makima play`: a sound file to the loudspeaker, to try the device.
struct Play: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Plays a sound file, or lists the sound devices.",
        discussion: """
              makima play speech.wav --volume 50
              makima play --list
            """)

    @Argument(help: ArgumentHelp("WAV, FLAC, OGG or MP3.", valueName: "file"))
    var file: String?

    @Flag(help: "Lists the devices that can play.") var list = false

    @OptionGroup var sound: SoundOptions

    func validate() throws {
        guard (file == nil) == list else { throw ValidationError("Give a file to play, or --list.") }
    }

    func run() throws {
        guard let file else { return listDevices() }
        Interruption.listen()
        let clip = try AudioFile.read(path: file)
        var player = try sound.open(sampleRate: clip.sampleRate)
        // In short pieces, so that an interruption is heard at once.
        let piece = max(clip.sampleRate / 10, 1)
        for start in stride(from: 0, to: clip.samples.count, by: piece) {
            if Interruption.isRequested { throw ExitCode(130) }
            try player.play(Array(clip.samples[start..<min(start + piece, clip.samples.count)]))
        }
        try player.finish()
    }

    private func listDevices() {
        let devices = ALSAPlayer.devices()
        for device in devices {
            print(device.description.isEmpty ? device.name : "\(device.name)  \(device.description)")
        }
        if devices.isEmpty { print("There is no sound device.") }
    }
}
