// Says numbers, signs, addresses and abbreviations in words, from left to right. Rules look ahead a bounded number of
// scalars, so that the time is in proportion to the text.

/// Not copied: a copy of it for each rule that asks would take as long as all rules.
struct Verbalizer: ~Copyable {
    /// A number that was said, and where it ended.
    struct Said {
        var kind: Replacement.Kind
        var end: Int
    }

    private let input: TracedText
    let scalars: [Unicode.Scalar]
    let language: any SpokenLanguage
    let words: Vocabulary
    private(set) var output = TracedText()
    var position = 0
    /// The last word of the same sentence.
    var previous = ""
    /// Words were put in last, so that a letter that follows needs a space.
    private var hasJustSpoken = false
    /// The number that was said last.
    var last: Said?
    /// The last words of the same sentence, up to four of them, numbers left out.
    private(set) var recent: [String] = []
    /// Where the chunk ends that was looked at for an address last.
    var chunkEnd = 0

    init(_ input: TracedText, _ language: any SpokenLanguage) {
        self.input = input
        scalars = input.scalars
        self.language = language
        words = language.words
    }

    mutating func convert() -> TracedText {
        while position < scalars.count {
            let scalar = scalars[position]
            if sayAddress() { continue }
            if scalar.isDigit {
                sayNumber()
            } else if scalar.isLetter {
                sayWord()
            } else {
                saySign()
            }
        }
        return output
    }

    func context(at position: Int) -> Context {
        Context(scalars: scalars, position: position, previous: previous, recent: recent, start: self.position)
    }

    func scalar(_ index: Int) -> Unicode.Scalar {
        index >= 0 && index < scalars.count ? scalars[index] : "\n"
    }

    // MARK: - Output

    /// Puts `spoken` in the place of the text up to `end`.
    mutating func say(_ spoken: String, until end: Int) {
        guard let first = spoken.unicodeScalars.first else { return drop(until: end) }
        let origin = Int(input.origins[position])
        let isSpacedTwice = first == " " && output.scalars.last == " " && spoken.utf8.count > 1
        let spoken = isSpacedTwice ? String(spoken.dropFirst()) : spoken
        if let last = output.scalars.last, needsSpace(last, first) { output.append(" ", from: origin) }
        output.append(spoken, from: origin)
        hasJustSpoken = true
        position = end
    }

    /// Keeps the text up to `end`.
    mutating func copy(until end: Int) {
        while position < end {
            let scalar = scalars[position]
            let origin = Int(input.origins[position])
            let last = output.scalars.last
            if hasJustSpoken, let last, needsSpace(last, scalar) { output.append(" ", from: origin) }
            if !(scalar == " " && (last == " " || last == nil || last == "\n")) { output.append(scalar, from: origin) }
            hasJustSpoken = false
            position += 1
        }
    }

    mutating func drop(until end: Int) {
        position = end
    }

    private func needsSpace(_ last: Unicode.Scalar, _ next: Unicode.Scalar) -> Bool {
        guard last.isWordPart, next.isWordPart else { return false }
        // Between scripts that write words apart and those that do not, the change of script parts enough.
        return words.spaces || (last.isSpacedLetter && next.isSpacedLetter)
    }

    // MARK: - Words

    private mutating func sayWord() {
        let end = endOfWord(from: position)
        let isShort = end - position <= 32
        let word = isShort ? string(position..<end) : ""
        let prefix = previous
        previous = word
        if recent.count == 4 { recent.removeFirst() }
        recent.append(word)
        var around = context(at: end)
        around.previous = prefix
        if word == "x", let last, last.end == position || (last.end == position - 1 && scalar(end).isSpace),
            context(at: end).skippingSpace().scalar().isDigit
        {
            // "10 cm x 15 cm"
            return say(words.times, until: end)
        }
        if isShort, end - position == 2, isNameOfStandard(end) {
            let letters = string(position..<end).map(String.init).joined(separator: " ")
            return say(letters, until: end)
        }
        if isShort {
            if sayMoneyBeforeNumber(key: word, after: end) { return }
            if let long = abbreviation(word, around), weekday(word, around) == nil {
                say(long.spoken, until: long.end)
                // "chap. IV"
                previous = long.spoken.split(separator: " ").last.map(String.init) ?? previous
                return
            }
            if let replacement = weekday(word, around) ?? language.word(word, in: around) ?? roman(word, around)
                ?? version(word, around)
                ?? formula(word, around)
            {
                say(replacement.spoken, until: replacement.end)
                return
            }
        }
        copy(until: end)
    }

    /// "802.11ac": small letters behind a decimal are said one by one.
    private func isNameOfStandard(_ end: Int) -> Bool {
        guard scalar(position - 1).isDigit, scalars[position..<end].allSatisfy({ $0.value >= 0x61 && $0.value <= 0x7A })
        else { return false }
        var first = position - 1
        while position - first < 6, scalar(first).isDigit { first -= 1 }
        return scalar(first) == "." && scalar(first - 1).isDigit
    }

    /// Letters, with apostrophes between them; in languages that part no words, of scripts that do or of those that do not.
    private func endOfWord(from start: Int) -> Int {
        var end = start
        while end < scalars.count {
            let scalar = scalars[end]
            let isApostrophe = (scalar == "'" || scalar == "’") && end > start && self.scalar(end + 1).isLetter
            guard !scalar.isDigit, scalar.isWordPart || isApostrophe else { break }
            if !words.spaces, scalar.isLetter, scalar.isSpacedLetter != scalars[start].isSpacedLetter { break }
            end += 1
        }
        return end
    }

    mutating func endSentence() {
        previous = ""
        recent.removeAll(keepingCapacity: true)
    }

    func string(_ range: Range<Int>) -> String {
        String(scalars: scalars[range])
    }

    /// "Dr." and "z. B.": the longest known run of short words with dots.
    private func abbreviation(_ word: String, _ after: Context) -> Replacement? {
        guard after.scalar() == ".", word.unicodeScalars.count <= 8 else { return nil }
        var key = word.lowercased()
        var end = after.position + 1
        var found: (Abbreviation, Int)? = words.abbreviations[key].map { ($0, end) }
        var hasDot = true
        for _ in 0..<4 {
            var next = end
            if hasDot { key += "." }
            if scalar(next) == "-" { key += "-" }
            if scalar(next) == "-" || scalar(next).isSpace { next += 1 }
            var letters = next
            while letters < scalars.count, letters - next < 4, scalars[letters].isLetter { letters += 1 }
            guard letters > next, !scalar(letters).isWordPart else { break }
            key += string(next..<letters).lowercased()
            hasDot = scalar(letters) == "."
            end = hasDot ? letters + 1 : letters
            // "dott.ssa" has no dot at its end, and no space before it.
            if let longer = words.abbreviations[key], hasDot || !scalar(next - 1).isSpace { found = (longer, end) }
            // "c.-à-d."
            if !hasDot, scalar(letters) != "-" { break }
        }
        guard let (abbreviation, end) = found else { return nil }
        let rest = after.at(end).skippingSpace()
        switch abbreviation.before {
        case .none: break
        case .number: guard rest.scalar().isDigit || Verbalizer.romanValue(rest.letters()) != nil else { return nil }
        case .capital: guard rest.scalar().isUpper else { return nil }
        }
        // The one dot then ends both.
        let goesOn = !abbreviation.mayEndSentence || rest.position == end || !mayBeginSentence(rest)
        let endsSentence = rest.scalar() == "\n" || !goesOn
        let isDotted = scalar(end - 1) == "."
        return Replacement(spoken: abbreviation.spoken, end: endsSentence && isDotted ? end - 1 : end)
    }

    private func roman(_ word: String, _ around: Context) -> Replacement? {
        guard let value = Self.romanValue(word) else { return nil }
        // A numeral that is all there is: a title.
        let isAll = around.position == scalars.count && around.position == word.utf8.count && word.utf8.count > 1
        if isAll, value < 40 { return Replacement(spoken: language.cardinal(value, nil), end: around.position) }
        guard !around.previous.isEmpty else { return nil }
        return language.roman(value, after: around.previous, in: around)
    }

    /// The value of a well-formed Roman numeral in capitals, up to 89: larger ones are rather words and initials.
    static func romanValue(_ word: String) -> UInt64? {
        guard !word.isEmpty, word.utf8.count <= 9 else { return nil }
        var value: UInt64 = 0
        var last: UInt64 = 100
        for letter in word.utf8 {
            let digit: UInt64
            switch letter {
            case UInt8(ascii: "I"): digit = 1
            case UInt8(ascii: "V"): digit = 5
            case UInt8(ascii: "X"): digit = 10
            case UInt8(ascii: "L"): digit = 50
            default: return nil
            }
            value += last < digit ? digit - 2 * last : digit
            last = digit
        }
        return value > 0 && value < 90 && romanNumeral(value) == word ? value : nil
    }

    private static func romanNumeral(_ value: UInt64) -> String {
        var rest = value
        var result = ""
        for (unit, letters) in [
            (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
        ] as [(UInt64, String)] {
            while rest >= unit {
                result += letters
                rest -= unit
            }
        }
        return result
    }
}
