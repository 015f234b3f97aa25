// Numbers that English says in a way of their own: inches, house numbers, names of things.

extension English {
    /// "to the sixth", "to the minus three".
    func power(_ exponent: UInt64, isNegative: Bool) -> String {
        if isNegative { return "to the minus " + cardinal(exponent, nil) }
        switch exponent {
        case 0: return "to the zero"
        case 2: return "squared"
        case 3: return "cubed"
        default: return "to the " + ordinal(exponent)
        }
    }

    /// Digits that name something, in pairs: "ten eighty p", "eighty-seven hundred", "one twenty-three".
    func name(_ value: UInt64) -> String {
        guard value >= 100, value < 10_000, value % 1000 != 0 else { return cardinal(value, nil) }
        let head = cardinal(value / 100, nil)
        switch value % 100 {
        case 0: return head + " hundred"
        case 1...9: return head + " oh " + cardinal(value % 100, nil)
        default: return head + " " + cardinal(value % 100, nil)
        }
    }

    /// "12in" and "12 in of snow": a lone "in" is more often the word.
    func inches(_ value: UInt64, in context: Context) -> Replacement? {
        let start = context.skippingSpace()
        guard start.followsWord("in") || start.follows("in.") else { return nil }
        let end = start.position + 2
        let hasDot = context.at(end).scalar() == "."
        let next = context.at(hasDot ? end + 1 : end).skippingSpace()
        let isMeasure = next.word(of: ["of", "tall", "wide", "long", "deep", "high", "thick", "x", "by", "per"]) != nil
        let isAttached = start.position == context.position
        // "It is 10 in." ends, and nothing ends in a lone "in".
        let isEnd = next.scalar() == "\n" || next.scalar().isUpper
        let isAbbreviated = hasDot && (next.scalar().isLetter && !next.scalar().isUpper || isEnd)
        // "5 ft 11 in"
        let isAfterFeet = ["ft ", "ft. ", "foot ", "feet "].contains { context.isAfter($0) }
        guard isMeasure || isAttached || isAbbreviated || isAfterFeet else { return nil }
        let spoken = cardinal(value, nil) + (value == 1 ? " inch" : " inches")
        return Replacement(spoken: spoken, end: hasDot && isAbbreviated && !isEnd ? end + 1 : end, kind: .unit)
    }

    /// "2,000 sq ft", "5 cu. in.": units of two words.
    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        var next = context.skippingSpace()
        let power = next.letters()
        guard next.position > context.position, let raised = ["sq": "square", "cu": "cubic"][power] else { return nil }
        next.position += 2
        if next.scalar() == "." { next.position += 1 }
        next = next.skippingSpace()
        let key = next.letters()
        let inch = Noun(one: "inch", few: "inches", many: "inches", gender: .neuter)
        guard let unit = key == "in" ? inch : words.units[key], let value = number.value else { return nil }
        let one = value == 1 && number.fraction.isEmpty
        let count =
            number.fraction.isEmpty
            ? cardinal(value, nil)
            : [cardinal(value, nil), words.point, spelled(number.fraction)].joined(separator: " ")
        let end = next.position + key.unicodeScalars.count
        let goesOn = context.at(end).scalar() == "." && context.at(end).scalar(1).isSpace
        let rest = context.at(end + 1).skippingSpace().scalar()
        let spoken = [count, raised, one ? unit.one : unit.many].joined(separator: " ")
        return Replacement(spoken: spoken, end: goesOn && rest.isLetter && !rest.isUpper ? end + 1 : end, kind: .unit)
    }

    /// "1920x1080": each number in pairs.
    func pixels(_ value: UInt64, in context: Context) -> Replacement? {
        guard (240...9999).contains(value), context.scalar() == "x" || context.scalar() == "×",
            let (height, end) = context.at(context.position + 1).integer(digits: 4), (240...9999).contains(height),
            !context.at(end).scalar().isWordPart
        else { return nil }
        return Replacement(spoken: name(value) + " by " + name(height), end: end)
    }

    /// "the RTX 4090": the number of a model, in pairs. One with zeros is rather said as a number.
    func model(_ value: UInt64, in context: Context) -> Replacement? {
        let maker = context.previous
        guard (1010...9999).contains(value), value % 100 >= 10, (2...5).contains(maker.count),
            maker.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }), context.at(context.start - 1).scalar() == " ",
            !context.scalar().isWordPart, context.position - context.start == 4
        else { return nil }
        return Replacement(spoken: name(value), end: context.position)
    }

    /// "In 1066": years before those that are told from quantities by their size alone.
    func spoken(_ number: WrittenNumber, in context: Context) -> String? {
        guard number.fraction.isEmpty, !number.isGrouped, let value = number.value, (1010...1099).contains(value),
            ["in", "since", "until", "year", "from", "circa"].contains(context.previous.lowercased()),
            !context.skippingSpace().scalar().isLetter || context.skippingSpace().word(of: ["to", "and", "the"]) != nil
        else { return nil }
        return name(value)
    }

    /// "a 5 min walk", "a $5 bill": what a number makes an adjective has no plural.
    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        guard ["a", "an"].contains(context.previous.lowercased()), let value = number.value, value > 1,
            number.fraction.isEmpty, noun.one != noun.many
        else { return nil }
        var next = context
        if context.at(context.start).scalar().isDigit {
            next = next.skippingSpace()
            while next.position < context.position + 8, !next.scalar().isSpace { next.position += 1 }
        }
        guard next.scalar() == " " else { return nil }
        let word = next.at(next.position + 1).letters()
        guard word.count > 2, word.first?.isLowercase == true, !Self.noNouns.contains(word) else { return nil }
        return cardinal(value, nil) + " " + noun.one
    }

    private static let noNouns: Set<String> = [
        "and", "for", "per", "from", "away", "ago", "long", "tall", "wide", "high", "deep", "thick", "are", "was",
        "were",
        "each", "off", "over", "less", "more", "than", "that", "with", "into", "have", "has", "until", "but",
    ]

    /// "4K", "1080p", and the "4B" of a room: letters that belong to a name.
    func label(_ value: UInt64, in context: Context) -> Replacement? {
        if context.word(of: ["p", "i"]) != nil, [240, 360, 480, 576, 720, 1080, 1440, 2160, 4320].contains(value) {
            return Replacement(spoken: name(value), end: context.position)
        }
        guard [2, 4, 5, 6, 8, 10, 12, 16].contains(value), context.followsWord("K") else { return nil }
        let isSmall = value < 10 || context.at(context.position + 1).skippingSpace().word(of: ["run", "race"]) != nil
        return isSmall ? Replacement(spoken: cardinal(value, nil) + " K", end: context.position + 1) : nil
    }

    /// "2Q22", "1H23".
    func quarter(_ value: UInt64, in context: Context) -> Replacement? {
        let letter = context.scalar()
        guard letter == "Q" && (1...4).contains(value) || letter == "H" && (1...2).contains(value),
            let (year, end) = context.at(context.position + 1).integer(digits: 4),
            end - context.position == 3 || end - context.position == 5, !context.at(end).scalar().isWordPart
        else { return nil }
        let part = ordinal(value) + (letter == "Q" ? " quarter of " : " half of ")
        let article = context.previous.lowercased() == "the" ? "" : "the "
        return Replacement(spoken: article + part + (year > 99 ? self.year(year) : cardinal(year, nil)), end: end)
    }

    /// "340 A.D."
    func yearOfEra(_ value: UInt64, in context: Context) -> Replacement? {
        let era = context.skippingSpace()
        let isEra =
            era.word(of: ["AD", "BC", "BCE", "CE"]) != nil || ["A.D", "B.C"].contains { era.follows($0) }
        guard isEra, era.position > context.position, value >= 100 else { return nil }
        return Replacement(spoken: value < 1000 ? name(value) : year(value), end: context.position)
    }

    // MARK: - Addresses

    private static let directions = [
        "N": "North", "S": "South", "E": "East", "W": "West", "NE": "Northeast", "NW": "Northwest", "SE": "Southeast",
        "SW": "Southwest",
    ]

    /// By the abbreviations of the United States Postal Service (Publication 28, appendix C).
    private static let streets = [
        "St": "Street", "Ave": "Avenue", "Av": "Avenue", "Rd": "Road", "Blvd": "Boulevard", "Dr": "Drive", "Ln": "Lane",
        "Ct": "Court", "Pl": "Place", "Sq": "Square", "Hwy": "Highway", "Pkwy": "Parkway", "Ter": "Terrace",
        "Cir": "Circle", "Trl": "Trail", "Expy": "Expressway", "Fwy": "Freeway", "Aly": "Alley", "Xing": "Crossing",
    ]

    /// "1211 E Arques Ave": the number of a house in pairs, and where its street runs.
    func houseNumber(_ value: UInt64, in context: Context) -> Replacement? {
        guard context.scalar() == " ", value >= 10, value < 100_000 else { return nil }
        var next = context.skippingSpace()
        var direction = ""
        let letters = next.letters()
        if let long = Self.directions[letters] {
            direction = " " + long
            next.position += letters.unicodeScalars.count + (next.scalar(letters.unicodeScalars.count) == "." ? 1 : 0)
            next = next.skippingSpace()
        }
        guard hasStreet(next) else { return nil }
        let end = direction.isEmpty ? context.position : next.position - 1
        let number = value < 10_000 ? name(value) : spelled(String(value).unicodeScalars)
        return Replacement(spoken: number + direction, end: end)
    }

    /// One to four capitalized words, or "1st", and the kind of a street.
    private func hasStreet(_ start: Context) -> Bool {
        var next = start
        for count in 0..<5 {
            let word = next.letters()
            if count > 0, Self.streets[word] != nil || Self.streets.values.contains(word) { return true }
            var end = next.position + word.unicodeScalars.count
            if let (_, endOfDigits) = next.integer(digits: 3),
                let ending = next.at(endOfDigits).word(of: ["st", "nd", "rd", "th"])
            {
                end = ending.end
            } else if word.first?.isUppercase != true {
                return false
            }
            guard next.at(end).scalar() == " " else { return false }
            next = next.at(end + 1)
        }
        return false
    }

    /// "Elm St.", "5th Ave": after a name, and before no other.
    func street(_ word: String, in context: Context) -> Replacement? {
        guard let street = Self.streets[word] else { return nil }
        let hasDot = context.scalar() == "."
        let next = context.at(context.position + (hasDot ? 1 : 0)).skippingSpace()
        guard isAfterName(context.at(context.position - word.unicodeScalars.count)) else { return nil }
        let mark = next.scalar()
        let endsSentence = mark == "\n" || mark.isUpper
        guard !mark.isUpper || hasDot || Self.directions[next.letters()] != nil else { return nil }
        let end = context.position + (hasDot && !endsSentence ? 1 : 0)
        return Replacement(spoken: street, end: end)
    }

    private func isAfterName(_ start: Context) -> Bool {
        guard start.scalar(-1) == " " else { return false }
        var first = start.position - 1
        while first > 0, start.position - first < 24, start.at(first - 1).scalar().isWordPart { first -= 1 }
        let name = start.at(first)
        return name.scalar().isUpper || (name.scalar().isDigit && start.scalar(-2).isLetter)
    }

    /// Those that are no other words, and those that only a postal code tells apart.
    private static let states = [
        "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CA": "California", "CO": "Colorado",
        "CT": "Connecticut", "DC": "D C", "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "ID": "Idaho",
        "IL": "Illinois",
        "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "MD": "Maryland", "MI": "Michigan",
        "MN": "Minnesota", "MS": "Mississippi", "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada",
        "NH": "New Hampshire", "NJ": "New Jersey", "NM": "New Mexico", "NY": "New York", "NC": "North Carolina",
        "ND": "North Dakota", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
        "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia",
        "WI": "Wisconsin", "WY": "Wyoming",
    ]
    private static let ambiguousStates = [
        "HI": "Hawaii", "IN": "Indiana", "MA": "Massachusetts", "ME": "Maine", "OH": "Ohio", "OK": "Oklahoma",
        "OR": "Oregon", "PA": "Pennsylvania",
    ]

    /// "City, NY" and "Portland, OR 97201".
    func state(_ word: String, in context: Context) -> Replacement? {
        let start = context.position - word.unicodeScalars.count
        guard !context.scalar().isWordPart, context.at(start - 1).scalar() == " ",
            context.at(start - 2).scalar() == ",",
            context.at(start - 3).scalar().isLetter, context.at(start - 3).beginsInCapital,
            let name = stateName(word, context)
        else { return nil }
        return Replacement(spoken: name, end: context.position)
    }

    private func stateName(_ word: String, _ context: Context) -> String? {
        if let name = Self.states[word] { return name }
        let code = context.skippingSpace()
        guard code.position > context.position, let (_, end) = code.integer(digits: 5), end == code.position + 5 else {
            return nil
        }
        return Self.ambiguousStates[word]
    }

    /// The postal code after a state, digit by digit.
    func state(before context: Context) -> Replacement? {
        let start = context.start
        guard let (_, end) = context.at(start).integer(digits: 5), end == start + 5,
            !context.at(end).scalar().isWordPart,
            context.at(start - 1).scalar() == " ", context.at(start - 4).scalar() == " ",
            context.at(start - 5).scalar() == ","
        else { return nil }
        let code = String(scalars: context.scalars[(start - 3)..<(start - 1)])
        guard Self.states[code] != nil || Self.ambiguousStates[code] != nil else { return nil }
        return Replacement(spoken: spelled(context.scalars[start..<end]), end: end)
    }
}

extension Context {
    /// Whether the word that ends here has a capital.
    var beginsInCapital: Bool {
        var first = position
        while first > 0, position - first < 24, at(first - 1).scalar().isLetter { first -= 1 }
        return at(first).scalar().isUpper
    }
}
