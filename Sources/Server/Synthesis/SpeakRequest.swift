// What a door wants spoken, in a door's terms; `SpeechService` makes an engine's `SpeechRequest` of it.

package import Speech

/// What becomes of speech that is made more slowly than it is heard.
package enum SlowSpeech: String, Sendable, CaseIterable {
    /// It is sent as it is made, with holes.
    case stream
    /// It begins when it can be heard to its end without a hole.
    case wait
    /// It is refused, with what to do instead.
    case refuse
}

package struct SpeakRequest: Sendable, Equatable {
    package enum Priority: Int, Sendable, Comparable {
        case high, normal
        package static func < (one: Self, other: Self) -> Bool { one.rawValue < other.rawValue }
    }

    package var text: String
    /// nil for the default voice.
    package var voice: String?
    package var language: String
    package var instruction: String?
    /// How the text is written; nil: SSML where it begins as such.
    package var format: TextFormat?
    /// Numbers, dates, signs and Markdown become words; false speaks the text as it is.
    package var normalizes = true
    /// How fast it is to be played; nil for the voice's speed, else the server's. The door does it: `SpeechStream.speed`.
    package var speed: Double?
    /// Whether the door wants to be told when each sentence is said.
    package var tellsSentences = false
    /// What becomes of speech that is made more slowly than it is heard; nil: as the server is set.
    package var whenSlow: SlowSpeech?
    /// The sound is wanted for later: it is kept, however long it takes to make.
    package var isForKeeping = false
    package var priority: Priority
    /// More text follows by `SpeechStream.append`.
    package var isOpen: Bool
    package var options: SpeechOptions
    /// Whose rate and share of the machine it takes: `Request.client`.
    package var client: String
    /// Where it came in.
    package var door = Door.http

    package init(
        text: String, voice: String? = nil, language: String = "auto", instruction: String? = nil,
        priority: Priority = .normal, isOpen: Bool = false, options: SpeechOptions = SpeechOptions(),
        client: String
    ) {
        self.text = text
        self.voice = voice
        self.language = language
        self.instruction = instruction
        self.priority = priority
        self.isOpen = isOpen
        self.options = options
        self.client = client
    }
}
