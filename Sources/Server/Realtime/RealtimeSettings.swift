// How a session of /v1/realtime speaks, and what a client may change of it: for the session, or for one response.

import Audio

package struct RealtimeSettings: Equatable, Sendable {
    /// nil for the default voice.
    var voice: String?
    /// nil for the voice's own, else the server's.
    var speed: Double?
    /// How to speak, for checkpoints that take it.
    var instructions: String?

    /// What an event said; nil where it said nothing.
    package struct Change: Equatable, Sendable {
        var voice: String?
        var speed: Double?
        var instructions: String?
    }

    func changed(by change: Change) -> RealtimeSettings {
        var settings = self
        settings.voice = change.voice ?? voice
        settings.speed = change.speed ?? speed
        settings.instructions = change.instructions ?? instructions
        return settings
    }
}

extension RealtimeSettings.Change {
    /// Unicode scalars of instructions.
    private static let instructionLimit = 4096

    /// The `session` of `session.update`.
    init(session: RealtimeFields) throws(RealtimeError) {
        guard try session.needed("type") == "realtime" else {
            throw session.unsupported("type", "Sessions here are of the type realtime: this server hears nothing.")
        }
        try self.init(session, known: ["type", "object", "id", "model"])
    }

    /// What a session and a response have in common.
    init(_ fields: RealtimeFields, known: Set<String>) throws(RealtimeError) {
        let common: Set = ["audio", "instructions", "output_modalities"]
        try fields.check(known: common.union(known), refused: Self.refused)
        if let modalities = try fields.strings("output_modalities", limit: 4), modalities != ["audio"] {
            throw fields.unsupported(
                "output_modalities", "What is spoken comes as audio, with its transcript: [\"audio\"] is all there is.")
        }
        instructions = try fields.string("instructions", limit: Self.instructionLimit)
        guard let audio = try fields.object("audio") else { return }
        try audio.check(known: ["input", "output"])
        try Self.checkInput(audio)
        guard let output = try audio.object("output") else { return }
        try output.check(known: ["format", "voice", "speed"])
        try Self.checkFormat(output)
        voice = try output.voice("voice")
        speed = try output.number("speed", TimeStretch.speeds)
    }

    private static let refused: [String: RealtimeFields.Refusal] = [
        "include": .init(message: "Nothing is heard here, so there is nothing to include."),
        "max_output_tokens": .init(
            message: "What is said is as long as its text: max_output_tokens is inf.", unless: ["inf"]),
        "parallel_tool_calls": .init(message: noTools),
        "prompt": .init(message: "There are no prompts here: texts are spoken word for word."),
        "reasoning": .init(message: "Nothing is reasoned here: texts are spoken word for word."),
        "tools": .init(message: noTools),
        "tool_choice": .init(message: noTools, unless: ["auto", "none"]),
        "tracing": .init(message: "There are no traces here."),
        "truncation": .init(message: "The oldest messages are forgotten here: truncation is auto.", unless: ["auto"]),
    ]
    private static let noTools = "There are no tools here: texts are spoken word for word."

    private static func checkInput(_ audio: RealtimeFields) throws(RealtimeError) {
        guard let input = try audio.object("input") else { return }
        let deaf = RealtimeFields.Refusal(message: "This server hears nothing: it speaks texts.")
        // The format may be told: nothing comes in it.
        try input.check(
            known: ["format"], refused: ["noise_reduction": deaf, "transcription": deaf, "turn_detection": deaf])
    }

    private static func checkFormat(_ output: RealtimeFields) throws(RealtimeError) {
        guard let format = try output.object("format") else { return }
        try format.check(known: ["type", "rate"])
        guard try format.string("type") ?? "audio/pcm" == "audio/pcm" else {
            throw format.unsupported("type", "Sound comes as audio/pcm: 16 bits, mono, 24000 Hz.")
        }
        guard try format.integer("rate", 0...Int.max) ?? RealtimeSession.sampleRate == RealtimeSession.sampleRate else {
            throw format.unsupported("rate", "Sound comes at 24000 Hz.")
        }
    }
}
