// Where the chapters of a book begin: at Markdown's headings, else at lines such as "Chapter 3", "Kapitel IV", "第三章".

/// A part of a book.
package struct Chapter: Sendable, Equatable {
    /// The line that heads it, without its marks; nil before the first heading.
    package let title: String?
    /// With the heading.
    package let text: String

    package init(title: String?, text: String) {
        self.title = title
        self.text = text
    }

    /// The chapters of a book, in order; together they are the text. One where no line heads another.
    package static func all(in text: String) -> [Chapter] {
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }
        var headings = markdown(lines)
        if headings.isEmpty { headings = named(lines) }
        if headings.isEmpty { headings = numerals(lines) }
        guard !headings.isEmpty else { return [Chapter(title: nil, text: text)] }
        var chapters: [Chapter] = []
        let front = text[..<lines[headings[0].line].startIndex]
        if front.isSpeakable { chapters.append(Chapter(title: nil, text: String(front))) }
        for (index, heading) in headings.enumerated() {
            let end = index + 1 < headings.count ? lines[headings[index + 1].line].startIndex : text.endIndex
            let body = text[lines[heading.line].startIndex..<end]
            chapters.append(Chapter(title: heading.title, text: String(body)))
        }
        return chapters
    }

    private typealias Heading = (line: Int, title: String)

    /// `# Title`; `## Title` as well where there is but one of the others, the book's.
    private static func markdown(_ lines: [Substring]) -> [Heading] {
        var found: [(Heading, level: Int)] = []
        for (index, line) in lines.enumerated() {
            let level = line.prefix(3).prefix { $0 == "#" }.count
            guard (1...2).contains(level), line.dropFirst(level).first == " " else { continue }
            let title = line.dropFirst(level).trimmingWhitespace()
            if title.isSpeakable { found.append(((index, title), level)) }
        }
        let books = found.filter { $0.level == 1 }
        return (books.count > 1 ? books : found).map(\.0)
    }

    /// Words that a chapter's number follows.
    private static let words: Set<String> = [
        "chapter", "kapitel", "chapitre", "capítulo", "capitulo", "capitolo", "глава",
    ]
    /// Headings without a number.
    private static let alone: Set<String> = [
        "prologue", "epilogue", "prolog", "epilog", "prólogo", "epílogo", "prologo", "epilogo", "épilogue", "пролог",
        "эпилог", "序章", "終章", "尾声",
    ]

    private static func named(_ lines: [Substring]) -> [Heading] {
        standing(lines) { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            guard let first = parts.first else { return false }
            let word = first.lowercased().filter(\.isLetter)
            if parts.count > 1, words.contains(word) { return true }
            if parts.count == 1, alone.contains(word) { return true }
            return isEastAsian(first)
        }
    }

    /// "第三章", "제 3 장", "제3장"
    private static func isEastAsian(_ word: Substring) -> Bool {
        let scalars = word.unicodeScalars.prefix(8)
        if scalars.first == "第" { return scalars.contains { "章回話话".unicodeScalars.contains($0) } }
        return scalars.first == "제" && scalars.contains { $0.isDigit } && scalars.contains("장")
    }

    /// "IV" or "4." alone on a line, twice at least.
    private static func numerals(_ lines: [Substring]) -> [Heading] {
        let found = standing(lines) { line in
            let number = line.hasSuffix(".") ? line.dropLast() : line[...]
            return Verbalizer.romanValue(String(number)) != nil
                || (number.count <= 3 && !number.isEmpty && number.unicodeScalars.allSatisfy(\.isDigit))
        }
        return found.count > 1 ? found : []
    }

    /// Short lines between blank ones for which `isHeading` holds.
    private static func standing(_ lines: [Substring], where isHeading: (String) -> Bool) -> [Heading] {
        func isBlank(_ index: Int) -> Bool {
            !lines.indices.contains(index) || lines[index].allSatisfy(\.isWhitespace)
        }
        var found: [Heading] = []
        for (index, line) in lines.enumerated() where line.utf8.count <= 200 && isBlank(index - 1) && isBlank(index + 1)
        {
            let title = line.trimmingWhitespace()
            if title.count <= 80, isHeading(title) { found.append((index, title)) }
        }
        return found
    }
}
