// One request being spoken: its text, group by group, and all its state.

import Compute
import Speech

package final class ChatterboxUtterance {
    let voice: SpeakingVoice
    let options: T3Options
    let maximumFrames: Int
    var text: TextQueue
    /// What is spoken now.
    var group: Group?
    /// Groups that were begun.
    var groups = 0
    /// What became sound.
    var sound: SoundQueue
    /// Groups become sound whole, not in pieces.
    var isWhole = false
    /// The worst end a group came to.
    var reason = FinishReason.endOfSpeech
    var hasRetried = false
    /// The last event, once there is one.
    var ending: SpeechEvent?

    /// No utterance is longer than a day.
    private static let frameLimit = 1_080_000

    init(_ request: SpeechRequest, _ voice: SpeakingVoice, _ options: T3Options, _ text: TextQueue) {
        self.voice = voice
        self.options = options
        self.text = text
        maximumFrames = min(request.options.maximumFrames ?? Self.frameLimit, Self.frameLimit)
        sound = SoundQueue(
            trimmer: request.trimsSilence ? SilenceTrimmer(sampleRate: Vocoder.sampleRate) : nil)
    }

    /// Of the group in progress: every group has numbers of its own, and another try has others.
    var seed: UInt64 { hasRetried ? options.seed &+ 1 : options.seed }

    /// Sentences spoken in one run of T3.
    struct Group {
        let generation: T3Generation
        let decoder: S3GenStream
        var spoken: SpokenGroup
        /// Nothing more becomes sound.
        var isDecoded = false
    }
}

/// A voice as the model goes on from it, made once and kept.
final class SpeakingVoice {
    let value: ChatterboxVoice
    let t3: T3Voice
    let s3gen: S3GenVoice

    init(_ voice: ChatterboxVoice, _ model: T3, on processor: Processor) throws {
        value = voice
        let condition = T3Condition(speaker: voice.speaker, promptTokens: voice.spokenTokens)
        t3 = try T3Voice(condition, model, on: processor)
        s3gen = S3GenVoice(
            promptTokens: voice.promptTokens, promptMel: voice.promptMel, xVector: voice.speakerVector)
    }

    /// Bytes of memory it holds.
    var byteCount: Int { t3.byteCount + 4 * s3gen.promptMel.count }
}

/// Voices that were used lately.
struct SpeakingVoices {
    /// Latest use last.
    private var entries: [(id: String, voice: SpeakingVoice)] = []
    /// Bytes that they may hold together.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The voice called `id`, made by `make` where it is not there or has become another one.
    mutating func voice(
        _ id: String, _ value: ChatterboxVoice, make: (ChatterboxVoice) throws -> SpeakingVoice
    ) rethrows -> SpeakingVoice {
        let known = entries.firstIndex { $0.id == id }.map { entries.remove(at: $0).voice }
        let voice = if let known, known.value == value { known } else { try make(value) }
        entries.append((id, voice))
        while entries.count > 1, entries.reduce(0, { $0 + $1.voice.byteCount }) > limit { entries.removeFirst() }
        return voice
    }

    mutating func removeAll() { entries = [] }
}
