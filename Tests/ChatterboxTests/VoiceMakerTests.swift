import Compute
import Glibc
import ModelFile
import Speech
import Testing

@testable import Chatterbox

@Suite struct ChatterboxVoiceMakerTests {
    private struct NoResampler: Error {}

    private func maker(_ resample: @escaping ChatterboxVoiceMaker.Resampling) throws -> ChatterboxVoiceMaker {
        try ChatterboxVoiceMaker(
            encoder: TinyChatterbox.weights("ve"), s3gen: TinyChatterbox.weights("s3gen_meanflow"), spokenTokens: 40,
            resample: resample)
    }

    private func tone(seconds: Double, amplitude: Float = 0.1) -> [Float] {
        (0..<Int(seconds * 24_000)).map { amplitude * sin(Float($0) * 0.05) * (1 + sin(Float($0) * 0.0007)) }
    }

    @Test func aPreparedVoiceIsAcceptedAndTheSame() throws {
        let maker = try maker { SincResampler.reference($0) }
        let prepared = try maker.prepare(tone(seconds: 5.5), transcript: nil)
        #expect(maker.accepts(prepared))
        let voice = try #require(ChatterboxVoice(prepared, for: maker.sizes))
        #expect(voice.prepared == prepared)
        #expect(voice.promptMel.count == 2 * voice.promptTokens.count * 80)
        #expect(voice.spokenTokens.count == 40)
        #expect(maker.sizes == VoiceSizes(spokenTokens: 40))
    }

    /// Of 10 s and more the flow hears 10 s, of 15 s and more T3 15 s: half a token a mel frame, 25 tokens a second.
    @Test func onlyTheBeginningOfALongClipIsAPrompt() throws {
        let maker = try maker { SincResampler.reference($0) }
        let voice = try maker.voice(tone(seconds: 11), on: Processor())
        #expect(voice.promptTokens.count == 250)
        #expect(voice.promptMel.count == 500 * 80)
    }

    @Test(arguments: [0, 100, 120_000])
    func shortClipsAreRefused(_ count: Int) throws {
        let maker = try maker { SincResampler.reference($0) }
        let clip = Array(tone(seconds: 6).prefix(count))
        #expect(throws: ReferenceError.tooShort(seconds: Double(count) / 24_000, minimum: 5)) {
            try maker.voice(clip, on: Processor())
        }
        #expect(throws: SynthesisError.self) { try maker.prepare(clip, transcript: nil) }
    }

    @Test func unusableClipsAreRefused() throws {
        let maker = try maker { SincResampler.reference($0) }
        var clip = tone(seconds: 6)
        clip[77] = .nan
        #expect(throws: ReferenceError.notFinite(sample: 77)) { try maker.voice(clip, on: Processor()) }
        #expect(throws: ReferenceError.silent) {
            try maker.voice(tone(seconds: 6, amplitude: 1e-5), on: Processor())
        }
        #expect(throws: ReferenceError.tooLong(seconds: 61, maximum: 60)) {
            try maker.voice(tone(seconds: 61), on: Processor())
        }
    }

    @Test func aResamplerThatFailsIsTold() throws {
        let failing = try maker { _ in throw NoResampler() }
        #expect(throws: ReferenceError.notResampled(reason: "NoResampler()")) {
            try failing.voice(tone(seconds: 6), on: Processor())
        }
        let short = try maker { Array($0.prefix(5)) }
        #expect(throws: ReferenceError.notResampled(reason: "5 samples came back where 96000 are expected")) {
            try short.voice(tone(seconds: 6), on: Processor())
        }
    }
}

@Suite struct ChatterboxVoiceTests {
    private let voice = ChatterboxVoice(
        speaker: [Float](repeating: 0.5, count: 256), spokenTokens: [0, 6560, 3], promptTokens: [1, 2],
        promptMel: (0..<320).map { -Float($0) }, speakerVector: [Float](repeating: -0.25, count: 192))

    @Test func whatIsPreparedIsReadBack() { #expect(ChatterboxVoice(voice.prepared) == voice) }

    @Test func everyTruncationIsRefused() {
        let bytes = voice.prepared.bytes
        for count in 0..<bytes.count {
            #expect(ChatterboxVoice(PreparedVoice(engine: "chatterbox", bytes: Array(bytes.prefix(count)))) == nil)
        }
        #expect(ChatterboxVoice(PreparedVoice(engine: "chatterbox", bytes: bytes + [0])) == nil)
        #expect(ChatterboxVoice(PreparedVoice(engine: "qwen3", bytes: bytes)) == nil)
    }

    @Test func voicesOfOtherModelsAreRefused() {
        let sizes = [
            VoiceSizes(speaker: 128), VoiceSizes(speakerVector: 512), VoiceSizes(tokens: 6560),
            VoiceSizes(spokenTokens: 2),
        ]
        for sizes in sizes { #expect(ChatterboxVoice(voice.prepared, for: sizes) == nil) }
    }

    @Test func numbersThatAreNoneAreRefused() {
        var broken = voice
        broken.promptMel[5] = .infinity
        #expect(ChatterboxVoice(broken.prepared) == nil)
        broken = voice
        broken.promptMel.removeLast(80)
        #expect(ChatterboxVoice(broken.prepared) == nil)
        broken = voice
        broken.spokenTokens = []
        #expect(ChatterboxVoice(broken.prepared) == nil)
    }

    /// Of an odd number of frames the last has no token; tokens beyond the frames have no sound.
    @Test func tokensAndFramesGoTogether() {
        let odd = ChatterboxVoice(
            speaker: [], spokenTokens: [], promptTokens: [1, 2, 3], promptMel: [Float](repeating: 0, count: 5 * 80),
            speakerVector: [])
        #expect(odd.promptTokens == [1, 2])
        #expect(odd.promptMel.count == 4 * 80)
    }
}

@Suite struct VoiceNetworkErrorTests {
    private func tensors(_ file: String) throws -> [String: Tensor] {
        try Safetensors(path: "\(TinyChatterbox.directory)/\(file).safetensors").tensors
    }

    /// What the official checkpoint brings and no network reads.
    private func isUnused(_ name: String) -> Bool {
        name.hasSuffix("num_batches_tracked") || name.hasPrefix("similarity_")
            || ["tokenizer._mel_filters", "tokenizer.window"].contains(name)
    }

    private func build(_ tensors: [String: Tensor], _ part: String) throws {
        let weights = Weights(tensors: tensors, path: "w")
        switch part {
        case "tokenizer":
            let tokenizer = try S3Tokenizer(weights["tokenizer"])
            _ = try tokenizer.tokens([Rows(rows: 4, columns: tokenizer.bands)], on: Processor())
        case "speaker_encoder": _ = try CAMPPlus(weights["speaker_encoder"])
        default: _ = try VoiceEncoder(weights)
        }
    }

    /// One after the other, but of the layers of CAMPPlus, which are alike, some.
    @Test(arguments: [("tokenizer", 1), ("speaker_encoder", 61), ("", 1)])
    func whatIsMissingOrOfAnotherShapeIsTold(_ part: String, _ step: Int) throws {
        let whole = try tensors(part.isEmpty ? "ve" : "s3gen_meanflow")
        let names = whole.keys.filter { $0.hasPrefix(part) && !isUnused($0) }.sorted()
        let other = try #require(whole.values.first { $0.shape == [] || $0.shape == [1] })
        for index in stride(from: 0, to: names.count, by: step) {
            var tensors = whole
            tensors[names[index]] = nil
            #expect(throws: ModelFileError.self, "\(names[index])") { try build(tensors, part) }
            tensors[names[index]] = other
            #expect(throws: ModelFileError.self, "\(names[index])") { try build(tensors, part) }
        }
    }

    @Test func whatIsNoNumberBecomesNoVoice() throws {
        let tokenizer = try S3Tokenizer(TinyChatterbox.weights("s3gen_meanflow")["tokenizer"])
        let mel = Rows(rows: 9, columns: tokenizer.bands)
        mel[3, 3] = .nan
        #expect(throws: ReferenceError.noResult(of: "speech tokenizer")) {
            try tokenizer.tokens([mel], on: Processor())
        }
        let network = try CAMPPlus(TinyChatterbox.weights("s3gen_meanflow")["speaker_encoder"])
        let bank = Rows(rows: 9, columns: network.bands)
        bank[3, 3] = .infinity
        #expect(throws: ReferenceError.noResult(of: "speaker network")) {
            try network.embed(bank: bank, on: Processor())
        }
        let encoder = try VoiceEncoder(TinyChatterbox.weights("ve"))
        let frames = Rows(rows: 9, columns: encoder.bands)
        frames.fill(.nan)
        #expect(throws: ReferenceError.noResult(of: "voice encoder")) {
            try encoder.embed(mel: frames, on: Processor())
        }
    }

    @Test(arguments: [0, 1, 200])
    func fewSamplesAreRefused(_ count: Int) throws {
        let clip = [Float](repeating: 0.1, count: count)
        #expect(throws: ReferenceError.self) { try PromptMel()(clip) }
        #expect(throws: ReferenceError.self) { try LogMel(bands: 128)(clip) }
        #expect(throws: ReferenceError.self) { try VoiceMel(bands: 40)(clip) }
        #expect(throws: ReferenceError.self) { try KaldiFilterBank(bands: 80)(clip) }
        #expect(SincResampler.reference(clip).count == (2 * count + 2) / 3)
    }
}

@Suite struct ReferencePreparationTests {
    private func sine(_ frequency: Double, seconds: Double, rate: Int) -> [Float] {
        (0..<Int(seconds * Double(rate))).map { Float(0.5 * sin(2 * .pi * frequency * Double($0) / Double(rate))) }
    }

    /// A sine of 997 Hz at full scale has -3.01 LUFS, and silence beside it does not count.
    @Test func loudnessIsThatOfTheStandard() throws {
        let tone = sine(997, seconds: 4, rate: 24_000)
        let loudness = try #require(ReferenceLoudness.integrated(tone, sampleRate: 24_000))
        #expect(abs(loudness - (-3.01 - 6.02)) < 0.1)
        let silence = [Float](repeating: 0, count: 20 * 24_000)
        let gated = try #require(ReferenceLoudness.integrated(tone + silence, sampleRate: 24_000))
        #expect(abs(gated - loudness) < 0.4)
        let normalized = ReferenceLoudness.normalized(tone, sampleRate: 24_000)
        let reached = try #require(ReferenceLoudness.integrated(normalized, sampleRate: 24_000))
        #expect(abs(reached + 27) < 1e-3)
    }

    @Test func silenceStaysAsItIs() {
        let silence = [Float](repeating: 0, count: 24_000)
        #expect(ReferenceLoudness.normalized(silence, sampleRate: 24_000) == silence)
        #expect(ReferenceLoudness.integrated([0.5, 0.5], sampleRate: 24_000) == nil)
    }

    /// What both rates can hold stays, what only the higher can is gone.
    @Test func resamplingKeepsWhatCanBeHeard() {
        let low = SincResampler.reference(sine(1000, seconds: 0.5, rate: 24_000))
        let expected = sine(1000, seconds: 0.5, rate: 16_000)
        #expect(zip(low, expected).dropFirst(50).dropLast(50).allSatisfy { abs($0 - $1) < 2e-3 })
        let high = SincResampler.reference(sine(11_000, seconds: 0.5, rate: 24_000))
        #expect(high.dropFirst(50).dropLast(50).allSatisfy { abs($0) < 0.02 })
    }

    @Test func silenceAtTheEndsIsCut() {
        let silence = [Float](repeating: 0, count: 16_000)
        let tone = sine(300, seconds: 1, rate: 16_000)
        let range = SilenceTrim.loudPart(of: silence + tone + silence)
        #expect(range.lowerBound % 512 == 0 && (16_000 - 1536...16_000).contains(range.lowerBound))
        #expect(range.upperBound % 512 == 0 && (32_000...32_000 + 1536).contains(range.upperBound))
        #expect(SilenceTrim.loudPart(of: tone) == 0..<16_000)
        #expect(SilenceTrim.loudPart(of: silence) == 0..<16_000)
        #expect(SilenceTrim.loudPart(of: []).isEmpty)
    }

    /// The last window is kept where frames fill 80 % of it.
    @Test(arguments: [(1, 1), (160, 1), (204, 1), (205, 2), (237, 2), (281, 2), (290, 3), (538, 6)])
    func windowsCoverTheFrames(_ frames: Int, _ windows: Int) {
        #expect(VoiceEncoder.windows(frames: frames) == windows)
    }
}
