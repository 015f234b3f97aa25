// Speech tokens to sound while they come. The flow looks at all of an utterance and the vocoder at both sides of a frame, so what
// comes piece by piece is not what the whole would be. The flow goes on from what it remembers of the prompt and of the last
// pieces, and looks a little ahead; the vocoder sees some mel before a piece and a little behind it. Noise, pitch cycle and
// excitation go on from piece to piece, and where two pieces meet one fades into the other. A piece costs the same wherever it is.

import Compute

final class S3GenStream {
    private let model: S3Gen
    private let prompt: S3GenPrompt
    private let noise: SeededNoise
    /// Nobody waits for a piece: all is decoded at the end, as the official code does it.
    var isWhole = false

    /// Tokens that have become mel, and what the flow remembers of them; nil before the first piece.
    private var tokens = 0
    private var memory: FlowMemory?
    /// Mel and excitation from frame `first` on: as far as there are tokens, and as far as the pitch no longer changes.
    private var first = 0
    private var mel: [Float] = []
    private var excitation: [Float] = []
    /// Where in its period the fundamental is behind the excitation.
    private var cycle = 0.0
    /// Frames of mel whose sound was given, and the sound that followed in the same piece.
    private var given = 0
    private var tail: [Float] = []

    /// Tokens of a piece: the first is waited for.
    private static let firstTokens = 12
    private static let laterTokens = 25
    /// Frames of mel before and behind a piece that the vocoder sees: what it computes reaches a dozen frames to each side, the
    /// farther the less.
    private static let pastFrames = 16
    static let nextFrames = 8
    /// Samples in which a piece fades into the next one.
    private static let fade = 240
    /// Frames of mel that make a frame of sound.
    private static let framesOfSound = ChatterboxEngine.tokensPerFrame * Flow.framesPerToken

    /// Frames that attention of the flow sees beside the prompt.
    static let seenFrames = (1 + SignalMemory.lastParts) * laterTokens * Flow.framesPerToken

    init(_ model: S3Gen, _ prompt: S3GenPrompt, noise: SeededNoise) {
        self.model = model
        self.prompt = prompt
        self.noise = noise
    }

    /// Whether the tokens so far are enough for the next piece.
    func isDue(_ tokens: [Int]) -> Bool {
        let piece = self.tokens == 0 ? Self.firstTokens : Self.laterTokens
        return !isWhole && tokens.count >= self.tokens + piece + model.flow.lookAheadTokens
    }

    /// The sound that follows what was given, whole frames of 80 ms; with the last tokens all that is left, filled up with silence.
    /// `all` are the tokens from the first one on.
    func next(_ all: [Int], isLast: Bool, on processor: Processor) throws(S3GenError) -> [Float] {
        let isLonger = try extendMel(
            isLast ? SpeechTokens.spoken(all) : SpeechTokens.sounding(all), isLast, on: processor)
        guard isLonger || isLast else { return [] }
        let bands = model.flow.bands
        let frames = mel.count / bands
        let settled = isLast ? first + frames : max(given, first + frames - Self.nextFrames)
        let window = Rows(mel, columns: bands)
        let samples = try sound(window, settled: settled, on: processor)
        let end = isLast ? settled : settled - (settled - given) % Self.framesOfSound
        defer { forget(before: end) }
        return piece(samples, until: end, isLast)
    }

    /// Mel of the tokens that have none. Of those that are not the last, some are only looked ahead at. Whether there are any.
    private func extendMel(_ spoken: [Int], _ isLast: Bool, on processor: Processor) throws(S3GenError) -> Bool {
        if isLast, isWhole, memory == nil {
            mel = try model.flow.mel(spoken, prompt.voice, noise: noise, on: processor).values
            return true
        }
        let ahead = isLast ? 0 : model.flow.lookAheadTokens
        guard spoken.count > tokens + ahead else { return false }
        var memory: FlowMemory
        if let known = self.memory { memory = known } else { memory = try prompt.memory(model, on: processor) }
        let part = try model.flow.mel(
            Array(spoken[tokens...]), ahead: ahead, first: tokens * Flow.framesPerToken, &memory, noise: noise,
            on: processor)
        self.memory = memory
        mel += part.values
        tokens = spoken.count - ahead
        return true
    }

    /// The sound of the window. What excites it is kept for the frames that are settled.
    private func sound(_ window: Rows, settled: Int, on processor: Processor) throws(S3GenError) -> [Float] {
        let vocoder = model.vocoder
        let pitch = vocoder.f0(window, on: processor)
        guard pitch.allSatisfy(\.isFinite) else { throw .notFinite("pitch") }
        let known = first + excitation.count / Vocoder.samplesPerFrame
        if settled > known {
            let waves = vocoder.excitation(
                Array(pitch[known - first..<settled - first]), first: known, cycle: &cycle, noise: noise, on: processor)
            excitation += waves.values
        }
        var all = excitation
        let end = first + window.rows
        if end > settled {
            var ahead = cycle
            let waves = vocoder.excitation(
                Array(pitch[max(known, settled) - first..<end - first]), first: max(known, settled), cycle: &ahead,
                noise: noise, on: processor)
            all += waves.values
        }
        return try vocoder.sound(window, excitation: Rows(all, columns: 1), on: processor)
    }

    /// What of a window's samples is new, joined to what was given.
    private func piece(_ samples: [Float], until end: Int, _ isLast: Bool) -> [Float] {
        let place = { (frame: Int) in (frame - self.first) * Vocoder.samplesPerFrame }
        var piece = Array(samples[place(given)..<place(end)])
        for index in 0..<min(tail.count, piece.count) {
            let share = Float(index + 1) / Float(tail.count + 1)
            piece[index] = (1 - share) * tail[index] + share * piece[index]
        }
        if given == 0 { Vocoder.fadeIn(&piece) }
        tail = Array(samples[place(end)..<min(place(end) + Self.fade, samples.count)])
        let frame = ChatterboxEngine.samplesPerFrame
        if isLast { piece += [Float](repeating: 0, count: (frame - piece.count % frame) % frame) }
        return piece
    }

    /// The sound before a frame was given: what lies far before it is not looked at again.
    private func forget(before end: Int) {
        given = end
        let past = max(0, end - Self.pastFrames - first)
        mel.removeFirst(past * model.flow.bands)
        excitation.removeFirst(past * Vocoder.samplesPerFrame)
        first += past
    }
}
