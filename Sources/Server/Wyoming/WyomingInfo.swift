// What Home Assistant is told when it asks what this is.

import Speech

extension WyomingEvent {
    /// Answered at once, whether or not the model is loaded.
    static func info(_ service: SpeechService) -> WyomingEvent {
        let model = service.information
        let languages = service.languages.compactMap { Language.named($0)?.code }
        let attribution = WyomingValue.object([
            "name": .text(service.engine.author.name), "url": .text(service.engine.author.url),
        ])
        func voice(_ id: String, _ description: String) -> WyomingValue {
            .object([
                "name": .text(id), "description": .text(description), "attribution": attribution,
                "installed": .flag(true),
                "version": .null, "languages": .list(languages.map { .text($0) }), "speakers": .null,
            ])
        }
        let stored = (model?.clones ?? true) ? service.voices.store.list().voices : []
        let voices =
            stored.map { voice($0.metadata.id, $0.metadata.name) }
            + (model?.speakers ?? []).map { voice($0.lowercased(), $0) }
        let program = WyomingValue.object([
            "name": .text("makima"), "description": .text("Speech, on this machine"),
            "attribution": attribution, "installed": .flag(true), "version": .null, "voices": .list(voices),
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

    /// "de-DE" → "german"; "auto" for what is not known.
    static func language(of code: String?) -> String {
        code.flatMap { Language.named($0) }?.name ?? "auto"
    }
}
