// The seam between the model and the doors: every door turns its protocol into a `SpeechRequest` and events back into its
// protocol. Tests and future engines implement the same protocol.

/// What a voice is made of, as plain values: made once from a clip by `SpeechGenerator.prepare`, kept in a file, shared by
/// utterances.
package struct VoicePrompt: Sendable, Equatable {
    /// x-vector; empty when the checkpoint has no speaker encoder.
    package var speaker: [Float]
    /// Codes of the reference clip, one row per frame; empty for a voice by x-vector alone.
    package var codes: [[Int]]
    /// What the clip says; goes with `codes`.
    package var transcript: String

    package init(speaker: [Float], codes: [[Int]] = [], transcript: String = "") {
        self.speaker = speaker
        self.codes = codes
        self.transcript = transcript
    }
}

/// Who speaks.
package enum SpeechVoice: Sendable, Equatable {
    /// A cloned voice. Two requests with equal `id` have equal prompts: the model keeps the voice's prefilled prefix by it.
    case cloned(id: String, VoicePrompt)
    /// A preset speaker of the checkpoint.
    case preset(String)
    /// Whatever the model makes of no voice at all.
    case none
}

/// Changes to the checkpoint's own settings; nil leaves one as it is.
package struct SpeechOptions: Sendable, Equatable {
    package var seed: UInt64?
    package var temperature: Float?
    package var topK: Int?
    package var topP: Float?
    package var repetitionPenalty: Float?
    /// Most frames (80 ms each) of the utterance.
    package var maximumFrames: Int?

    package init() {}
}

package struct SpeechRequest: Sendable, Equatable {
    /// At most `SpeechRequest.spokenLimit` bytes of UTF-8. May be empty when `isOpen`.
    package var text: String
    package var voice: SpeechVoice
    /// A language of the model in any case, or "auto".
    package var language: String
    /// How to speak, for checkpoints that take it.
    package var instruction: String?
    /// More text follows by `SpeechGenerator.append`.
    package var isOpen: Bool
    package var options: SpeechOptions
    /// The listener waits for the end: sentences of a long text are generated two groups at a time, which reads the weights
    /// once for both. The whole is done sooner, each frame a little later; the samples are the same.
    package var inPairs = false

    /// Bytes of a text as people write it.
    package static let textLimit = 10_000
    /// Bytes of such a text in words: a figure becomes a word, a sign sometimes several.
    package static let spokenLimit = 32 * textLimit

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
    /// Mono samples in [-1, 1] at the model's rate, one frame (80 ms; several with `inPairs`), and how many characters of the request's text have
    /// been spoken so far, estimated within a sentence. No samples while the model only read: a prompt longer than one turn,
    /// or the change to the next sentences of a long text.
    case frame([Float], characters: Int)
    /// An open utterance has spoken all the text it was given.
    case starved
    case ended(FinishReason)
    case failed(SynthesisError)
}

package enum SynthesisError: Error, Sendable, Equatable, CustomStringConvertible {
    case emptyText
    case textTooLong(bytes: Int, limit: Int)
    case unknownLanguage(String, known: [String])
    case unknownSpeaker(String, known: [String])
    /// The checkpoint cannot do what was asked.
    case unsupported(String)
    /// The reference clip cannot be used.
    case badReference(String)
    /// The model produced what is no sound.
    case notFinite(frame: Int)
    case outOfMemory(bytes: Int)
    case failed(String)

    package var description: String {
        switch self {
        case .emptyText: "There is nothing to say: the text has no letter and no digit."
        case .textTooLong(let bytes, let limit): "The text has \(bytes) bytes; the limit is \(limit). Split it."
        case .unknownLanguage(let name, let known):
            "This model does not know the language \(name). It knows: \(known.joined(separator: ", "))."
        case .unknownSpeaker(let name, let known):
            known.isEmpty
                ? "This model has no preset speakers, so none is called \(name)."
                : "This model has no speaker \(name). It has: \(known.joined(separator: ", "))."
        case .unsupported(let what): what
        case .badReference(let why): "The reference clip cannot be used: \(why)"
        case .notFinite(let frame): "The model gave no finite sound in frame \(frame)."
        case .outOfMemory(let bytes): "There is no memory for \(bytes) more bytes."
        case .failed(let why): "Synthesis failed: \(why)"
        }
    }
}

/// What a loaded model is, for capabilities, discovery and messages.
package struct ModelInformation: Sendable, Equatable {
    package var name: String
    /// "base", "custom_voice", …
    package var variant: String
    /// "f32", "bf16", "int8", "int4" or "mixed".
    package var format: String
    package var sampleRate: Int
    package var samplesPerFrame: Int
    package var languages: [String]
    package var speakers: [String]
    /// Whether voices can be cloned from a clip.
    package var clones: Bool
    /// Whether a transcript of the clip is of use: without, voices are made of the sound alone.
    package var clonesInContext: Bool

    package init(
        name: String, variant: String, format: String, sampleRate: Int, samplesPerFrame: Int, languages: [String],
        speakers: [String], clones: Bool, clonesInContext: Bool = true
    ) {
        self.name = name
        self.variant = variant
        self.format = format
        self.sampleRate = sampleRate
        self.samplesPerFrame = samplesPerFrame
        self.languages = languages
        self.speakers = speakers
        self.clones = clones
        self.clonesInContext = clones && clonesInContext
    }
}

/// A model that speaks. Synchronous: it belongs to the one thread that calls it, and so do its utterances. Only `prepare` may
/// be called on any thread, also while another speaks.
package protocol SpeechGenerator: Sendable {
    associatedtype Utterance: AnyObject

    var information: ModelInformation { get }

    /// A voice from mono samples at the model's rate; with a transcript the voice carries the clip's codes too, where the model
    /// can go on from them.
    func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> VoicePrompt

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance

    /// More text for an open utterance; `isLast` closes it.
    func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError)

    /// One event for each utterance, in order; what one does never changes another's samples. `isCancelled` is asked between
    /// passes of the model, so that a cancelled utterance ends within a fraction of a frame.
    func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent]
}
