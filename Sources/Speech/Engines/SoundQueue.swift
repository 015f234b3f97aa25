// An utterance's sound on its way out: samples become events of frames, counted, and trimmed of silence. The same for every
// engine.

/// Sentences that an engine speaks at one go.
package struct SpokenGroup: Sendable {
    /// All of it, for another try.
    package private(set) var text: String
    /// Unicode scalars of the source it stands for.
    package private(set) var characters: Int
    package private(set) var budget = FrameBudget()
    /// Frames that became sound.
    package private(set) var frames = 0
    private var silence = SilenceDetector()

    package init(_ part: TextQueue.Part) {
        text = part.text
        characters = part.characters
        budget.add(part.text)
    }

    /// More text of the same group.
    package mutating func append(_ part: TextQueue.Part) {
        text += part.text
        characters += part.characters
        budget.add(part.text)
    }

    /// Frames it takes at least until two seconds are silent.
    package var silenceLeft: Int { silence.left }

    /// Counts a frame; true when it ends two seconds of silence.
    fileprivate mutating func count(_ samples: ArraySlice<Float>) -> Bool {
        frames += 1
        return silence.take(samples)
    }

    /// Characters spoken, estimated by the time that the text takes. The last is spoken when the group has ended.
    fileprivate var spoken: Int {
        let share = min(1, Double(frames) / max(budget.expected, 1))
        return min(Int(share * Double(characters)), max(characters - 1, 0))
    }
}

package struct SoundQueue: Sendable {
    /// Frames that became sound.
    package private(set) var frames = 0
    /// Characters of the source text in groups that are spoken.
    private var characters = 0
    /// nil where all of the sound is heard.
    private var trimmer: SilenceTrimmer?
    /// What of the last sound is heard, frame by frame: the last that was given out; the memory of the next as soon as nobody else holds it.
    private var heard: [[Float]] = []
    /// Frames that were not given out.
    private var rest: [SpeechEvent] = []

    package init(trimmer: SilenceTrimmer?) { self.trimmer = trimmer }

    package var isEmpty: Bool { rest.isEmpty }

    /// Takes the samples of `count` frames of a group; true when they end two seconds of silence.
    package mutating func hear(_ samples: ArraySlice<Float>, frames count: Int, of group: inout SpokenGroup) -> Bool {
        while heard.count < count { heard.append([]) }
        let length = samples.count / count
        var isSilent = false
        for index in 0..<count {
            let first = samples.startIndex + index * length
            let frame = samples[first..<first + length]
            heard[index].removeAll(keepingCapacity: true)
            if trimmer == nil { heard[index] += frame } else { trimmer?.take(frame, into: &heard[index]) }
            frames += 1
            isSilent = group.count(frame)
            rest.append(.frame(heard[index], characters: characters + group.spoken))
        }
        return isSilent
    }

    /// The oldest frame that was not given out.
    package mutating func take() -> SpeechEvent? { rest.isEmpty ? nil : rest.removeFirst() }

    /// The group has ended: what says so, behind its frames.
    package mutating func finish(_ group: SpokenGroup) -> SpeechEvent {
        characters += group.characters
        trimmer?.endGroup()
        return .frame([], characters: characters)
    }
}
