// Roman numerals, titles and acronyms in French.

extension French {
    /// "le XIXe siècle", "Louis XIV", "François Ier".
    func word(_ word: String, in context: Context) -> Replacement? {
        let mayBeOrdinal = "IVXL".unicodeScalars.contains(context.scalar(-word.unicodeScalars.count))
        for ending in ["ème", "er", "e"] where mayBeOrdinal && word.hasSuffix(ending) {
            // "Le" is the article: of the letters only I, V and X are numerals alone.
            let numeral = word.dropLast(ending.count)
            guard numeral != "L", let value = Verbalizer.romanValue(String(numeral)) else { continue }
            guard ending != "er" || value == 1 else { continue }
            // "XIXe s."
            let century = context.skippingSpace()
            if century.position > context.position, century.follows("s."), !century.scalar(2).isWordPart {
                let isEnd = century.at(century.position + 2).skippingSpace().scalar()
                let endsSentence = isEnd == "\n" || isEnd.isUpper
                return Replacement(
                    spoken: ordinal(value, .masculine) + " siècle", end: century.position + (endsSentence ? 1 : 2))
            }
            return Replacement(spoken: ordinal(value, .masculine), end: context.position)
        }
        if word == "St" || word == "Ste", context.scalar() == "-", context.scalar(1).isUpper {
            return Replacement(spoken: word == "St" ? "Saint" : "Sainte", end: context.position)
        }
        if let short = Self.short[word], let replacement = shortWord(short, in: context) { return replacement }
        if let spelled = acronym(word, in: context) { return spelled }
        if word == "M", context.follows(". et M") { return Replacement(spoken: "monsieur", end: context.position + 1) }
        guard word == "n" || word == "N", context.scalar() == "°" || context.scalar() == "º" else { return nil }
        let next = context.at(context.position + 1).skippingSpace()
        return next.scalar().isDigit ? Replacement(spoken: "numéro", end: context.position + 1) : nil
    }

    /// Abbreviations that French writes without a dot, and what has to follow: a capital or a digit.
    private static let short: [String: (spoken: String, isBeforeNumber: Bool)] = [
        "Mme": ("madame", false), "Mmes": ("mesdames", false), "Mlle": ("mademoiselle", false),
        "Mlles": ("mesdemoiselles", false), "MM": ("messieurs", false), "Dr": ("docteur", false),
        "Drs": ("docteurs", false),
        "Pr": ("professeur", false), "Me": ("maître", false), "Mgr": ("monseigneur", false), "St": ("saint", false),
        "Ste": ("sainte", false), "Bd": ("boulevard", false), "bd": ("boulevard", false), "Cie": ("compagnie", false),
        "no": ("numéro", true), "No": ("numéro", true), "nos": ("numéros", true), "Nos": ("numéros", true),
        "nº": ("numéro", true),
    ]

    private func shortWord(_ short: (spoken: String, isBeforeNumber: Bool), in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        guard next.position > context.position else { return nil }
        let follows = short.isBeforeNumber ? next.scalar().isDigit : next.scalar().isUpper
        return follows ? Replacement(spoken: short.spoken, end: context.position) : nil
    }

    /// "TGV", "SNCF": capitals without a vowel, and those that are spelled all the same.
    private func acronym(_ word: String, in context: Context) -> Replacement? {
        guard (2...5).contains(word.utf8.count), word.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else { return nil }
        let isSpelled = Self.spelled.contains(word) || !word.contains { "AEIOUY".contains($0) }
        guard isSpelled, Verbalizer.romanValue(word) == nil else { return nil }
        return Replacement(spoken: word.map(String.init).joined(separator: " "), end: context.position)
    }

    private static let regnal: Set<String> = [
        "Charles", "Henri", "Louis", "Philippe", "François", "Napoléon", "Jean", "Pie", "Léon", "Paul", "Benoît",
        "Georges",
        "Guillaume", "Frédéric", "Élisabeth", "Édouard", "Clément", "Grégoire", "Ferdinand", "Alphonse", "Nicolas",
    ]

    private static let spelled: Set<String> = [
        "ADN", "API", "ARN", "CEA", "CPU", "EDF", "FAQ", "IA", "IP", "IRM", "ISS", "LED", "ONG", "PIB", "PME", "QI",
        "RATP",
        "RER", "RSA", "SAV", "SUV", "TVA", "UE", "URL", "USB", "UV", "VIP",
    ]

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        let isLone = value == 1 || value == 5 || value == 10
        let isName = word.first?.isUppercase == true && (!isLone || (value > 1 && Self.regnal.contains(word)))
        guard isName || words.romanWords.contains(word.lowercased()) else { return nil }
        return Replacement(spoken: standing(value), end: context.position)
    }

    /// Telephone numbers are said in pairs.
    func phoneGroup(_ digits: [Int]) -> String {
        guard digits.count == 2, digits[0] != 0 else {
            return digits.map { words.digits[$0] }.joined(separator: " ")
        }
        return standing(UInt64(digits[0] * 10 + digits[1]))
    }
}
