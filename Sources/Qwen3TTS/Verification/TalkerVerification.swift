// Runs tokenizer, prompt, talker, code predictor and sampler on the inputs of the goldens.

package import Compute
package import Tokenization
package import Verifying

package struct TalkerVerification {
    private let talker: Talker
    private let tokenizer: Tokenizer
    private let goldens: Qwen3Goldens
    private let processor: Processor

    package init(_ talker: Talker, _ tokenizer: Tokenizer, _ goldens: Qwen3Goldens, on processor: Processor) {
        self.talker = talker
        self.tokenizer = tokenizer
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        if let entries = goldens.cases["tokenizer"]?.entries {
            let differing = entries.count { tokenizer.encode($0.text) != $0.ids }
            report.add("tokenizer", shape: [entries.count], error: Double(differing), tolerance: 0)
        }
        for (name, golden) in goldens.cases.sorted(by: { $0.key < $1.key }) {
            guard goldens.contains("prompt/\(name)/embeds") else { continue }
            try prompt(name, golden, &report)
            if goldens.contains("generate/\(name)/tokens") { try generation(name, golden, &report) }
            if goldens.contains("prefill/\(name)/norm") { try prefill(name, &report) }
            if goldens.contains("predictor/\(name)/norm") { try predictor(name, &report) }
        }
        if let options = goldens.cases["sampling"] { try sampling(options, &report) }
    }

    // MARK: Prompt

    private func prompt(_ name: String, _ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let prompt = Prompt(try request(name, golden), talker.embeddings, on: processor)
        try report.compare("prompt/\(name)/embeds", prompt.embeddings.values, with: goldens)
        try report.compare("prompt/\(name)/trailing", prompt.trailing.values, with: goldens)
    }

    private func request(_ name: String, _ golden: GoldenCase) throws -> PromptRequest {
        let tokens = talker.configuration.tokens
        func ids(_ ids: [Int]?) throws -> [Int] {
            try goldens.ids(ids, below: tokens.text_vocab_size, case: name)
        }
        var request = PromptRequest(textIDs: try ids(golden.input_ids))
        request.nonStreaming = golden.non_streaming_mode ?? false
        request.instructionIDs = try golden.instruct_ids.map { try ids($0) }
        let speaker = golden.speaker?.lowercased()
        request.language = tokens.language(golden.language ?? "auto", speaker: speaker)
        if let speaker, let id = tokens.spk_id?[speaker] {
            request.speaker = talker.embeddings.codec(id)
        } else if let reference = golden.reference {
            request.speaker = try goldens.rows("speaker/\(reference)/embedding", columns: talker.hidden)
            if let reference_ids = golden.ref_ids {
                request.reference = (try ids(reference_ids), try codes("encoder/\(reference)/codes"))
            }
        }
        return request
    }

    /// Codes below the code predictor's vocabulary, which is the codebook.
    private func codes(_ name: String) throws -> [[Int]] {
        try goldens.frames(
            name, groups: talker.codePredictor.groups,
            below: min(talker.codePredictor.vocabulary, talker.configuration.talker.vocab_size))
    }

    // MARK: Generation

    private func generation(_ name: String, _ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let prompt = Prompt(
            embeddings: try goldens.rows("prompt/\(name)/embeds", columns: talker.hidden),
            trailing: try goldens.rows("prompt/\(name)/trailing", columns: talker.hidden),
            padding: Prompt.padding(talker.embeddings, on: processor))
        let options = GenerationOptions.greedy(
            repetitionPenalty: golden.repetition_penalty ?? 1.05, maxNewTokens: golden.max_new_tokens ?? 2048)
        let device = CPUTalker(talker, on: processor)
        let run = Generation(talker.configuration, on: device, prompt: prompt, options: options)
        let loop = GenerationLoop(talker.embeddings, on: device, kernels: processor.kernels)
        var (codes, logits, hidden): ([Int], [Float], [Float]) = ([], [], [])
        var (predictorLogits, inputs): ([Float], [Float]) = ([], [])
        loop.trace = { _, group, row in
            guard group == 0 else { return predictorLogits += row.values }
            logits += row.values
            if !run.tokens.isEmpty { inputs += run.input.values }
        }
        repeat {
            if !run.tokens.isEmpty { codes += run.codes }
            loop.advance([run])
            hidden += run.hidden.values
        } while run.step == .frame
        let base = "generate/\(name)/"
        try report.compare(base + "tokens", run.tokens, with: goldens)
        try report.compare(base + "codes", codes, with: goldens)
        let floats = [
            ("logits", logits), ("hidden", hidden), ("step_embeds", inputs), ("predictor_logits", predictorLogits),
        ]
        for (key, value) in floats where goldens.contains(base + key) {
            try report.compare(base + key, value, with: goldens)
        }
        if goldens.contains(base + "scores") { try scores(base, golden, &report) }
    }

    /// The raw logits of a run after penalty and forbidden tokens.
    private func scores(_ base: String, _ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let tokens = try tokens(base + "tokens")
        let logits = try goldens.rows(base + "logits", columns: talker.configuration.talker.vocab_size)
        var scores: [Float] = []
        for step in 0..<logits.rows {
            scores += restricted(logits[step], after: tokens.prefix(step), penalty: golden.repetition_penalty ?? 1.05)
        }
        try report.compare(base + "scores", scores, with: goldens)
    }

    private func tokens(_ name: String) throws -> [Int] {
        let limit = talker.configuration.talker.vocab_size
        return try goldens.ids(goldens.integers(name), below: limit, case: name)
    }

    private func restricted(_ logits: Rows, after tokens: ArraySlice<Int>, penalty: Float) -> [Float] {
        var history = TokenHistory(vocabulary: logits.columns)
        for token in tokens { history.insert(token) }
        var scores = logits.values
        GenerationLoop.restrict(
            &scores, history: history.tokens, step: tokens.count, penalty: penalty,
            eos: talker.configuration.tokens.codec_eos_token_id)
        return scores
    }

    // MARK: Stages

    private func prefill(_ name: String, _ report: inout VerificationReport) throws {
        let x = try goldens.rows("prompt/\(name)/embeds", columns: talker.hidden)
        let c = talker.configuration.talker
        let scratch = TransformerScratch(c, capacity: x.rows)
        let normed = Rows(rows: x.rows, columns: c.hidden_size)
        // Long prompts keep their last positions only.
        let shape = try goldens.shape("prefill/\(name)/layers")
        let count = min(max(shape.count > 1 ? shape[1] : 1, 1), x.rows)
        var layers: [Float] = []
        talker.stack.step(
            x, [Segment(cache: talker.makeCache(capacity: x.rows), count: x.rows)], normed: normed,
            scratch: scratch, on: processor, trace: { _, rows in layers += rows[rows.rows - count..<rows.rows].values })
        try report.compare("prefill/\(name)/layers", layers, with: goldens)
        try report.compare("prefill/\(name)/norm", normed.values, with: goldens)
        let logits = Rows(rows: 1, columns: c.vocab_size)
        talker.logits(normed[x.rows - 1], into: logits, on: processor)
        try report.compare("prefill/\(name)/logits_last", logits.values, with: goldens)
    }

    /// The first frame of a case.
    private func predictor(_ name: String, _ report: inout VerificationReport) throws {
        let hidden = try goldens.rows("generate/\(name)/hidden", columns: talker.hidden)[0]
        guard let token = try codes("generate/\(name)/codes").first?[0] else { return }
        let first = talker.embeddings.codec(token)
        if goldens.contains("predictor/\(name)/input") {
            try report.compare("predictor/\(name)/input", hidden.values + first.values, with: goldens)
        }
        let count = talker.configuration.codePredictor.num_hidden_layers
        var layers = [[Float]](repeating: [], count: count + 1)
        talker.codePredictor.predict(
            hidden: hidden, first: first, caches: [talker.codePredictor.makeCache()],
            talker.codePredictor.makeScratch(), on: processor,
            trace: { _, layer, rows in layers[layer] += rows.values },
            choose: { _, _, logits in Sampler.best(logits.values) })
        try report.compare("predictor/\(name)/layers", layers[..<count].flatMap { $0 }, with: goldens)
        try report.compare("predictor/\(name)/norm", layers[count], with: goldens)
    }

    // MARK: Sampling

    private func sampling(_ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let tokens = try tokens("sampling/tokens")
        let logits = try goldens.rows("sampling/logits", columns: talker.configuration.talker.vocab_size)
        let main = SamplingOptions(
            temperature: golden.temperature ?? 1, topK: golden.top_k ?? 0, topP: golden.top_p ?? 1)
        var filter = ScoreFilter()
        var scores: [Float] = []
        for step in 0..<logits.rows {
            var row = restricted(logits[step], after: tokens.prefix(step), penalty: golden.repetition_penalty ?? 1)
            filter.apply(&row, main)
            scores += row
        }
        try report.compare("sampling/scores", scores, with: goldens)
        let sub = SamplingOptions(
            temperature: golden.subtalker_temperature ?? 1, topK: golden.subtalker_top_k ?? 0,
            topP: golden.subtalker_top_p ?? 1)
        let predictorLogits = try goldens.rows("sampling/predictor_logits")
        var predictorScores: [Float] = []
        for index in 0..<predictorLogits.rows {
            var row = predictorLogits[index].values
            filter.apply(&row, sub)
            predictorScores += row
        }
        try report.compare("sampling/predictor_scores", predictorScores, with: goldens)
    }
}
