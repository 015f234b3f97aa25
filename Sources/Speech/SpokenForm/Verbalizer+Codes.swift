// Digits of codes: PINs, postal codes, numbers of accounts and books.

extension Verbalizer {
    /// Words between the one that names a code and its digits: "the code is 1234".
    private static let betweenCode: Set<String> = [
        "is", "was", "number", "no", "ist", "lautet", "war", "nummer", "nr", "est", "numéro", "es", "número", "núm",
        "è",
        "numero", "é", "code", "codice", "código", "новый", "номер",
    ]

    /// "PIN: 1234", "the code is 482913", "IBAN DE89 3704 0044": the digits after a word that names a code, one by one, in
    /// the groups that are written. nil: no such word came before, or the digits go on as something else.
    func code(at start: Int) -> Replacement? {
        guard !words.codeWords.isEmpty, hasCodeWord(before: start) else { return nil }
        var groups: [String] = []
        var digits = 0
        var end = start
        while groups.count < 12 {
            let stop = endOfDigits(from: end)
            guard stop > end, stop - end <= 20 else { break }
            groups.append(language.spelled(scalars[end..<stop]))
            digits += stop - end
            end = stop
            // "CPF 123.456.789-09"
            let isDotted = scalar(end) == "." && digits >= 3 && endOfDigits(from: end + 1) == end + 4
            let isGroupNext = scalar(end + 1).isDigit && (scalar(end).isSpace || scalar(end) == "-" || isDotted)
            guard isGroupNext else { break }
            end += 1
        }
        guard digits >= 3 || scalar(start - 1).isSpacedLetter, digits <= 40, !goesOn(scalar(end)) else { return nil }
        let isOther = ".,:/%€$°".unicodeScalars.contains(scalar(end)) && (scalar(end + 1).isDigit || scalar(end) == "%")
        guard !isOther, unit(context(at: end)) == nil, groups.count > 0 else { return nil }
        return Replacement(spoken: groups.joined(separator: words.phoneSeparator), end: end, kind: .named)
    }

    private func hasCodeWord(before start: Int) -> Bool {
        guard !previous.isEmpty else { return false }
        var before = recent[...]
        // "DE89": the letters of a code.
        if scalar(start - 1).isSpacedLetter, !before.isEmpty { before.removeLast() }
        while let word = before.last, Self.betweenCode.contains(word.lowercased()), !isCodeWord(word) {
            before.removeLast()
        }
        return before.last.map { isCodeWord($0) } ?? false
    }

    private func isCodeWord(_ word: String) -> Bool {
        words.codeWords.contains(word) || words.codeWords.contains(word.lowercased())
    }
}
