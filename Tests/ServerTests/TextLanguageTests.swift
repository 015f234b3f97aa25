import FoundationEssentials
import Logging
import Speech
import TestSupport
import Testing

@testable import Server

/// The language of a text: what the request says, then the voice, then the setting, then the text itself.
@Suite struct TextLanguageTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for (name, language) in [("ada", "de-AT"), ("bob", "auto"), ("eve", "Klingon")] {
            let path = folder.path(name)
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            try folder.write(Data(wav(seconds: 4)), to: name + "/reference.wav")
            try folder.write(Data(#"{"language": "\#(language)"}"#.utf8), to: name + "/metadata.json")
        }
    }

    private func wav(seconds: Int) -> Data {
        TestSupport.wav(
            format: 1, channels: 1, rate: 8000, bits: 16, data: [UInt8](repeating: 1, count: 16_000 * seconds))
    }

    private func service(_ defaultLanguage: String = "auto") -> SpeechService {
        var settings = SpeechService.Settings()
        settings.defaultLanguage = defaultLanguage
        let store = VoiceStore(directory: folder.path, builtIn: nil, defaultVoice: "bob")
        return SpeechService(
            .tone, voices: VoiceLibrary(store, cacheDirectory: nil), settings: settings, logger: Logger(label: "test")
        ) { limits, report in
            SynthesisScheduler(ToneEngine(), limits: limits, report: report)
        }
    }

    @Test(
        arguments: [
            ("fr", "ada", "es", "french"), ("French (Canada)", nil, "es", "french"), ("auto", "ada", "es", "german"),
            (nil, "ada", "es", "german"), ("", "bob", "es", "spanish"), (nil, nil, "es", "spanish"),
            (nil, "eve", "es", "spanish"), (nil, "nobody", "auto", "auto"), ("AUTO", "bob", "auto", "auto"),
        ] as [(String?, String?, String, String)])
    func isTheFirstThatSays(requested: String?, voice: String?, setting: String, expected: String) throws {
        #expect(try service(setting).language(requested: requested, voice: voice) == expected)
    }

    @Test func aLanguageThatTheModelDoesNotKnowIsRefused() {
        let error = #expect(throws: SpeakError.self) { try service().language(requested: "tlh", voice: nil) }
        #expect(error?.field == "language")
    }

    @Test func theScriptHasTheHouseholdsWords() {
        #expect(service().script("5 km", format: nil, language: "german").text == "fünf Kilometer")
        #expect(service().script("<speak>5 <break/>km</speak>", format: nil, language: "auto").steps.count == 3)
        #expect(
            service().script("<speak>5</speak>", format: .plain, language: "auto", normalizes: false).text.hasPrefix(
                "<"))
    }
}
