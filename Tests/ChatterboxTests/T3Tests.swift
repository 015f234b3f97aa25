import Compute
import FoundationEssentials
import ModelFile
import TestSupport
import Testing
import Tokenization
import Verifying

@testable import Chatterbox

private func verify(_ t3: T3, _ goldens: ChatterboxGoldens, on processor: Processor) throws -> VerificationReport {
    let tokenizer = try Tokenizer(directory: TinyChatterbox.directory, pattern: .gpt2)
    var report = VerificationReport()
    try T3Verification(t3, tokenizer, goldens, on: processor).run(into: &report)
    return report
}

@Test(arguments: Kernels.available, [1, 2])
func everyStageOfT3EqualsTheOfficialImplementation(kernels: Kernels, threads: Int) throws {
    let goldens = try TinyChatterbox.goldens()
    let report = try verify(
        T3(directory: TinyChatterbox.directory), goldens, on: Processor(kernels: kernels, threads: threads))
    for line in report.failures {
        Issue.record("\(line.stage) \(line.shape): error \(line.error), tolerance \(line.tolerance)")
    }
    #expect(report.lines.count == 18)
    #expect(goldens.unused.filter { $0.hasPrefix("t3/") }.isEmpty)
}

/// Verification can fail: half precision shows, and so does a head too few.
@Test func aWrongT3IsNoticed() throws {
    let weights = try TinyChatterbox.weights("t3_turbo_v1")
    for t3 in [try T3(weights, heads: 2, cachePrecision: .float16), try T3(weights, heads: 1)] {
        let failed = Set(try verify(t3, TinyChatterbox.goldens(), on: Processor()).failures.map(\.stage))
        #expect(failed.contains("t3/forced/logits") && !failed.contains("t3/greedy/embeds"))
    }
}

// MARK: - Other dimensions

private let condition = T3Condition(
    speaker: (0..<10).map { Float($0) / 5 - 1 }, promptTokens: [5, 6560, 17, 6561, 0, 400, 5])

/// Logits after the start token and each of `speech`, in passes of some rows.
private func logits(
    _ t3: T3, text: [Int], speech: [Int], rowsOfAPass: Int = 1000, threads: Int = 2
) throws -> [Float] {
    let (c, processor) = (t3.configuration, Processor(threads: threads))
    let voice = try t3.embeddings.voice(condition, on: processor).values
    let spoken = Rows(rows: speech.count, columns: c.hidden)
    for (index, token) in speech.enumerated() { t3.embeddings.speech(token, into: spoken[index]) }
    let x = Rows(try voice + t3.embeddings.text(text).values + spoken.values, columns: c.hidden)
    let normed = Rows(rows: x.rows, columns: c.hidden)
    let (cache, scratch) = (t3.makeCache(capacity: 4), GPT2Scratch(c, capacity: x.rows))
    for first in stride(from: 0, to: x.rows, by: rowsOfAPass) {
        let rows = first..<min(first + rowsOfAPass, x.rows)
        t3.stack.step(
            x[rows], [Segment(cache: cache, count: rows.count)], normed: normed[rows], scratch: scratch,
            on: processor)
    }
    let last = normed[x.rows - speech.count - 1..<x.rows]
    let logits = Rows(rows: last.rows, columns: c.speechVocabulary)
    t3.logits(last, into: logits, on: processor)
    return logits.values
}

private let text = [3, 29, 0, 7, 7, 12]
private let speech = [1, 6562, 4299, 900, 900]

@Test(arguments: [
    T3Checkpoint.standard, T3Checkpoint(hidden: 35, heads: 5, layers: 1, inner: 11, seed: 2),
    T3Checkpoint(hidden: 8, heads: 1, layers: 4, inner: 99, positions: 20, text: 31, seed: 3),
])
func otherDimensionsMeanTheSame(checkpoint: T3Checkpoint) throws {
    let t3 = try T3(checkpoint.weights(), heads: checkpoint.heads)
    let c = t3.configuration
    #expect(c.hidden == checkpoint.hidden && c.layers == checkpoint.layers && c.speaker == 10)
    let found = try logits(t3, text: text, speech: speech)
    let rows = checkpoint.embeds(
        speaker: condition.speaker, prompt: condition.promptTokens, text: text, speech: speech)
    let expected = checkpoint.logits(rows, last: speech.count + 1).flatMap { $0 }
    let difference = zip(found, expected).map { abs(Double($0) - $1) }.max()!
    #expect(found.count == expected.count && difference < 5e-5)
    #expect(expected.max()! > 1)
}

/// The matrices as a quantizer stores them, read where they lie: the same bits.
@Test func bothOrdersOfMatricesGiveTheSame() throws {
    let checkpoint = T3Checkpoint.standard
    let released = try logits(T3(checkpoint.weights(), heads: 3), text: text, speech: speech)
    let turned = try logits(T3(checkpoint.turned().weights(), heads: 3), text: text, speech: speech)
    #expect(released == turned)
}

@Test func int8WeightsAreNear() throws {
    let checkpoint = T3Checkpoint(hidden: 64, heads: 4, inner: 128)
    let exact = try logits(T3(checkpoint.weights(), heads: 4), text: text, speech: speech)
    let t3 = try T3(checkpoint.turned(int8: true).weights(), heads: 4)
    let rounded = try logits(t3, text: text, speech: speech)
    let (signal, noise) = zip(exact, rounded).reduce((0, 0)) {
        ($0.0 + $1.0 * $1.0, $0.1 + ($1.0 - $1.1) * ($1.0 - $1.1))
    }
    #expect(noise > 0 && noise < signal / 300)
    // 16 bits of each key and value.
    #expect(t3.makeCache(capacity: 10).byteCount == 2 * 3 * 10 * 64 * 2)
}

/// All tokens in a few passes give what they are chosen from one by one.
@Test(arguments: [false, true])
func logitsOfAllTokensAreThoseOfTheLoop(int8: Bool) throws {
    let checkpoint = int8 ? T3Checkpoint.standard.turned(int8: true) : T3Checkpoint.standard
    let t3 = try T3(checkpoint.weights(), heads: 3)
    let voice = try T3Voice(condition, t3, on: Processor())
    var options = T3Options()
    options.maxTokens = 90
    let generation = try T3Generation(t3, voice, text: text, options: options)
    let loop = T3GenerationLoop(t3, on: Processor())
    var chosenFrom: [[Float]] = []
    loop.trace = { _, _, logits in chosenFrom.append(logits.values) }
    repeat { loop.advance([generation]) } while !generation.step.isEnd
    #expect(generation.tokens.count > 64)
    var counts: [Int] = []
    try T3Evaluation(t3, on: Processor(threads: 2)).logits(voice, text: text, after: generation.tokens) {
        counts.append($0)
        if $0 < chosenFrom.count { #expect($1.values == chosenFrom[$0]) }
    }
    #expect(counts == Array(0...generation.tokens.count))
    #expect(throws: T3Error.tooLong(rows: 8 + 7 + 200, positions: 150)) {
        try T3Evaluation(t3, on: Processor())
            .logits(voice, text: text, after: [Int](repeating: 1, count: 200)) { _, _ in }
    }
}

/// How the rows are cut into passes changes no bit, nor does the number of threads.
@Test(arguments: [1, 2, 7, 16], [CachePrecision.float32, .float16])
func passesOfAnyLengthGiveTheSame(rows: Int, precision: CachePrecision) throws {
    let t3 = try T3(T3Checkpoint.standard.weights(), heads: 3, cachePrecision: precision)
    let whole = try logits(t3, text: text, speech: speech)
    #expect(try logits(t3, text: text, speech: speech, rowsOfAPass: rows, threads: 1) == whole)
}

// MARK: - Files that are wrong

@Test(arguments: [
    "cond_enc.spkr_enc.weight", "cond_enc.spkr_enc.bias", "text_emb.weight", "speech_emb.weight",
    "speech_head.weight", "speech_head.bias", "tfmr.wpe.weight", "tfmr.ln_f.weight", "tfmr.ln_f.bias",
    "tfmr.h.0.attn.c_attn.weight", "tfmr.h.0.mlp.c_fc.bias", "tfmr.h.1.ln_1.weight", "tfmr.h.1.ln_2.bias",
    "tfmr.h.1.attn.c_attn.bias", "tfmr.h.1.attn.c_proj.weight", "tfmr.h.1.mlp.c_fc.weight",
    "tfmr.h.1.mlp.c_proj.weight", "tfmr.h.1.mlp.c_proj.bias",
])
func aTensorThatIsMissingOrOfAnotherShapeIsNamed(name: String) throws {
    var checkpoint = T3Checkpoint.standard
    let tensor = checkpoint.tensors[name]!
    // One row more than the others agree on, or no matrix at all.
    let longer = T3Checkpoint.Stored(
        shape: [tensor.shape[0] + 1] + tensor.shape.dropFirst(),
        floats: tensor.floats + tensor.floats.prefix(tensor.floats.count / tensor.shape[0]))
    let flat = T3Checkpoint.Stored(shape: [tensor.floats.count, 1, 1], floats: tensor.floats)
    let free = ["text_emb.weight", "speech_emb.weight", "tfmr.wpe.weight"].contains(name)
    for spoilt in free ? [nil, flat] : [nil, longer, flat] {
        checkpoint.tensors[name] = spoilt
        let error = try #require(throws: ModelFileError.self) { try T3(checkpoint.weights(), heads: 3) }
        let related = name.split(separator: ".").dropLast().joined(separator: ".")
        // A size that a spoilt tensor gives is missed in another one.
        #expect("\(error)".contains(spoilt == nil ? name : free || spoilt?.shape.count == 3 ? related : "tensor "))
    }
}

@Test func sizesThatFitNoModelAreRefused() throws {
    let checkpoint = T3Checkpoint.standard
    for heads in [0, -1, 5, 25, nil] {
        #expect(throws: ModelFileError.self) { try T3(checkpoint.weights(), heads: heads) }
    }
    var small = checkpoint
    small.tensors["speech_emb.weight"] = .init(shape: [6562, 24], floats: Array(repeating: 0, count: 6562 * 24))
    #expect(throws: ModelFileError.wrongShape(name: "speech_emb.weight", expected: [6563, 24], found: [6562, 24])) {
        try T3(small.weights(), heads: 3)
    }
    for (name, message) in [
        ("tfmr.h.\(Int.max).ln_1.weight", "names no layer"), ("tfmr.h.-1.ln_1.weight", "names no layer"),
        ("tfmr.h.x.ln_1.weight", "names no layer"), ("tfmr.h.4.ln_1.weight", "no tensor tfmr.h.3."),
    ] {
        var gap = checkpoint
        gap.tensors[name] = .init(shape: [24], floats: Array(repeating: 0, count: 24))
        let error = #expect(throws: ModelFileError.self) { try T3(gap.weights(), heads: 3) }
        #expect(error.map { "\($0)".contains(message) } == true)
    }
    var bytes = checkpoint
    bytes.tensors["tfmr.ln_f.weight"]!.bytes = Array(repeating: 1, count: 24)
    #expect(
        throws: ModelFileError.wrongType(
            name: "tfmr.ln_f.weight", expected: "F32, BF16 or F16", found: "I8")
    ) { try T3(bytes.weights(), heads: 3) }
}

@Test func theFileIsFoundByItsName() throws {
    try withTemporaryFolder { folder in
        #expect(throws: ModelFileError.self) { try T3Files.path(folder) }
        try Data().write(to: URL(filePath: folder + "/t3_nano_v1.safetensors"))
        #expect(try T3Files.path(folder) == folder + "/t3_nano_v1.safetensors")
        try Data().write(to: URL(filePath: folder + "/t3_turbo_v1.safetensors"))
        let error = #expect(throws: ModelFileError.self) { try T3Files.path(folder) }
        #expect(error.map { "\($0)".contains("both") } == true)
    }
    #expect(try T3Files.path(TinyChatterbox.directory).hasSuffix("/tiny/t3_turbo_v1.safetensors"))
}
