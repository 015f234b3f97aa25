import Audio
import Speech

/// Speaks the pieces of a book in their order, two at a time where nobody waits for the first: the weights are then read once
/// for both. What one does never changes another's samples.
struct PieceSpeaker<Engine: SpeechEngine> {
    let engine: Engine
    /// What every piece shares; its text and language are the piece's.
    let request: SpeechRequest
    /// How loud and how fast all of it is.
    let manner: VoiceManner
    /// Pieces that are spoken together.
    let lanes: Int
    /// How many pieces were cut by a guard.
    private(set) var cut = 0

    init(_ engine: Engine, _ request: SpeechRequest, _ manner: VoiceManner, lanes: Int) {
        self.engine = engine
        self.request = request
        self.manner = manner
        self.lanes = lanes
    }

    /// A piece that is being spoken, and its sound as far as nobody has taken it.
    private final class Lane {
        let index: Int
        /// nil: a pause, or a piece that is spoken.
        var utterance: Engine.Utterance?
        var samples: [Float] = []
        var gain: LoudnessGain
        var stretch: TimeStretch

        init(_ index: Int, _ utterance: Engine.Utterance?, _ gain: LoudnessGain, _ stretch: TimeStretch) {
            self.index = index
            self.utterance = utterance
            self.gain = gain
            self.stretch = stretch
        }
    }

    /// - Parameters:
    ///   - take: takes sound of the first piece that is not complete, as it comes.
    ///   - complete: all sound of the piece with this number was taken.
    mutating func speak(
        _ pieces: [Book.Piece], from first: Int, take: ([Float]) throws -> Void, complete: (Int) throws -> Void
    ) throws {
        var running: [Lane] = []
        var next = first
        while next < pieces.count || !running.isEmpty {
            while running.count < lanes, next < pieces.count {
                running.append(try begin(pieces[next], next))
                next += 1
            }
            try advance(running)
            while let lane = running.first {
                if !lane.samples.isEmpty { try take(lane.samples) }
                lane.samples = []
                guard lane.utterance == nil else { break }
                try complete(lane.index)
                running.removeFirst()
            }
        }
    }

    private func begin(_ piece: Book.Piece, _ index: Int) throws -> Lane {
        let rate = engine.information.sampleRate
        let factor = min(max(manner.speed * piece.rate, TimeStretch.speeds.lowerBound), TimeStretch.speeds.upperBound)
        let gain = LoudnessGain(decibels: manner.gain, sampleRate: rate)
        let lane = Lane(index, nil, gain, try TimeStretch(speed: factor, sampleRate: rate))
        guard !piece.text.isEmpty else {
            lane.samples = [Float](repeating: 0, count: Int(piece.pause / .seconds(1) / manner.speed * Double(rate)))
            return lane
        }
        var own = request
        own.text = piece.text
        if request.language == "auto", let language = piece.language,
            engine.information.languages.contains(language)
        {
            own.language = language
        }
        lane.utterance = try engine.begin(own)
        return lane
    }

    private mutating func advance(_ running: [Lane]) throws {
        let speaking = running.filter { $0.utterance != nil }
        guard !speaking.isEmpty else { return }
        let events = engine.advance(speaking.map { $0.utterance! }, isCancelled: { _ in Interruption.isRequested })
        for (lane, event) in zip(speaking, events) {
            try take(event, lane)
            while let utterance = lane.utterance, let more = engine.more(of: utterance) { try take(more, lane) }
        }
    }

    private mutating func take(_ event: SpeechEvent, _ lane: Lane) throws {
        switch event {
        case .frame(let samples, _): lane.samples += lane.stretch.push(lane.gain.push(samples))
        case .working, .starved: break
        case .failed(let error): throw error
        case .ended(let reason):
            if Interruption.isRequested { throw Interrupted() }
            if reason != .endOfSpeech { cut += 1 }
            lane.samples += lane.stretch.push(lane.gain.finish()) + lane.stretch.flush()
            lane.utterance = nil
        }
    }
}

/// Somebody asked the program to end.
struct Interrupted: Error {}
