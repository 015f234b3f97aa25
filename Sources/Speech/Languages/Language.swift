// The languages that can be spoken: to add one, write its file beside this one and a row here.

/// A language: its names, its codes and the words it has for numbers and signs.
package struct Language: Sendable {
    /// The name that models know: "german".
    package let name: String
    /// ISO 639-1: "de".
    package let code: String
    /// The name in English: "German".
    package var displayName: String { name.prefix(1).uppercased() + name.dropFirst() }
    /// In lower case: ISO 639-2 codes, what its speakers call it, and its dialects.
    private let otherNames: [String]
    let spoken: any SpokenLanguage

    /// In the order in which people are offered them.
    package static let all: [Language] = [
        Language(name: "english", code: "en", otherNames: ["eng"], spoken: English()),
        Language(name: "japanese", code: "ja", otherNames: ["jpn", "日本語"], spoken: Japanese()),
        Language(
            name: "chinese", code: "zh",
            otherNames: [
                "zho", "chi", "cmn", "yue", "mandarin", "cantonese", "beijing", "sichuan", "中文", "汉语", "漢語", "普通话",
            ],
            spoken: Chinese()),
        Language(name: "korean", code: "ko", otherNames: ["kor", "한국어"], spoken: Korean()),
        Language(name: "german", code: "de", otherNames: ["deu", "ger", "deutsch"], spoken: German()),
        Language(name: "french", code: "fr", otherNames: ["fra", "fre", "français"], spoken: French()),
        Language(name: "russian", code: "ru", otherNames: ["rus", "русский"], spoken: Russian()),
        Language(name: "portuguese", code: "pt", otherNames: ["por", "português"], spoken: Portuguese()),
        Language(
            name: "spanish", code: "es", otherNames: ["spa", "español", "castellano", "castilian"], spoken: Spanish()),
        Language(name: "italian", code: "it", otherNames: ["ita", "italiano"], spoken: Italian()),
    ]

    /// The language that `text` names in any case: by name or code, with or without a region ("de", "deu", "German",
    /// "Deutsch", "de-AT", "DE_at.UTF-8", "Portuguese (Brazil)"). nil for "auto" and what is not known.
    package static func named(_ text: String) -> Language? {
        let name = text.lowercased().drop { $0.isWhitespace }.prefix { !"-_.@ (".contains($0) }
        return byName[String(name)]
    }

    /// The name of the first language that is named and that a model knows. Whoever is named in another one, such as a voice, is
    /// spoken with all the same.
    package static func first(of names: [String?], among known: [String]) -> String? {
        names.lazy.compactMap { $0.flatMap(named)?.name }.first { known.contains($0) }
    }

    private static let byName: [String: Language] = {
        var table: [String: Language] = [:]
        for language in all {
            for name in [language.name, language.code] + language.otherNames { table[name] = language }
        }
        return table
    }()
}
