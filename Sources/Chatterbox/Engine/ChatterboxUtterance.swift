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

    init(_ request: SpeechRequest, _ voice: SpeakingVoice, _ options: T3Options, _ text: TextQueue) {
        self.voice = voice
        self.options = options
        self.text = text
        maximumFrames = request.options.frameLimit
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
    let t3: T3Voice
    let s3gen: S3GenPrompt

    init(_ voice: ChatterboxVoice, _ model: T3, on processor: Processor) throws {
        t3 = try T3Voice(voice.condition, model, on: processor)
        s3gen = S3GenPrompt(voice.s3gen)
    }

    /// Bytes of memory it holds.
    var byteCount: Int { t3.byteCount + s3gen.byteCount }
}

/// Voices that were used lately, by their names and the bytes they were made of: one that has become another is made anew.
struct SpeakingVoices {
    private struct Entry {
        let id: String
        let source: PreparedVoice
        let voice: SpeakingVoice
    }

    /// Latest use last.
    private var entries: [Entry] = []
    /// Bytes that they may hold together.
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    /// The voice called `id`; nil where it is not kept. One that has become another is forgotten.
    mutating func find(_ id: String, _ source: PreparedVoice) -> SpeakingVoice? {
        guard let index = entries.firstIndex(where: { $0.id == id }) else { return nil }
        let entry = entries.remove(at: index)
        guard entry.source.engine == source.engine, entry.source.bytes == source.bytes else { return nil }
        entries.append(entry)
        return entry.voice
    }

    mutating func keep(_ voice: SpeakingVoice, _ id: String, _ source: PreparedVoice) {
        entries.append(Entry(id: id, source: source, voice: voice))
        while entries.count > 1, entries.reduce(0, { $0 + $1.voice.byteCount }) > limit { entries.removeFirst() }
    }

    mutating func removeAll() { entries = [] }
}
