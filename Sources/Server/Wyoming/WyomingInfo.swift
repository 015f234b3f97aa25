// What Home Assistant is told when it asks what this is.

import JSONText
import Speech

extension WyomingEvent {
    /// Answered at once, whether or not the model is loaded.
    static func info(_ service: SpeechService) -> WyomingEvent {
        let program = artifact(
            "makima", "Speech, on this machine", service,
            [
                "version": service.version.isEmpty ? .null : .text(service.version), "voices": .list(voices(service)),
                "supports_synthesize_streaming": .flag(true),
            ])
        let none = JSONValue.list([])
        return WyomingEvent(
            "info",
            [
                "tts": .list([program]), "asr": none, "handle": none, "intent": none, "wake": none, "mic": none,
                "snd": none,
            ])
    }

    private static func voices(_ service: SpeechService) -> [JSONValue] {
        let languages = WyomingVoice.languages(service)
        return service.offeredVoices.flatMap { voice in
            // Home Assistant sorts by description: the voice for one language comes before the one for all.
            let each = languages.count < 2 ? [] : languages
            return [entry(voice.id, each.isEmpty ? voice.name : "\(voice.name) (any language)", languages, service)]
                + each.map { entry("\(voice.id)-\($0.code)", "\(voice.name) (\($0.displayName))", [$0], service) }
        }
    }

    private static func entry(
        _ name: String, _ description: String, _ languages: [Language], _ service: SpeechService
    ) -> JSONValue {
        let codes = languages.map { JSONValue.text($0.code) }
        return artifact(
            name, description, service, ["version": .null, "languages": .list(codes), "speakers": .null])
    }

    private static func artifact(
        _ name: String, _ description: String, _ service: SpeechService, _ more: [String: JSONValue]
    ) -> JSONValue {
        let author = service.engine.author
        let fields: [String: JSONValue] = [
            "name": .text(name), "description": .text(description), "installed": .flag(true),
            "attribution": .object(["name": .text(author.name), "url": .text(author.url)]),
        ]
        return .object(fields.merging(more) { _, new in new })
    }
}
