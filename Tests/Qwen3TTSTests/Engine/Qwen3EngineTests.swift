import Compute
import FoundationEssentials
import ModelFile
import Speech
import Synchronization
import Testing
import Verifying

@testable import Qwen3TTS

/// What holds of the engine on every device.
@Test(arguments: Qwen3EngineRules.all, TestDevice.allCases)
func theEngineKeepsItsRules(rule: Qwen3EngineRules.Rule, device: TestDevice) async throws {
    try await rule.check(Qwen3EngineRules(on: device))
}

/// Speech of the tiny checkpoints: its words are noise, its rules are those of any model.
struct Qwen3EngineRules {
    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let check: @Sendable (Qwen3EngineRules) async throws -> Void
    }

    static let all: [Rule] = [
        Rule(testDescription: "a second utterance equals the first and so do threads") {
            try $0.aSecondUtteranceEqualsTheFirstAndSoDoThreads()
        },
        Rule(testDescription: "interleaved utterances equal separate ones") {
            try $0.interleavedUtterancesEqualSeparateOnes()
        },
        Rule(testDescription: "speech goes on while a voice is made") { try await $0.speechGoesOnWhileAVoiceIsMade() },
        Rule(testDescription: "open text equals closed text") { try $0.openTextEqualsClosedText() },
        Rule(testDescription: "a long text is spoken group by group") { try $0.aLongTextIsSpokenGroupByGroup() },
        Rule(testDescription: "a long text in pairs equals one by one") { rules in
            for frames in [3000, 200, 45, 1] { try rules.aLongTextInPairsEqualsOneByOne(frames: frames) }
        },
        Rule(testDescription: "frames that become sound together sound as one by one") { rules in
            for frames in [3000, 45, 3, 1] { try rules.framesAtOnceSoundAsOneByOne(frames: frames) }
        },
        Rule(testDescription: "cancelling ends the codec too") { try $0.cancellingEndsTheCodecToo() },
        Rule(testDescription: "pairs are generated together") { try $0.pairsAreGeneratedTogether() },
        Rule(testDescription: "a cancelled pair ends") { try $0.aCancelledPairEnds() },
        Rule(testDescription: "speech ends at its budget") { try $0.speechEndsAtItsBudget() },
        Rule(testDescription: "cancelled utterances end") { try $0.cancelledUtterancesEnd() },
        Rule(testDescription: "what cannot be spoken is named") { try $0.whatCannotBeSpokenIsNamed() },
        Rule(testDescription: "clips that are no voice are refused") { try $0.clipsThatAreNoVoiceAreRefused() },
        Rule(testDescription: "preset speakers speak and take instructions") {
            try $0.presetSpeakersSpeakAndTakeInstructions()
        },
        Rule(testDescription: "a transcript is not used where the checkpoint says so") {
            try $0.aTranscriptIsNotUsedWhereTheCheckpointSaysSo()
        },
        Rule(testDescription: "a broken weight fails the utterance") { try $0.aBrokenWeightFailsTheUtterance() },
    ]

    let device: TestDevice
    let model: Qwen3Engine
    let clip: [Float]
    let voice: SpeechVoice

    init(on device: TestDevice) throws {
        self.device = device
        model = try device.engine(TinyCheckpoint.directory())
        clip = try TinyCheckpoint.goldens().signal("ref")
        voice = .cloned(id: "ref", try model.voiceMaker.prepare(clip, transcript: nil))
    }

    private func request(_ text: String, seed: UInt64 = 1, frames: Int = 12) -> SpeechRequest {
        var request = SpeechRequest(text: text, voice: voice, language: "english")
        request.options.seed = seed
        request.options.maximumFrames = frames
        return request
    }

    private struct Spoken: Equatable {
        var samples: [Float] = []
        /// Characters with each frame.
        var progress: [Int] = []
        var end: SpeechEvent?
        var turns = 0
    }

    private func speak(
        _ request: SpeechRequest, on model: Qwen3Engine? = nil, leeway: (_ turn: Int) -> Leeway = { _ in .none }
    ) throws -> Spoken {
        let model = model ?? self.model
        let utterance = try model.begin(request)
        var spoken = Spoken()
        while spoken.end == nil {
            spoken.turns += 1
            model.allow(leeway(spoken.turns), for: utterance)
            take(model.advance([utterance]) { _ in false }[0], into: &spoken)
            // Whoever takes no more is given it by the next turn.
            guard spoken.turns % 3 > 0 else { continue }
            while let more = model.more(of: utterance) { take(more, into: &spoken) }
        }
        return spoken
    }

    private func take(_ event: SpeechEvent, into spoken: inout Spoken) {
        switch event {
        case .frame(let samples, let characters):
            spoken.samples += samples
            if !samples.isEmpty { spoken.progress.append(characters) }
        case .working: break
        case .starved:
            Issue.record("nothing is to be waited for")
            spoken.end = event
        case .ended, .failed: spoken.end = event
        }
    }

    func aSecondUtteranceEqualsTheFirstAndSoDoThreads() throws {
        let first = try speak(request("The quick brown fox"))
        #expect(first.samples.count > 1920 && first.samples.count % 1920 == 0)
        #expect(try speak(request("The quick brown fox")) == first)
        let fresh = try device.engine(TinyCheckpoint.directory(), threads: 2)
        #expect(try speak(request("The quick brown fox"), on: fresh) == first)
        #expect(try speak(request("The quick brown fox", seed: 2)).samples != first.samples)
    }

    func interleavedUtterancesEqualSeparateOnes() throws {
        let cloned = SpeechVoice.cloned(id: "icl", try model.voiceMaker.prepare(clip, transcript: "A warm evening."))
        var requests = [
            request("The quick brown fox"), request("Jumps over", seed: 4), request("the lazy dog", seed: 5),
        ]
        requests[1].voice = cloned
        requests[2].voice = .none
        let separate = try requests.map { try speak($0) }
        // A fresh model, so that no prefix is there before.
        let fresh = try device.engine(TinyCheckpoint.directory())
        var running: [(Qwen3Engine.Utterance, Int)] = []
        var spoken = [Spoken](repeating: Spoken(), count: requests.count)
        var turn = 0
        repeat {
            if turn < requests.count { running.append((try fresh.begin(requests[turn]), turn)) }
            turn += 1
            let events = fresh.advance(running.map(\.0)) { _ in false }
            for (event, (_, index)) in zip(events, running) { take(event, into: &spoken[index]) }
            running.removeAll { spoken[$0.1].end != nil }
        } while !running.isEmpty || turn < requests.count
        #expect(spoken.map(\.samples) == separate.map(\.samples))
        #expect(spoken.map(\.end) == separate.map(\.end))
    }

    func speechGoesOnWhileAVoiceIsMade() async throws {
        let alone = try speak(request("The quick brown fox"))
        let transcript = "A warm evening."
        let (maker, clip) = (model.voiceMaker, clip)
        let prompt = try maker.prepare(clip, transcript: transcript)
        let isMade = Atomic(false)
        async let others = {
            defer { isMade.store(true, ordering: .releasing) }
            return try (0..<2).map { _ in try maker.prepare(clip, transcript: transcript) }
        }()
        repeat {
            #expect(try speak(request("The quick brown fox")) == alone)
            // The others may have no thread but this one.
            await Task.yield()
        } while !isMade.load(ordering: .acquiring)
        #expect(try await others == [prompt, prompt])
    }

    /// Text that arrives letter by letter speaks as text that is there, whenever it comes.
    func openTextEqualsClosedText() throws {
        let text = "The quick brown fox jumps over the lazy dog."
        let whole = try speak(request(text, frames: 40))
        var open = request("", frames: 40)
        open.isOpen = true
        let utterance = try model.begin(open)
        var rest = text[...]
        var (spoken, starved) = (Spoken(), 0)
        while spoken.end == nil {
            switch model.advance([utterance], isCancelled: { _ in false })[0] {
            case .starved:
                starved += 1
                let piece = rest.popFirst().map { String($0) } ?? ""
                try model.append(piece, isLast: rest.isEmpty, to: utterance)
            case let event: take(event, into: &spoken)
            }
        }
        #expect(starved > 5)
        #expect(spoken.samples == whole.samples)
        #expect(throws: SynthesisError.self) { try model.append("more", isLast: true, to: utterance) }
    }

    func aLongTextIsSpokenGroupByGroup() throws {
        let sentence = "The quick brown fox jumps over the lazy dog and is gone. "
        let text = String(repeating: sentence, count: 9)
        let utterance = try model.begin(request(text, frames: 3000))
        var (characters, changes, last) = (0, 0, 0)
        var ended: SpeechEvent?
        while ended == nil {
            switch model.advance([utterance], isCancelled: { _ in false })[0] {
            case .frame(let samples, let count):
                #expect(count >= characters)
                characters = count
                if samples.isEmpty { changes += 1 }
                last = count
            case .working: break
            case let event: ended = event
            }
        }
        #expect(changes == 2)
        #expect(last > text.count * 2 / 3 && last <= text.count)
        guard case .ended = ended else { throw SynthesisError.failed("\(String(describing: ended))") }
    }

    /// Whether groups are generated two at a time, one after the other or now so and now so changes no sample, wherever speech ends.
    func aLongTextInPairsEqualsOneByOne(frames: Int) throws {
        var request = request("The fox.\n\nOver it all.\n\nA dog.\n\nIt sleeps.\n\nGone.", frames: frames)
        let alone = try speak(request)
        for model in [model, try device.engine(TinyCheckpoint.directory(), threads: 2)] {
            let pairs = try speak(request, on: model) { _ in .all }
            #expect(pairs.samples == alone.samples && pairs.end == alone.end)
            // Several frames become sound in one turn.
            if frames > 100 { #expect(pairs.turns < alone.turns) }
        }
        for length in [1, 5, 17] {
            let mixed = try speak(request) { Leeway(frames: 1 + $0 % 3, inPairs: $0 / length % 2 == 1) }
            #expect(mixed.samples == alone.samples && mixed.end == alone.end)
        }
        request.options.seed = 2
        #expect(try speak(request).samples != alone.samples)
    }

    func framesAtOnceSoundAsOneByOne(frames: Int) throws {
        let request = request("The fox.\n\nOver it all.\n\nA dog.", frames: frames)
        let alone = try speak(request)
        for pattern in [[4], [2], [1, 1, 3], [4, 4, 4, 1, 2, 2, 9, 0]] {
            let together = try speak(request) { Leeway(frames: pattern[$0 % pattern.count]) }
            #expect(together.samples == alone.samples && together.end == alone.end, "\(pattern)")
            #expect(together.progress == alone.progress, "\(pattern)")
        }
        #expect(try speak(request) { _ in .all }.samples == alone.samples)
        guard frames == 45 else { return }
        // Four frames in a turn, and none in the three before it.
        let utterance = try model.begin(request)
        model.allow(Leeway(frames: 4), for: utterance)
        var counts: [Int] = []
        for _ in 0..<12 {
            var samples: [Float] = []
            switch model.advance([utterance], isCancelled: { _ in false })[0] {
            case .frame(let first, _): samples = first
            case .working: break
            case let event: Issue.record("\(event)")
            }
            while case .frame(let more, _)? = model.more(of: utterance) { samples += more }
            counts.append(samples.count / 1920)
        }
        #expect(counts.filter { $0 > 0 }.allSatisfy { $0 == 4 } && counts.contains(4))
    }

    func cancellingEndsTheCodecToo() throws {
        // The last that asks in a turn is the codec.
        func turn(cancelledAt last: Int) throws -> (event: SpeechEvent, asked: Int, frames: Int) {
            let utterance = try model.begin(request("The quick brown fox"))
            var asked = 0
            let events = model.advance([utterance]) { _ in
                asked += 1
                return asked == last
            }
            return (events[0], asked, utterance.sound.frames)
        }
        let whole = try turn(cancelledAt: .max)
        #expect(whole.frames == 1)
        let cut = try turn(cancelledAt: whole.asked)
        #expect(cut.event == .ended(.cancelled) && cut.frames == 0 && cut.asked == whole.asked)
    }

    /// Two generations ask twice as often; when the first of them ended, neither computes until its frames are sound.
    func pairsAreGeneratedTogether() throws {
        let request = request("The fox.\n\nOver it all.\n\nA dog.", frames: 3000)
        func asksPerTurn(_ leeway: Leeway) throws -> [Int] {
            let utterance = try model.begin(request)
            model.allow(leeway, for: utterance)
            var asks: [Int] = []
            while utterance.ending == nil {
                var count = 0
                _ = model.advance([utterance]) { _ in
                    count += 1
                    return false
                }
                asks.append(count)
            }
            return asks
        }
        let (alone, pairs) = (try asksPerTurn(.none), try asksPerTurn(.all))
        #expect(pairs.max()! > 3 * alone.max()! / 2)
        // The codec asks as well.
        let codec = try Configuration.codec(directory: TinyCheckpoint.directory()).decoder
        let sound = 1 + codec.upsamplingRatios.count + codec.upsampleRates.count
        #expect(pairs.contains(sound))
        #expect(!alone.contains(sound))
    }

    func aCancelledPairEnds() throws {
        let utterance = try model.begin(request("The fox.\n\nOver it all.", frames: 3000))
        model.allow(.all, for: utterance)
        while utterance.next == nil { _ = model.advance([utterance]) { _ in false } }
        var asked = 0
        while utterance.ending == nil {
            _ = model.advance([utterance]) { _ in
                asked += 1
                return asked > 20
            }
        }
        #expect(utterance.ending == .ended(.cancelled))
        #expect(asked < 40)
    }

    func speechEndsAtItsBudget() throws {
        let spoken = try speak(request("The quick brown fox", frames: 3))
        #expect(spoken.samples.count == 3 * 1920)
        #expect(spoken.end == .ended(.budget))
    }

    func cancelledUtterancesEnd() throws {
        let utterance = try model.begin(request("The quick brown fox"))
        _ = model.advance([utterance]) { _ in false }
        var asked = 0
        let event = model.advance([utterance]) { _ in
            asked += 1
            return asked == 5
        }
        #expect(event == [.ended(.cancelled)])
        #expect(asked == 5)
        #expect(model.advance([utterance]) { _ in false } == [.ended(.cancelled)])
    }

    func whatCannotBeSpokenIsNamed() throws {
        func error(_ change: (inout SpeechRequest) -> Void) -> SynthesisError? {
            var request = request("Hello")
            change(&request)
            do throws(SynthesisError) { _ = try model.begin(request) } catch { return error }
            return nil
        }
        #expect(error { _ in } == nil)
        #expect(error { $0.text = " \n🙂…" } == .emptyText)
        if case .unknownLanguage("klingon", let known)? = error({ $0.language = "klingon" }) {
            #expect(known.first == "auto" && known.contains("english") && known.count == 11)
        } else {
            Issue.record("klingon is spoken")
        }
        #expect(error { $0.voice = .preset("ryan") } == .unknownSpeaker("ryan", known: []))
        #expect(error { $0.voice = .cloned(id: "x", VoicePrompt(speaker: [1]).prepared) } != nil)
        #expect(error { $0.instruction = "softly" } != nil)
        #expect(error { $0.options.temperature = .nan } != nil)
        #expect(error { $0.options.topP = 0 } != nil)
        #expect(error { $0.options.topK = -1 } != nil)
        #expect(error { $0.options.repetitionPenalty = 0 } != nil)
        #expect(error { $0.options.maximumFrames = 0 } != nil)
    }

    func clipsThatAreNoVoiceAreRefused() throws {
        let rate = model.information.sampleRate
        func isRefused(_ clip: [Float], transcript: String? = nil) -> Bool {
            do throws(SynthesisError) {
                _ = try model.voiceMaker.prepare(clip, transcript: transcript)
            } catch {
                if case .badReference = error { return true }
            }
            return false
        }
        #expect(isRefused([]))
        #expect(isRefused([Float](repeating: 0.1, count: rate / 10)))
        #expect(isRefused([Float](repeating: 0.1, count: rate * 600)))
        #expect(isRefused([Float](repeating: 0, count: rate * 3)))
        #expect(isRefused([Float](repeating: .nan, count: rate * 3)))
        #expect(isRefused(clip, transcript: " … "))
        #expect(!isRefused(clip, transcript: "A warm evening."))
    }

    func presetSpeakersSpeakAndTakeInstructions() throws {
        let model = try device.engine(TinyCheckpoint.directory("custom_voice"))
        #expect(model.information.speakers.contains("ryan") && !model.information.clones)
        var preset = request("Please read this slowly.")
        preset.voice = .preset("Ryan")
        let plain = try speak(preset, on: model)
        preset.instruction = "Speak slowly and softly."
        #expect(try speak(preset, on: model).samples != plain.samples)
        #expect(throws: SynthesisError.self) { try model.voiceMaker.prepare(clip, transcript: nil) }
        #expect(throws: SynthesisError.self) { try model.begin(request("Hello")) }
    }

    /// A model that never learnt to go on from codes makes voices of the sound alone.
    func aTranscriptIsNotUsedWhereTheCheckpointSaysSo() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path
        try FileManager.default.copyItem(atPath: TinyCheckpoint.directory(), toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = URL(filePath: folder + "/config.json")
        let config = try String(contentsOf: path, encoding: .utf8)
        func changed(_ value: String) throws -> Qwen3Engine {
            let key = "\"makima_in_context_cloning\": \(value),"
            try ("{" + key + config.drop { $0 != "{" }.dropFirst()).write(to: path, atomically: true, encoding: .utf8)
            return try device.engine(folder)
        }
        let transcript = "A warm evening."
        #expect(
            try model.voiceMaker.prepare(clip, transcript: transcript)
                != model.voiceMaker.prepare(clip, transcript: nil))
        let without = try changed("false")
        #expect(!without.information.clonesInContext)
        #expect(
            try without.voiceMaker.prepare(clip, transcript: transcript)
                == without.voiceMaker.prepare(clip, transcript: nil))
        #expect(throws: ConfigurationError.self) { try changed("\"no\"") }
    }

    /// A weight that is no number is a failed utterance, not noise and not a trap.
    func aBrokenWeightFailsTheUtterance() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "\(UUID())").path
        try FileManager.default.copyItem(atPath: TinyCheckpoint.directory(), toPath: folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = folder + "/model.safetensors"
        var bytes = try Data(contentsOf: URL(filePath: path))
        // Every bit of the last layer's norm set: no number in bfloat16 and float32 alike.
        let name = "talker.model.norm.weight"
        let header = bytes[..<200_000]
        let at = try #require(header.firstRange(of: Data("\"\(name)\"".utf8)))
        let entry = String(decoding: bytes[at.upperBound..<at.upperBound + 200], as: UTF8.self)
        let offsets = try #require(entry.split(separator: "[").dropFirst(2).first?.split(separator: "]").first)
        let range = offsets.split(separator: ",").compactMap { Int($0.filter { $0 != " " }) }
        let start = 8 + Int(bytes[0]) + Int(bytes[1]) << 8 + Int(bytes[2]) << 16
        for index in start + range[0]..<start + range[1] { bytes[index] = 0xFF }
        try bytes.write(to: URL(filePath: path))
        let broken = try device.engine(folder)
        let spoken = try speak(request("Hello"), on: broken)
        #expect(spoken.end == .failed(.notFinite(frame: 0)))
        #expect(spoken.samples.isEmpty)
        // The silent retry.
        #expect(spoken.turns == 2)
    }
}
