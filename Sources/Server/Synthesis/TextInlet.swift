// The text of one utterance between its door and the engine: put into words as far as they are known, counted and limited.

package import Speech
import Synchronization

package final class TextInlet: Sendable {
    private struct State {
        /// What of open text waits for its words; nil once the text is complete.
        var openText: OpenText?
        /// Unicode scalars of the door's text that were given, and of those how many have been said.
        var given: Int
        var said = 0
        /// Text on its way to the listener, oldest first, and what came before the first of it.
        var pieces: [SpokenText]
        var spokenBefore = 0
        var sourceBefore = 0
        /// What of the door's text nobody has split into sentences yet.
        var untold = ""
        /// Nobody listens any more.
        var hasEnded = false
    }

    private let state: Mutex<State>
    /// Unicode scalars that may be given before they are said.
    private let limit: Int
    /// Whether the door wants to be told when each sentence is said.
    let tellsSentences: Bool

    /// A text that is complete. `source` is the door's text, where it wants to be told when each sentence of it is said.
    package init(_ text: SpokenText, source: String? = nil) {
        limit = .max
        tellsSentences = source != nil
        state = Mutex(State(openText: nil, given: text.originalCount, pieces: [text], untold: source ?? ""))
    }

    /// A text that is still being written.
    package init(_ text: OpenText, limit: Int, tellsSentences: Bool = false) {
        self.limit = limit
        self.tellsSentences = tellsSentences
        state = Mutex(State(openText: text, given: 0, pieces: []))
    }

    /// More of an open text. Refused as a whole, with `RATE_LIMITED`, when more would wait to be said than may.
    /// - Returns: what can be spoken now.
    func add(_ text: String, isLast: Bool) throws(SpeakError) -> String {
        let count = text.unicodeScalars.count
        return try state.withLock { state throws(SpeakError) in
            try Self.check(count, after: state.given - state.said, limit: limit)
            guard let spoken = state.openText?.append(text, isLast: isLast) else { return "" }
            state.given += count
            if tellsSentences { state.untold += text }
            if spoken.originalCount > 0 { state.pieces.append(spoken) }
            if isLast { state.openText = nil }
            return spoken.text
        }
    }

    /// Refuses with `RATE_LIMITED` what is more than may wait to be said.
    static func check(_ count: Int, after waiting: Int, limit: Int) throws(SpeakError) {
        guard count > 0, waiting + count > limit else { return }
        throw SpeakError(
            .rateLimited,
            "\(waiting) characters of the text wait to be said, and \(limit) may. Send the rest when they have been.",
            retryAfter: .seconds(2), field: "text")
    }

    /// How much of the door's text has been said when so many Unicode scalars of the words have been; never falls.
    func originalOffset(ofSpoken spoken: Int) -> Int {
        state.withLock { state in
            while let piece = state.pieces.first, spoken >= state.spokenBefore + piece.count {
                state.spokenBefore += piece.count
                state.sourceBefore += piece.originalCount
                state.pieces.removeFirst()
            }
            let inside = state.pieces.first?.originalOffset(ofSpoken: spoken - state.spokenBefore) ?? 0
            state.said = max(state.said, state.sourceBefore + inside)
            return state.said
        }
    }

    /// The door's text that came since this was asked last; nil when there is none, or when sentences are not told.
    func takeUntold() -> String? {
        guard tellsSentences else { return nil }
        return state.withLock { state in
            defer { state.untold = "" }
            return state.untold.isEmpty ? nil : state.untold
        }
    }

    /// Nobody listens any more: nothing waits to be said.
    func end() {
        state.withLock {
            $0.hasEnded = true
            $0.pieces = []
            $0.openText = nil
        }
    }

    /// Unicode scalars that may be given now; as many as there is room for at most when nobody listens any more.
    package var room: Int {
        state.withLock { $0.hasEnded ? limit : max(0, limit - ($0.given - $0.said)) }
    }
}
