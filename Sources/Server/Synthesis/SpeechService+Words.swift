// What is said of a text, and in which language: decided here for every door.

package import Speech

extension SpeechService {
    /// The language of a text: what the request says, else what the voice's metadata say, else the setting. "auto" leaves it to
    /// the text, sentence by sentence.
    ///
    /// - Parameters:
    ///   - requested: a name or a code with or without a region, in any case; nil, "" and "auto" leave it to the others.
    ///   - voice: nil for the default voice.
    /// - Returns: a name that the model knows, or "auto".
    package func language(requested: String?, voice: String?) throws(SpeakError) -> String {
        try language(requested: requested, of: try? voices.store.find(named: voice ?? defaultVoice).metadata)
    }

    /// The same for a voice that was looked up; nil for one that is not kept here.
    func language(requested: String?, of voice: VoiceMetadata?) throws(SpeakError) -> String {
        if let requested, !requested.isEmpty, requested.lowercased() != "auto" { return try language(requested) }
        return Language.first(of: [voice?.language, defaultLanguage], among: languages) ?? "auto"
    }

    /// How texts become words, with the household's own pronunciations.
    package func form(language: String) -> SpokenForm {
        SpokenForm(language: language, pronunciations: pronunciations.current)
    }

    /// The words and pauses of a text.
    ///
    /// - Parameter format: nil: SSML where it begins as such.
    package func script(
        _ text: String, format: TextFormat?, language: String, normalizes: Bool = true
    ) -> SpeechScript {
        SpeechScript(text, format: format ?? TextFormat(of: text), form: normalizes ? form(language: language) : nil)
    }
}
