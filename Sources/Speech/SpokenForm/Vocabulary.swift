// The words that a language has to tell so that numbers and signs can be said in it.

enum Gender: Sendable { case masculine, feminine, neuter }

/// Something that is counted: "kilometer", "kilometers".
struct Noun: Sendable, Equatable {
    var one: String
    /// After 2 to 4 in Russian, and after decimals; `many` elsewhere.
    var few: String
    var many: String
    var gender: Gender
}

struct Currency: Sendable, Equatable {
    var noun: Noun
    var cent: Noun?
}

struct Abbreviation: Sendable, Equatable {
    enum Condition: Sendable { case none, number, capital }
    var spoken: String
    /// What has to follow.
    var before: Condition
    /// The dot ends the sentence too when a new one follows.
    var mayEndSentence: Bool
}

/// The words of one language. Tables are written as lines, `key key = value, value`, so that they can be read and checked
/// by whoever speaks the language.
struct Vocabulary: Sendable {
    var fullStop = "."
    /// Words are written apart; not so in Chinese and Japanese, and not between a Korean number and what follows.
    var spaces = true
    var decimalMark: Unicode.Scalar = ","
    var groupMarks: Set<Unicode.Scalar> = [".", "\u{A0}", "\u{202F}", "\u{2009}", "'", "’"]
    /// "5/3/2024" is in May.
    var monthFirst = false
    /// A plain space may group thousands.
    var groupsBySpace = false

    /// 0 to 9, one by one.
    var digits: [String]
    /// Between digits said one by one.
    var digitSeparator = " "
    /// Between a number and its unit.
    var unitSeparator = " "
    /// Between the groups of a telephone number.
    var phoneSeparator = ", "
    var minus: String
    /// The decimal mark; and a dot where a comma is the decimal mark.
    var point: String
    var dotInNumber: String
    var percent: String
    var permille: String
    /// "five *to* ten", "three *to* two".
    var range: String
    var ratio: String
    var per: String
    /// Between a whole number and its fraction, with spaces where they are written.
    var and: String
    var times: String
    var number: String
    var hashtag: String
    var dot: String
    var slash: String
    var dash: String
    var underscore: String
    var at: String
    /// Between "five dollars" and "fifty cents"; cents are named when `namesCents`.
    var moneyJoiner = " "
    var namesCents = true

    /// Before an exponent: "to the power of".
    var power = "^"
    /// "v2.10"; empty where nobody says it.
    var version = ""
    /// After C and F, the programming languages.
    var sharp = "sharp"
    /// Fractions above one are read as fractions too: "22/3".
    var saysImproperFractions = false
    /// What may be written after the denominator: "1/4th".
    var fractionEndings: Set<String> = []
    /// Chemical formulas are said letter by letter.
    var spellsFormulas = true

    var months: [String] = []
    /// Short names of the days, as they are written, and the days.
    var weekdays: [String: String] = [:]
    /// Those that are words of their own, too.
    var wordsLikeWeekdays: Set<String> = []
    /// Words that the numbers of things follow: "room 4B".
    var labels: Set<String> = []
    /// Words before a number that is called: "dial 911".
    var callWords: Set<String> = []
    /// Numbers that are called, and said digit by digit after such a word.
    var calledNumbers: Set<String> = []
    /// Words before the digits of a code, which are said one by one: "PIN 1234".
    var codeWords: Set<String> = []
    /// Nouns have capitals, so that one after a short word with a dot begins a sentence only if it is one of these. nil: any
    /// capital begins one.
    var sentenceOpeners: Set<String>?
    /// Symbols that are names rather than units behind few digits.
    var unitsApart: Set<String> = ["K"]
    /// What is counted by, by its name: "5 glasses/day".
    var periods: Set<String> = []
    /// A space stands before a colon as before other marks.
    var spacesColons = false
    /// "2h 30m 15s": days, hours, minutes and seconds by their letters.
    var durations: [String: Noun] = [:]
    var signs: [Unicode.Scalar: String] = [:]
    /// Signs that mean something before a number only: "~5".
    var signsBeforeNumber: [Unicode.Scalar: String] = [:]
    var units: [String: Noun] = [:] {
        didSet {
            foldedUnits = Self.folded(units)
            unitsByName = Self.named(units)
        }
    }
    /// Units by their own names in all forms.
    private(set) var unitsByName: [String: Noun] = [:]
    /// Units of two letters and more by their small letters, where these mean one unit only: "12 KG".
    private(set) var foldedUnits: [String: Noun] = [:]
    var currencies: [String: Currency] = [:]
    /// What multiplies a number, by what is written: "M", "bn", "million".
    var magnitudes: [String: Noun] = [:]
    /// Those of one letter that do so without money, too, where no space parts them from the number.
    var attachedMagnitudes: Set<String> = ["k"]
    var abbreviations: [String: Abbreviation] = [:]
    /// Words that a Roman numeral follows.
    var romanWords: Set<String> = []

    // MARK: - Tables

    private static func folded(_ units: [String: Noun]) -> [String: Noun] {
        var folded: [String: Noun] = [:]
        var ambiguous: Set<String> = []
        // A unit that is written in small letters is meant by them, and "va" is a word of several languages.
        for (key, noun) in units
        where key.count > 1 && units[key.lowercased()] == nil && !["VA", "Ah", "Pa", "PB"].contains(key) {
            if folded.updateValue(noun, forKey: key.lowercased()) != nil { ambiguous.insert(key.lowercased()) }
        }
        return folded.filter { !ambiguous.contains($0.key) }
    }

    private static func named(_ units: [String: Noun]) -> [String: Noun] {
        var named: [String: Noun] = [:]
        for noun in units.values { for name in [noun.one, noun.few, noun.many] { named[name] = noun } }
        return named
    }

    /// `km = kilometer, kilometers`, `км = километр, километра, километров`; a last field f or n is the gender.
    static func nouns(_ table: String) -> [String: Noun] {
        var result: [String: Noun] = [:]
        for (keys, fields) in rows(table) {
            let noun = noun(fields)
            for key in keys { result[key] = noun }
        }
        return result
    }

    /// `$ USD = dollar, dollars / cent, cents`
    static func currencies(_ table: String) -> [String: Currency] {
        var result: [String: Currency] = [:]
        for line in table.split(separator: "\n") {
            let sides = line.split(separator: "=", maxSplits: 1)
            let parts = sides[1].split(separator: "/").map(fields)
            let currency = Currency(noun: noun(parts[0]), cent: parts.count > 1 ? noun(parts[1]) : nil)
            for key in sides[0].split(separator: " ") { result[String(key)] = currency }
        }
        return result
    }

    /// `dr = Doctor, capital`; a field `end` says that the dot may end the sentence.
    static func abbreviations(_ table: String) -> [String: Abbreviation] {
        var result: [String: Abbreviation] = [:]
        for (keys, fields) in rows(table) {
            let before: Abbreviation.Condition =
                fields.contains("capital") ? .capital : fields.contains("number") ? .number : .none
            let value = Abbreviation(spoken: fields[0], before: before, mayEndSentence: fields.contains("end"))
            for key in keys { result[key] = value }
        }
        return result
    }

    private static func rows(_ table: String) -> [(keys: [String], fields: [String])] {
        table.split(separator: "\n").map { line in
            let sides = line.split(separator: "=", maxSplits: 1)
            return (sides[0].split(separator: " ").map(String.init), fields(sides[1]))
        }
    }

    private static func fields(_ text: Substring) -> [String] {
        text.split(separator: ",").map { field in
            String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
    }

    private static func noun(_ fields: [String]) -> Noun {
        var forms = fields
        var gender = Gender.masculine
        if let last = forms.last, forms.count > 1, last == "f" || last == "n" {
            gender = last == "f" ? .feminine : .neuter
            forms.removeLast()
        }
        let one = forms[0]
        let many = forms.last ?? one
        return Noun(one: one, few: forms.count > 2 ? forms[1] : many, many: many, gender: gender)
    }
}
