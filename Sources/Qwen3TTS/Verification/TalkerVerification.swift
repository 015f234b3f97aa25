// Runs prompt, talker, code predictor and sampler on the inputs of the goldens.

package import Compute

package struct TalkerVerification {
    private let talker: Talker
    private let goldens: Goldens
    private let processor: Processor

    package init(_ talker: Talker, _ goldens: Goldens, on processor: Processor) {
        self.talker = talker
        self.goldens = goldens
        self.processor = processor
    }

    package func run(into report: inout VerificationReport) throws {
        for (name, golden) in goldens.cases.sorted(by: { $0.key < $1.key }) {
            guard goldens.contains("prompt/\(name)/embeds") else { continue }
            try prompt(name, golden, &report)
            if goldens.contains("generate/\(name)/tokens") { try generation(name, golden, &report) }
            if goldens.contains("prefill/\(name)/norm") { try prefill(name, &report) }
            if goldens.contains("predictor/\(name)/norm") { try predictor(name, &report) }
        }
        if let options = goldens.cases["sampling"] { try sampling(options, &report) }
    }

    private func close(_ name: String, _ value: [Float], _ report: inout VerificationReport) throws {
        report.compare(
            name, value, try goldens.floats(name), shape: try goldens.shape(name), tolerance: goldens.tolerance(name))
    }

    // MARK: Prompt

    private func prompt(_ name: String, _ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let prompt = Prompt(try request(golden), talker, on: processor)
        try close("prompt/\(name)/embeds", prompt.embeddings.values, &report)
        try close("prompt/\(name)/trailing", prompt.trailing.values, &report)
    }

    private func request(_ golden: GoldenCase) throws -> PromptRequest {
        let tokens = talker.configuration.tokens
        var request = PromptRequest(textIDs: golden.input_ids ?? [])
        request.nonStreaming = golden.non_streaming_mode ?? false
        request.instructionIDs = golden.instruct_ids
        let speaker = golden.speaker?.lowercased()
        request.language = tokens.language(golden.language ?? "auto", speaker: speaker)
        if let speaker, let id = tokens.spk_id?[speaker] {
            let row = Rows(rows: 1, columns: talker.hidden)
            talker.codec(id, into: row)
            request.speaker = row
        } else if let reference = golden.reference {
            request.speaker = try goldens.rows("speaker/\(reference)/embedding")
            if let ids = golden.ref_ids { request.reference = (ids, try codes("encoder/\(reference)/codes")) }
        }
        return request
    }

    private func codes(_ name: String) throws -> [[Int]] {
        let groups = talker.codePredictor.groups
        let all = try goldens.integers(name)
        return stride(from: 0, to: all.count, by: groups).map { Array(all[$0..<min($0 + groups, all.count)]) }
    }

    // MARK: Generation

    private func generation(_ name: String, _ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let prompt = Prompt(
            embeddings: try goldens.rows("prompt/\(name)/embeds"),
            trailing: try goldens.rows("prompt/\(name)/trailing"),
            padding: Prompt.padding(talker, on: processor))
        let options = GenerationOptions.greedy(
            repetitionPenalty: golden.repetition_penalty ?? 1.05, maxNewTokens: golden.max_new_tokens ?? 2048)
        let run = Generation(talker, prompt: prompt, options: options, on: processor)
        var (codes, logits, hidden): ([Int], [Float], [Float]) = ([], [], [])
        var (predictorLogits, inputs): ([Float], [Float]) = ([], [])
        var running = true
        while running {
            hidden += run.trace.hidden.values
            let step = run.advance(on: processor)
            logits += run.trace.logits.values
            guard case .frame(let frame) = step else {
                running = false
                continue
            }
            codes += frame
            predictorLogits += run.trace.predictorLogits.values
            inputs += run.trace.input.values
        }
        let base = "generate/\(name)/"
        for (key, value) in [("tokens", run.tokens), ("codes", codes)] {
            report.compare(
                base + key, value, try goldens.integers(base + key), shape: try goldens.shape(base + key))
        }
        let floats = [
            ("logits", logits), ("hidden", hidden), ("step_embeds", inputs), ("predictor_logits", predictorLogits),
        ]
        for (key, value) in floats where goldens.contains(base + key) { try close(base + key, value, &report) }
    }

    // MARK: Stages

    private func prefill(_ name: String, _ report: inout VerificationReport) throws {
        let x = try goldens.rows("prompt/\(name)/embeds")
        let c = talker.configuration.talker
        let scratch = TransformerScratch(c, capacity: x.rows)
        let normed = Rows(rows: x.rows, columns: c.hidden_size)
        let count = try goldens.shape("prefill/\(name)/layers")[1]
        var layers: [Float] = []
        talker.stack.step(
            x, cache: talker.stack.makeCache(capacity: x.rows), normed: normed, scratch: scratch, on: processor,
            trace: { _, rows in layers += rows[rows.rows - count..<rows.rows].values })
        try close("prefill/\(name)/layers", layers, &report)
        try close("prefill/\(name)/norm", normed.values, &report)
        let logits = Rows(rows: 1, columns: c.vocab_size)
        talker.logits(normed[x.rows - 1], into: logits, on: processor)
        try close("prefill/\(name)/logits_last", logits.values, &report)
    }

    private func predictor(_ name: String, _ report: inout VerificationReport) throws {
        let codes = try codes("generate/\(name)/codes")[0]
        let hidden = try goldens.rows("generate/\(name)/hidden")[0]
        let embedding = Rows(rows: 1, columns: talker.hidden)
        talker.codec(codes[0], into: embedding)
        let layerCount = talker.configuration.codePredictor.num_hidden_layers
        var layers = [[Float]](repeating: [], count: layerCount)
        var chosen: [Int] = []
        _ = talker.codePredictor.predict(
            hidden: hidden, firstEmbedding: embedding, into: &chosen, state: talker.codePredictor.makeState(),
            on: processor, trace: { _, layer, rows in layers[layer] += rows.values },
            choose: { Sampler.best($0.values) })
        try close("predictor/\(name)/layers", layers.flatMap { $0 }, &report)
    }

    // MARK: Sampling

    private func sampling(_ golden: GoldenCase, _ report: inout VerificationReport) throws {
        let tokens = try goldens.integers("sampling/tokens")
        let logits = try goldens.rows("sampling/logits")
        let main = SamplingOptions(
            temperature: golden.temperature ?? 1, topK: golden.top_k ?? 0, topP: golden.top_p ?? 1)
        var scores: [Float] = []
        for step in 0..<logits.rows {
            var row = logits[step].values
            Generation.restrict(
                &row, history: Set(tokens.prefix(step)), step: step, penalty: golden.repetition_penalty ?? 1,
                eos: talker.configuration.tokens.codec_eos_token_id)
            Sampler.filter(&row, main)
            scores += row
        }
        try close("sampling/scores", scores, &report)
        let sub = SamplingOptions(
            temperature: golden.subtalker_temperature ?? 1, topK: golden.subtalker_top_k ?? 0,
            topP: golden.subtalker_top_p ?? 1)
        let predictorLogits = try goldens.rows("sampling/predictor_logits")
        var predictorScores: [Float] = []
        for index in 0..<predictorLogits.rows {
            var row = predictorLogits[index].values
            Sampler.filter(&row, sub)
            predictorScores += row
        }
        try close("sampling/predictor_scores", predictorScores, &report)
    }
}
