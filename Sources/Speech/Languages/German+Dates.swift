// Days, times and ordinals with their dots: "am 24.12.", "um 8.30 Uhr", "der 3. Mann". Endings after Duden, volume 4.

extension German {
    static let months = [
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
        "Dezember",
    ]
    /// An ordinal after these ends in -en.
    private static let oblique: Set<String> = [
        "am", "im", "vom", "zum", "zur", "beim", "ab", "bis", "seit", "den", "dem", "des", "einem", "einen", "einer",
        "jedem",
        "jeden", "diesem", "diesen", "dieser", "ihrem", "ihren", "seinem", "seinen", "meinem", "meinen", "unserem",
        "unseren",
        "nächsten", "letzten", "vor", "nach", "ins", "deinem", "deinen", "eurem", "euren", "keinem", "keinen",
        "welchem",
        "welchen", "jenem", "jenen", "allen", "beiden", "meiner", "deiner", "seiner", "ihrer", "unserer",
        "eurer",
        "keiner",
    ]
    /// And after these in -e.
    private static let weak: Set<String> = [
        "die", "das", "eine", "jede", "diese", "dieses", "jedes", "ihre", "seine", "meine", "deine", "unsere", "eure",
        "keine", "welche", "welches",
    ]
    private static let datives: Set<String> = [
        "in", "an", "auf", "mit", "nach", "bei", "von", "seit", "aus", "zu", "vor", "ab",
    ]

    // MARK: - Dotted digits

    /// "8.30 Uhr", "24.12.", "5.1.24", "02.03".
    func digits(in context: Context) -> Replacement? {
        guard let (first, dot) = context.at(context.start).integer(digits: 2), context.at(dot).scalar() == ".",
            let (second, end) = context.at(dot + 1).integer(digits: 2)
        else { return nil }
        if first < 25, second < 60, end == dot + 3, let clock = endOfClock(context.at(end)) {
            var found = time(WrittenTime(hour: first, minute: second), in: context.at(clock))
            found.kind = .time
            return found
        }
        return dottedDate(day: first, month: second, end, in: context)
    }

    /// Where the time ends when "Uhr" follows, or a dash, a second time and "Uhr".
    private func endOfClock(_ after: Context) -> Int? {
        if after.skippingSpace().word(of: ["Uhr", "h"]) != nil { return after.position }
        let dash = after.skippingSpace()
        guard "-–".unicodeScalars.contains(dash.scalar()),
            let (_, hour) = dash.at(dash.position + 1).skippingSpace().integer(digits: 2)
        else { return nil }
        var end = hour
        if after.at(end).scalar() == ".", let (_, minute) = after.at(end + 1).integer(digits: 2) { end = minute }
        return after.at(end).skippingSpace().followsWord("Uhr") ? after.position : nil
    }

    private func dottedDate(day: UInt64, month: UInt64, _ end: Int, in context: Context) -> Replacement? {
        guard (1...31).contains(day), (1...12).contains(month) else { return nil }
        let after = context.at(end)
        var date = WrittenDate(year: nil, month: Int(month), day: day)
        if after.scalar() == "." {
            if let (year, endOfYear) = after.at(end + 1).integer(digits: 2), endOfYear == end + 3,
                Self.oblique.contains(context.previous.lowercased()), !after.at(endOfYear).scalar().isWordPart
            {
                date.year = year + (year < 70 ? 2000 : 1900)
                return Replacement(spoken: self.date(date, after: context.previous), end: endOfYear, kind: .date)
            }
            guard !after.scalar(1).isWordPart else { return nil }
            // The one dot ends the sentence, too, where a new one follows.
            let next = after.at(end + 1).skippingSpace().scalar()
            let endsSentence = next == "\n" || next.isUpper
            return Replacement(spoken: spoken(date, context), end: endsSentence ? end : end + 1, kind: .date)
        }
        let isPadded = end - context.start == 5 && (day < 10 || month < 10)
        let isMeasure = after.skippingSpace().scalar().isLetter && !after.skippingSpace().scalar().isUpper
        guard isPadded, !after.scalar().isWordPart, !"%€$°,:".unicodeScalars.contains(after.skippingSpace().scalar()),
            !isMeasure || Self.oblique.contains(context.previous.lowercased())
        else { return nil }
        return Replacement(spoken: spoken(date, context), end: end, kind: .date)
    }

    private func spoken(_ date: WrittenDate, _ context: Context) -> String {
        let ending = ending(after: context.previous.lowercased(), context.recent, isDate: true)
        return ordinalStem(date.day) + ending + " " + Self.months[date.month - 1]
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day =
            ordinalStem(date.day) + ending(after: previous.lowercased(), [previous], isDate: true) + " "
            + Self.months[date.month - 1]
        return date.year.map { day + " " + year($0) } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let uhr = context.skippingSpace().word(of: ["Uhr", "h"])
        var spoken = cardinal(time.hour, .masculine) + " Uhr"
        if time.minute > 0 { spoken += " " + cardinal(time.minute, nil) }
        if let second = time.second, second > 0 {
            spoken += " und " + cardinal(second, .feminine) + (second == 1 ? " Sekunde" : " Sekunden")
        }
        return Replacement(spoken: spoken, end: uhr?.end ?? context.position)
    }

    // MARK: - Ordinals

    /// "am 3. Mai", "der 3. Mann", "vom 5. bis 7. Juni", "90er", "3x".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if let (word, end) = context.skippingSpace().word(of: ["Uhr"]) {
            return Replacement(spoken: cardinal(value, .masculine) + " " + word, end: end, kind: .time)
        }
        if isUnknown(context) { return Replacement(spoken: cardinal(value, nil) + " x", end: context.position + 1) }
        if let (ending, end) = context.word(of: ["er", "ern", "ers", "fach", "fache", "fachen", "mal", "mals", "x"]) {
            let stem = ending == "er" || ending == "ern" || ending == "ers" ? year(value) : cardinal(value, .masculine)
            return Replacement(spoken: stem + (ending == "x" ? "mal" : ending), end: end)
        }
        if let compound = compoundOfUnit(value, in: context) { return compound }
        guard context.scalar() == ".", !context.scalar(1).isWordPart else { return nil }
        let next = context.at(context.position + 1).skippingSpace()
        if isAlone(context) { return Replacement(spoken: ordinalStem(value) + "er", end: context.position + 1) }
        if context.scalar(1) == ",",
            context.recent.contains(where: { ["wurde", "wird", "als", "ist", "war"].contains($0) })
        {
            return Replacement(
                spoken: ordinalStem(value) + ending(after: "", context.recent, isDate: false), end: context.position + 1
            )
        }
        // "am 5." ends, and the one dot with it.
        let isEnd =
            next.scalar() == "\n"
            || (context.scalar(1).isSpace && words.sentenceOpeners?.contains(next.letters()) == true)
        if isEnd, (1...31).contains(value), ["am", "vom", "zum"].contains(context.previous.lowercased()) {
            return Replacement(spoken: ordinalStem(value) + "en", end: context.position)
        }
        guard value < 1000, next.position > context.position + 1 || isSpanOfDays(next) else { return nil }
        let previous = context.previous.lowercased()
        let isDate = month(next) || isSpanOfDays(next)
        let isListed =
            ["und", "oder", "bis"].contains(previous) && context.recent.contains { isArticle($0.lowercased()) }
        let hasArticle = isArticle(previous) || isListed
        let goesOn = next.scalar().isLetter && !next.scalar().isUpper
        let noun = next.letters()
        if !hasArticle, !isDate, Self.ranked.contains(noun) { return ranked(value, noun, context) }
        guard isDate || goesOn || (hasArticle && next.scalar().isUpper) else { return nil }
        if Self.mixed.contains(previous), !isDate, noun.first?.isUppercase == true {
            return ranked(value, noun, context)
        }
        let ending = ending(after: previous, context.recent, isDate: isDate)
        return Replacement(spoken: ordinalStem(value) + ending, end: context.position + 1)
    }

    /// "3x - 5 = 0"
    private func isUnknown(_ context: Context) -> Bool {
        guard context.followsWord("x") else { return false }
        let next = context.at(context.position + 1).skippingSpace()
        if "=+^²³".unicodeScalars.contains(next.scalar()) { return true }
        return "-−".unicodeScalars.contains(next.scalar()) && (next.scalar(1).isSpace || next.scalar(1).isDigit)
    }

    private func isArticle(_ word: String) -> Bool {
        Self.oblique.contains(word) || Self.weak.contains(word) || Self.mixed.contains(word)
            || ["der", "jeder", "dieser"].contains(word)
    }

    /// After these the ordinal shows the gender: "mein vierzigster Geburtstag", "mein erstes Auto".
    private static let mixed: Set<String> = ["ein", "kein", "mein", "dein", "sein", "ihr", "unser", "euer"]

    /// What is counted in order, and needs no article for that.
    private static let ranked: Set<String> = [
        "Weltkrieg", "Platz", "Klasse", "Stock", "Stockwerk", "Etage", "Halbzeit", "Runde", "Teil", "Band", "Auflage",
        "Liga",
        "Bundesliga", "Advent", "Quartal", "Halbjahr", "Semester", "Stufe", "Sinfonie", "Obergeschoss", "Kapitel",
        "Preis",
        "Akt", "Satz", "Tag", "Woche", "Schritt", "Versuch", "Staffel", "Folge", "Mal", "Tür", "Reihe", "Geburtstag",
        "Spieltag",
        "Gang", "Person", "Lektion", "Etappe", "Ausgabe", "Jahrgang", "Minute", "Stunde", "Ausfahrt", "Straße",
        "Hälfte",
        "Rang", "Sieger", "Generation", "Dimension", "Ordnung", "Grad", "Hochzeitstag", "Jahrestag", "FC",
    ]

    /// "2. Platz", "1. Klasse", "3. Kapitel"
    private func ranked(_ value: UInt64, _ noun: String, _ context: Context) -> Replacement {
        let ending =
            switch gender(of: noun) {
            case .feminine: "e"
            case .neuter: "es"
            default: "er"
            }
        return Replacement(spoken: ordinalStem(value) + ending, end: context.position + 1)
    }

    /// The text is this number and a dot.
    private func isAlone(_ context: Context) -> Bool {
        context.start == 0 && context.at(context.position + 1).scalar() == "\n"
            && context.position + 1 >= context.scalars.count
    }

    private func month(_ start: Context) -> Bool {
        let word = start.letters()
        return Self.months.contains(word.capitalizedFirst) || word.hasPrefix("Jahrhundert") || word == "Jh"
            || word == "Jhd"
            || Self.shortMonths.contains(word)
    }

    private static let shortMonths: Set<String> = [
        "Jan", "Feb", "Mrz", "Apr", "Jun", "Jul", "Aug", "Sep", "Sept", "Okt", "Nov", "Dez",
    ]

    /// "5. bis 7. Juni", "5.–7. Juni", "5. und 7. Juni".
    private func isSpanOfDays(_ start: Context) -> Bool {
        var next = start
        if let (_, end) = next.word(of: ["bis", "und", "oder"]) {
            next.position = end
        } else {
            guard "-–/".unicodeScalars.contains(next.scalar()) else { return false }
            next.position += 1
        }
        guard let (_, dot) = next.skippingSpace().integer(digits: 2), start.at(dot).scalar() == "." else {
            return false
        }
        // "24. bis 26.12."
        if let (_, end) = start.at(dot + 1).integer(digits: 2), start.at(end).scalar() == "." { return true }
        return month(start.at(dot + 1).skippingSpace())
    }

    func ending(after previous: String, _ recent: [String], isDate: Bool) -> String {
        if Self.weak.contains(previous) { return "e" }
        if Self.oblique.contains(previous) { return "en" }
        let before = recent.dropLast().last?.lowercased() ?? ""
        if previous == "jeder" || previous == "dieser" { return "e" }
        if ["und", "oder", "bis"].contains(previous),
            let article = recent.map({ $0.lowercased() }).last(where: isArticle),
            article != previous
        {
            return ending(after: article, [], isDate: isDate)
        }
        if previous == "der" { return Self.datives.contains(before) ? "en" : "e" }
        // "Vom 5. bis 7. Juni", "am Montag, 5. Mai"
        if isDate, recent.contains(where: { ["vom", "am", "zum", "bis"].contains($0.lowercased()) }) { return "en" }
        // "Sie wurde 2."
        if recent.contains(where: { $0 == "Sie" || $0 == "sie" }) { return "e" }
        return "er"
    }
}
