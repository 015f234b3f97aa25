import Testing

@testable import Speech

@Suite struct LanguageTests {
    @Test func everyLanguageHasItsPlace() {
        #expect(
            Language.all.map(\.name) == [
                "english", "japanese", "chinese", "korean", "german", "french", "russian", "portuguese", "spanish",
                "italian",
            ])
        #expect(Language.all.map(\.code) == ["en", "ja", "zh", "ko", "de", "fr", "ru", "pt", "es", "it"])
        #expect(Language.named("ko")?.displayName == "Korean")
    }

    @Test(arguments: [
        ("en", "english"), ("en-US", "english"), ("EN_us", "english"), ("eng", "english"), ("English", "english"),
        ("deu", "german"), ("ger", "german"), ("Deutsch", "german"), ("de-AT", "german"), ("de_DE.UTF-8", "german"),
        ("GERMAN", "german"), ("fra", "french"), ("fre", "french"), ("Français", "french"), ("fr-CA", "french"),
        ("cmn-Hans-CN", "chinese"), ("yue", "chinese"), ("beijing", "chinese"), ("sichuan_dialect", "chinese"),
        ("zh-TW", "chinese"), ("中文", "chinese"), ("ja", "japanese"), ("日本語", "japanese"), ("kor", "korean"),
        ("Русский", "russian"), ("ru_RU", "russian"), ("pt-BR", "portuguese"), ("Portuguese (Brazil)", "portuguese"),
        ("Español", "spanish"), ("es-419", "spanish"), (" it ", "italian"), ("ITA", "italian"),
    ])
    func isKnownByNameAndCode(text: String, name: String) {
        #expect(Language.named(text)?.name == name)
    }

    /// A name with a combining mark is the same name.
    @Test func isKnownInEitherNormalForm() {
        #expect(Language.named("franc\u{327}ais")?.name == "french")
    }

    @Test(arguments: ["", "auto", "klingon", "-", "e", "engl", "xx-DE", " "])
    func otherNamesAreNoLanguage(text: String) {
        #expect(Language.named(text)?.name == nil)
    }
}
