import ArgumentParser
import Files
import FoundationEssentials
import Glibc
import Logging
import ModelContext
import NIOPosix
import Server

/// `makima mcp`: a language model's program speaks.
struct MCP: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lets programs with a language model speak: a server of the Model Context Protocol.",
        discussion: """
            Such a program starts it and talks to it over standard input and output, with JSON-RPC. It offers the tools speak, stop, \
            list_voices and save. Speech comes from the appliance that --remote names, else from the one on this computer, else from the \
            model here.

              makima mcp --folder ~/Speech --voice denji
            """)

    @Option(
        help: ArgumentHelp(
            "The only folder that save writes to; the working directory unless given.", valueName: "directory"))
    var folder = "."

    @Option(
        help: ArgumentHelp(
            "An appliance to speak through: its name, first, or its address.",
            discussion: "A token it asks for is read from MAKIMA_TOKEN.", valueName: "name"))
    var remote: String?

    @Option(
        help: ArgumentHelp(
            "Model to speak with where there is no appliance; makima-mini unless given.", valueName: "model"))
    var model: String?

    @Option(help: ArgumentHelp("Voice of texts that name none.", valueName: "id"))
    var voice: String?

    @OptionGroup var sound: SoundOptions

    func validate() throws {
        guard remote == nil || model == nil else {
            throw ValidationError("With --remote the appliance chooses the model.")
        }
        guard FileSystem.isFolder(folder) else { throw ValidationError("There is no folder \(folder).") }
    }

    func run() async throws {
        var configuration = try SettingsFile.configuration(flags: model.map { [("model", $0)] } ?? [])
        VoiceLocations.complete(&configuration)
        PronunciationLocations.complete(&configuration)
        var logger = Logger(label: "makima") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = Logger.Level(rawValue: configuration.logLevel) ?? .info
        let finder = try SpeechFinder(appliance: remote, configuration, logger)
        let tools = SpeechTools(
            finder: finder, announcer: Announcer(finder, sound), folder: try SaveFolder(folder), sound: sound,
            voice: voice)
        let server = ToolServer(
            name: "makima", version: version, instructions: SpeechTools.instructions, tools: tools.tools)
        let session = ToolSession(server, tools) { line in
            // A client that reads no more has gone: the end of its input says so.
            try? StandardOutput.write(Array((line + "\n").utf8))
        }
        // Reading holds up who reads: a thread of its own.
        let thread = EventLoopTaskExecutor(MultiThreadedEventLoopGroup(numberOfThreads: 1).next())
        try await Task(executorPreference: thread) { try await Self.read(into: session) }.value
        _ = await tools.announcer.stop()
        await session.finish()
    }

    /// Until the client closes its end.
    private static func read(into session: ToolSession) async throws {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe Glibc.read(STDIN_FILENO, &bytes, bytes.count)
            if count > 0 {
                await session.receive(Array(bytes[..<count]))
            } else if count == 0 {
                return
            } else if errno != EINTR {
                throw Failure("Standard input cannot be read: \(systemMessage(errno)).")
            }
        }
    }
}
