// The voices that Wyoming's clients see. Home Assistant sends the name of a voice and no language, so each voice is there once for
// all languages, as `makima`, and once for each of them, as `makima-de`.

import JSONText
import Speech

/// Which voice an event asks for, in which language.
struct WyomingVoice: Sendable, Equatable {
    /// nil for the default voice.
    var name: String?
    /// A language's name, or "auto".
    var language: String
    /// How the text is written; nil: SSML where it begins as such.
    var format: TextFormat?

    init(_ event: WyomingEvent, _ service: SpeechService) {
        let voice = event.data["voice"]
        let wanted = voice?["language"]?.text.flatMap { Language.named($0) }?.name
        name = voice?["name"]?.text ?? voice?["speaker"]?.text
        language = wanted ?? "auto"
        format = event.data["text_format"]?.text.flatMap { TextFormat(rawValue: $0) }
        guard let name, service.voice(named: name) == nil, let parts = Self.parts(name, service) else { return }
        self.name = parts.voice
        language = parts.language.name
    }

    /// "makima-de" is the voice makima in German.
    private static func parts(_ name: String, _ service: SpeechService) -> (voice: String, language: Language)? {
        guard let hyphen = name.lastIndex(of: "-") else { return nil }
        let code = name[name.index(after: hyphen)...].lowercased()
        guard let language = languages(service).first(where: { $0.code == code }),
            service.voice(named: String(name[..<hyphen])) != nil
        else { return nil }
        return (String(name[..<hyphen]), language)
    }

    /// Those that the model speaks.
    static func languages(_ service: SpeechService) -> [Language] {
        service.languages.compactMap { Language.named($0) }
    }
}
