// The protocol of an engine: every door turns its protocol into a `SpeechRequest` and events back into its protocol.

/// A loaded model that speaks. Synchronous: it belongs to the one thread that calls it, and so do its utterances; only what
/// makes its voices may be used on any thread, also while it speaks.
package protocol SpeechEngine {
    associatedtype Utterance: AnyObject

    var information: ModelInformation { get }

    var voiceMaker: any VoiceMaker { get }

    func begin(_ request: SpeechRequest) throws(SynthesisError) -> Utterance

    /// More text for an open utterance; `isLast` closes it.
    func append(_ text: String, isLast: Bool, to utterance: Utterance) throws(SynthesisError)

    /// Memory runs short: gives back what only makes the next utterance begin sooner. An engine that keeps nothing of the kind
    /// does nothing.
    func giveBackMemory()

    /// What an engine may do from now on to have less work with the whole of an utterance; `Leeway.none` at first. The samples are
    /// the same. An engine to which it is all one does nothing.
    func allow(_ leeway: Leeway, for utterance: Utterance)

    /// What the last turn gave an utterance besides its event: frames that became sound together with that, one by one. Who does not
    /// take them is given them by `advance`, which computes nothing for the utterance as long as there are any.
    func more(of utterance: Utterance) -> SpeechEvent?

    /// One event for each utterance, in order; what one does never changes another's samples. `isCancelled` is asked between
    /// passes of the model, so that a cancelled utterance ends within a fraction of a frame.
    func advance(_ batch: [Utterance], isCancelled: (Utterance) -> Bool) -> [SpeechEvent]
}

extension SpeechEngine {
    package func giveBackMemory() {}
    package func allow(_ leeway: Leeway, for utterance: Utterance) {}
    package func more(of utterance: Utterance) -> SpeechEvent? { nil }
}

/// How much later than it could a frame of an utterance may come, because its listener has enough to go on with.
package struct Leeway: Sendable, Hashable {
    /// Frames that may become sound at once, which costs less than one by one.
    package var frames: Int
    /// Whether the sentences that come next may be generated beside those that are heard now, which reads the weights once for
    /// both: each frame comes a little later, the whole sooner.
    package var inPairs: Bool

    package init(frames: Int = 1, inPairs: Bool = false) {
        self.frames = frames
        self.inPairs = inPairs
    }

    /// Each frame as soon as it can.
    package static let none = Leeway()
    /// The listener waits for the end.
    package static let all = Leeway(frames: .max, inPairs: true)
}

/// What makes voices for a loaded model.
package protocol VoiceMaker: Sendable {
    /// A voice from mono samples at the model's rate; with a transcript the voice goes on from the clip, where the model can.
    func prepare(_ clip: [Float], transcript: String?) throws(SynthesisError) -> PreparedVoice

    /// Whether the model can speak in a voice that was prepared earlier. One of another engine, another model or another
    /// version of the format has to be prepared again.
    func accepts(_ voice: PreparedVoice) -> Bool
}

/// A voice as an engine made it of a clip: once, then kept in a file and shared by utterances.
package struct PreparedVoice: Sendable, Equatable {
    /// Name of the engine that made it.
    package let engine: String
    /// In a versioned format of the engine's own; nobody else reads them.
    package let bytes: [UInt8]
    /// How loud the model speaks in this voice, in LUFS; nil as long as nobody has measured it.
    package var loudness: Double?

    package init(engine: String, bytes: [UInt8], loudness: Double? = nil) {
        self.engine = engine
        self.bytes = bytes
        self.loudness = loudness
    }
}
