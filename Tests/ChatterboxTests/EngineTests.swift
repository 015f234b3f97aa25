import Compute
import ModelFile
import Speech
import TestSupport
import Testing
import Verifying

@testable import Chatterbox

private typealias Engine = ChatterboxEngine

private func engine(threads: Int = 1) throws -> Engine {
    try Engine(directory: TinyChatterbox.directory, threads: threads) { SincResampler.reference($0) }
}

private func request(_ text: String, seed: UInt64 = 1, frames: Int? = nil) -> SpeechRequest {
    var request = SpeechRequest(text: text, voice: .none, language: "english")
    request.options.seed = seed
    request.options.maximumFrames = frames
    request.trimsSilence = false
    return request
}

private struct Spoken: Equatable {
    var samples: [Float] = []
    var characters = 0
    var frames = 0
    var end: SpeechEvent?
}

/// Speaks all requests side by side to their ends.
private func speak(
    _ engine: Engine, _ requests: [SpeechRequest], whole: Bool = false, cancelAfter turns: Int = .max
) throws -> [Spoken] {
    let utterances = try requests.map { try engine.begin($0) }
    if whole { for utterance in utterances { engine.allow(.all, for: utterance) } }
    var spoken = utterances.map { _ in Spoken() }
    for turn in 0..<20_000 {
        let open = utterances.indices.filter { spoken[$0].end == nil }
        guard !open.isEmpty else { return spoken }
        let events = engine.advance(open.map { utterances[$0] }) { _ in turn >= turns }
        for (index, event) in zip(open, events) { spoken[index].take(event) }
    }
    Issue.record("it does not end")
    return spoken
}

extension Spoken {
    fileprivate mutating func take(_ event: SpeechEvent) {
        switch event {
        case .frame(let samples, let characters):
            self.samples += samples
            self.characters = characters
            frames += samples.isEmpty ? 0 : 1
        case .working, .starved: break
        case .ended, .failed: end = event
        }
    }
}

@Suite struct ChatterboxEngineTests {
    @Test func itSaysWhatItIs() throws {
        let information = try engine().information
        #expect(information.engine == "chatterbox" && information.variant == "turbo" && information.format == "f32")
        #expect(information.sampleRate == 24_000 && information.samplesPerFrame == 1920)
        #expect(information.languages == ["english"] && information.clones && !information.clonesInContext)
    }

    @Test func aTextBecomesSound() throws {
        let text = "Hello there. " + String(repeating: "Please read this slowly. ", count: 9)
        let spoken = try speak(engine(), [request(text, frames: 40)])[0]
        #expect(spoken.frames > 4 && spoken.frames <= 40 && spoken.samples.count == spoken.frames * 1920)
        #expect(spoken.end == .ended(.budget) || spoken.end == .ended(.endOfSpeech))
        #expect(spoken.characters <= text.unicodeScalars.count && spoken.characters > 0)
        #expect(spoken.samples.allSatisfy { abs($0) <= 0.99 } && spoken.samples.contains { abs($0) > 0.01 })
    }

    /// What one gets depends on nobody else, and on no number of threads.
    @Test func besideOthersEachIsAsAlone() throws {
        let requests = (0..<4).map { request("Text number \($0).", seed: UInt64($0), frames: 20) }
        let together = try speak(engine(threads: 2), requests)
        for (request, spoken) in zip(requests, together) {
            #expect(try speak(engine(), [request])[0] == spoken)
        }
        #expect(together[0].samples != together[1].samples)
    }

    @Test func aCancelEndsIt() throws {
        let spoken = try speak(engine(), [request("Hello there, all of you.", frames: 30)], cancelAfter: 4)[0]
        #expect(spoken.end == .ended(.cancelled) && spoken.samples.isEmpty)
    }

    @Test func openTextIsSpokenAsItComes() throws {
        let engine = try engine()
        var open = request("Hello", frames: 100)
        open.isOpen = true
        let utterance = try engine.begin(open)
        #expect(engine.advance([utterance]) { _ in false } == [.starved])
        try engine.append(" there. And", isLast: false, to: utterance)
        #expect(engine.advance([utterance]) { _ in false } == [.working])
        try engine.append(" you.", isLast: true, to: utterance)
        var spoken = Spoken()
        while spoken.end == nil { spoken.take(engine.advance([utterance]) { _ in false }[0]) }
        #expect(spoken.frames > 0)
        #expect(throws: SynthesisError.self) { try engine.append("more", isLast: true, to: utterance) }
    }

    @Test func whatItCannotDoItSays() throws {
        let engine = try engine()
        func refusal(_ change: (inout SpeechRequest) -> Void) -> SynthesisError? {
            var request = request("Hello.")
            change(&request)
            return #expect(throws: SynthesisError.self) { _ = try engine.begin(request) }
        }
        #expect(refusal { $0.text = " … " } == .emptyText)
        #expect(refusal { $0.language = "german" } == .unknownLanguage("german", known: ["auto", "english"]))
        #expect(refusal { $0.voice = .preset("ada") } == .unknownSpeaker("ada", known: []))
        let foreign = PreparedVoice(engine: "qwen3", bytes: [1, 2, 3])
        #expect(refusal { $0.voice = .cloned(id: "ada", foreign) }?.description.contains("another model") == true)
        #expect(refusal { $0.instruction = "Whisper." } != nil)
        #expect(refusal { $0.options.temperature = -1 } != nil)
        #expect(refusal { $0.options.topP = 0 } != nil)
    }

    @Test func aClonedVoiceIsAnother() throws {
        let engine = try engine()
        let clip = try TinyChatterbox.goldens().floats("input/ref")
        let voice = try engine.voiceMaker.prepare(clip, transcript: nil)
        #expect(engine.voiceMaker.accepts(voice))
        var cloned = request("Hello there.", frames: 8)
        cloned.voice = .cloned(id: "ada", voice)
        let spoken = try speak(engine, [cloned, request("Hello there.", frames: 8)])
        #expect(!spoken[0].samples.isEmpty && spoken[0].samples != spoken[1].samples)
    }
}

@Suite struct S3GenStreamTests {
    private let model: S3Gen
    private let voice: S3GenVoice
    private let tokens = (0..<61).map { 977 * $0 % 6561 }

    init() throws {
        let checkpoint = try ChatterboxCheckpoint(directory: TinyChatterbox.directory)
        model = try checkpoint.s3gen()
        let own = try #require(try checkpoint.voice(for: VoiceSizes()))
        voice = own.s3gen
    }

    private func stream() -> S3GenStream { S3GenStream(model, S3GenPrompt(voice), noise: SeededNoise(seed: 5)) }

    private func whole() throws -> [Float] {
        try model.sound(
            SpeechTokens.spoken(tokens), voice, noise: SeededNoise(seed: 5), on: Processor())
    }

    @Test func atOnceItIsTheWhole() throws {
        let whole = try whole()
        let stream = stream()
        stream.isWhole = true
        #expect(!stream.isDue(tokens))
        #expect(try stream.next(tokens, isLast: true, on: Processor()) == whole)
    }

    /// Pieces are as long as the whole, begin early, and meet without a click.
    @Test func inPiecesItIsNearTheWhole() throws {
        let whole = try whole()
        let stream = stream()
        var (sound, first): ([Float], Int?) = ([], nil)
        for count in 1...tokens.count where stream.isDue(Array(tokens.prefix(count))) {
            sound += try stream.next(Array(tokens.prefix(count)), isLast: false, on: Processor())
            if first == nil { first = count }
            #expect(sound.count % ChatterboxEngine.samplesPerFrame == 0)
        }
        sound += try stream.next(tokens, isLast: true, on: Processor())
        #expect(first == 15 && sound.count == whole.count)
        let steps = { (x: [Float]) in zip(x.dropFirst(), x).map { abs($0 - $1) }.max() ?? 0 }
        #expect(steps(sound) <= 1.1 * steps(whole))
    }

    /// Mel of pieces of a second, each behind what the flow remembers, and beside it that of the whole.
    private func melInPieces(_ tokens: [Int], _ memory: inout FlowMemory) throws -> [[Float]] {
        let (flow, size) = (model.flow, 25)
        return try stride(from: 0, to: tokens.count, by: size).map { first in
            let end = min(first + size + flow.lookAheadTokens, tokens.count)
            let ahead = end == tokens.count && end - first <= size ? 0 : flow.lookAheadTokens
            return try flow.mel(
                Array(tokens[first..<end]), ahead: ahead, first: 2 * first, &memory, noise: SeededNoise(seed: 5),
                on: Processor()
            ).values
        }
    }

    /// A piece costs the same wherever it is: what is remembered grows no longer once there are as many pieces as are seen.
    @Test func whatIsRememberedDoesNotGrow() throws {
        let prompt = try model.flow.read(voice, noise: SeededNoise(seed: 5), on: Processor())
        var memory = prompt
        let sizes = try (0..<6).map { piece in
            _ = try model.flow.mel(
                Array(tokens[0..<28]), ahead: 3, first: 50 * piece, &memory, noise: SeededNoise(seed: 5),
                on: Processor())
            return memory.byteCount
        }
        #expect(prompt.byteCount < sizes[0] && sizes[0] < sizes[1] && Set(sizes[1...]).count == 1)
    }

    /// What a prompt left behind does not depend on who went on from it, nor its noise on the seed.
    @Test func utterancesOfAVoiceShareItsPrompt() throws {
        let processor = Processor()
        var first = try model.flow.read(voice, noise: SeededNoise(seed: 1), on: processor)
        var second = first
        let mel = try melInPieces(tokens, &first)
        #expect(try melInPieces(tokens, &second) == mel)
        var third = try model.flow.read(voice, noise: SeededNoise(seed: 2), on: processor)
        #expect(try melInPieces(tokens, &third) == mel)
    }

    /// What a piece lacks, the tokens behind it and the mel, it lacks by a little: random weights magnify that.
    @Test func whatAPieceDoesNotSeeIsLittle() throws {
        let noise = SeededNoise(seed: 5)
        let all = try model.flow.mel(SpeechTokens.spoken(tokens), voice, noise: noise, on: Processor())
        var memory = try model.flow.read(voice, noise: noise, on: Processor())
        let pieces = try melInPieces(SpeechTokens.spoken(tokens), &memory).flatMap { $0 }
        #expect(pieces.count == all.values.count)
        let difference = try #require(Deviation(pieces, from: all.values).decibels)
        #expect(difference > 20, "\(difference)")
        let whole = try model.vocoder.sound(all, noise: noise, on: Processor())
        let end = 40
        let piece = try model.vocoder.sound(all[0..<end + S3GenStream.nextFrames], noise: noise, on: Processor())
        let last = (end - 4) * Vocoder.samplesPerFrame..<end * Vocoder.samplesPerFrame
        #expect(try #require(Deviation(piece[last], from: whole[last]).decibels) > 30)
    }
}
