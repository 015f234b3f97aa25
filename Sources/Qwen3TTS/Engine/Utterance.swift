// One request being spoken: its text, group by group, and all its state.

import Compute
import Speech

package final class Utterance {
    /// What every group's prompt is conditioned on, and so begins with.
    struct Conditioning {
        /// Without the text.
        let prompt: PromptRequest
        let key: PrefixCache.Key
        /// The layout needs a group's whole text before it is spoken.
        let needsWholeText: Bool
    }

    let conditioning: Conditioning
    let options: GenerationOptions
    let maximumFrames: Int
    var codec: CodecStream
    var text: TextQueue
    /// The most frames that wait before they become sound together, and whether the group after the one being spoken is generated
    /// beside it.
    var leeway = Leeway.none
    /// What is spoken now, and what is generated beside it.
    var group: Group?
    var next: Group?
    /// Groups that were begun.
    var groups = 0
    /// Frames that become sound in this turn.
    var due = 0
    /// What became sound.
    var sound: SoundQueue
    /// The worst end a group came to.
    var reason = FinishReason.endOfSpeech
    var hasRetried = false
    /// The last event, once there is one.
    var ending: SpeechEvent?

    init(
        _ request: SpeechRequest, _ conditioning: Conditioning, _ options: GenerationOptions, _ text: TextQueue,
        _ codec: CodecStream, sampleRate: Int
    ) {
        self.conditioning = conditioning
        self.options = options
        maximumFrames = request.options.frameLimit
        self.text = text
        self.codec = codec
        sound = SoundQueue(trimmer: request.trimsSilence ? SilenceTrimmer(sampleRate: sampleRate) : nil)
    }

    /// Every group has a stream of its own, so that it says the same whether it is generated alone or beside another.
    var random: RandomStream {
        RandomStream(seed: hasRetried ? options.seed &+ 1 : options.seed, stream: UInt64(groups))
    }

    /// Whether there is text for another group, and speech so far that it does not delay.
    var canGoAhead: Bool {
        guard leeway.inPairs, sound.frames > 0, next == nil, let group, !group.isOpen, !group.hasEnded else {
            return false
        }
        return !text.isOpen && !text.isExhausted
    }

    /// Sentences spoken with one prompt.
    struct Group {
        let generation: Generation
        let prompt: Prompt
        var isOpen: Bool
        var keepsPrefix: Bool
        var spoken: SpokenGroup
        /// Frames that are no sound yet.
        var waiting = CodeQueue()

        /// The talker has no more to say.
        var hasEnded: Bool {
            switch generation.step {
            case .reading, .frame, .starved: false
            case .endOfSpeech, .limit, .cancelled, .notFinite: true
            }
        }

        /// How many of the waiting frames become sound now: at most `most`, and so few that only the last can end a silence.
        func due(_ most: Int) -> Int { min(most, waiting.count, spoken.silenceLeft) }
    }

    /// Makes events of the frames of the group that have become sound; true when they end two seconds of silence.
    func hear() -> Bool { sound.hear(codec.samples[...], frames: due, of: &group!.spoken) }
}

/// Codes of frames between talker and codec. As long as they do not pile up, nothing is allocated.
struct CodeQueue {
    private var codes: [Int] = []
    private var first = 0
    private var length = 1

    var isEmpty: Bool { first == codes.count }
    /// Frames.
    var count: Int { (codes.count - first) / length }

    /// Every frame has as many codes.
    mutating func append(_ frame: [Int]) {
        codes += frame
        length = frame.count
    }

    /// Replaces `taken` by the codes of the oldest frames.
    mutating func take(_ frames: Int, into taken: inout [Int]) {
        taken.removeAll(keepingCapacity: true)
        taken += codes[first..<first + frames * length]
        first += frames * length
        guard isEmpty else { return }
        codes.removeAll(keepingCapacity: true)
        first = 0
    }
}
