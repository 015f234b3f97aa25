// Titles, acronyms and Roman numerals in English.

extension English {
    private static let titles = [
        "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor",
    ]

    /// British titles have no dot.
    func title(_ word: String, in context: Context) -> Replacement? {
        guard let title = Self.titles[word], context.scalar().isSpace, context.skippingSpace().scalar().isUpper else {
            return nil
        }
        return Replacement(spoken: title, end: context.position)
    }

    /// "w/ milk", "w/o sugar"
    func with(_ word: String, in context: Context) -> Replacement? {
        guard word == "w", context.scalar() == "/" else { return nil }
        let next = context.at(context.position + 1)
        if next.followsWord("o") { return Replacement(spoken: "without", end: next.position + 1) }
        guard next.scalar().isSpace || next.letters().count > 2 else { return nil }
        return Replacement(spoken: "with ", end: next.skippingSpace().position)
    }

    /// Said letter by letter: acronyms without a vowel, and those that everybody spells. Not where all is in capitals.
    func acronym(_ word: String, in context: Context) -> Replacement? {
        var letters = word
        var plural = ""
        if word.count >= 3, word.hasSuffix("s"), word.dropLast().allSatisfy({ $0.isUppercase }) {
            letters.removeLast()
            plural = "s"
        }
        guard (2...5).contains(letters.count), letters.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else { return nil }
        let hasVowel = letters.contains { "AEIOUY".contains($0) }
        guard Self.spelled.contains(letters) || !hasVowel else { return nil }
        if let value = Verbalizer.romanValue(letters), roman(value, after: context.previous, in: context) != nil {
            return nil
        }
        let isShouted =
            context.previous.count > 1 && context.previous.allSatisfy { $0.isUppercase }
            && !Self.spelled.contains(context.previous)
        guard !isShouted else { return nil }
        return Replacement(spoken: letters.map(String.init).joined(separator: " ") + plural, end: context.position)
    }

    private static let spelled: Set<String> = [
        "AC", "AD", "AI", "API", "ATM", "AWS", "BBC", "CEO", "CFO", "CIA", "CIO", "CPU", "CTO", "DIY", "DNA", "EDT",
        "EPA",
        "EST", "ETA", "EU", "EV", "FAQ", "FBI", "FDA", "FYI", "GPU", "HIV", "IBM", "ID", "IO", "IOU", "IP", "IPO", "IQ",
        "IRS", "ISP", "IT", "LED", "MIT", "NBA", "NYU", "OK", "OS", "RNA", "SUV", "UAE", "UCLA", "UFO", "UI", "UK",
        "UN", "URL", "US", "USA", "USB", "USSR", "UTC", "UV", "VIP",
    ]

    /// "Henry VIII" is the eighth, "Chapter VIII" is eight.
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        let isLong = context.scalar(-2).isUpper
        if Self.regnal.contains(word), isLong || context.scalar(-1) != "I" {
            return Replacement(spoken: "the " + ordinal(value), end: context.position)
        }
        // A lone letter is more often a letter, and "The XX chromosome" is no twentieth.
        let isName = word.first?.isUppercase == true && !Self.openers.contains(word)
        guard isLong, isName, value < 40 else { return nil }
        return Replacement(spoken: cardinal(value, nil), end: context.position)
    }

    /// What begins a sentence and is no name.
    private static let openers: Set<String> = [
        "The", "A", "An", "In", "On", "At", "My", "Your", "His", "Her", "Our", "Their", "This", "That", "These",
        "Those",
        "Is", "Are", "Was", "And", "Or", "But", "For", "To", "Of", "With", "By", "From", "As", "If", "It", "We", "You",
        "He", "She", "They", "I", "No", "Not", "Some", "Any", "All", "Each", "Size", "Use",
    ]

    private static let regnal: Set<String> = [
        "Alexander", "Benedict", "Catherine", "Charles", "Clement", "Edward", "Elizabeth", "Francis", "Frederick",
        "Ferdinand", "George", "Gregory", "Harald", "Henry", "Innocent", "Isabella", "James", "John", "Joseph", "Juan",
        "Leo", "Leopold", "Louis", "Mary", "Napoleon", "Nicholas", "Otto", "Paul", "Peter", "Philip", "Pius", "Ramses",
        "Richard", "Urban", "Wilhelm", "William",
    ]
}
