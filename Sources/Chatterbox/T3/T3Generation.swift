// One run of T3 over one text: its cache, its random stream and what it said. `T3GenerationLoop` advances it.

package import Compute

package enum T3Step: Equatable, Sendable {
    /// The text is not through the layers yet.
    case reading
    /// The last of `T3Generation.tokens` is new.
    case token
    /// The model ended the speech.
    case endOfSpeech
    /// So many tokens were given as may be.
    case limit
    case cancelled
    /// The model gave no numbers.
    case notFinite

    package var isEnd: Bool { self != .reading && self != .token }
}

package final class T3Generation {
    package let options: T3Options
    /// What the last advance gave.
    package internal(set) var step = T3Step.reading
    /// All tokens chosen so far, also the one that ended the speech. `SpeechTokens.spoken` says what of them is sound.
    package private(set) var tokens: [Int] = []
    package let hidden: Rows  // [1, hidden], the last output after the final norm
    var random: any UniformSource

    let cache: KVCache
    private(set) var history: T3History
    private let text: Rows  // [text tokens + 1, hidden]
    private var read = 0  // rows of the text the cache holds
    private let limit: Int

    /// `random` is a source other than the stream of the options' seed.
    package init(
        _ t3: T3, _ voice: T3Voice, text ids: [Int], options: T3Options = T3Options(),
        random: (any UniformSource)? = nil
    ) throws(T3Error) {
        let c = t3.configuration
        let rows = voice.prefix.count + ids.count + 1
        guard rows <= c.positions else { throw .tooLong(rows: rows, positions: c.positions) }
        text = try t3.embeddings.text(ids)
        self.options = options
        self.random = random ?? RandomStream(seed: options.seed)
        // Every token but the last is a row.
        limit = max(1, min(options.maxTokens, c.positions - rows + 1))
        hidden = Rows(rows: 1, columns: c.hidden)
        history = T3History(vocabulary: c.speechVocabulary)
        // Room for a usual sentence; more is had by doubling.
        cache = t3.makeCache(capacity: rows + min(limit, 256))
        cache.start(with: voice.prefix)
        tokens.reserveCapacity(limit)
    }

    /// Whether the whole text went through the layers.
    var isSpeaking: Bool { read == text.rows }

    /// Rows of the text that wait to be read.
    var unread: Int { text.rows - read }

    /// The next `count` rows for the layers.
    func copyInput(_ count: Int, _ embeddings: T3Embeddings, to rows: Rows) {
        if isSpeaking {
            embeddings.speech(tokens[tokens.count - 1], into: rows)
        } else {
            rows.copy(from: text[read..<read + count])
        }
    }

    /// What the layers gave for the rows of `copyInput`.
    func take(_ normed: Rows) {
        if !isSpeaking { read += normed.rows }
        if isSpeaking { hidden.copy(from: normed[normed.rows - 1]) }
    }

    /// The very first token ends nothing, whatever it is.
    func take(_ token: Int) {
        tokens.append(token)
        history.insert(token)
        let isEnd = token == SpeechTokens.stop && tokens.count > 1
        step = isEnd ? .endOfSpeech : tokens.count >= limit ? .limit : .token
    }
}
