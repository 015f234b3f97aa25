// Digits: dates, times, telephone numbers, quantities with their units, money.

/// A number as it is written: "1,234.5".
struct WrittenNumber {
    var whole: [Unicode.Scalar]
    var fraction: [Unicode.Scalar]
    /// The fraction follows a dot where the language would write a comma.
    var usesForeignDot: Bool
    var isGrouped: Bool
    var end: Int

    /// nil when the digits are no quantity: too many, or with a zero in front.
    var value: UInt64? {
        if whole.count > 15 || (whole.count > 1 && whole.first == "0") { return nil }
        return whole.reduce(0) { $0 * 10 + UInt64($1.value - 48) }
    }
}

extension Context {
    /// The number that starts here, with the marks of a language that groups and parts its digits.
    func written(_ words: Vocabulary) -> WrittenNumber {
        let start = position
        var end = endOfDigits(from: start)
        var number = WrittenNumber(
            whole: Array(scalars[start..<end]), fraction: [], usesForeignDot: false, isGrouped: false, end: end)
        if end - start <= 3 {
            let mark = at(end).scalar()
            let groups = words.groupMarks.contains(mark) || (words.groupsBySpace && mark == " ")
            while groups, at(end).scalar() == mark, endOfDigits(from: end + 1) == end + 4, number.whole.count < 18 {
                number.whole += scalars[(end + 1)..<(end + 4)]
                number.isGrouped = true
                end += 4
            }
        }
        if words.decimalMark == ",", let foreign = foreignlyGrouped() { return foreign }
        let mark = at(end).scalar()
        let isForeign = mark == "." && words.decimalMark != "." && end > start
        let isDecimal = mark == words.decimalMark || isForeign || (mark == "." && end == start)
        if isDecimal, at(end + 1).scalar().isDigit, !(isForeign && number.isGrouped) {
            let endOfFraction = endOfDigits(from: end + 1)
            number.fraction = Array(scalars[(end + 1)..<endOfFraction])
            number.usesForeignDot = isForeign
            end = endOfFraction
        }
        number.end = end
        return number
    }

    /// "1,234.56" where a comma is the decimal mark: both marks together tell that it is none here.
    private func foreignlyGrouped() -> WrittenNumber? {
        var end = endOfDigits(from: position)
        let first = end
        guard end > position, end - position <= 3, at(end).scalar() == "," else { return nil }
        var whole = Array(scalars[position..<end])
        while at(end).scalar() == ",", endOfDigits(from: end + 1) == end + 4, whole.count < 18 {
            whole += scalars[(end + 1)..<(end + 4)]
            end += 4
        }
        guard end > first, at(end).scalar() == ".", at(end).scalar(1).isDigit else {
            return nil
        }
        let last = endOfDigits(from: end + 1)
        guard at(last).scalar() != "," else { return nil }
        return WrittenNumber(
            whole: whole, fraction: Array(scalars[(end + 1)..<last]), usesForeignDot: true, isGrouped: true, end: last)
    }

    private func endOfDigits(from start: Int) -> Int {
        var end = start
        while end < scalars.count, scalars[end].isDigit { end += 1 }
        return end
    }
}

extension Verbalizer {
    /// Says the number at the position, or after the sign there.
    mutating func sayNumber(isNegative: Bool = false) {
        let start = isNegative ? position + 1 : position
        // Digits in a name: "A4", "MP3".
        let isProduct = "xX".unicodeScalars.contains(scalar(position - 1)) && scalar(position - 2).isDigit
        if !isNegative, !isProduct, scalar(position - 1).isSpacedLetter || isPartOfName(start) {
            let number = written(at: start)
            // "R1.2.3"
            if let version = dotted(at: start) { return say(version.spoken, until: version.end) }
            if let code = code(at: start) { return say(code.spoken, until: code.end) }
            if !number.fraction.isEmpty, number.whole.count <= 4 { return say(spoken(number), until: number.end) }
            let end = endOfDigits(from: start)
            return say(plain(start..<end), until: end)
        }
        let dated = isNegative ? nil : code(at: start) ?? dated(at: start)
        if dated == nil, !isNegative, sayPhone() { return }
        let found = dated ?? dotted(at: start) ?? quantity(at: start)
        say(isNegative ? joined(words.minus, found.spoken) : found.spoken, until: found.end)
        previous = ""
        last = Said(kind: found.kind, end: found.end)
    }

    /// "i7-8700": digits behind a dash, before which letters and digits make a name.
    private func isPartOfName(_ start: Int) -> Bool {
        guard scalar(start - 1) == "-", scalar(start - 2).isDigit else { return false }
        var first = start - 2
        while start - first < 8, scalar(first).isDigit { first -= 1 }
        return scalar(first).isSpacedLetter
    }

    /// What is written in digits at `start`.
    func number(at start: Int) -> Replacement { dated(at: start) ?? dotted(at: start) ?? quantity(at: start) }

    /// Digits with marks of their own: dates, times, "2h 30m".
    private func dated(at start: Int) -> Replacement? {
        var place = context(at: start)
        place.start = start
        if var own = language.digits(in: place) {
            if own.kind == .number { own.kind = .named }
            return own
        }
        return duration(at: start) ?? date(at: start) ?? time(at: start)
    }

    func joined(_ parts: String...) -> String {
        parts.filter { !$0.isEmpty }.joined(separator: words.spaces || words.unitSeparator == " " ? " " : "")
    }

    func endOfDigits(from start: Int) -> Int {
        var end = start
        while end < scalars.count, scalars[end].isDigit { end += 1 }
        return end
    }

    /// Up to four digits as a number, more of them, or those with a zero in front, one by one.
    func plain(_ range: Range<Int>) -> String {
        let isNumber = range.count <= 4 && (scalars[range.lowerBound] != "0" || range.count == 1)
        guard isNumber, let (value, _) = context(at: range.lowerBound).integer(digits: 4) else {
            return language.spelled(scalars[range])
        }
        return range.count == 4 ? language.name(value) : language.cardinal(value, nil)
    }

    // MARK: - Quantities

    func written(at start: Int) -> WrittenNumber { context(at: start).written(words) }

    func spoken(_ number: WrittenNumber, _ gender: Gender? = nil) -> String {
        guard number.fraction.isEmpty else {
            if let own = language.decimal(number) { return own }
            let whole =
                number.value.map { number.whole.isEmpty ? "" : language.cardinal($0, nil) }
                ?? language.spelled(number.whole)
            let point = number.usesForeignDot ? words.dotInNumber : words.point
            return joined(whole, point, language.spelled(number.fraction))
        }
        guard let value = number.value else { return language.spelled(number.whole) }
        let isYear = gender == nil && number.whole.count == 4 && !number.isGrouped
        return isYear ? language.year(value) : language.cardinal(value, gender)
    }

    /// A number with all that belongs to it: a fraction, a range, a unit, money, a per cent sign, an ordinal's ending.
    private func quantity(at start: Int) -> Replacement {
        let number = written(at: start)
        let after = context(at: number.end)
        if let own = language.quantity(number, in: after) { return own }
        if let scientific = scientific(number, after) { return scientific }
        if let fraction = fraction(number, after) { return fraction }
        if number.fraction.isEmpty, !number.isGrouped || after.scalar().isLetter, let value = number.value,
            var own = language.number(value, in: after)
        {
            if own.kind == .number { own.kind = .named }
            return own
        }
        if let range = range(number, after) { return range }
        // "12,50 €" in English
        let amount = withCents(number)
        if amount.end > number.end, currency(context(at: amount.end)) != nil { return measured(amount, before: nil) }
        return measured(number, before: nil)
    }

    /// - Parameter first: "five to" of a range, that goes before.
    private func measured(_ number: WrittenNumber, before first: String?) -> Replacement {
        let after = context(at: number.end)
        func with(_ spoken: String) -> String { (first ?? "") + spoken }
        if let percent = percent(number, after, with) { return percent }
        let (magnitude, next) = magnitude(after, hasCurrency: false)
        if let (currency, end) = currency(next) {
            let per = pricePer(end)
            let amount = money(number, magnitude, currency, isWhole: first != nil, isPrice: per != nil)
            return Replacement(
                spoken: with(joined(amount, per?.spoken ?? "")), end: per?.end ?? endOfUnitDot(end), kind: .money)
        }
        if let magnitude {
            let amount = counted(number, magnitude)
            guard let (unit, end) = unit(next) else { return Replacement(spoken: with(amount), end: next.position) }
            let many = language.afterMillions(language.noun(unit, after: 5, isDecimal: false))
            return Replacement(spoken: with(amount + words.unitSeparator + many), end: endOfUnitDot(end), kind: .unit)
        }
        if let (unit, end) = unit(after) {
            return Replacement(spoken: with(counted(number, unit)), end: endOfUnitDot(end), kind: .unit)
        }
        if let product = product(number, after, with) { return product }
        let space = after.scalar().isSpace
        if let own = language.spoken(number, in: after) { return Replacement(spoken: with(own), end: number.end) }
        let gender = space && number.value != nil ? language.gender(of: after.skippingSpace().letters()) : nil
        return Replacement(spoken: with(spoken(number, gender)), end: number.end)
    }

    /// "5 x 3 = 15" and "6×10²³" multiply, "2x8 m" measures.
    private func product(_ number: WrittenNumber, _ after: Context, _ with: (String) -> String) -> Replacement? {
        let sign = after.skippingSpace()
        guard "x×".unicodeScalars.contains(sign.scalar()), sign.at(sign.position + 1).skippingSpace().scalar().isDigit
        else { return nil }
        let next = written(at: sign.at(sign.position + 1).skippingSpace().position)
        let isCalculation = context(at: next.end).skippingSpace().scalar() == "=" || scalar(next.end) == "^"
        let word = isCalculation ? words.signs["×"] ?? words.times : words.times
        return Replacement(spoken: with(joined(spoken(number), word)), end: sign.position + 1)
    }

    /// "1e-5" as in programs.
    private func scientific(_ number: WrittenNumber, _ after: Context) -> Replacement? {
        guard after.scalar() == "e" || after.scalar() == "E" else { return nil }
        let sign = after.scalar(1)
        let isNegative = sign == "-" || sign == "−"
        let start = isNegative || sign == "+" ? number.end + 2 : number.end + 1
        guard let (exponent, end) = context(at: start).integer(digits: 3), !scalar(end).isWordPart else { return nil }
        let times = words.signs["×"] ?? words.times
        let power = language.power(exponent, isNegative: isNegative)
        return Replacement(spoken: joined(spoken(number), times, language.cardinal(10, nil), power), end: end)
    }

    private func percent(_ number: WrittenNumber, _ after: Context, _ with: (String) -> String) -> Replacement? {
        let sign = after.skippingSpace()
        guard sign.scalar() == "%" || sign.scalar() == "‰", !sign.scalar(1).isDigit else { return nil }
        if let noun = words.units[String(Character(sign.scalar()))] {
            return Replacement(spoken: with(counted(number, noun)), end: sign.position + 1)
        }
        let spoken = language.percent(with(spoken(number)), isPermille: sign.scalar() == "‰")
        return Replacement(spoken: spoken, end: sign.position + 1, kind: .percent)
    }

    /// "five kilometers"
    func counted(_ number: WrittenNumber, _ noun: Noun) -> String {
        if let own = language.counted(number, noun, in: context(at: number.end)) { return own }
        guard number.fraction.isEmpty, let value = number.value else {
            let form = language.noun(noun, after: number.value ?? 5, isDecimal: !number.fraction.isEmpty)
            return spoken(number) + words.unitSeparator + form
        }
        let form = language.noun(noun, after: value, isDecimal: false)
        let isMillions = value >= 1_000_000 && value % 1_000_000 == 0
        return language.cardinal(value, noun.gender) + words.unitSeparator
            + (isMillions ? language.afterMillions(form) : form)
    }

    // MARK: - Fractions and ranges

    private func fraction(_ number: WrittenNumber, _ after: Context) -> Replacement? {
        guard number.fraction.isEmpty, let value = number.value else { return nil }
        if let (numerator, denominator) = Self.vulgarFraction(after.skippingSpace().scalar()) {
            return mixed(value, numerator, denominator, after.skippingSpace().position + 1)
        }
        if after.scalar() == " ", number.whole.count <= 3, let part = simpleFraction(after.skippingSpace()) {
            return mixed(value, part.numerator, part.denominator, part.end)
        }
        guard after.scalar() == "/" || after.scalar() == "⁄",
            let (second, end) = context(at: number.end + 1).integer(digits: 4), scalar(end) != "/"
        else { return nil }
        let isProper = value > 0 && value < second && second <= 100
        if isProper, let part = partOfUnit(value, second, end) { return part }
        if value >= second, second > 0, scalar(end) == "=" || context(at: end).skippingSpace().scalar() == "=" {
            let division = joined(language.cardinal(value, nil), words.signs["÷"] ?? words.ratio)
            return Replacement(spoken: joined(division, language.cardinal(second, nil)), end: end)
        }
        let isImproper = words.saysImproperFractions && value <= 100 && value != 24 && (2...10).contains(second)
        if isProper || isImproper, !goesOn(scalar(end)) || words.fractionEndings.contains(context(at: end).letters()) {
            let endOfOrdinal = end + context(at: end).letters().unicodeScalars.count
            let isOrdinal = words.spaces && endOfOrdinal > end
            return Replacement(spoken: language.fraction(value, second), end: isOrdinal ? endOfOrdinal : end)
        }
        // "the season 1999/2000"
        let first = number.whole.count == 4 ? language.year(value) : language.cardinal(value, nil)
        return Replacement(spoken: first + " " + plain((number.end + 1)..<end), end: end)
    }

    /// "2½", with the unit that may follow.
    private func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ end: Int) -> Replacement {
        if whole == 0 {
            return partOfUnit(numerator, denominator, end)
                ?? Replacement(spoken: language.fraction(numerator, denominator), end: end)
        }
        guard let (unit, endOfUnit) = unitOrItsName(end) else {
            return Replacement(spoken: language.mixed(whole, numerator, denominator), end: end)
        }
        let spoken = language.mixed(whole, numerator, denominator, unit)
        return Replacement(spoken: spoken, end: endOfUnitDot(endOfUnit), kind: .unit)
    }

    /// "½ km": the fraction ends at `end`. nil: no unit follows.
    func partOfUnit(_ numerator: UInt64, _ denominator: UInt64, _ end: Int) -> Replacement? {
        guard let (unit, endOfUnit) = unitOrItsName(end) else { return halfOfNoun(numerator, denominator, end) }
        let spoken = language.part(numerator, denominator, of: unit)
        return Replacement(spoken: spoken, end: endOfUnitDot(endOfUnit), kind: .unit)
    }

    /// "1/2 tasse": a half has the gender of its noun.
    private func halfOfNoun(_ numerator: UInt64, _ denominator: UInt64, _ end: Int) -> Replacement? {
        guard numerator == 1, denominator == 2, scalar(end) == " " else { return nil }
        let noun = context(at: end + 1).letters()
        guard noun.count > 2, let gender = language.gender(of: noun),
            gender == .feminine || noun.first?.isUppercase == true
        else { return nil }
        let spoken = language.part(1, 2, of: Noun(one: noun, few: noun, many: noun, gender: gender))
        return Replacement(spoken: spoken, end: end + 1 + noun.unicodeScalars.count)
    }

    private func simpleFraction(_ start: Context) -> (numerator: UInt64, denominator: UInt64, end: Int)? {
        guard let (numerator, slash) = start.integer(digits: 2), scalar(slash) == "/",
            let (denominator, end) = start.at(slash + 1).integer(digits: 2),
            numerator > 0, numerator < denominator, !scalar(end).isWordPart, scalar(end) != "/"
        else { return nil }
        return (numerator, denominator, end)
    }

    /// "5–10 km": two numbers that rise, with a dash between them.
    private func range(_ first: WrittenNumber, _ after: Context) -> Replacement? {
        var dash = after
        if dash.scalar().isSpace, "–—〜～".unicodeScalars.contains(dash.scalar(1)) { dash.position += 1 }
        // "5%–10%" names the sign once.
        let isPercent = after.scalar() == "%" && "-–—〜～~".unicodeScalars.contains(after.scalar(1))
        if isPercent { dash.position = after.position + 1 }
        guard "-–—〜～~".unicodeScalars.contains(dash.scalar()) else { return nil }
        var second = dash.at(dash.position + 1)
        if dash.position > after.position { second = second.skippingSpace() }
        guard second.scalar().isDigit else { return nil }
        let number = written(at: second.position)
        let isCalculation = context(at: number.end).skippingSpace().scalar() == "="
        guard !isCalculation, !isPercent || scalar(number.end) == "%" else { return nil }
        guard let lowest = first.value, let high = number.value, !"-–".unicodeScalars.contains(scalar(number.end))
        else {
            return nil
        }
        let isShortYear = first.whole.count == 4 && number.whole.count == 2 && lowest % 100 < high
        guard lowest < high || (lowest == high && !number.fraction.isEmpty) || isShortYear else {
            // No range: "2024-001" and the like are said one after the other.
            return nil
        }
        let low = (language.spoken(first, in: after) ?? spoken(first)) + rangeLink
        if number.fraction.isEmpty, let own = language.number(high, in: context(at: number.end)) {
            return Replacement(spoken: low + own.spoken, end: own.end)
        }
        return measured(number, before: low)
    }

    /// What is said between the two numbers of a range, with its spaces; a hyphen has none.
    private var rangeLink: String {
        if words.range == "-" { return "-" }
        return (words.spaces ? " " : "") + words.range + (words.spaces || words.unitSeparator == " " ? " " : "")
    }
}
