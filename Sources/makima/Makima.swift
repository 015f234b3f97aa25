import ArgumentParser
import Files
import Glibc
import Invocation

@main
struct Makima: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "makima",
        abstract: "Speech from Qwen3-TTS-12Hz checkpoints, on this computer's processor, offline.",
        version: version,
        subcommands: [
            Say.self, Play.self, Serve.self, Voices.self, Models.self, Doctor.self, Inspect.self, Verify.self,
            Discover.self, Words.self, Render.self, MCP.self,
        ])

    static var commands: [String] { configuration.subcommands.map { $0._commandName } }

    /// Exit status 2 for a wrong use, as most commands have it, 1 for anything else that went wrong.
    static func main() async {
        Program.holdStandardStreams()
        do {
            let arguments = Arguments.understood
            if let advice = Advice.onCommand(arguments, among: commands) { throw ValidationError(advice) }
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            let status = exitCode(for: error)
            let message = fullMessage(for: error)
            if !message.isEmpty {
                if status == .success { print(message) } else { printError(message) }
                if let advice = Advice.onRefusal(message, Array(Program.arguments.dropFirst())) { printError(advice) }
            }
            Glibc.exit(status == .validationFailure ? 2 : status.rawValue)
        }
    }
}

/// Something that went wrong and is no wrong use: a sentence for the person at the terminal.
struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static let nothingToSay = Failure("There was nothing to say: the text has no letter and no digit.")
}
