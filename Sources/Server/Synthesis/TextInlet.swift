// The text of one utterance between its door and the engine: put into words as far as they are known, counted and limited, and
// handed on no further ahead of the sound than the engine needs, so that the rest can still be changed.

package import Speech
import Synchronization

package final class TextInlet: Sendable {
    /// Unicode scalars by which the words that are handed on are ahead of the sound: an engine speaks so many at once.
    package static let ahead = TextQueue.groupLength

    fileprivate struct State {
        /// What makes words of open text; nil once all of a text was handed on.
        var openText: OpenText?
        /// The end of the door's text that was not handed on: first what `openText` has, then what it has not.
        var tail: ArraySlice<Unicode.Scalar> = []
        /// How much of the tail `openText` has.
        var read = 0
        /// Nothing more will be given.
        var isComplete: Bool
        /// Unicode scalars of the door's text that were given, and of those how many have been said.
        var given: Int
        var said = 0
        /// Text on its way to the listener, oldest first, and what came before the first of it.
        var pieces: [SpokenText]
        var spokenBefore = 0
        var sourceBefore = 0
        /// What of the door's text was handed on and nobody has split into sentences yet.
        var untold = ""
        /// Nobody listens any more.
        var hasEnded = false

        /// How much of the door's text was handed on.
        var handed: Int { given - tail.count }
    }

    private let state: Mutex<State>
    /// Unicode scalars that may be given before they are said.
    private let limit: Int
    private let ahead: Int
    /// Whether the door wants to be told when each sentence is said.
    let tellsSentences: Bool

    /// A text that is complete. `source` is the door's text, where it wants to be told when each sentence of it is said.
    package init(_ text: SpokenText, source: String? = nil) {
        limit = .max
        ahead = .max
        tellsSentences = source != nil
        state = Mutex(
            State(
                openText: nil, isComplete: true, given: text.originalCount, pieces: [text], untold: source ?? ""))
    }

    /// A text that is still being written.
    package init(_ text: OpenText, limit: Int, ahead: Int = TextInlet.ahead, tellsSentences: Bool = false) {
        self.limit = limit
        self.ahead = ahead
        self.tellsSentences = tellsSentences
        state = Mutex(State(openText: text, isComplete: false, given: 0, pieces: []))
    }

    /// Unicode scalars of the door's text so far.
    var characters: Int { state.withLock { $0.given } }

    /// More of an open text. Refused as a whole, with `RATE_LIMITED`, when more would wait to be said than may.
    /// - Returns: whether there is something for the engine now.
    @discardableResult
    func add(_ text: String, isLast: Bool) throws(SpeakError) -> Bool {
        let scalars = text.unicodeScalars
        return try state.withLock { state throws(SpeakError) in
            try Self.check(scalars.count, after: state.given - state.said, limit: limit)
            guard state.openText != nil, !state.isComplete else { return false }
            state.tail += scalars
            state.given += scalars.count
            state.isComplete = isLast
            return isLast || state.handed - state.said < ahead
        }
    }

    /// Other text for what begins at a character of the door's text, as long as it was not handed on.
    func replace(from: Int, with text: String) throws(SpeakError) {
        let scalars = text.unicodeScalars
        try state.withLock { state throws(SpeakError) in
            try Self.check(replacingFrom: from, reached: state.handed, given: state.given)
            try Self.check(scalars.count, after: from - state.said, limit: limit)
            guard state.openText != nil else { throw Self.tooLate(state.given) }
            let kept = from - state.handed
            if kept < state.read {
                state.openText?.forget(after: kept)
                state.read = kept
            }
            state.tail.removeLast(state.tail.count - kept)
            state.tail += scalars
            state.given = from + scalars.count
        }
    }

    /// Refuses to change what is before the `reached` character, or what is not there.
    static func check(replacingFrom from: Int, reached: Int, given: Int) throws(SpeakError) {
        guard from <= given else {
            throw SpeakError(
                .invalidText, "The text has \(given) characters so far: none of them is number \(from).", field: "from")
        }
        guard from >= reached else { throw tooLate(reached) }
    }

    private static func tooLate(_ position: Int) -> SpeakError {
        var error = SpeakError(
            .tooLate, "What is before character \(position) is being said and cannot be changed any more.",
            field: "from")
        error.position = position
        return error
    }

    /// Refuses with `RATE_LIMITED` what is more than may wait to be said.
    static func check(_ count: Int, after waiting: Int, limit: Int) throws(SpeakError) {
        guard count > 0, waiting + count > limit else { return }
        throw SpeakError(
            .rateLimited,
            "\(waiting) characters of the text wait to be said, and \(limit) may. Send the rest when they have been.",
            retryAfter: .seconds(2), field: "text")
    }

    /// The words that the engine is to have next, and whether they are the last; nil when there are none for now.
    ///
    /// - Parameter isStarved: the engine has said all it was given.
    func next(isStarved: Bool = false) -> (words: String, isLast: Bool)? {
        state.withLock { state in
            guard state.openText != nil else { return nil }
            let start = isStarved ? state.handed : state.said
            var words = ""
            while state.openText != nil, state.read < state.tail.count || state.isComplete {
                let room = ahead - (state.handed - start)
                guard room > 0 else { break }
                words += state.hand(room, tellsSentences: tellsSentences)
            }
            return words.isEmpty && state.openText != nil ? nil : (words, state.openText == nil)
        }
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
            $0.tail = []
            $0.openText = nil
        }
    }

    /// Unicode scalars that may be given now; as many as there is room for at most when nobody listens any more.
    package var room: Int {
        state.withLock { $0.hasEnded ? limit : max(0, limit - ($0.given - $0.said)) }
    }
}

extension TextInlet.State {
    /// Gives the next of the door's text to what makes words of it, `room` Unicode scalars at most.
    /// - Returns: the words that are known by that.
    mutating func hand(_ room: Int, tellsSentences: Bool) -> String {
        let part = nextPart(room)
        let isLast = isComplete && part.endIndex == tail.endIndex
        guard let spoken = openText?.append(String(scalars: part), isLast: isLast) else { return "" }
        let count = isLast ? tail.count : min(spoken.originalCount, tail.count)
        if tellsSentences { untold += String(scalars: tail.prefix(count)) }
        read += part.count - count
        tail = tail.dropFirst(count)
        if spoken.originalCount > 0 { pieces.append(spoken) }
        if isLast { openText = nil }
        return spoken.text
    }

    /// As much of the unread text as there is room for: whole words, if one fits.
    private func nextPart(_ room: Int) -> ArraySlice<Unicode.Scalar> {
        let unread = tail.dropFirst(read)
        guard unread.count > room else { return unread }
        let part = unread.prefix(room)
        return part.lastIndex { $0.properties.isWhitespace }.map { part[...$0] } ?? part
    }
}
