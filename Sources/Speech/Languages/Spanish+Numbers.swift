// Spanish numbers beyond the plain cardinals: ordinals, fractions, decimals, dates and times in digits; after the
// Diccionario panhispánico de dudas of the Real Academia Española (ordinales, fraccionarios, hora, fecha).

extension Spanish {
    // MARK: - Ordinals

    private static let ordinalOnes = [
        "", "primero", "segundo", "tercero", "cuarto", "quinto", "sexto", "séptimo", "octavo", "noveno", "décimo",
        "undécimo", "duodécimo",
    ]
    /// In one word with what follows: "decimotercero", "vigesimoctavo".
    private static let joinedTens = ["", "decimo", "vigesimo"]
    private static let ordinalTens = [
        "", "décimo", "vigésimo", "trigésimo", "cuadragésimo", "quincuagésimo", "sexagésimo", "septuagésimo",
        "octogésimo", "nonagésimo",
    ]
    private static let ordinalHundreds = [
        "", "centésimo", "ducentésimo", "tricentésimo", "cuadringentésimo", "quingentésimo", "sexcentésimo",
        "septingentésimo", "octingentésimo", "noningentésimo",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        guard value > 0, value < 1_000_000_000 else { return cardinal(value, gender) }
        let masculine = ordinalParts(value)
        guard gender == .feminine else { return masculine.joined(separator: " ") }
        return masculine.map { $0.dropLast() + "a" }.joined(separator: " ")
    }

    private func ordinalParts(_ value: UInt64) -> [String] {
        if value >= 1_000_000 {
            return [multiple(value / 1_000_000) + "millonésimo"] + ordinalParts(value % 1_000_000)
        }
        if value >= 1000 { return [multiple(value / 1000) + "milésimo"] + ordinalParts(value % 1000) }
        if value >= 100 { return [Self.ordinalHundreds[Int(value / 100)]] + ordinalParts(value % 100) }
        if value <= 12 { return value == 0 ? [] : [Self.ordinalOnes[Int(value)]] }
        let ones = Self.ordinalOnes[Int(value % 10)]
        if value % 10 == 0 { return [Self.ordinalTens[Int(value / 10)]] }
        guard value < 30 else { return [Self.ordinalTens[Int(value / 10)], ones] }
        // The two vowels become one: "decimoctavo".
        let head = Self.joinedTens[Int(value / 10)]
        return [(ones.hasPrefix("o") ? String(head.dropLast()) : head) + ones]
    }

    /// "dos" of "dosmilésimo"; one is not said.
    private func multiple(_ value: UInt64) -> String {
        value == 1 ? "" : cardinal(value, .masculine).replacingOccurrences(" ", with: "")
    }

    /// The endings that are written after ordinals. The last field: before a masculine noun, "primer".
    private static let ordinalEndings: [(String, Gender, Bool)] = [
        (".er", .masculine, true), ("er", .masculine, true), (".º", .masculine, false), ("º", .masculine, false),
        (".ª", .feminine, false), ("ª", .feminine, false), (".°", .masculine, false), (".o", .masculine, false),
        (".a", .feminine, false), ("ro", .masculine, false), ("ra", .feminine, false), ("do", .masculine, false),
        ("da", .feminine, false), ("to", .masculine, false), ("ta", .feminine, false), ("mo", .masculine, false),
        ("ma", .feminine, false), ("vo", .masculine, false), ("va", .feminine, false), ("no", .masculine, false),
        ("na", .feminine, false), ("os", .masculine, false), ("as", .feminine, false),
    ]

    /// "1.º", "3ª", "1er", "2° piso".
    func ordinal(_ value: UInt64, in context: Context) -> Replacement? {
        for (ending, gender, isShort) in Self.ordinalEndings where context.followsWord(ending) {
            let end = context.position + ending.unicodeScalars.count
            let spoken = ordinal(value, gender)
            let isBeforeNoun =
                gender == .masculine && (value % 10 == 1 || value % 10 == 3) && value % 100 / 10 != 1
                && context.at(end).scalar().isSpace
                && self.gender(of: context.at(end).skippingSpace().letters()) == .masculine
            let isApocopated = isShort || isBeforeNoun && ending.hasPrefix(".")
            return Replacement(
                spoken: isApocopated && spoken.hasSuffix("ero") ? String(spoken.dropLast()) : spoken, end: end)
        }
        // The sign of degrees for the raised o, before a noun: "2° piso".
        if context.scalar() == "°", context.scalar(1).isSpace, value > 0 {
            let word = context.at(context.position + 2).letters()
            let isNoun = word.count >= 3 && word.first?.isLowercase == true && !Self.functionWords.contains(word)
            guard isNoun, !["celsius", "centígrados", "fahrenheit", "bajo", "sobre", "grados", "kelvin"].contains(word)
            else { return nil }
            return Replacement(spoken: ordinal(value, gender(of: word) ?? .masculine), end: context.position + 1)
        }
        return nil
    }

    // MARK: - Fractions

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        if denominator == 2 { return numerator == 1 ? "medio" : cardinal(numerator, nil) + " medios" }
        guard let name = part(denominator) else {
            return cardinal(numerator, nil) + " sobre " + cardinal(denominator, nil)
        }
        return cardinal(numerator, .masculine) + " " + name + (numerator == 1 ? "" : "s")
    }

    /// "tercio", "octavo", "onceavo", "ducentésimo", "diezmilésimo"; nil: has none that is said.
    private func part(_ denominator: UInt64) -> String? {
        switch denominator {
        case 3: return "tercio"
        case 4...10: return Self.ordinalOnes[Int(denominator)]
        case 11...99:
            let stem = cardinal(denominator, nil).replacingOccurrences(" y ", with: "i")
                .replacingOccurrences("é", with: "e").replacingOccurrences("ó", with: "o")
            // "treintavo", but "treintaicincoavo" and "veinteavo".
            return denominator >= 30 && denominator % 10 == 0 ? stem.dropLast() + "avo" : stem + "avo"
        case 100...900 where denominator % 100 == 0, 1000...900_000 where denominator % 1000 == 0,
            1_000_000...900_000_000_000 where denominator % 1_000_000 == 0:
            if denominator < 1000 { return Self.ordinalHundreds[Int(denominator / 100)] }
            let size: UInt64 = denominator < 1_000_000 ? 1000 : 1_000_000
            return multiple(denominator / size) + (size == 1000 ? "milésimo" : "millonésimo")
        default: return nil
        }
    }

    /// "3/4", "2 2/1000", "1/1.000.000".
    func fraction(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard number.fraction.isEmpty, let value = number.value else { return nil }
        var slash = context
        var numerator = value
        var whole: UInt64?
        if context.scalar() == " ", value < 1000, let (top, end) = context.at(context.position + 1).integer(digits: 2) {
            whole = value
            numerator = top
            slash = context.at(end)
        }
        guard slash.scalar() == "/", slash.scalar(1).isDigit else { return nil }
        let below = slash.at(slash.position + 1).written(words)
        let next = slash.at(below.end)
        guard below.fraction.isEmpty, let denominator = below.value, denominator > 1, denominator <= 900_000_000_000,
            numerator > 0, !next.scalar().isWordPart, next.scalar() != "/"
        else { return nil }
        // "24/7" and "5/0" are none, nor is an improper one without a whole.
        guard numerator < denominator || (denominator <= 10 && numerator <= 20 && numerator != 24) else { return nil }
        let isDay = whole == nil && ["el", "del", "al", "día"].contains(context.previous.lowercased())
        guard !isDay else { return nil }
        return fraction(whole, numerator, denominator, before: next)
    }

    /// "medio kilogramo", "dos kilogramos y medio", "media hora", "tres cuartos de litro".
    private func fraction(_ whole: UInt64?, _ numerator: UInt64, _ denominator: UInt64, before next: Context)
        -> Replacement
    {
        let start = next.skippingSpace()
        let key = start.letters()
        let named = whole == nil ? nil : words.unitsByName[key]
        let unit = words.months.contains(key) ? nil : words.units[key] ?? named
        let isHalf = numerator == 1 && denominator == 2
        let gender = unit?.gender ?? (start.position > next.position ? self.gender(of: key) : nil)
        let part = isHalf && gender == .feminine ? "media" : fraction(numerator, denominator)
        guard let unit else {
            return Replacement(spoken: whole.map { cardinal($0, gender) + " y " + part } ?? part, end: next.position)
        }
        let end = start.position + key.unicodeScalars.count
        guard isHalf else {
            let head = whole.map { cardinal($0, nil) + " y " + part } ?? part
            return Replacement(spoken: head + " de " + unit.one, end: end)
        }
        let spoken = whole.map {
            cardinal($0, unit.gender) + " " + noun(unit, after: $0, isDecimal: false) + " y " + part
        }
        return Replacement(spoken: spoken ?? part + " " + unit.one, end: end)
    }

    // MARK: - Decimals

    /// After the comma in pairs, as they are said: "tres coma catorce dieciséis"; an odd number of digits one by one.
    func decimal(_ number: WrittenNumber) -> String? {
        let digits = number.fraction.map { UInt64($0.value - 48) }
        guard digits.count % 2 == 0, (2...8).contains(digits.count), !number.usesForeignDot || digits.count == 2,
            let whole = number.value
        else { return nil }
        var spoken = [cardinal(whole, nil), number.usesForeignDot ? words.dotInNumber : words.point]
        for index in stride(from: 0, to: digits.count, by: 2) {
            if digits[index] == 0 { spoken.append(words.digits[0]) }
            spoken.append(cardinal(digits[index] * 10 + digits[index + 1], nil))
        }
        return spoken.joined(separator: " ")
    }

    // MARK: - Dates

    private static let shortMonths: [String: Int] = {
        var result: [String: Int] = [:]
        for (index, month) in months.enumerated() {
            result[month] = index + 1
            result[String(month.prefix(3))] = index + 1
        }
        result["sept"] = 9
        result["setiembre"] = 9
        return result
    }()

    /// A month by its name or its first letters, with the dot of an abbreviation.
    private func month(_ start: Context) -> (number: Int, end: Int)? {
        let word = start.letters()
        guard let number = Self.shortMonths[word.lowercased()] else { return nil }
        let end = start.position + word.unicodeScalars.count
        let isShort = !Self.months.contains(word.lowercased())
        return (number, isShort && start.at(end).scalar() == "." ? end + 1 : end)
    }

    /// "1 enero", "5 ene. 2024": a day with its month, where "de" is left out.
    func dayOfMonth(_ value: UInt64, in context: Context) -> Replacement? {
        guard (1...31).contains(value) else { return nil }
        let next = context.skippingSpace()
        guard next.position > context.position else { return nil }
        if next.follows("de "), value == 1, let (_, _) = month(next.at(next.position + 3)) { return nil }
        guard let (number, end) = month(next) else { return nil }
        let day = value == 1 ? "primero" : cardinal(value, nil)
        var spoken = day + " de " + Self.months[number - 1]
        let rest = context.at(end).skippingSpace()
        if rest.position > end, let (year, endOfYear) = rest.integer(digits: 4), endOfYear - rest.position == 4 {
            spoken += " de " + cardinal(year, nil)
            return Replacement(spoken: spoken, end: endOfYear)
        }
        return Replacement(spoken: spoken, end: end)
    }

    /// "abr. 22", "junio 21 2021", "junio 21, 2021".
    func monthBeforeDay(_ word: String, in context: Context) -> Replacement? {
        guard let number = Self.shortMonths[word.lowercased()] else { return nil }
        let isShort = !Self.months.contains(word.lowercased())
        let hasDot = isShort && context.scalar() == "."
        let start = context.at(context.position + (hasDot ? 1 : 0)).skippingSpace()
        guard start.position > context.position, let (day, end) = start.integer(digits: 2), (1...31).contains(day)
        else { return nil }
        let rest = context.at(end)
        var year = rest.at(end + (rest.scalar() == "," ? 1 : 0)).skippingSpace()
        if year.follows("de ") { year.position += 3 }
        let spoken = (day == 1 ? "primero" : cardinal(day, nil)) + " de " + Self.months[number - 1]
        if year.position > end, let (value, endOfYear) = year.integer(digits: 4), (1000...2999).contains(value) {
            return Replacement(spoken: spoken + " de " + cardinal(value, nil), end: endOfYear)
        }
        let endsHere =
            rest.scalar() == "\n" || ".,;:!?)".unicodeScalars.contains(rest.scalar()) && !rest.scalar(1).isDigit
        return endsHere ? Replacement(spoken: spoken, end: end) : nil
    }

    /// "el 5/1": a day without its year.
    func dayInDigits(_ context: Context) -> Replacement? {
        let words = [
            "el", "del", "al", "día", "desde", "hasta", "fecha", "lunes", "martes", "miércoles", "jueves",
            "viernes", "sábado", "domingo",
        ]
        guard words.contains(context.previous.lowercased()) else { return nil }
        let first = context.at(context.start)
        guard let (day, slash) = first.integer(digits: 2), "/-".unicodeScalars.contains(context.at(slash).scalar()),
            let (month, end) = first.at(slash + 1).integer(digits: 2), (1...31).contains(day), (1...12).contains(month)
        else { return nil }
        let after = context.at(end)
        guard !after.scalar().isWordPart, !("/-.,:".unicodeScalars.contains(after.scalar()) && after.scalar(1).isDigit)
        else { return nil }
        return Replacement(spoken: cardinal(day, nil) + " de " + Self.months[Int(month) - 1], end: end)
    }

    // MARK: - Times

    /// "1.00 p. m.", "14.05 h", "a las 14.05": a dot between hours and minutes.
    func timeWithDot(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (hour, dot) = first.integer(digits: 2), context.at(dot).scalar() == ".", hour <= 24,
            let (minute, end) = first.at(dot + 1).integer(digits: 2), end == dot + 3, minute < 60
        else { return nil }
        let after = context.at(end)
        guard !after.scalar().isWordPart, !(".,:/".unicodeScalars.contains(after.scalar()) && after.scalar(1).isDigit)
        else { return nil }
        let next = after.skippingSpace()
        let isHour = ["h", "hs", "hrs"].contains { next.followsWord($0) } || dayPart(after, hour) != nil
        guard isHour || ["las", "la"].contains(context.previous.lowercased()) else { return nil }
        return time(WrittenTime(hour: hour, minute: minute), in: after)
    }

    /// "12h02m00s": the time of a clock.
    func timeWithLetters(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (hour, h) = first.integer(digits: 2), hour <= 24, context.at(h).scalar() == "h",
            let (minute, m) = first.at(h + 1).integer(digits: 2), m == h + 3, minute < 60, context.at(m).scalar() == "m"
        else { return nil }
        var end = m + 1
        var second: UInt64?
        if let (value, s) = first.at(end).integer(digits: 2), s == end + 2, value < 60, context.at(s).scalar() == "s" {
            second = value
            end = s + 1
        }
        guard !context.at(end).scalar().isWordPart else { return nil }
        return time(WrittenTime(hour: hour, minute: minute, second: second), in: context.at(end))
    }

    private static let zones: Set<String> = [
        "est", "edt", "cst", "cdt", "mst", "pst", "pdt", "cet", "cest", "art", "pet", "clt",
    ]

    /// A time with the letters of its zone.
    private func zoned(_ time: Replacement, _ context: Context) -> Replacement {
        let next = context.at(time.end).skippingSpace()
        let word = next.letters()
        guard next.position > time.end, Self.zones.contains(word.lowercased()) else { return time }
        let letters = word.uppercased().map { String($0) }.joined(separator: " ")
        return Replacement(spoken: time.spoken + " " + letters, end: next.position + word.unicodeScalars.count)
    }

    /// "GMT-3", "UTC+5:30": the zone of a time.
    func zone(_ word: String, in context: Context) -> Replacement? {
        guard ["gmt", "utc"].contains(word.lowercased()) else { return nil }
        let sign = context.scalar()
        guard "+-−".unicodeScalars.contains(sign),
            let (hours, end) = context.at(context.position + 1).integer(digits: 2)
        else {
            return nil
        }
        let letters = word.uppercased().map { String($0) }.joined(separator: " ")
        var spoken = letters + (sign == "+" ? " más " : " menos ") + cardinal(hours, .feminine)
        guard context.at(end).scalar() == ":", let (minutes, last) = context.at(end + 1).integer(digits: 2) else {
            return Replacement(spoken: spoken, end: end)
        }
        if minutes > 0 { spoken += " " + cardinal(minutes, nil) }
        return Replacement(spoken: spoken, end: last)
    }

    /// "p. m." in words: "de la tarde", from eight on "de la noche".
    func dayPart(_ context: Context, _ hour: UInt64) -> Replacement? {
        let next = context.skippingSpace()
        for form in ["a. m.", "a.m.", "am", "p. m.", "p.m.", "pm", "a.m", "p.m"] {
            let end = next.position + form.unicodeScalars.count
            let capitals = form.uppercased()
            guard next.follows(form) || next.follows(capitals), !next.at(end).scalar().isWordPart else { continue }
            let isMorning = form.hasPrefix("a")
            let part = isMorning ? (hour == 12 ? "noche" : "mañana") : hour >= 8 && hour < 12 ? "noche" : "tarde"
            // The last dot may end the sentence as well.
            let rest = next.at(end).skippingSpace()
            let endsSentence =
                form.hasSuffix(".") && (rest.scalar() == "\n" || rest.position > end && rest.scalar().isUpper)
            return Replacement(spoken: "de la " + part, end: endsSentence ? end - 1 : end)
        }
        return nil
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let hour = cardinal(time.hour, .feminine)
        var spoken = hour
        if time.minute > 0 { spoken += " y " + cardinal(time.minute, nil) }
        if let second = time.second, second > 0 {
            spoken += " y " + cardinal(second, .masculine) + (second == 1 ? " segundo" : " segundos")
        }
        if let part = dayPart(context, time.hour) {
            return Replacement(spoken: spoken + " " + part.spoken, end: part.end)
        }
        guard let h = context.skippingSpace().word(of: ["h", "hs", "hrs", "horas"]) else {
            return zoned(Replacement(spoken: spoken, end: context.position), context)
        }
        let named = hour + (time.hour == 1 ? " hora" : " horas")
        let isRound = time.minute == 0 && time.second ?? 0 == 0 && time.hour != 1
        return Replacement(spoken: isRound ? named : spoken, end: h.end)
    }
}
