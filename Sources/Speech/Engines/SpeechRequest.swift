// What an engine is asked, and what it answers: the same for every engine.

/// Who speaks.
package enum SpeechVoice: Sendable, Equatable {
    /// A cloned voice. Two requests with equal `id` have equal voices: an engine may keep what it computes of one by it.
    case cloned(id: String, PreparedVoice)
    /// A speaker of the model itself.
    case preset(String)
    /// Whatever the model makes of no voice at all.
    case none
}

/// Changes to the model's own settings; nil leaves one as it is.
package struct SpeechOptions: Sendable, Equatable {
    package var seed: UInt64?
    package var temperature: Float?
    package var topK: Int?
    package var topP: Float?
    package var repetitionPenalty: Float?
    /// Most frames of the utterance.
    package var maximumFrames: Int?

    package init() {}

    package static let temperatures = 0.0...10.0

    /// No utterance is longer than a day.
    private static let mostFrames = 1_080_000
    /// Frames after which an utterance ends.
    package var frameLimit: Int { min(maximumFrames ?? Self.mostFrames, Self.mostFrames) }

    /// Throws for numbers that no model takes.
    package func check() throws(SynthesisError) {
        if let temperature, !Self.temperatures.contains(Double(temperature)) {
            throw .unsupported("The temperature is 0 to 10.")
        }
        if let topK, topK < 0 { throw .unsupported("Top-k is 0 (all tokens) or more.") }
        if let topP, !(topP > 0 && topP <= 1) { throw .unsupported("Top-p is above 0 and at most 1.") }
        if let penalty = repetitionPenalty, !(penalty > 0 && penalty <= 10) {
            throw .unsupported("The repetition penalty is above 0, at most 10.")
        }
        if let maximumFrames, maximumFrames < 1 { throw .unsupported("The most frames are 1 or more.") }
    }
}

/// What an engine is asked to speak: every door's request, with its text in words and its voice prepared.
package struct SpeechRequest: Sendable, Equatable {
    /// Of any length: it is spoken group by group. May be empty when `isOpen`.
    package var text: String
    package var voice: SpeechVoice
    /// A language of the model in any case, or "auto".
    package var language: String
    /// How to speak, for models that take it.
    package var instruction: String?
    /// More text follows by `SpeechEngine.append`.
    package var isOpen: Bool
    package var options: SpeechOptions
    /// Whether silence that nobody needs is left out, as `SilenceTrimmer` does it; measurements want every frame.
    package var trimsSilence = true
    /// Decibels by which the sound is to be raised, and how fast it will be played: for whoever passes it on, not for engines.
    package var gain = 0.0
    package var playingSpeed = 1.0

    /// Unicode scalars of a transcript, or of an instruction how to speak.
    package static let promptLimit = 10_000

    package init(
        text: String, voice: SpeechVoice, language: String = "auto", instruction: String? = nil, isOpen: Bool = false,
        options: SpeechOptions = SpeechOptions()
    ) {
        self.text = text
        self.voice = voice
        self.language = language
        self.instruction = instruction
        self.isOpen = isOpen
        self.options = options
    }
}

/// Why speech ended.
package enum FinishReason: String, Sendable, Equatable {
    /// The model ended it.
    case endOfSpeech = "stop"
    /// The frame budget, from the text's length, was used up.
    case budget = "length"
    /// Two seconds of silence inside speech.
    case silence
    case cancelled
}

package enum SpeechEvent: Sendable, Equatable {
    /// Mono samples in [-1, 1] at the model's rate, one frame, and how many Unicode scalars of the request's text have been spoken so
    /// far, estimated within a group of sentences. Fewer samples or none where nobody needs the silence. The end of a group always
    /// comes without samples, and with the exact number.
    case frame([Float], characters: Int)
    /// A turn of which nothing is heard: the model reads a prompt longer than one turn, or frames wait to become sound together.
    case working
    /// An open utterance has spoken all the text it was given.
    case starved
    case ended(FinishReason)
    case failed(SynthesisError)
}
