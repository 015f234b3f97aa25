// The generation loop: one call of `advance` gives one frame of codes. The one loop for every mode and door.

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
    /// The codes of one frame, one of each group.
    case frame([Int])
    /// The model ended the speech.
    case endOfSpeech
    /// `maxNewTokens` was reached.
    case limit
    case cancelled
}

/// What `verify` and tests look at after a step.
package struct GenerationTrace {
    package let hidden: Rows  // [1, hidden] after the final norm
    package let logits: Rows  // [1, vocabulary], raw
    package let predictorLogits: Rows  // [groups - 1, vocabulary]
    package let input: Rows  // [1, hidden], the talker's next input
}

package final class Generation {
    private let talker: Talker
    private let options: GenerationOptions
    private let trailing: Rows  // [n, hidden], text added frame by frame
    private let padding: Rows  // [1, hidden], added afterwards
    private var sampler: Sampler
    private var scores: [Float]
    private var history: Set<Int> = []
    package private(set) var tokens: [Int] = []
    private let cache: KVCache
    private let scratch: TransformerScratch
    private let predictor: CodePredictor.State
    private let hidden: Rows
    private let logits: Rows
    private let input: Rows
    private let residual: Rows
    private let firstEmbedding: Rows

    package var trace: GenerationTrace {
        GenerationTrace(hidden: hidden, logits: logits, predictorLogits: predictor.logits, input: input)
    }

    /// Runs the prompt. At most this many positions pass through the stack at once.
    private static let chunk = 64

    package init(_ talker: Talker, prompt: Prompt, options: GenerationOptions, on processor: Processor) {
        let c = talker.configuration.talker
        self.talker = talker
        self.options = options
        trailing = prompt.trailing
        padding = prompt.padding
        sampler = Sampler(seed: options.seed)
        scores = [Float](repeating: 0, count: c.vocab_size)
        let count = prompt.embeddings.rows
        cache = talker.stack.makeCache(capacity: count + 256)
        scratch = TransformerScratch(c, capacity: min(count, Self.chunk))
        predictor = talker.codePredictor.makeState()
        hidden = Rows(rows: 1, columns: c.hidden_size)
        logits = Rows(rows: 1, columns: c.vocab_size)
        input = Rows(rows: 1, columns: c.hidden_size)
        residual = Rows(rows: 1, columns: c.hidden_size)
        firstEmbedding = Rows(rows: 1, columns: c.hidden_size)
        let x = Rows(rows: count, columns: c.hidden_size)
        x.copy(from: prompt.embeddings)
        let normed = Rows(rows: min(count, Self.chunk), columns: c.hidden_size)
        for start in stride(from: 0, to: count, by: Self.chunk) {
            let n = min(Self.chunk, count - start)
            talker.stack.step(
                x[start..<start + n], cache: cache, normed: normed[0..<n], scratch: scratch, on: processor)
            hidden.copy(from: normed[n - 1])
        }
    }

    /// The next frame of codes.
    package func advance(on processor: Processor, isCancelled: () -> Bool = { false }) -> GenerationStep {
        talker.logits(hidden, into: logits, on: processor)
        let token = chooseToken()
        tokens.append(token)
        history.insert(token)
        if token == talker.configuration.tokens.codec_eos_token_id { return .endOfSpeech }
        if tokens.count >= options.maxNewTokens { return .limit }
        var codes = [token]
        codes.reserveCapacity(talker.codePredictor.groups)
        talker.codec(token, into: firstEmbedding)
        let finished = talker.codePredictor.predict(
            hidden: hidden, firstEmbedding: firstEmbedding, into: &codes, state: predictor, on: processor,
            isCancelled: isCancelled
        ) { row in
            var scores = row.values
            return sampler.choose(&scores, options.codePredictor)
        }
        guard finished else { return .cancelled }
        prepareInput(codes, processor)
        residual.copy(from: input)
        talker.stack.step(residual, cache: cache, normed: hidden, scratch: scratch, on: processor)
        return .frame(codes)
    }

    private func prepareInput(_ codes: [Int], _ processor: Processor) {
        talker.frame(codes[...], into: input)
        let frame = tokens.count - 1
        processor.kernels.add(input, frame < trailing.rows ? trailing[frame] : padding)
    }

    private func chooseToken() -> Int {
        for i in scores.indices { scores[i] = logits[0, i] }
        Self.restrict(
            &scores, history: history, step: tokens.count, penalty: options.repetitionPenalty,
            eos: talker.configuration.tokens.codec_eos_token_id)
        return sampler.choose(&scores, options.talker)
    }

    /// Ids from here below the end of the vocabulary are control tokens, never speech.
    private static let controlTokens = 1024
    /// Speech cannot end before this many tokens.
    private static let minimumTokens = 2

    /// The official order: repetition penalty, no early end, no control tokens but the end of speech.
    package static func restrict(_ scores: inout [Float], history: Set<Int>, step: Int, penalty: Float, eos: Int) {
        Sampler.penalize(&scores, history: history, penalty: penalty)
        if step < minimumTokens { scores[eos] = -.infinity }
        for i in scores.count - controlTokens..<scores.count where i != eos { scores[i] = -.infinity }
    }
}
