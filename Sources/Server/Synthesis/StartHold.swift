// Speech that is made more slowly than it is heard, held back until it can be heard to its end without a hole.

import Audio
import Speech
import Synchronization

/// Holds the events of an utterance until its `StartBuffer` is ready, or until nothing more will come for now.
final class StartHold: Sendable {
    /// A door is told how long it will take this often at most.
    private static let telling = Duration.seconds(1)

    private struct State {
        var buffer = StartBuffer()
        var held: [SpokenEvent] = []
        var isHolding = true
        var toldAt: ContinuousClock.Instant?
        /// What the door may have, in its order.
        var free: [SpokenEvent] = []
    }

    private let sampleRate: Int
    private let playingSpeed: Double
    /// Unicode scalars of the door's text; nil while it is being written.
    private let characters: Int?
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    init(sampleRate: Int, playingSpeed: Double, characters: Int?) {
        self.sampleRate = sampleRate
        self.playingSpeed = playingSpeed
        self.characters = characters
    }

    var isHolding: Bool { state.withLock { $0.isHolding } }

    /// The next event that the door may have; nil as long as there is none.
    func next() -> SpokenEvent? {
        state.withLock { $0.free.isEmpty ? nil : $0.free.removeFirst() }
    }

    /// Takes an event that came `now`.
    func take(_ event: SpokenEvent, at now: ContinuousClock.Instant) {
        state.withLock { state in
            guard state.isHolding else { return state.free.append(event) }
            switch event {
            case .frame(let samples, let spoken):
                state.held.append(event)
                let seconds = Double(samples.count) / Double(sampleRate) / playingSpeed
                state.buffer.add(seconds, at: (now - began).seconds)
                wait(progress(spoken), now, &state)
            case .sentence: state.held.append(event)
            case .starved, .ended: release(&state, then: event)
            case .failed:
                // Nobody hears half of it.
                state.held = []
                release(&state, then: event)
            case .buffering: break
            }
        }
    }

    private func progress(_ spoken: Int) -> Double {
        guard let characters, characters > 0 else { return 0 }
        return Double(spoken) / Double(characters)
    }

    private func wait(_ progress: Double, _ now: ContinuousClock.Instant, _ state: inout State) {
        guard let seconds = state.buffer.secondsToWait(progress: progress) else { return }
        guard seconds > 0 else { return release(&state, then: nil) }
        if let toldAt = state.toldAt, now - toldAt < Self.telling { return }
        state.toldAt = now
        state.free.append(.buffering(.seconds(seconds)))
    }

    private func release(_ state: inout State, then event: SpokenEvent?) {
        state.isHolding = false
        state.free += state.held
        state.held = []
        if let event { state.free.append(event) }
    }
}
