import Audio
import FoundationEssentials
import JSONText
import ModelContext
import Server
import Speech

/// The tools that `makima mcp` offers.
struct SpeechTools: Toolbox {
    let finder: SpeechFinder
    let announcer: Announcer
    let folder: SaveFolder
    let sound: SoundOptions
    /// Of those who name no voice; nil for the default one.
    let voice: String?

    /// Bytes of a path.
    private static let pathLimit = 1024

    static let instructions = """
        Speaks texts aloud on this computer, or saves them as sound files. Texts are said one after the other: write them as they are \
        to be said, numbers and dates included.
        """

    // MARK: - Descriptions

    private static let manner: [String: JSONValue] = [
        "text": ["type": "string", "description": "What to say.", "maxLength": .integer(RemoteSpeech.textLimit)],
        "voice": ["type": "string", "description": "A voice of list_voices, by its id; the default one without."],
        "speed": [
            "type": "number", "description": "How fast; the pitch stays.",
            "minimum": .number(TimeStretch.speeds.lowerBound), "maximum": .number(TimeStretch.speeds.upperBound),
        ],
        "language": ["type": "string", "description": "Language of the text, by name or code; guessed without."],
    ]

    private static func schema(_ properties: [String: JSONValue], required: JSONValue = []) -> JSONValue {
        [
            "type": "object", "properties": .object(properties), "required": required, "additionalProperties": false,
        ]
    }

    var tools: [Tool] {
        [
            Tool(
                name: "speak", title: "Speak",
                description: "Says a text through the loudspeaker of this computer, after those that are being said.",
                input: Self.schema(
                    Self.manner.merging([
                        "wait": [
                            "type": "boolean", "default": true,
                            "description": "Whether to answer when the text has been said; false answers at once.",
                        ]
                    ]) { $1 }, required: ["text"])),
            Tool(
                name: "stop", title: "Stop speaking",
                description: "Falls silent at once, and forgets the texts that wait to be said.",
                input: Self.schema([:])),
            Tool(
                name: "list_voices", title: "List voices", description: "The voices that texts can be said in.",
                input: Self.schema([:]),
                output: Self.schema(
                    ["voices": ["type": "array", "items": ["type": "object"]]], required: ["voices"]),
                isReadOnly: true),
            Tool(
                name: "save", title: "Save speech",
                description: "Writes a text as a sound file (\(AudioFileWriter.Format.endings)) into \(folder.path).",
                input: Self.schema(
                    Self.manner.merging([
                        "path": [
                            "type": "string", "description": .text("Name of the file, in \(folder.path)."),
                        ],
                        "overwrite": [
                            "type": "boolean", "default": false, "description": "Whether a file may be replaced.",
                        ],
                    ]) { $1 }, required: ["text", "path"])),
        ]
    }

    // MARK: - Calls

    @concurrent func call(
        _ call: ToolCall, progress: @escaping @Sendable (Double, String) -> Void
    ) async -> ToolResult {
        let told: @Sendable (Double) -> Void = { progress($0, "\($0) s") }
        do {
            switch call.name {
            case "speak": return try await speak(call, told)
            case "stop":
                _ = try ToolArguments(call, known: [])
                let count = await announcer.stop()
                return ToolResult(count == 0 ? "Nothing was being said." : "Silent.")
            case "list_voices":
                _ = try ToolArguments(call, known: [])
                return try await listVoices()
            default: return try await save(call, told)
            }
        } catch let fault as ToolFault {
            return ToolResult(fault.message, isError: true)
        } catch {
            return ToolResult(Task.isCancelled || error is CancellationError ? "Stopped." : "\(error)", isError: true)
        }
    }

    private func saying(_ arguments: ToolArguments) throws(ToolFault) -> Saying {
        Saying(
            text: try arguments.needed("text", limit: RemoteSpeech.textLimit),
            voice: try arguments.text("voice") ?? voice, speed: try arguments.number("speed", TimeStretch.speeds),
            language: try arguments.text("language", limit: 40))
    }

    private func speak(_ call: ToolCall, _ progress: @escaping @Sendable (Double) -> Void) async throws -> ToolResult {
        let arguments = try ToolArguments(call, known: ["text", "voice", "speed", "language", "wait"])
        let (saying, waits) = (try saying(arguments), try arguments.flag("wait") ?? true)
        let task = try await announcer.say(saying, progress: progress)
        guard waits else { return ToolResult("It will be said.") }
        let spoken = try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
        return ToolResult("Said: \(spoken)")
    }

    private func listVoices() async throws -> ToolResult {
        let voices = try await finder.source().voices()
        let lines = voices.map { "\($0.id): \($0.name), \($0.language)\($0.isDefault ? ", the default" : "")" }
        let structured = JSONValue([UInt8](try JSONEncoder().encode(["voices": voices])))
        return ToolResult(lines.joined(separator: "\n"), structured: structured)
    }

    private func save(_ call: ToolCall, _ progress: @escaping @Sendable (Double) -> Void) async throws -> ToolResult {
        let arguments = try ToolArguments(
            call, known: ["text", "path", "voice", "speed", "language", "overwrite"])
        let saying = try saying(arguments)
        let name = try arguments.needed("path", limit: Self.pathLimit)
        let path = try folder.file(name, replacing: try arguments.flag("overwrite") ?? false)
        let spoken = try await finder.source().speak(saying, progress: progress) { rate, speed in
            try SpeechOutput(path: path, plays: false, sound, speed: speed, sampleRate: rate)
        }
        return ToolResult("\(path): \(spoken)")
    }
}
