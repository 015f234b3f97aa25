// What a household wants said otherwise than it is written: names, places, words of its own.
//
//   word or phrase ⇥ what to say [⇥ language [⇥ exact]]

/// A list of words with what to say for them. Replaced text is not looked up again; what to say may hold figures, which become
/// words as all others do. Finding all matches takes time in proportion to the text.
package struct Pronunciations: Sendable {
    /// What was left out, and why.
    package struct Fault: Sendable, Equatable, CustomStringConvertible {
        package let path: String
        /// nil: the whole list.
        package let line: Int?
        package let reason: String

        package init(path: String, line: Int? = nil, reason: String) {
            self.path = path
            self.line = line
            self.reason = reason
        }

        package var description: String { path + (line.map { ", line \($0)" } ?? "") + ": " + reason }
    }

    /// Most Unicode scalars of a word or phrase, and of what is said for it.
    private static let longestWord = 100
    private static let longestSaying = 200
    /// Most lines of all lists together that count.
    private static let mostEntries = 100_000

    package static let none = Pronunciations()

    private struct Entry {
        let say: [Unicode.Scalar]
        /// nil: in every language.
        let language: String?
        /// As it is written, where capitals matter.
        let exact: [Unicode.Scalar]?
    }

    private struct Node {
        var next: [Unicode.Scalar: Int] = [:]
        var entries: [Entry] = []
    }

    /// A tree of the words in small letters; the root is the first.
    private var nodes = [Node()]
    private var count = 0
    package private(set) var faults: [Fault] = []

    private init() {}

    /// Reads lists; of two entries for the same word, language and capitals the later one counts.
    package init(_ lists: [(path: String, text: String)]) {
        for list in lists { read(list.text, path: list.path) }
    }

    package var isEmpty: Bool { count == 0 }

    // MARK: - Reading

    private mutating func read(_ text: String, path: String) {
        let scalars = text.unicodeScalars.drop { $0 == "\u{FEFF}" }
        let lines = scalars.split(omittingEmptySubsequences: false) { $0 == "\n" }
        for (index, line) in lines.enumerated() {
            let text = String(Substring(line)).trimmingWhitespace()
            if text.isEmpty || (text.hasPrefix("#") && !text.contains("\t")) { continue }
            if let reason = add(text) { faults.append(Fault(path: path, line: index + 1, reason: reason)) }
        }
    }

    /// Adds a line; returns why it cannot be.
    private mutating func add(_ line: String) -> String? {
        let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map { $0.trimmingWhitespace() }
        guard (2...4).contains(fields.count) else {
            return
                "it has \(fields.count) \(fields.count == 1 ? "field" : "fields"), not 2 to 4 with tabs between them."
        }
        let word = Self.plain(fields[0])
        guard word.contains(where: { !$0.isWhite }) else {
            return "the word \(fields[0].debugDescription) is nothing that is ever said."
        }
        guard fields[1].isSpeakable else { return "there is nothing to say for \(fields[0])." }
        let say = Array(fields[1].unicodeScalars)
        guard word.count <= Self.longestWord, say.count <= Self.longestSaying else {
            return "a word has at most \(Self.longestWord) characters, and what is said for it \(Self.longestSaying)."
        }
        var language: String?
        if fields.count > 2, !["", "*", "any"].contains(fields[2].lowercased()) {
            guard let named = Language.named(fields[2]) else {
                let codes = Language.all.map(\.code).joined(separator: ", ")
                return "the language \(fields[2]) is not known: take one of \(codes), or nothing for all."
            }
            language = named.code
        }
        let capitals = fields.count > 3 ? fields[3].lowercased() : ""
        guard ["", "any", "exact"].contains(capitals) else {
            return "the fourth field is exact where capitals matter, else nothing; it says \(fields[3])."
        }
        guard count < Self.mostEntries else { return "more than \(Self.mostEntries) entries are not taken." }
        insert(word, Entry(say: say, language: language, exact: capitals == "exact" ? word : nil))
        return nil
    }

    private mutating func insert(_ word: [Unicode.Scalar], _ entry: Entry) {
        var node = 0
        for scalar in word {
            let key = Self.folded(scalar)
            if let next = nodes[node].next[key] {
                node = next
            } else {
                nodes.append(Node())
                nodes[node].next[key] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        nodes[node].entries.removeAll { $0.language == entry.language && $0.exact == entry.exact }
        nodes[node].entries.append(entry)
        count += 1
    }

    /// As text stands when it is looked through: special letters as plain ones, one space between words.
    private static func plain(_ word: String) -> [Unicode.Scalar] {
        var traced = TracedText()
        traced.append(word, from: 0)
        var result: [Unicode.Scalar] = []
        for scalar in Markup.characters(of: traced).scalars {
            if scalar.isWhite {
                if result.last != " " { result.append(" ") }
            } else {
                result.append(scalar)
            }
        }
        while result.last == " " { result.removeLast() }
        return result
    }

    private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        if scalar.value < 0x80 { return scalar.isUpper ? Unicode.Scalar(scalar.value + 32) ?? scalar : scalar }
        if scalar == "’" { return "'" }
        let lower = scalar.properties.lowercaseMapping.unicodeScalars
        return lower.count == 1 ? lower[lower.startIndex] : scalar
    }

    // MARK: - Looking up

    /// The text with what is said in the place of its words: at each word the longest entry, from left to right.
    func replaced(in text: TracedText, language: Language) -> TracedText {
        guard !isEmpty else { return text }
        var result = TracedText()
        var copied = 0
        var position = 0
        while position < text.scalars.count {
            guard let (end, say) = match(text.scalars, at: position, language.code) else {
                position += 1
                continue
            }
            result.append(text[copied..<position])
            for scalar in say { result.append(scalar, from: Int(text.origins[position])) }
            position = end
            copied = end
        }
        if copied == 0 { return text }
        result.append(text[copied..<text.scalars.count])
        return result
    }

    private func match(_ text: [Unicode.Scalar], at start: Int, _ language: String) -> (
        end: Int, say: [Unicode.Scalar]
    )? {
        if start > 0, Self.joins(text[start - 1], text[start]) { return nil }
        var node = 0
        var position = start
        var found: (end: Int, say: [Unicode.Scalar])?
        while position < text.count {
            var key = Self.folded(text[position])
            let isSpace = key.isSpace || key == "\n"
            if isSpace { key = " " }
            guard let next = nodes[node].next[key] else { break }
            node = next
            position += 1
            // However many spaces stand between two words; a new line may, too.
            while isSpace, position < text.count, position - start < 2 * Self.longestWord, text[position].isSpace {
                position += 1
            }
            if position < text.count, Self.joins(text[position - 1], text[position]) { continue }
            if let entry = best(nodes[node].entries, text[start..<position], language) { found = (position, entry.say) }
        }
        return found
    }

    /// That of the language before that of all, and one whose capitals are right before one where they do not matter.
    private func best(_ entries: [Entry], _ word: ArraySlice<Unicode.Scalar>, _ language: String) -> Entry? {
        var best: (Entry, Int)?
        for entry in entries where entry.language == nil || entry.language == language {
            if let exact = entry.exact, !word.elementsEqual(exact) { continue }
            let rank = (entry.language == nil ? 0 : 1) + (entry.exact == nil ? 0 : 2)
            if rank >= best?.1 ?? 0 { best = (entry, rank) }
        }
        return best?.0
    }

    /// Whether two neighbours belong to one word. Where words are not written apart, none do.
    private static func joins(_ one: Unicode.Scalar, _ other: Unicode.Scalar) -> Bool {
        func isUnspaced(_ scalar: Unicode.Scalar) -> Bool { scalar.isLetter && !scalar.isSpacedLetter }
        return one.isWordPart && other.isWordPart && !isUnspaced(one) && !isUnspaced(other)
    }
}
