import Logging
import Speech
import Testing

@testable import Server

@Suite struct SpeechServiceTests {
    private func service() async -> SpeechService {
        let store = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
        let library = VoiceLibrary(store, cacheDirectory: nil)
        let service = SpeechService(.tone, voices: library, logger: Logger(label: "test")) { limits, report in
            SynthesisScheduler(ToneEngine(), limits: limits, report: report)
        }
        await service.load()
        return service
    }

    private func order(_ text: String) -> SpeakRequest {
        var order = SpeakRequest(text: text, language: "english", priority: .normal, client: "a")
        order.options.maximumFrames = 2
        return order
    }

    /// The limit is that of the text as it was sent, not as it is said.
    @Test func figuresMayTakeMoreRoomInWords() async throws {
        let text = String(repeating: "8 ", count: 5000)
        #expect(SpokenForm(language: "english").convert(text).text.unicodeScalars.count > 10_000)
        let heard = await SynthesisSchedulerTests.hear(try await service().speak(order(text)))
        guard case .ended(.budget, let summary) = heard.last else {
            Issue.record("\(heard)")
            return
        }
        #expect(summary.frames == 2)
    }

    @Test func aTextOverTheLimitIsRefused() async {
        let error = await #expect(throws: SpeakError.self) { try await service().speak(order(text(10_001))) }
        #expect(error?.code == .invalidText && error?.field == "text")
        await #expect(throws: Never.self) { try await service().speak(order(text(10_000))) }
    }

    /// As people count them, and not in bytes: three for each of these.
    private func text(_ characters: Int) -> String { String(repeating: "字", count: characters) }

    @Test func aVoiceIsReadyBeforeAnybodyAsks() async {
        let service = await service()
        #expect(await service.voices.preparedIDs == ["makima"])
        await service.prepare("denji")
        #expect(await service.voices.preparedIDs == ["makima", "denji"])
    }
}
