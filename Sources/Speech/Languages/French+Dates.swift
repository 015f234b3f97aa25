// How French says days, times, ordinals and decimals.

extension French {
    static let months = [
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ]

    /// The endings of ordinals, raised ones among them, and the gender they show.
    private static let endings: [(String, Gender)] = [
        ("er", .masculine), ("re", .feminine), ("ère", .feminine), ("ers", .masculine), ("ères", .feminine),
        ("ème", .masculine), ("èmes", .masculine), ("eme", .masculine), ("e", .masculine), ("es", .masculine),
        ("ième", .masculine), ("ièmes", .masculine), ("nd", .masculine), ("nde", .feminine), ("d", .masculine),
        ("de", .feminine),
    ]

    /// "1er", "2e", "14 h 30", "17/18/19 mars".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        for (ending, gender) in Self.endings where context.followsWord(ending) {
            let end = context.position + ending.unicodeScalars.count
            let plural = ending.hasSuffix("s") ? "s" : ""
            if ending == "nd" || ending == "nde" {
                return Replacement(spoken: gender == .feminine ? "seconde" : "second", end: end)
            }
            guard ending != "d" && ending != "de" || value == 2 else { continue }
            if ending == "d" || ending == "de" {
                return Replacement(spoken: gender == .feminine ? "seconde" : "second", end: end)
            }
            return Replacement(spoken: ordinal(value, gender) + plural, end: end)
        }
        if let days = days(value, in: context) { return days }
        // "les années 80" have no plural's mark, as any number that names something.
        if value == 80, context.previous.lowercased() == "années" {
            return Replacement(spoken: "quatre-vingt", end: context.position)
        }
        let next = context.skippingSpace()
        if value <= 24, next.followsWord("h") {
            let after = next.at(next.position + 1).skippingSpace()
            if after.position > next.position + 1, let (minute, end) = after.integer(digits: 2), minute < 60,
                end == after.position + 2
            {
                if let unit = context.at(end).skippingSpace().word(of: ["min", "mn"]) {
                    let hours = cardinal(value, .feminine) + (value < 2 ? " heure " : " heures ")
                    let spoken = hours + cardinal(minute, .feminine) + (minute < 2 ? " minute" : " minutes")
                    return Replacement(spoken: spoken, end: unit.end, kind: .duration)
                }
                return clock(WrittenTime(hour: value, minute: minute), in: context.at(end))
            }
            return clock(WrittenTime(hour: value, minute: 0), in: context.at(next.position + 1))
        }
        return nil
    }

    private func clock(_ written: WrittenTime, in context: Context) -> Replacement {
        var found = time(written, in: context)
        found.kind = .time
        return found
    }

    /// "les 17/18/19 mars": several days of one month.
    private func days(_ value: UInt64, in context: Context) -> Replacement? {
        var days = [value]
        var end = context.position
        while days.count < 8, context.at(end).scalar() == "/", let (day, next) = context.at(end + 1).integer(digits: 2)
        {
            days.append(day)
            end = next
        }
        let month = context.at(end).skippingSpace().letters().lowercased()
        guard days.count > 1, days.allSatisfy({ (1...31).contains($0) }), context.at(end).scalar().isSpace,
            Self.months.contains(month)
        else { return nil }
        return Replacement(spoken: days.map { $0 == 1 ? "premier" : standing($0) }.joined(separator: " "), end: end)
    }

    private static let beforeDate: Set<String> = [
        "le", "du", "au", "dès", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "jusqu'au",
        "depuis",
    ]

    private static let callWords: Set<String> = [
        "appelez", "appelle", "appeler", "composez", "compose", "composer", "faites", "téléphonez", "contactez",
        "joignez",
    ]

    /// "Composez le 3639": a short number is called in pairs.
    private func shortNumber(_ context: Context) -> Replacement? {
        guard context.recent.contains(where: { Self.callWords.contains($0.lowercased()) }),
            ["le", "au", "du"].contains(context.previous.lowercased()),
            let (value, end) = context.at(context.start).integer(digits: 4), value >= 1000,
            !context.at(end).scalar().isWordPart, !context.at(end).skippingSpace().scalar().isDigit
        else { return nil }
        let tail = value % 100
        let last = tail < 10 ? Self.zero + " " + standing(tail) : standing(tail)
        return Replacement(spoken: standing(value / 100) + " " + last, end: end)
    }

    /// "24h/24", "7j/7"
    private func aroundTheClock(_ context: Context) -> Replacement? {
        guard let (first, unit) = context.at(context.start).integer(digits: 2),
            let noun = ["h": "heures", "j": "jours"][context.at(unit).letters()], context.at(unit).scalar(1) == "/",
            let (second, end) = context.at(unit + 2).integer(digits: 2), first == second,
            !context.at(end).scalar().isDigit
        else { return nil }
        let letter = context.at(end).letters()
        let hasUnit = letter == "h" || letter == "j"
        return Replacement(
            spoken: standing(first) + " " + noun + " sur " + standing(second), end: end + (hasUnit ? 1 : 0))
    }

    /// "2 c. à s.": spoons, as recipes write them.
    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        for (written, spoon) in Self.spoons where next.follows(written) {
            let end = next.position + written.unicodeScalars.count
            guard !context.at(end).scalar().isLetter else { continue }
            let isMany = number.value ?? 0 > 1
            let count = number.fraction.isEmpty ? number.value.map { cardinal($0, .feminine) } : decimal(number)
            guard let count else { return nil }
            return Replacement(spoken: count + (isMany ? " cuillères " : " cuillère ") + spoon, end: end)
        }
        return nil
    }

    private static let spoons = [
        ("c. à s.", "à soupe"), ("c. à soupe", "à soupe"), ("c.à.s.", "à soupe"), ("c.à.s", "à soupe"),
        ("càs", "à soupe"),
        ("CàS", "à soupe"), ("c. à c.", "à café"), ("c. à café", "à café"), ("c.à.c.", "à café"),
        ("c.à.c", "à café"), ("càc", "à café"), ("CàC", "à café"),
    ]

    /// "le 5/1", "17.06": the day comes first.
    func digits(in context: Context) -> Replacement? {
        if let short = shortNumber(context) ?? aroundTheClock(context) { return short }
        guard let (day, mark) = context.at(context.start).integer(digits: 2),
            "/.".unicodeScalars.contains(context.at(mark).scalar()),
            let (month, end) = context.at(mark + 1).integer(digits: 2), (1...31).contains(day), (1...12).contains(month)
        else { return nil }
        let next = context.at(end)
        guard !next.scalar().isWordPart, !"/.-:,%".unicodeScalars.contains(next.scalar()) || !next.scalar(1).isWordPart,
            !"%€$°".unicodeScalars.contains(next.skippingSpace().scalar())
        else { return nil }
        let isSlashed = context.at(mark).scalar() == "/" && Self.beforeDate.contains(context.previous.lowercased())
        let isDotted =
            context.at(mark).scalar() == "." && end - context.start == 5 && (day < 10 || month < 10)
            && !(next.skippingSpace().scalar().isLetter && !Self.beforeDate.contains(context.previous.lowercased()))
        guard isSlashed || isDotted else { return nil }
        let date = WrittenDate(year: nil, month: Int(month), day: day)
        return Replacement(spoken: self.date(date, after: context.previous), end: end, kind: .date)
    }

    /// "trois virgule quatorze": up to three digits make one number, four make pairs.
    func decimal(_ number: WrittenNumber) -> String? {
        guard let value = number.value, number.fraction.count <= 4 else { return nil }
        let digits = number.fraction.map { UInt64($0.value - 48) }
        let point = number.usesForeignDot ? words.dotInNumber : words.point
        let fraction: String
        if digits.count == 4, digits[0] > 0, digits[2] > 0 {
            fraction = standing(digits[0] * 10 + digits[1]) + " " + standing(digits[2] * 10 + digits[3])
        } else if digits.count == 4 {
            return nil
        } else {
            let zeros = digits.prefix { $0 == 0 }.map { _ in Self.zero }
            let rest = digits.dropFirst(zeros.count).reduce(0) { $0 * 10 + $1 }
            fraction = (zeros + (rest > 0 ? [standing(rest)] : [])).joined(separator: " ")
        }
        return (number.whole.isEmpty ? [point, fraction] : [standing(value), point, fraction]).joined(separator: " ")
    }

    private static let zero = "zéro"

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = date.day == 1 ? "premier" : standing(date.day)
        let spoken = day + " " + Self.months[date.month - 1]
        return date.year.map { spoken + " " + standing($0) } ?? spoken
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = cardinal(time.hour, .feminine) + (time.hour < 2 ? " heure" : " heures")
        if time.minute > 0 { spoken += " " + cardinal(time.minute, time.minute == 1 ? .feminine : nil) }
        if let second = time.second, second > 0 {
            spoken += " et " + cardinal(second, .feminine) + (second == 1 ? " seconde" : " secondes")
        }
        return Replacement(spoken: spoken, end: context.position)
    }
}
