// One run of the talker over one prompt: its caches, its random stream and what it said. `GenerationLoop` advances it.

package import Compute

package struct GenerationOptions: Sendable, Equatable {
    package var talker: SamplingOptions
    package var codePredictor: SamplingOptions
    package var repetitionPenalty: Float
    /// N tokens give at most N - 1 frames: the last token never gets its other codes.
    package var maxNewTokens: Int
    package var seed: UInt64

    /// The checkpoint's generation_config.json over the official defaults.
    package init(_ defaults: Configuration.GenerationDefaults, seed: UInt64 = 0) {
        talker = SamplingOptions(
            sample: defaults.do_sample ?? true, temperature: defaults.temperature ?? 0.9,
            topK: defaults.top_k ?? 50, topP: defaults.top_p ?? 1)
        codePredictor = SamplingOptions(
            sample: defaults.subtalker_dosample ?? true, temperature: defaults.subtalker_temperature ?? 0.9,
            topK: defaults.subtalker_top_k ?? 50, topP: defaults.subtalker_top_p ?? 1)
        repetitionPenalty = defaults.repetition_penalty ?? 1.05
        maxNewTokens = defaults.max_new_tokens ?? 2048
        self.seed = seed
    }

    package static func greedy(repetitionPenalty: Float, maxNewTokens: Int) -> GenerationOptions {
        var options = GenerationOptions(.init())
        options.talker = .greedy
        options.codePredictor = .greedy
        options.repetitionPenalty = repetitionPenalty
        options.maxNewTokens = maxNewTokens
        return options
    }
}

package enum GenerationStep: Equatable, Sendable {
    /// The prompt is not through the talker yet.
    case reading
    /// `Generation.codes` are those of the next frame.
    case frame
    /// The text is used up and more is to come: nothing happened.
    case starved
    /// The model ended the speech.
    case endOfSpeech
    /// `maxNewTokens` was reached.
    case limit
    case cancelled
    /// The model gave no numbers.
    case notFinite
}

package final class Generation {
    package let options: GenerationOptions
    /// May grow with the text of an open prompt.
    package var maxNewTokens: Int
    /// What the last advance gave.
    package internal(set) var step = GenerationStep.reading
    /// Code 0 of every frame, and the token that ended the speech.
    package private(set) var tokens: [Int] = []
    /// All codes of the last frame.
    package private(set) var codes: [Int]
    package let input: Rows  // [1, hidden], the talker's input of this step
    package let hidden: Rows  // [1, hidden], its output after the final norm
    package internal(set) var random: RandomStream

    let cache: any TalkerCache
    private(set) var history: TokenHistory
    private let prompt: Rows
    private var read: Int  // rows of the prompt the cache holds
    private var isWaiting = false  // `input` lacks its text
    private var text: TrailingText
    private let padding: Rows  // [1, hidden], added after the text

    /// On the device that will advance it. `prefix`: a snapshot of the prompt's first rows, made by an equal prompt. `random`
    /// is a stream other than the first of the options' seed.
    package init(
        _ configuration: Configuration, on device: any TalkerDevice, prompt: Prompt, isOpen: Bool = false,
        prefix: (any TalkerCache)? = nil, options: GenerationOptions, random: RandomStream? = nil
    ) {
        let c = configuration.talker
        self.options = options
        self.prompt = prompt.embeddings
        self.random = random ?? RandomStream(seed: options.seed)
        maxNewTokens = options.maxNewTokens
        text = TrailingText(prompt.trailing, isOpen: isOpen)
        padding = prompt.padding
        codes = [Int](repeating: 0, count: c.num_code_groups)
        input = Rows(rows: 1, columns: c.hidden_size)
        hidden = Rows(rows: 1, columns: c.hidden_size)
        history = TokenHistory(vocabulary: c.vocab_size)
        // Room for a usual sentence; more is had by doubling.
        cache = device.makeCache(capacity: prompt.embeddings.rows + min(options.maxNewTokens, 256))
        read = prefix?.count ?? 0
        precondition(read < prompt.embeddings.rows, "a prefix leaves at least one row of the prompt")
        if let prefix { cache.restore(prefix) }
        tokens.reserveCapacity(min(options.maxNewTokens, 1024))
    }

    /// Whether the whole prompt went through the talker.
    var isSpeaking: Bool { read == prompt.rows }

    /// Rows of the prompt that wait to be read.
    var unread: Int { prompt.rows - read }

    /// The cache of the first `count` rows of the prompt, all of them read.
    package func snapshot(_ count: Int) -> any TalkerCache { cache.snapshot(count) }

    /// More projected text for an open prompt.
    package func append(_ rows: Rows, isLast: Bool) { text.append(rows, isLast: isLast) }

    /// Puts this step's input together; the first step's is the prompt.
    func begin(isCancelled: Bool, kernels: Kernels) {
        step = .reading
        if isCancelled {
            step = .cancelled
        } else if isWaiting {
            guard let row = text.row(tokens.count - 1, or: padding) else {
                step = .starved
                return
            }
            kernels.add(input, row)
            isWaiting = false
        }
    }

    /// The next `count` rows for the talker.
    func copyInput(_ count: Int, to rows: Rows) {
        rows.copy(from: isSpeaking ? input : prompt[read..<read + count])
    }

    /// The talker's output for the rows of `copyInput`.
    func take(_ normed: Rows) {
        if !isSpeaking { read += normed.rows }
        if isSpeaking { hidden.copy(from: normed[normed.rows - 1]) }
    }

    func take(first token: Int, eos: Int) {
        tokens.append(token)
        history.insert(token)
        codes[0] = token
        step = token == eos ? .endOfSpeech : tokens.count >= maxNewTokens ? .limit : .frame
    }

    func take(code: Int, group: Int) { codes[group] = code }

    /// Every code of the frame is there: `input` becomes the next step's, without its text.
    func finishFrame(_ embeddings: TalkerEmbeddings) {
        embeddings.frame(codes[...], into: input)
        isWaiting = true
    }
}

/// Text that is added to the inputs of frames one row each.
private struct TrailingText {
    private var rows: Rows  // [capacity, hidden]
    private var count: Int
    private var isOpen: Bool

    init(_ rows: Rows, isOpen: Bool) {
        self.rows = rows
        count = rows.rows
        self.isOpen = isOpen
    }

    /// Nil when it is not there yet.
    func row(_ index: Int, or padding: Rows) -> Rows? {
        index < count ? rows[index] : isOpen ? nil : padding
    }

    mutating func append(_ more: Rows, isLast: Bool) {
        precondition(isOpen, "text after the last")
        isOpen = !isLast
        if count + more.rows > rows.rows {
            let larger = Rows(rows: max(2 * rows.rows, count + more.rows), columns: rows.columns)
            larger[0..<count].copy(from: rows[0..<count])
            rows = larger
        }
        rows[count..<count + more.rows].copy(from: more)
        count += more.rows
    }
}
