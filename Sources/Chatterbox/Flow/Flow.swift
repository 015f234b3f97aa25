// Speech tokens to mel in the voice of a prompt, by few steps of a mean flow. `CausalMaskedDiffWithXvec` and
// `CausalConditionalCFM`.
//
//   input_embedding → encoder → encoder_proj gives mu;  noise, mu, speaker, prompt → estimator, step by step

package import Compute
package import ModelFile

package struct Flow {
    /// Of mel.
    package let bands: Int
    /// Of an embedded token.
    var width: Int { embedding.columns }
    /// Tokens there are.
    package var vocabulary: Int { embedding.entries }
    private let speaker: Linear  // spk_embed_affine_layer
    private let embedding: Embedding  // input_embedding
    private let encoder: ConformerEncoder
    private let projection: Convolution  // encoder_proj
    private let estimator: Estimator

    package static let framesPerToken = ConformerEncoder.framesPerToken
    /// Tokens that have to follow before a token has its frames.
    package var lookAheadTokens: Int { encoder.lookAheadTokens }
    /// Steps of the official code.
    package static let usualSteps = 2
    /// The most steps that make sense.
    package static let mostSteps = 100

    /// `weights` is the `flow` part of the checkpoint.
    package init(
        _ weights: Weights, heads: HeadCounts, precision: S3GenPrecision = .float32
    ) throws(ModelFileError) {
        let format = precision.format
        let table = try weights.tensor("input_embedding.weight")
        guard table.shape.count == 2, table.shape.allSatisfy({ $0 > 0 }) else {
            throw .wrongShape(name: table.name, expected: [1, 1], found: table.shape)
        }
        embedding = try Embedding(table)
        encoder = try ConformerEncoder(weights["encoder"], width: embedding.columns, format: format)
        projection = try Convolution(weights["encoder_proj"], inputs: embedding.columns, format: format)
        bands = projection.outputs
        let affine = try weights.tensor("spk_embed_affine_layer.weight")
        guard affine.shape.count == 2, affine.shape[1] > 0 else {
            throw .wrongShape(name: affine.name, expected: [bands, 1], found: affine.shape)
        }
        // One vector: many partial sums are nearer to what is exact than a convolution's single one.
        speaker = try Linear(weights["spk_embed_affine_layer"], rows: bands, columns: affine.shape[1])
        estimator = try Estimator(
            weights["decoder.estimator"], bands: bands, heads: heads.estimator, format: format)
    }

    /// Mel [frames, bands] of `tokens`, two frames for each. Where more tokens follow, which `isFinal` denies, the last ones
    /// are only looked ahead at. `first` is the number of the first frame, for the noise.
    package func mel(
        _ tokens: [Int], _ voice: S3GenVoice, first: Int = 0, steps: Int = usualSteps, isFinal: Bool = true,
        noise: some NoiseSource, on processor: Processor
    ) throws(S3GenError) -> Rows {
        let prompt = try promptFrames(voice)
        let kept = voice.promptTokens.count + tokens.count - (isFinal ? 0 : encoder.lookAheadTokens)
        let frames = kept * Self.framesPerToken
        guard frames > prompt else {
            let missing = (prompt - frames) / Self.framesPerToken + 1
            throw .tooFewTokens(count: tokens.count, minimum: tokens.count + missing)
        }
        let embedded = try embed(voice.promptTokens + tokens)
        let mu = project(encode(embedded, on: processor), on: processor)[0..<frames]
        let spk = speaker(voice.xVector, on: processor)
        let state = Rows(rows: frames, columns: bands)
        Self.draw(noise, from: 0, isPrompt: true, into: state[0..<prompt])
        Self.draw(noise, from: first, isPrompt: false, into: state[prompt..<frames])
        let promptMel = Rows(voice.promptMel, columns: bands)
        let mel = try solve(
            state, mu: mu, speaker: spk, prompt: promptMel, steps: steps, on: processor)
        return mel[prompt..<frames]
    }

    /// The noise of frames from `first` on.
    private static func draw(_ noise: some NoiseSource, from first: Int, isPrompt: Bool, into state: Rows) {
        for row in 0..<state.rows { noise.flow(first + row, isPrompt: isPrompt, into: state[row]) }
    }

    /// Frames of the prompt; throws when voice and model do not belong together.
    private func promptFrames(_ voice: S3GenVoice) throws(S3GenError) -> Int {
        guard voice.promptMel.count % bands == 0, !voice.promptMel.isEmpty else {
            throw .badVoice("\(voice.promptMel.count) values of mel are no frames of \(bands) bands")
        }
        guard voice.xVector.count == speaker.columns else {
            throw .badVoice("an x-vector of \(voice.xVector.count) elements where \(speaker.columns) are expected")
        }
        guard (voice.promptMel + voice.xVector).allSatisfy(\.isFinite) else {
            throw .badVoice("it holds an infinity or a NaN")
        }
        return voice.promptMel.count / bands
    }

    // MARK: In parts

    /// What is remembered of a voice's prompt, with which all of its utterances begin. It has been read as a signal of its own: its
    /// frames see nothing of what is spoken after them.
    package func read(
        _ voice: S3GenVoice, steps: Int = usualSteps, noise: some NoiseSource, on processor: Processor
    ) throws(S3GenError) -> FlowMemory {
        let frames = try promptFrames(voice)
        guard frames == voice.promptTokens.count * Self.framesPerToken else {
            throw .badVoice("\(frames) frames of mel belong to \(voice.promptTokens.count) tokens")
        }
        var memory = FlowMemory(steps: try Self.checked(steps), speaker: speaker(voice.xVector, on: processor))
        let state = Rows(rows: frames, columns: bands)
        Self.draw(noise, from: 0, isPrompt: true, into: state)
        _ = try mel(
            voice.promptTokens, ahead: 0, state, prompt: Rows(voice.promptMel, columns: bands), &memory, on: processor)
        return memory
    }

    /// Mel [frames, bands] of `tokens`, which go on from what is in `memory`, but for the last `ahead` of them, which are only
    /// looked ahead at. `first` is the number of the first frame, for the noise.
    package func mel(
        _ tokens: [Int], ahead: Int, first: Int, _ memory: inout FlowMemory, noise: some NoiseSource,
        on processor: Processor
    ) throws(S3GenError) -> Rows {
        guard tokens.count > ahead else { throw .tooFewTokens(count: tokens.count, minimum: ahead + 1) }
        let state = Rows(rows: (tokens.count - ahead) * Self.framesPerToken, columns: bands)
        Self.draw(noise, from: first, isPrompt: false, into: state)
        return try mel(tokens, ahead: ahead, state, prompt: nil, &memory, on: processor)
    }

    private func mel(
        _ tokens: [Int], ahead: Int, _ state: Rows, prompt: Rows?, _ memory: inout FlowMemory,
        on processor: Processor
    ) throws(S3GenError) -> Rows {
        let embedded = try embed(tokens)
        memory.encoder?.begin()
        let hidden = encoder.apply(embedded, &memory.encoder, ahead: ahead, on: processor)
        return try solve(
            state, mu: project(hidden, on: processor), speaker: memory.speaker, prompt: prompt, &memory.steps,
            on: processor)
    }

    // MARK: Stages

    /// The speaker [1, bands] of an x-vector.
    func speaker(_ xVector: [Float], on processor: Processor) -> Rows {
        let length = xVector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let unit = xVector.map { Float(Double($0) / max(length, 1e-12)) }
        let result = Rows(rows: 1, columns: bands)
        speaker.apply(Rows(unit, columns: unit.count), into: result, on: processor)
        return result
    }

    /// [tokens, width].
    func embed(_ tokens: [Int]) throws(S3GenError) -> Rows {
        if let index = tokens.firstIndex(where: { !(0..<vocabulary).contains($0) }) {
            throw .tokenOutOfRange(index: index, token: tokens[index], limit: vocabulary)
        }
        let rows = Rows(rows: tokens.count, columns: embedding.columns)
        for (index, token) in tokens.enumerated() { embedding.lookUp(token, into: rows[index]) }
        return rows
    }

    /// [tokens, width] to [2 · tokens, width].
    func encode(_ tokens: Rows, on processor: Processor, trace: ((String, Rows) -> Void)? = nil) -> Rows {
        var memory: SignalMemory?
        return encoder.apply(tokens, &memory, on: processor, trace: trace)
    }

    /// mu [frames, bands].
    func project(_ hidden: Rows, on processor: Processor) -> Rows { projection.apply(hidden, on: processor) }

    /// Euler's steps from the noise `state` [frames, bands] to mel. The stages of the first step are traced.
    func solve(
        _ state: Rows, mu: Rows, speaker: Rows, prompt: Rows, steps: Int, on processor: Processor,
        trace: ((String, Rows) -> Void)? = nil
    ) throws(S3GenError) -> Rows {
        var memories = [SignalMemory?](repeating: nil, count: try Self.checked(steps))
        return try solve(
            state, mu: mu, speaker: speaker, prompt: prompt, &memories, on: processor, trace: trace)
    }

    private static func checked(_ steps: Int) throws(S3GenError) -> Int {
        guard (1...mostSteps).contains(steps) else { throw .badSteps(steps, limit: mostSteps) }
        return steps
    }

    /// A step for each of `memories`, from which the frames go on in that step.
    private func solve(
        _ state: Rows, mu: Rows, speaker: Rows, prompt: Rows?, _ memories: inout [SignalMemory?],
        on processor: Processor, trace: ((String, Rows) -> Void)? = nil
    ) throws(S3GenError) -> Rows {
        let input = Rows(rows: state.rows, columns: Estimator.parts * bands)
        let x = input.columns(0..<bands)
        x.copy(from: state)
        input.columns(bands..<2 * bands).copy(from: mu)
        for row in 0..<input.rows { input[row].columns(2 * bands..<3 * bands).copy(from: speaker) }
        if let prompt { input[0..<prompt.rows].columns(3 * bands..<4 * bands).copy(from: prompt) }
        let width = Rows(rows: 1, columns: bands)
        let steps = Float(memories.count)
        for step in memories.indices {
            let (t, r) = (Float(step) / steps, Float(step + 1) / steps)
            memories[step]?.begin()
            let velocity = estimator.apply(
                input, from: t, to: r, &memories[step], on: processor, trace: trace.map { Self.numbered($0, step) })
            width.fill(r - t)
            processor.kernels.add(x, velocity, scale: width)
        }
        guard x.isFinite else { throw .notFinite("mel") }
        return x
    }

    /// Gives what every step has the number of the step, and leaves out the inner stages of later steps.
    private static func numbered(
        _ trace: @escaping (String, Rows) -> Void, _ step: Int
    ) -> (String, Rows) -> Void {
        { name, rows in
            switch name {
            case "time_mlp0", "time_mlp1": trace("time_mlp\(2 * step + (name.hasSuffix("1") ? 1 : 0))", rows)
            case "time_mix", "velocity": trace(name + String(step), rows)
            default: if step == 0 { trace(name, rows) }
            }
        }
    }
}
