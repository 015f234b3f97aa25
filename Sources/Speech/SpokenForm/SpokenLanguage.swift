// The grammar that a language has to tell so that numbers and signs can be said in it; its words are in a `Vocabulary`.

protocol SpokenLanguage: Sendable {
    var words: Vocabulary { get }

    /// - Parameter gender: of the noun that follows; nil when the number stands alone.
    func cardinal(_ value: UInt64, _ gender: Gender?) -> String

    func ordinal(_ value: UInt64, _ gender: Gender) -> String

    /// A number of four digits that is a year as far as can be seen.
    func year(_ value: UInt64) -> String

    func date(_ date: WrittenDate, after previous: String) -> String

    func time(_ time: WrittenTime, in context: Context) -> Replacement

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String

    /// "half a kilometer"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String

    /// A whole number with a fraction: "two and a half".
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64) -> String

    /// "two and a half kilometers"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String

    func percent(_ number: String, isPermille: Bool) -> String

    /// A date, in the form that the words around it ask for.
    func date(_ date: WrittenDate, in context: Context) -> String

    /// Digits that start at `context.start`, before any rule that all languages share.
    func digits(in context: Context) -> Replacement?

    /// A number with what follows it, before the shared rules for fractions, ranges and units.
    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement?

    /// A number alone, in the form that the words around it ask for.
    func spoken(_ number: WrittenNumber, in context: Context) -> String?

    /// A number of units, in the form that the words around it ask for.
    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String?

    /// A number with a fraction; nil: digit by digit after the decimal mark.
    func decimal(_ number: WrittenNumber) -> String?

    /// A sign at `context.start`, before any shared rule.
    func sign(_ sign: Unicode.Scalar, in context: Context) -> Replacement?

    /// The words for a number together with what follows it, where that is more than a unit: "1st", "3. Mai", "1990s".
    func number(_ value: UInt64, in context: Context) -> Replacement?

    func noun(_ noun: Noun, after value: UInt64, isDecimal: Bool) -> String

    /// What is counted, after a round number of millions: "un million *d'euros*".
    func afterMillions(_ noun: String) -> String

    /// The gender that a word after a number seems to have; nil: none is known.
    func gender(of word: String) -> Gender?

    /// A Roman numeral after `word`; nil when it would not be one there.
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement?

    /// A word with what follows it, where that is neither an abbreviation nor an address.
    func word(_ word: String, in context: Context) -> Replacement?

    func phoneGroup(_ digits: [Int]) -> String

    /// "Monday to Friday"
    func days(from first: String, to last: String) -> String

    /// Up to four digits in the name of a thing: "UA1234".
    func name(_ value: UInt64) -> String

    /// What follows a number raised to a power: "squared", "to the minus three".
    func power(_ exponent: UInt64, isNegative: Bool) -> String

    /// "per kilogram"
    func per(_ noun: Noun) -> String

    /// "per kilogram" after an amount of money.
    func pricePer(_ noun: Noun) -> String

    /// "sixteen to nine"
    func ratio(_ first: UInt64, _ second: UInt64, in context: Context) -> String
}

struct WrittenDate: Sendable {
    var year: UInt64?
    var month: Int
    var day: UInt64
}

struct WrittenTime: Sendable {
    var hour: UInt64
    var minute: UInt64
    var second: UInt64?
}

/// Words, and where in the text what they stand for ends.
struct Replacement: Sendable {
    var spoken: String
    var end: Int
    var kind = Kind.number

    /// What digits stand for. Two of the same kind, other than plain numbers, may be the ends of a range.
    enum Kind: Sendable { case number, named, date, time, duration, percent, money, unit }
}

extension SpokenLanguage {
    func year(_ value: UInt64) -> String { cardinal(value, nil) }

    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64) -> String {
        cardinal(whole, nil) + words.and + fraction(numerator, denominator)
    }

    func date(_ date: WrittenDate, in context: Context) -> String { self.date(date, after: context.previous) }

    func digits(in context: Context) -> Replacement? { nil }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? { nil }

    func spoken(_ number: WrittenNumber, in context: Context) -> String? { nil }

    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? { nil }

    func decimal(_ number: WrittenNumber) -> String? { nil }

    func sign(_ sign: Unicode.Scalar, in context: Context) -> Replacement? { nil }

    func number(_ value: UInt64, in context: Context) -> Replacement? { nil }

    func noun(_ noun: Noun, after value: UInt64, isDecimal: Bool) -> String {
        value == 1 && !isDecimal ? noun.one : noun.many
    }

    func afterMillions(_ noun: String) -> String { noun }

    func gender(of word: String) -> Gender? { nil }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        words.romanWords.contains(word.lowercased())
            ? Replacement(spoken: cardinal(value, nil), end: context.position) : nil
    }

    func word(_ word: String, in context: Context) -> Replacement? { nil }

    func percent(_ number: String, isPermille: Bool) -> String {
        number + " " + (isPermille ? words.permille : words.percent)
    }

    func power(_ exponent: UInt64, isNegative: Bool) -> String {
        if !isNegative, exponent == 2, let square = words.signs["²"] { return square }
        if !isNegative, exponent == 3, let cube = words.signs["³"] { return cube }
        return (isNegative ? [words.power, words.minus] : [words.power]).joined(separator: words.unitSeparator)
            + words.unitSeparator + cardinal(exponent, nil)
    }

    func name(_ value: UInt64) -> String { value > 999 ? year(value) : cardinal(value, nil) }

    func per(_ noun: Noun) -> String { words.per + words.unitSeparator + noun.one }

    func pricePer(_ noun: Noun) -> String { per(noun) }

    func ratio(_ first: UInt64, _ second: UInt64, in context: Context) -> String {
        [cardinal(first, nil), words.ratio, cardinal(second, nil)].joined(separator: words.unitSeparator)
    }

    func days(from first: String, to last: String) -> String { [first, words.range, last].joined(separator: " ") }

    /// "21 mil pessoas": thousands with the gender of what follows them; nil where no "mil" does.
    func thousands(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        guard noun.one == "mil", number.fraction.isEmpty, let value = number.value else { return nil }
        let mil = context.skippingSpace()
        let next = mil.at(mil.position + mil.letters().unicodeScalars.count).skippingSpace()
        return cardinal(value, gender(of: next.letters()) ?? .masculine) + " " + noun.one
    }

    func phoneGroup(_ digits: [Int]) -> String {
        digits.map { words.digits[$0] }.joined(separator: words.digitSeparator)
    }

    /// "one two three": a run of digits that is no quantity.
    func spelled(_ digits: some Sequence<Unicode.Scalar>) -> String {
        digits.map { words.digits[Int($0.value) - 48] }.joined(separator: words.digitSeparator)
    }
}

/// A place in the text, for rules that look around it.
struct Context {
    let scalars: [Unicode.Scalar]
    /// After what is being said.
    var position: Int
    /// The word before it in the same sentence; empty when there is none.
    var previous: String
    /// The last words of the sentence, up to four of them, numbers left out.
    var recent: [String]
    /// Where what is being said starts.
    var start: Int

    func scalar(_ offset: Int = 0) -> Unicode.Scalar {
        let index = position + offset
        return index >= 0 && index < scalars.count ? scalars[index] : "\n"
    }

    func follows(_ text: String) -> Bool {
        var index = position
        for scalar in text.unicodeScalars {
            guard index < scalars.count, scalars[index] == scalar else { return false }
            index += 1
        }
        return true
    }

    /// `text` follows and no word goes on after it.
    func followsWord(_ text: String) -> Bool {
        let count = text.unicodeScalars.count
        return follows(text) && !scalar(count).isWordPart
    }

    /// The first of `texts` that follows as a whole word.
    func word(of texts: [String]) -> (text: String, end: Int)? {
        for text in texts where followsWord(text) { return (text, position + text.unicodeScalars.count) }
        return nil
    }

    func skippingSpace() -> Context {
        var copy = self
        if scalar().isSpace { copy.position += 1 }
        return copy
    }

    func at(_ position: Int) -> Context {
        var copy = self
        copy.position = position
        return copy
    }

    /// The letters that follow, at most 24 of them.
    func letters() -> String {
        guard scalars.indices.contains(position) else { return "" }
        var end = position
        while end < scalars.count, end - position < 24, scalars[end].isLetter { end += 1 }
        return String(scalars: scalars[position..<end])
    }

    /// The number of at most `digits` digits that follows.
    func integer(digits: Int) -> (value: UInt64, end: Int)? {
        guard position >= 0 else { return nil }
        var end = position
        var value: UInt64 = 0
        while end < scalars.count, scalars[end].isDigit {
            guard end - position < digits else { return nil }
            value = value * 10 + UInt64(scalars[end].value - 48)
            end += 1
        }
        return end > position ? (value, end) : nil
    }
}
