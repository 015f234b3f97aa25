// How Italian says days, times, ordinals, decimals and powers.

extension Italian {
    static let months = [
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
        "novembre", "dicembre",
    ]

    /// "1º", "3ª", "1° maggio".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if context.followsWord("º") {
            return Replacement(spoken: ordinal(value, .masculine), end: context.position + 1)
        }
        if context.followsWord("ª") { return Replacement(spoken: ordinal(value, .feminine), end: context.position + 1) }
        if let date = shortMonth(value, in: context) ?? elided(value, in: context) { return date }
        let hasMark = context.scalar() == "°"
        let next = context.at(context.position + (hasMark ? 1 : 0))
        if value == 1, next.scalar().isSpace, Self.months.contains(next.skippingSpace().letters().lowercased()) {
            return Replacement(spoken: "primo", end: next.position)
        }
        if hasMark, !next.scalar().isWordPart, !isTemperature(value, context) {
            let noun = next.scalar().isSpace ? gender(of: next.skippingSpace().letters()) : nil
            return Replacement(spoken: ordinal(value, noun ?? .masculine), end: next.position)
        }
        return nil
    }

    /// "1 ora" is "un'ora", and "all'1" is an hour, too.
    private func elided(_ value: UInt64, in context: Context) -> Replacement? {
        guard value == 1 else { return nil }
        let next = context.skippingSpace()
        let noun = next.letters()
        if next.position > context.position, noun.count > 2, noun == noun.lowercased(),
            let first = noun.unicodeScalars.first, "aeiou".unicodeScalars.contains(first), gender(of: noun) == .feminine
        {
            return Replacement(spoken: "un'" + noun, end: next.position + noun.unicodeScalars.count)
        }
        let isHour = ["all", "dall", "All", "Dall"].contains(context.previous) && noun.isEmpty
        guard isHour, !context.scalar().isWordPart,
            !"%°‰:.,€/".unicodeScalars.contains(next.scalar()) || next.scalar(1).isWhite
        else { return nil }
        return next.scalar() == "%" ? nil : Replacement(spoken: "una", end: context.position, kind: .time)
    }

    /// "5 gen 2024", "12 dic.": with a dot or a year, without which it may be another word.
    private func shortMonth(_ value: UInt64, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        let word = next.letters().lowercased()
        guard (1...31).contains(value), next.position > context.position, word.count == 3 || word == "sett",
            let month = Self.months.firstIndex(where: { $0.hasPrefix(word) })
        else { return nil }
        var end = next.position + word.unicodeScalars.count
        let hasDot = context.at(end).scalar() == "."
        if hasDot { end += 1 }
        let rest = context.at(end).skippingSpace()
        let year = rest.position > end ? rest.integer(digits: 4).flatMap { $0.value >= 1000 ? $0 : nil } : nil
        guard hasDot || year != nil else { return nil }
        if year == nil, rest.scalar() == "\n" || rest.scalar().isUpper { end -= 1 }
        let date = WrittenDate(year: year?.value, month: month + 1, day: value)
        return Replacement(spoken: self.date(date, after: ""), end: year?.end ?? end)
    }

    /// The degree sign is written for the ordinal's "º"; of a temperature the words around it speak.
    private func isTemperature(_ value: UInt64, _ context: Context) -> Bool {
        if context.recent.contains(where: { Self.weather.contains($0.lowercased()) }) { return true }
        return context.previous.isEmpty && value >= 30
    }

    private static let weather: Set<String> = [
        "sono", "fa", "temperatura", "temperature", "forno", "gradi", "massima", "minima", "fuori", "dentro", "siamo",
        "meno", "più", "circa", "termostato", "impostato", "riscaldamento", "scende", "sale", "sotto", "sopra", "tra",
        "angolo",
        "latitudine", "longitudine", "febbre", "salotto", "camera", "cucina", "bagno", "esterno", "interno", "acqua",
        "clima",
    ]

    private static let beforeTime: Set<String> = [
        "ore", "alle", "dalle", "le", "delle", "ora", "all", "dall", "dell", "verso",
    ]
    private static let beforeDate: Set<String> = [
        "il", "dal", "al", "del", "entro", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica",
        "giorno",
    ]

    /// "alle ore 8.15", "il 5/1".
    func digits(in context: Context) -> Replacement? {
        guard let (first, mark) = context.at(context.start).integer(digits: 2),
            let (second, end) = context.at(mark + 1).integer(digits: 2)
        else { return nil }
        let next = context.at(end)
        let goesOn =
            next.scalar().isWordPart || ("./-:,%".unicodeScalars.contains(next.scalar()) && next.scalar(1).isDigit)
        guard !goesOn, next.scalar() != "%" else { return nil }
        let previous = context.previous.lowercased()
        switch context.at(mark).scalar() {
        case "." where first < 25 && second < 60 && end == mark + 3 && Self.beforeTime.contains(previous):
            var found = time(WrittenTime(hour: first, minute: second), in: next)
            found.kind = .time
            return found
        case "/" where (1...31).contains(first) && (1...12).contains(second) && Self.beforeDate.contains(previous):
            let date = WrittenDate(year: nil, month: Int(second), day: first)
            return Replacement(spoken: self.date(date, after: previous), end: end, kind: .date)
        default: return nil
        }
    }

    /// "tre virgola quattordici": up to three digits make one number.
    func decimal(_ number: WrittenNumber) -> String? {
        guard let value = number.value, number.fraction.count <= 3 else { return nil }
        let point = number.usesForeignDot ? words.dotInNumber : words.point
        let zeros = number.fraction.prefix { $0 == "0" }.map { _ in words.digits[0] }
        let rest = number.fraction.dropFirst(zeros.count).reduce(0 as UInt64) { $0 * 10 + UInt64($1.value - 48) }
        let whole = number.whole.isEmpty ? [] : [cardinal(value, nil)]
        return (whole + [point] + zeros + (rest > 0 ? [cardinal(rest, nil)] : [])).joined(separator: " ")
    }

    /// "al chilo", "alla settimana", "all'ora".
    func per(_ noun: Noun) -> String {
        let name = noun.one
        if let first = name.first, "aeiou".contains(first) { return "all'" + name }
        let isA = name.hasSuffix("a") && !name.hasSuffix("tora") && !name.hasSuffix("perora")
        return (noun.gender == .feminine || isA ? "alla " : "al ") + name
    }

    /// "alla sesta"
    func power(_ exponent: UInt64, isNegative: Bool) -> String {
        if isNegative { return "alla meno " + cardinal(exponent, nil) }
        switch exponent {
        case 0: return "alla zero"
        case 2: return "al quadrato"
        case 3: return "al cubo"
        default:
            let power = ordinal(exponent, .feminine)
            return (power.hasPrefix("o") || power.hasPrefix("u") ? "all'" : "alla ") + power
        }
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = date.day == 1 ? "primo" : cardinal(date.day, nil)
        let spoken = day + " " + Self.months[date.month - 1]
        return date.year.map { spoken + " " + cardinal($0, nil) } ?? spoken
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = cardinal(time.hour, time.hour == 1 ? .feminine : nil)
        if time.minute > 0 { spoken += " e " + cardinal(time.minute, nil) }
        if let second = time.second, second > 0 {
            spoken += " e " + cardinal(second, .masculine) + (second == 1 ? " secondo" : " secondi")
        }
        return Replacement(spoken: spoken, end: context.position)
    }

    /// "XIX secolo" and "Luigi XIV" are ordinals.
    func word(_ word: String, in context: Context) -> Replacement? {
        guard let value = Verbalizer.romanValue(word), context.skippingSpace().followsWord("secolo") else { return nil }
        return Replacement(spoken: ordinal(value, .masculine), end: context.position)
    }

    private static let regnal: Set<String> = [
        "Carlo", "Enrico", "Luigi", "Filippo", "Francesco", "Umberto", "Emanuele", "Elisabetta", "Pio", "Paolo",
        "Giovanni",
        "Napoleone", "Leone", "Benedetto", "Giorgio", "Guglielmo", "Federico", "Edoardo", "Clemente", "Gregorio",
        "Ferdinando",
        "Alfonso", "Nicola", "Giuliano", "Sisto", "Urbano", "Vittorio", "Isabella", "Caterina", "Margherita", "Maria",
        "Cristina", "Anna",
    ]

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if word.lowercased() == "secolo" {
            return Replacement(spoken: ordinal(value, .masculine), end: context.position)
        }
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        let isLone = value == 1 || value == 5 || value == 10
        guard word.first?.isUppercase == true, !isLone || Self.regnal.contains(word) else { return nil }
        let isQueen = word.hasSuffix("a") && !["Nicola", "Luca", "Andrea"].contains(word) || word == "Beatrice"
        return Replacement(spoken: ordinal(value, isQueen ? .feminine : .masculine), end: context.position)
    }
}
