/// American reading: "one hundred five", month before day.
struct English: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "minus", point: "point", dotInNumber: "point", percent: "percent",
            permille: "per mille", range: "to", ratio: "to", per: "per", and: " and ", times: "by", number: "number",
            hashtag: "hashtag", dot: "dot", slash: "slash", dash: "dash", underscore: "underscore", at: "at")
        words.decimalMark = "."
        words.groupMarks = [",", "\u{202F}", "\u{2009}"]
        words.monthFirst = true
        words.moneyJoiner = " and "
        words.months = Self.months
        words.signs = [
            "&": "and", "+": "plus", "=": "equals", "×": "times", "÷": "divided by", "±": "plus or minus", "≈": "about",
            "≠": "is not equal to", "≤": "is at most", "≥": "is at least", "<": "is less than", ">": "is greater than",
            "%": "percent", "°": "degrees", "§": "section", "²": "squared", "³": "cubed", "√": "square root of",
            "π": "pi", "∞": "infinity", "→": "to", "@": "at", "*": "times", "№": "number", "$": "dollars", "€": "euros",
            "£": "pounds",
        ]
        words.signsBeforeNumber = [
            "+": "plus", "~": "about", "<": "less than", ">": "more than", "≈": "about", "±": "plus or minus",
            "≥": "at least", "≤": "at most",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            k K = thousand
            M m mn mln million = million
            B b bn bln billion = billion
            T tn trillion = trillion
            """)
        words.attachedMagnitudes = ["k", "K", "M"]
        words.unitsApart = ["K", "A"]
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "act", "appendix", "article", "book", "bowl", "chapter", "class", "episode", "figure", "grade", "level",
            "part", "phase", "section", "stage", "title", "type", "volume", "war",
        ]
        words.version = "version"
        words.power = "to the"
        words.saysImproperFractions = true
        words.fractionEndings = ["th", "TH", "rd", "RD", "nd", "ND", "st", "ST", "ths", "rds"]
        Self.addNames(to: &words)
        self.words = words
    }

    /// The days, what bears a number as its name, and who is called by one.
    private static func addNames(to words: inout Vocabulary) {
        words.weekdays = [
            "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday",
            "Thur": "Thursday", "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
        ]
        words.wordsLikeWeekdays = ["Wed", "Sat", "Sun"]
        words.labels = [
            "room", "gate", "seat", "apartment", "apt", "platform", "bus", "flight", "terminal", "row", "unit", "suite",
            "floor", "section", "block", "building", "line", "route", "track", "exit", "channel", "size", "grade",
            "class", "type", "figure", "table", "step", "option", "question", "pier", "bay", "locker", "box", "house",
        ]
        words.callWords = [
            "call", "calls", "called", "calling", "dial", "dialed", "dialled", "dialing", "text", "phone", "ring",
            "telephone", "tel", "fax", "hotline",
        ]
        words.calledNumbers = [
            "101", "110", "111", "112", "119", "211", "311", "411", "511", "611", "711", "811", "911", "988", "999",
        ]
        words.codeWords = [
            "pin", "passcode", "password", "code", "zip", "postcode", "iban", "isbn", "otp",
            "extension", "ext", "account",
        ]
        words.periods = ["second", "minute", "hour", "day", "week", "month", "year", "person"]
        words.durations = Vocabulary.nouns(
            """
            d = day, days
            h hr hrs = hour, hours
            m min mins = minute, minutes
            s sec secs = second, seconds
            """)
    }

    // MARK: - Numbers

    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]
    private static let tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    private static let scales: [(UInt64, String)] = [
        (1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"),
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value < 20 { return Self.small[Int(value)] }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            return value % 10 == 0 ? tens : tens + "-" + Self.small[Int(value % 10)]
        }
        if value < 1000 {
            let hundreds = Self.small[Int(value / 100)] + " hundred"
            return value % 100 == 0 ? hundreds : hundreds + " " + cardinal(value % 100, nil)
        }
        for (size, name) in Self.scales where value >= size {
            let head = cardinal(value / size, nil) + " " + name
            return value % size == 0 ? head : head + " " + cardinal(value % size, nil)
        }
        preconditionFailure("every value is below 1000 or reaches a scale")
    }

    private static let irregular = [
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
        "twelve": "twelfth",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender = .neuter) -> String {
        let cardinal = cardinal(value, nil)
        let cut = cardinal.lastIndex { $0 == " " || $0 == "-" }.map { cardinal.index(after: $0) } ?? cardinal.startIndex
        let last = String(cardinal[cut...])
        let ending = Self.irregular[last] ?? (last.hasSuffix("y") ? String(last.dropLast()) + "ieth" : last + "th")
        return cardinal[..<cut] + ending
    }

    /// "nineteen ninety-nine", "two thousand five", "twenty twenty-four".
    func year(_ value: UInt64) -> String {
        guard (1100...2099).contains(value), !(2000...2009).contains(value) else { return cardinal(value, nil) }
        let century = cardinal(value / 100, nil)
        switch value % 100 {
        case 0: return century + " hundred"
        case 1...9: return century + " oh " + cardinal(value % 100, nil)
        default: return century + " " + cardinal(value % 100, nil)
        }
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        let name: String
        switch denominator {
        case 2: name = numerator == 1 ? "half" : "halves"
        case 4: name = numerator == 1 ? "quarter" : "quarters"
        default: name = ordinal(denominator) + (numerator == 1 ? "" : "s")
        }
        // "a half" is what is said; "one third" as well as "a third".
        return (numerator == 1 && denominator == 2 ? "a" : cardinal(numerator, nil)) + " " + name
    }

    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if let (_, end) = context.word(of: ["st", "nd", "rd", "th", "ST", "ND", "RD", "TH"]) {
            // "21th" is a slip: whoever reads it says the right ending.
            return ordinalDay(value, in: context.at(end))
        }
        if let decade = decade(value, in: context) { return decade }
        if (1...12).contains(value), let half = halfOfDay(context.skippingSpace()) {
            return Replacement(spoken: cardinal(value, nil) + " " + half.spoken, end: half.end)
        }
        if (1...31).contains(value), context.scalar().isSpace, let month = month(context.skippingSpace(), after: true) {
            let article = context.previous.lowercased() == "the" ? "" : "the "
            return Replacement(spoken: article + ordinal(value) + " of " + month.spoken, end: month.end)
        }
        if context.scalar() == "'" || context.scalar() == "′" { return feet(value, in: context) }
        if let name = pixels(value, in: context) ?? model(value, in: context) { return name }
        return inches(value, in: context) ?? label(value, in: context) ?? quarter(value, in: context)
            ?? houseNumber(value, in: context) ?? yearOfEra(value, in: context)
    }

    /// "5th of May" stays as it is; "the 5th May" gains its "of".
    private func ordinalDay(_ value: UInt64, in after: Context) -> Replacement {
        guard (1...31).contains(value), after.scalar().isSpace, let month = month(after.skippingSpace(), after: true)
        else {
            return Replacement(spoken: ordinal(value), end: after.position)
        }
        let article = after.previous.lowercased() == "the" ? "" : "the "
        return Replacement(spoken: article + ordinal(value) + " of " + month.spoken, end: month.end)
    }

    /// "1990s", "1980 s", and "the 90s": "20s" alone are seconds.
    private func decade(_ value: UInt64, in context: Context) -> Replacement? {
        let isLong = (1100...2090).contains(value)
        guard value % 10 == 0, isLong || (20...90).contains(value) else { return nil }
        guard
            let (ending, end) = context.word(of: ["s", "'s", "’s"])
                ?? (isLong ? context.skippingSpace().word(of: ["s"]) : nil)
        else { return nil }
        let mark = context.at(context.start - 1).scalar()
        let isDecade =
            isLong || ending != "s" || mark == "'" || mark == "’" || isMusic(context.at(end))
            || Self.beforeDecade.contains(context.previous.lowercased())
        guard isDecade else { return nil }
        let year = value >= 1000 ? year(value) : cardinal(value, nil)
        let plural = year.hasSuffix("y") ? year.dropLast() + "ies" : year + "s"
        return Replacement(spoken: plural, end: end)
    }

    /// "80s music"
    private func isMusic(_ after: Context) -> Bool {
        after.skippingSpace().word(of: ["music", "hits", "rock", "pop", "songs", "movies", "style", "fashion", "party"])
            != nil
    }

    private static let beforeDecade: Set<String> = [
        "the", "early", "mid", "late", "his", "her", "their", "my", "your", "our", "its", "roaring", "swinging",
    ]

    /// 6'2" as a person's height.
    private func feet(_ value: UInt64, in context: Context) -> Replacement? {
        guard value < 100, let (inches, end) = context.at(context.position + 1).integer(digits: 2), inches < 12,
            "\"″”".unicodeScalars.contains(context.at(end).scalar()) || (3...8).contains(value)
        else { return nil }
        let hasMark = "\"″”".unicodeScalars.contains(context.at(end).scalar())
        guard hasMark || !context.at(end).scalar().isWordPart else { return nil }
        return Replacement(
            spoken: cardinal(value, nil) + " foot " + cardinal(inches, nil), end: hasMark ? end + 1 : end)
    }
}
