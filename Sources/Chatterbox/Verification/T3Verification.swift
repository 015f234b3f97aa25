// Runs text, T3 and its sampler on the inputs of the goldens.

package import Compute
package import Tokenization
package import Verifying

package struct T3Verification {
    private let t3: T3
    private let tokenizer: Tokenizer
    private let goldens: ChatterboxGoldens
    private let processor: Processor

    package init(_ t3: T3, _ tokenizer: Tokenizer, _ goldens: ChatterboxGoldens, on processor: Processor) {
        self.t3 = t3
        self.tokenizer = tokenizer
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        if let entries = goldens.cases["text"]?.entries { text(entries, &report) }
        if let greedy = goldens.cases["t3_greedy"] {
            try prefill(greedy, &report)
            try self.greedy(greedy, &report)
            if goldens.contains("t3/forced/tokens") { try forced(greedy, &report) }
            if let sampled = goldens.cases["t3_sampled"] {
                try self.sampled(sampled, ids: ids(greedy, "t3_greedy"), &report)
                _ = try choices("sampled", sampled, &report)
            }
        }
        if let scripted = goldens.cases["t3_scripted"] {
            try report.compare("t3/scripted/tokens", choices("scripted", scripted, &report), with: goldens)
        }
        if let end = goldens.cases["t3_eos"] { try endOfSpeech(end, &report) }
    }

    // MARK: Text

    private func text(_ entries: [ChatterboxCase.Entry], _ report: inout VerificationReport) {
        let differing = entries.count { PunctuationNorm($0.text).text != $0.normalized }
        report.add("text/normalized", shape: [entries.count], error: Double(differing), tolerance: 0)
        let others = entries.count { tokenizer.encode($0.normalized) != $0.ids }
        report.add("text/ids", shape: [entries.count], error: Double(others), tolerance: 0)
    }

    private func ids(_ golden: ChatterboxCase, _ name: String) throws -> [Int] {
        try goldens.ids(golden.ids, below: t3.configuration.textVocabulary, case: name)
    }

    private func condition() throws -> T3Condition {
        T3Condition(
            speaker: try goldens.floats("t3/cond/speaker_emb"),
            promptTokens: try goldens.integers("t3/cond/prompt_tokens"))
    }

    // MARK: Layers

    /// Voice and text as rows, and every stage of a pass over the golden ones.
    private func prefill(_ golden: ChatterboxCase, _ report: inout VerificationReport) throws {
        let name = "t3/greedy/embeds"
        let rows = try t3.embeddings.voice(condition(), on: processor).values
        let text = try t3.embeddings.text(ids(golden, "t3_greedy")).values
        try report.compare(name, rows + text, with: goldens)
        let recorder = StageRecorder(
            keeps: { goldens.contains("t3/greedy/prefill_" + $0) }, isTimeMajor: { _ in true })
        let hidden = try pass(goldens.rows(name, columns: t3.configuration.hidden), trace: recorder.record)
        for stage in recorder.stages {
            try report.compare("t3/greedy/prefill_" + stage.name, stage.values, with: goldens)
        }
        try report.compare("t3/greedy/prefill_hidden", hidden.values, with: goldens)
    }

    /// The final norm [n, hidden] of rows x [n, hidden], all of them at once.
    private func pass(_ x: Rows, trace: ((String, Rows) -> Void)? = nil) throws -> Rows {
        let c = t3.configuration
        guard x.rows <= c.positions else { throw T3Error.tooLong(rows: x.rows, positions: c.positions) }
        let normed = Rows(rows: x.rows, columns: c.hidden)
        t3.stack.step(
            x, [Segment(cache: t3.makeCache(capacity: x.rows), count: x.rows)], normed: normed,
            scratch: GPT2Scratch(c, capacity: x.rows), on: processor, trace: trace)
        return normed
    }

    /// The logits after the start token and after each of some given tokens.
    private func forced(_ golden: ChatterboxCase, _ report: inout VerificationReport) throws {
        let tokens = try goldens.ids(
            goldens.integers("t3/forced/tokens"), below: t3.configuration.speechVocabulary, case: "t3/forced/tokens")
        let voice = try T3Voice(condition(), t3, on: processor)
        var logits: [Float] = []
        try T3Evaluation(t3, on: processor).logits(voice, text: ids(golden, "t3_greedy"), after: tokens) {
            logits += $1.values
        }
        try report.compare("t3/forced/logits", logits, with: goldens)
    }

    // MARK: Generation

    private func greedy(_ golden: ChatterboxCase, _ report: inout VerificationReport) throws {
        let run = try generate(golden, ids: ids(golden, "t3_greedy"))
        try report.compare("t3/greedy/tokens", run.tokens, with: goldens)
        try report.compare("t3/greedy/hidden", run.hidden, with: goldens)
        try report.compare("t3/greedy/logits", run.logits, with: goldens)
    }

    private func sampled(_ golden: ChatterboxCase, ids: [Int], _ report: inout VerificationReport) throws {
        let run = try generate(golden, ids: ids)
        try report.compare("t3/sampled/tokens", run.tokens, with: goldens)
        try report.compare("t3/sampled/logits", run.logits, with: goldens)
    }

    private func endOfSpeech(_ golden: ChatterboxCase, _ report: inout VerificationReport) throws {
        let run = try generate(golden, ids: ids(golden, "t3_eos"))
        let expected = golden.tokens ?? []
        let differing = zip(run.tokens, expected).count { $0 != $1 } + abs(run.tokens.count - expected.count)
        report.add(
            "t3/eos/tokens", shape: [expected.count], error: Double(differing + (run.hasEnded ? 0 : 1)),
            tolerance: 0)
    }

    private struct Run {
        var tokens: [Int] = []  // without the one that ended the speech
        var hasEnded = false
        var hidden: [Float] = []
        var logits: [Float] = []
    }

    /// A run as a listener gets it, with the draws of the golden.
    private func generate(_ golden: ChatterboxCase, ids: [Int]) throws -> Run {
        let voice = try T3Voice(condition(), t3, on: processor)
        let generation = try T3Generation(
            t3, voice, text: ids, options: options(golden), random: FixedDraws(golden.draws))
        let loop = T3GenerationLoop(t3, on: processor)
        var run = Run()
        loop.trace = { _, hidden, logits in
            run.hidden += hidden.values
            run.logits += logits.values
        }
        repeat { loop.advance([generation]) } while generation.step == .token
        run.hasEnded = generation.step == .endOfSpeech
        run.tokens = run.hasEnded ? generation.tokens.dropLast() : generation.tokens
        return run
    }

    private func options(_ golden: ChatterboxCase) -> T3Options {
        var options = T3Options()
        options.sampling.temperature = golden.temperature ?? options.sampling.temperature
        // Where nothing is said, the best token: that is how the official code is asked for it.
        options.sampling.topK = golden.top_k ?? 1
        options.sampling.topP = golden.top_p ?? 1
        options.repetitionPenalty = golden.repetition_penalty ?? 1
        // The official code does not count the first token.
        if let most = golden.max_gen_len { options.maxTokens = most + 1 }
        return options
    }

    // MARK: Sampling

    /// Compares the probabilities of golden logits, and gives the tokens chosen by them.
    private func choices(
        _ name: String, _ golden: ChatterboxCase, _ report: inout VerificationReport
    ) throws -> [Int] {
        let rows = try goldens.rows("t3/\(name)/logits", columns: t3.configuration.speechVocabulary)
        var sampler = Sampler()
        var history = T3History(vocabulary: rows.columns)
        var draws = FixedDraws(golden.draws)
        var (probabilities, tokens): ([Float], [Int]) = ([], [])
        for row in 0..<rows.rows {
            guard let token = sampler.choose(rows[row], options(golden), after: history, &draws) else { break }
            probabilities += sampler.probabilities
            tokens.append(token)
            history.insert(token)
        }
        try report.compare("t3/\(name)/probs", probabilities, with: goldens)
        return tokens
    }
}

/// Numbers that are known, one after the other; zero behind the last.
private struct FixedDraws: UniformSource {
    private let draws: [Double]
    private var next = 0

    init(_ draws: ChatterboxCase.Draws?) {
        guard case .numbers(let numbers)? = draws else {
            self.draws = []
            return
        }
        self.draws = numbers
    }

    mutating func uniform() -> Double {
        defer { next += 1 }
        return next < draws.count ? draws[next] : 0
    }
}
