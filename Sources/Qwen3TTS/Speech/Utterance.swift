// One request being spoken: its text, group by group, and all its state.

import Compute

package final class Utterance {
    /// What every group's prompt is made of.
    struct Manner {
        let key: PrefixCache.Key
        let speaker: Rows?
        let reference: (ids: [Int], codes: [[Int]])?
        let instructionIDs: [Int]?
        /// The layout needs a group's whole text before it is spoken.
        let needsWholeText: Bool
        let nonStreaming: Bool
        let options: GenerationOptions
        let maximumFrames: Int
    }

    let manner: Manner
    var codec: CodecDecoder.State
    var text: TextQueue
    var group: Group?
    var random: RandomStream
    /// Of the last frame; the memory of the next one as soon as nobody else holds it.
    var samples: [Float] = []
    /// Given out so far.
    var frames = 0
    /// Of the source text, in groups that are spoken.
    var characters = 0
    /// The worst end a group came to.
    var reason = FinishReason.endOfSpeech
    var hasRetried = false
    /// The last event, once there is one.
    var ending: SpeechEvent?

    init(_ manner: Manner, text: TextQueue, codec: CodecDecoder.State) {
        self.manner = manner
        self.text = text
        self.codec = codec
        random = RandomStream(seed: manner.options.seed)
    }

    /// Sentences spoken with one prompt.
    struct Group {
        let generation: Generation
        let prompt: Prompt
        var isOpen: Bool
        var keepsPrefix: Bool
        /// All of it, for another try.
        var text: String
        var characters: Int
        var budget = FrameBudget()
        var frames = 0
        var silence = SilenceDetector()
    }

    /// Characters spoken, estimated inside the group in progress by the time its text takes.
    var spokenCharacters: Int {
        guard let group else { return characters }
        let share = min(1, Double(group.frames) / max(group.budget.expected, 1))
        return characters + Int(share * Double(group.characters))
    }
}
