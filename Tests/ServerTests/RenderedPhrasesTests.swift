import Files
import FoundationEssentials
import Logging
import Speech
import TestSupport
import Testing

@testable import Server

@Suite struct RenderedPhrasesTests {
    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    private static let sound: [Float] = (0..<4800).map { Float($0 % 100) / 200 }

    private func request(_ text: String) -> SpeechRequest {
        SpeechRequest(text: text, voice: .preset("aiden"), language: "english")
    }

    private func key(_ request: SpeechRequest) -> String? {
        RenderedPhrases.key(of: request, identity: "model", sampleRate: 24_000)
    }

    @Test func everythingThatASoundDependsOnIsInItsName() {
        var requests = [request("Dinner is ready."), request("Dinner is ready")]
        func add(_ change: (inout SpeechRequest) -> Void) {
            var one = request("Dinner is ready.")
            change(&one)
            requests.append(one)
        }
        add { $0.voice = .preset("eric") }
        add { $0.voice = .cloned(id: "aiden", PreparedVoice(engine: "tone", bytes: [1])) }
        add { $0.voice = .cloned(id: "aiden", PreparedVoice(engine: "tone", bytes: [2])) }
        add { $0.language = "german" }
        add { $0.instruction = "slowly" }
        add { $0.options.seed = 1 }
        add { $0.options.temperature = 0.5 }
        add { $0.options.maximumFrames = 9 }
        add { $0.gain = 3 }
        let keys = requests.map { key($0) }
        #expect(Set(keys).count == requests.count && !keys.contains(nil))
        var open = request("Dinner is ready.")
        open.isOpen = true
        #expect(key(open) == nil)
        let other = RenderedPhrases.key(of: requests[0], identity: "another", sampleRate: 24_000)
        #expect(other != keys[0])
    }

    @Test func whatIsKeptIsFoundAgain() throws {
        let phrases = RenderedPhrases(folder: temporary.path + "/phrases", limit: 1 << 20)
        #expect(phrases.sound("a", sampleRate: 24_000) == nil)
        try phrases.keep(Self.sound, "a", sampleRate: 24_000)
        let found = try #require(phrases.sound("a", sampleRate: 24_000))
        #expect(found.count == Self.sound.count)
        #expect(zip(found, Self.sound).allSatisfy { abs($0 - $1) < 1 / 16_384 })
        #expect(phrases.size.count == 1 && phrases.size.bytes > 0)
    }

    @Test func aBrokenFileIsRemovedAndNotSaid() throws {
        let phrases = RenderedPhrases(folder: temporary.path, limit: 1 << 20)
        try FileSystem.write(Array("no sound".utf8), to: temporary.path + "/a.flac")
        #expect(phrases.sound("a", sampleRate: 24_000) == nil && !phrases.contains("a"))
        try phrases.keep(Self.sound, "b", sampleRate: 24_000)
        // Of a model with another rate.
        #expect(phrases.sound("b", sampleRate: 16_000) == nil && !phrases.contains("b"))
    }

    @Test func whatWasSaidLongestAgoMakesRoom() throws {
        let measure = RenderedPhrases(folder: temporary.path + "/one", limit: 1 << 20)
        try measure.keep(Self.sound, "a", sampleRate: 24_000)
        let phrases = RenderedPhrases(folder: temporary.path + "/two", limit: measure.size.bytes * 2)
        for (age, key) in [(30.0, "a"), (20, "b")] {
            try phrases.keep(Self.sound, key, sampleRate: 24_000)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -age)],
                ofItemAtPath: temporary.path + "/two/\(key).flac")
        }
        #expect(phrases.sound("a", sampleRate: 24_000) != nil)
        try phrases.keep(Self.sound, "c", sampleRate: 24_000)
        #expect(phrases.contains("a") && !phrases.contains("b") && phrases.contains("c"))
    }

    // MARK: - In a service

    private func service(limit: Int?) async -> SpeechService {
        let store = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
        var settings = SpeechService.Settings()
        settings.phraseFolder = temporary.path + "/phrases"
        settings.phraseLimit = limit
        let service = SpeechService(
            .tone, voices: VoiceLibrary(store, cacheDirectory: nil), settings: settings, logger: Logger(label: "test")
        ) { limits, report in SynthesisScheduler(ToneEngine(), limits: limits, report: report) }
        await service.load()
        return service
    }

    private func order(_ text: String) -> SpeakRequest { SpeakRequest(text: text, language: "english", client: "a") }

    private func wait(for phrases: RenderedPhrases?, count: Int) async throws {
        for _ in 0..<500 where phrases?.size.count != count { try await Task.sleep(for: .milliseconds(10)) }
        #expect(phrases?.size.count == count)
    }

    @Test func whatWasSaidIsSaidAgainWithoutTheModel() async throws {
        let service = await service(limit: 1 << 20)
        let first = await SynthesisSchedulerTests.hear(try await service.speak(order("Dinner is ready.")))
        try await wait(for: service.phrases, count: 1)
        let turns = service.gauges?.progress
        let again = await SynthesisSchedulerTests.hear(try await service.speak(order("Dinner is ready.")))
        #expect(service.gauges?.progress == turns)
        let (made, kept) = (first.samples, again.samples)
        #expect(kept.count == made.count && zip(made, kept).allSatisfy { abs($0 - $1) < 1 / 16_384 })
        guard case .ended(.endOfSpeech, let summary)? = again.last else {
            Issue.record("\(again)")
            return
        }
        #expect(summary.computing == .zero && summary.frames == 16)
    }

    @Test func onAFastComputerOnlyThatIsKeptWhichShallBe() async throws {
        let service = await service(limit: nil)
        service.speed.record(.seconds(10), computing: .seconds(1))
        _ = await SynthesisSchedulerTests.hear(try await service.speak(order("Dinner is ready.")))
        var wanted = order("Tea is ready.")
        wanted.isForKeeping = true
        _ = await SynthesisSchedulerTests.hear(try await service.speak(wanted))
        try await wait(for: service.phrases, count: 1)
    }

    @Test func onASlowComputerAllIsKept() async throws {
        let service = await service(limit: nil)
        service.speed.record(.seconds(1), computing: .seconds(10))
        _ = await SynthesisSchedulerTests.hear(try await service.speak(order("Dinner is ready.")))
        try await wait(for: service.phrases, count: 1)
    }

    @Test func whatWasCutOffIsNotKept() async throws {
        let service = await service(limit: 1 << 20)
        var cut = order("Dinner is ready.")
        cut.options.maximumFrames = 3
        _ = await SynthesisSchedulerTests.hear(try await service.speak(cut))
        let stream = try await service.speak(order("Tea is ready."))
        stream.cancel()
        for await _ in stream {}
        #expect(service.phrases?.size.count == 0)
    }

    @Test func aServerThatKeepsNothingSaysSo() async throws {
        let store = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
        let service = SpeechService(
            .tone, voices: VoiceLibrary(store, cacheDirectory: nil), logger: Logger(label: "test")
        ) { limits, report in SynthesisScheduler(ToneEngine(), limits: limits, report: report) }
        await service.load()
        var wanted = order("Tea is ready.")
        wanted.isForKeeping = true
        let error = await #expect(throws: SpeakError.self) { try await service.speak(wanted) }
        #expect(error?.code == .invalidText && error?.field == "keep")
    }

    // MARK: - Slow speech

    @Test func whereItIsSetSlowSpeechIsRefusedButNotWhatIsKept() async throws {
        let service = await service(limit: 1 << 20)
        _ = await SynthesisSchedulerTests.hear(try await service.speak(order("Dinner is ready.")))
        try await wait(for: service.phrases, count: 1)
        service.speed.record(.seconds(1), computing: .seconds(500))
        var picky = order("Tea is ready.")
        picky.whenSlow = .refuse
        let error = await #expect(throws: SpeakError.self) { try await service.speak(picky) }
        #expect(error?.code == .timeout && error?.message.contains("makima render") == true)
        picky.text = "Dinner is ready."
        await #expect(throws: Never.self) { try await service.speak(picky) }
    }

    @Test func aFastComputerHoldsNothing() async throws {
        let service = await service(limit: nil)
        #expect(try await service.speak(order("Tea is ready.")).hold == nil)
        service.speed.record(.seconds(1), computing: .seconds(500))
        #expect(try await service.speak(order("Tea is ready.")).hold != nil)
        var eager = order("Tea is ready.")
        eager.whenSlow = .stream
        #expect(try await service.speak(eager).hold == nil)
    }
}

extension RenderedPhrases {
    fileprivate func contains(_ key: String) -> Bool { FileSystem.exists(path(key)) }

    fileprivate var size: (count: Int, bytes: Int) { (files.count, files.reduce(0) { $0 + $1.bytes }) }
}
