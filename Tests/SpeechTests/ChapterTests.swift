import Testing

@testable import Speech

@Suite struct ChapterTests {
    private static func titles(_ text: String) -> [String?] { Chapter.all(in: text).map(\.title) }

    @Test func markdownHeadsChapters() {
        let text = "Front.\n\n# One\n\nText.\n## Part\nText.\n# Two\n\n#hashtag\n### Three\n"
        #expect(Self.titles(text) == [nil, "One", "Two"])
        #expect(Chapter.all(in: text).map(\.text).joined() == text)
    }

    @Test func oneHeadingIsTheBooks() {
        #expect(Self.titles("# The Book\n\n## One\n\nText.\n\n## Two\n\nText.") == ["The Book", "One", "Two"])
    }

    @Test(arguments: [
        "Chapter 1", "CHAPTER THE FIRST", "Chapter I: The Door", "Kapitel 3", "Chapitre premier", "Capítulo 2",
        "Capitolo I",
        "Глава 1", "第三章 雨", "제3장", "Prologue", "EPILOG",
    ])
    func aLineOfItsOwnHeadsAChapter(line: String) {
        #expect(Self.titles("Front.\n\n\(line)\n\nText.\n") == [nil, line])
    }

    @Test(arguments: [
        "Chapter 3 was long.\nText.", "Text.\n\nThe chapter 3\n\nText.", "Text.\nChapter 3\nText.", "IV\n\nText.", "",
        "12",
    ])
    func whatOnlyLooksLikeOneHeadsNone(text: String) {
        #expect(Self.titles(text) == [nil])
    }

    @Test func numeralsAloneHeadChapters() {
        #expect(Self.titles("I\n\nText.\n\nII.\n\nText.") == ["I", "II."])
        #expect(Self.titles("1\n\nText.\n\n2\n\nText.") == ["1", "2"])
    }
}
