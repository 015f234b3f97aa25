import ArgumentParser

@main
struct Makima: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "makima",
        abstract: "Speech from Qwen3-TTS-12Hz checkpoints, on this computer's processor, offline.",
        version: version,
        subcommands: [Say.self, Serve.self, Voices.self, Models.self, Doctor.self, Verify.self])
}
