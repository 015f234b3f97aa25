// How many threads a stage of synthesis computes with. What waits for memory is done as soon by some of the cores, what
// multiplies by all of them, and other programs want some too: so it is found out while the stage runs, a turn here and there
// with a thread more or fewer. No result depends on it.

/// A part of what a frame takes, by what it waits for.
package enum Stage: Int, CaseIterable {
    /// The talker's layers: every weight is read once for some rows.
    case talker
    /// The code predictor: the same weights again and again.
    case predictor
    /// The codec's layers with few rows for a frame, and those with many.
    case codecRows, codecSamples
}

/// The count of one stage.
struct ThreadTuner {
    /// The best that is known.
    private(set) var threads: Int
    private let most: Int
    private var phase = Phase.resting(Resting(turns: Self.settling))
    /// What the turns that are compared have in common.
    private var shape: Int?
    /// Turns in a row that had another.
    private var others = 0

    /// Turns before the first trial: for none do clients wait as for the first ones.
    static let settling = 16
    /// Turns until what was found is tried again; some minutes of speech.
    static let rest = 4096
    /// One in so many turns of a trial is the candidate's, so that even a bad one delays little.
    static let spacing = 8
    /// Turns that a candidate has.
    static let tries = 4
    /// A thread more must save this much.
    static let worthwhile = 0.93
    /// A stage that takes so much longer than it did, for a while, is tried again.
    static let slow = 1.3
    /// That while, in turns; some seconds of speech.
    static let window = 32

    private enum Phase {
        case resting(Resting)
        case trying(Trial)
    }

    private struct Resting {
        /// That are left.
        var turns: Int
        /// What a turn took at first, in seconds, and the fastest since the last look.
        var usual: Double?
        var fastest = Double.infinity
        var seen = 0

        /// True when it is time for a trial.
        mutating func take(_ time: Double) -> Bool {
            turns -= 1
            seen += 1
            fastest = min(fastest, time)
            guard seen == ThreadTuner.window else { return turns <= 0 }
            let usual = self.usual ?? fastest
            let isSlow = fastest > ThreadTuner.slow * usual
            self.usual = usual
            (seen, fastest) = (0, .infinity)
            return isSlow || turns <= 0
        }
    }

    /// Compares a candidate with what is known: the fastest turns, since what disturbs one only makes it longer.
    private struct Trial {
        let candidate: Int
        /// The first of a row, which has not come from the other side.
        let isFirst: Bool
        var turns = 0
        var tries = 0
        var known = Double.infinity
        var tried = Double.infinity

        /// Whether the next turn is the candidate's.
        var isTry: Bool { turns % ThreadTuner.spacing == ThreadTuner.spacing - 1 }

        /// True when enough is known.
        mutating func take(_ time: Double) -> Bool {
            if isTry {
                tries += 1
                tried = min(tried, time)
            } else {
                known = min(known, time)
            }
            turns += 1
            return tries == ThreadTuner.tries
        }
    }

    /// Begins with `threads` of at most `most`.
    init(_ threads: Int, most: Int) {
        precondition((1...most).contains(threads))
        self.threads = threads
        self.most = most
    }

    /// How many compute the next turn.
    func next(_ shape: Int) -> Int {
        guard case .trying(let trial) = phase, shape == self.shape, trial.isTry else { return threads }
        return trial.candidate
    }

    /// That turn took so long, in seconds. Those of another shape say nothing, unless there are no others any more.
    mutating func took(_ time: Double, _ shape: Int) {
        guard shape == self.shape else {
            others += 1
            guard self.shape == nil || others > Self.window else { return }
            (self.shape, others) = (shape, 0)
            phase = .resting(Resting(turns: Self.settling))
            return
        }
        others = 0
        switch phase {
        case .resting(var resting):
            let isOver = resting.take(time)
            phase = .resting(resting)
            if isOver { attempt(threads < most ? threads + 1 : threads - 1, isFirst: true) }
        case .trying(var trial):
            let isOver = trial.take(time)
            phase = .trying(trial)
            if isOver { finish(trial) }
        }
    }

    private mutating func attempt(_ candidate: Int, isFirst: Bool) {
        let isPossible = (1...most).contains(candidate)
        phase =
            isPossible ? .trying(Trial(candidate: candidate, isFirst: isFirst)) : .resting(Resting(turns: Self.rest))
    }

    /// A step that was worth it is followed by another one; a first step up that was not, by one down.
    private mutating func finish(_ trial: Trial) {
        let step = trial.candidate - threads
        let (more, fewer) = step > 0 ? (trial.tried, trial.known) : (trial.known, trial.tried)
        let isBetter = (more < Self.worthwhile * fewer) == (step > 0)
        if isBetter {
            threads = trial.candidate
            attempt(threads + step, isFirst: false)
        } else {
            attempt(step > 0 && trial.isFirst ? threads - 1 : 0, isFirst: false)
        }
    }
}
