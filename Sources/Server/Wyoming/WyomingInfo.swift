// What Home Assistant is told when it asks what this is.

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
        let none = WyomingValue.list([])
        return WyomingEvent(
            "info",
            [
                "tts": .list([program]), "asr": none, "handle": none, "intent": none, "wake": none, "mic": none,
                "snd": none,
            ])
    }

    private static func voices(_ service: SpeechService) -> [WyomingValue] {
        let model = service.information
        let stored = (model?.clones ?? true) ? service.voices.store.list().voices : []
        let all =
            stored.map { (id: $0.metadata.id, name: $0.metadata.name) }
            + (model?.speakers ?? []).map { (id: $0.lowercased(), name: $0) }
        let languages = WyomingVoice.languages(service)
        return all.flatMap { voice in
            // Home Assistant sorts by description: the voice for one language comes before the one for all.
            let each = languages.count < 2 ? [] : languages
            return [entry(voice.id, each.isEmpty ? voice.name : "\(voice.name) (any language)", languages, service)]
                + each.map { entry("\(voice.id)-\($0.code)", "\(voice.name) (\($0.displayName))", [$0], service) }
        }
    }

    private static func entry(
        _ name: String, _ description: String, _ languages: [Language], _ service: SpeechService
    ) -> WyomingValue {
        let codes = languages.map { WyomingValue.text($0.code) }
        return artifact(
            name, description, service, ["version": .null, "languages": .list(codes), "speakers": .null])
    }

    private static func artifact(
        _ name: String, _ description: String, _ service: SpeechService, _ more: [String: WyomingValue]
    ) -> WyomingValue {
        let author = service.engine.author
        let fields: [String: WyomingValue] = [
            "name": .text(name), "description": .text(description), "installed": .flag(true),
            "attribution": .object(["name": .text(author.name), "url": .text(author.url)]),
        ]
        return .object(fields.merging(more) { _, new in new })
    }
}
