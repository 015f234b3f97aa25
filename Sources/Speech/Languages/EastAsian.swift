// What Chinese, Japanese and Korean share: no spaces tell where a number ends, so what a mark means is told by the characters
// around it.

protocol EastAsianLanguage: SpokenLanguage {
    /// "年", "月", "日"; with the spaces that are written between them.
    func yearMonthDay(_ year: UInt64?, _ month: UInt64, _ day: UInt64?) -> String
}

extension Context {
    /// The scalars before what is being said, the nearest last, at most `count` of them.
    func before(_ count: Int) -> ArraySlice<Unicode.Scalar> {
        let end = min(max(start, 0), scalars.count)
        return scalars[max(0, end - count)..<end]
    }

    func isAfter(_ text: String) -> Bool { before(text.unicodeScalars.count).elementsEqual(text.unicodeScalars) }

    func isAfter(anyOf texts: [String]) -> Bool { texts.contains { isAfter($0) } }

    func followsAny(_ texts: [String]) -> Bool { texts.contains { follows($0) } }
}

extension Unicode.Scalar {
    /// A character of the scripts of Chinese, Japanese and Korean.
    var isEastAsian: Bool { value >= 0x2E80 && isLetter }
}

extension EastAsianLanguage {
    // MARK: - Days in digits

    /// "2008-08", "08-08", "08.2008", "4/30から": days and months that are written short. With a zero in front they are no
    /// other numbers; without one, what stands around them has to tell.
    func dayInDigits(_ context: Context, isDate: (Context) -> Bool) -> Replacement? {
        let first = context.at(context.start)
        guard let (a, endOfA) = first.integer(digits: 4), "-./·".unicodeScalars.contains(context.at(endOfA).scalar()),
            let (b, end) = first.at(endOfA + 1).integer(digits: 4)
        else { return nil }
        let mark = context.at(endOfA).scalar()
        let after = context.at(end)
        let widths = (endOfA - context.start, end - endOfA - 1)
        if after.scalar() == mark, after.scalar(1).isDigit {
            return shortDate(a, b, widths, after.at(end + 1), mark)
        }
        guard !after.scalar().isSpacedLetter,
            !(".:/-".unicodeScalars.contains(after.scalar()) && after.scalar(1).isDigit)
        else { return nil }
        let hasZero = context.at(context.start).scalar() == "0" || context.at(endOfA + 1).scalar() == "0"
        let months: ClosedRange<UInt64> = 1...12
        if widths == (4, 2), months.contains(b), hasZero, mark != ".", mark != "/", (1000...2999).contains(a) {
            return Replacement(spoken: yearMonthDay(a, b, nil), end: end, kind: .date)
        }
        if widths == (2, 4), months.contains(a), hasZero, mark != "/", (1000...2999).contains(b) {
            return Replacement(spoken: yearMonthDay(b, a, nil), end: end, kind: .date)
        }
        guard widths.0 <= 2, widths.1 <= 2, months.contains(a), (1...31).contains(b) else { return nil }
        let isPadded = widths == (2, 2) && context.at(context.start).scalar() == "0"
        guard isPadded || (mark != "." && mark != "·" && isDate(after)) else { return nil }
        return Replacement(spoken: yearMonthDay(nil, a, b), end: end, kind: .date)
    }

    /// "12/2/2", "2019·2·10", "08-08-2008".
    private func shortDate(
        _ a: UInt64, _ b: UInt64, _ widths: (Int, Int), _ third: Context, _ mark: Unicode.Scalar
    ) -> Replacement? {
        guard let (c, end) = third.integer(digits: 4), widths.1 <= 2 else { return nil }
        let after = third.at(end)
        guard !after.scalar().isSpacedLetter, !(after.scalar() == mark && after.scalar(1).isDigit) else { return nil }
        let width = end - third.position
        func date(_ year: UInt64, _ month: UInt64, _ day: UInt64) -> Replacement? {
            guard (1...12).contains(month), (1...31).contains(day) else { return nil }
            return Replacement(spoken: yearMonthDay(year, month, day), end: end, kind: .date)
        }
        if widths.0 == 4, width <= 2, (1000...2999).contains(a) { return date(a, b, c) }
        if widths.0 <= 2, width == 4, mark != ".", (1000...2999).contains(c) { return date(c, a, b) ?? date(c, b, a) }
        return widths.0 == 2 && width <= 2 && mark == "/" ? date(a, b, c) : nil
    }

    /// "am" and "p.m." after a time.
    func halfOfDay(_ context: Context) -> (isMorning: Bool, end: Int)? {
        let next = context.skippingSpace()
        for form in ["am", "a.m.", "a m", "pm", "p.m.", "p m"] {
            let end = next.position + form.unicodeScalars.count
            guard next.follows(form) || next.follows(form.uppercased()), !next.at(end).scalar().isSpacedLetter else {
                continue
            }
            return (form.hasPrefix("a"), end)
        }
        return nil
    }

    /// "12：30", "3：2": a wide colon in a time or a ratio.
    func wideColon(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (a, colon) = first.integer(digits: 2), context.at(colon).scalar() == "：",
            let (b, end) = first.at(colon + 1).integer(digits: 2), context.at(end).scalar() != "："
        else { return nil }
        if a <= 24, b < 60, end == colon + 3 { return time(WrittenTime(hour: a, minute: b), in: context.at(end)) }
        return Replacement(spoken: cardinal(a, nil) + words.ratio + cardinal(b, nil), end: end)
    }

    /// "AM9:00", "PM3点": the time after the half of the day, in words. nil: none follows.
    func timeAfterHalf(_ context: Context) -> Replacement? {
        let start = context.skippingSpace()
        guard let (hour, colon) = start.integer(digits: 2), hour <= 24 else { return nil }
        guard start.at(colon).scalar() == ":", let (minute, end) = start.at(colon + 1).integer(digits: 2), minute < 60,
            end == colon + 3
        else {
            let isHour = start.at(colon).followsAny(["点", "时", "時", "시"])
            return isHour ? Replacement(spoken: cardinal(hour, nil), end: colon) : nil
        }
        return time(WrittenTime(hour: hour, minute: minute), in: start.at(end))
    }

    // MARK: - Fractions

    /// "1/5以上", "3/2是", "1 / 2"; a whole number before it is said by who asks.
    func fraction(_ number: WrittenNumber, in context: Context) -> (numerator: UInt64, denominator: UInt64, end: Int)? {
        guard number.fraction.isEmpty, let numerator = number.value, numerator > 0 else { return nil }
        let slash = context.skippingSpace()
        let isSpaced = slash.position > context.position
        guard "/⁄".unicodeScalars.contains(slash.scalar()) else { return nil }
        let start = slash.at(slash.position + 1).skippingSpace()
        guard start.scalar().isDigit, (start.position > slash.position + 1) == isSpaced else { return nil }
        let below = start.written(words)
        let after = context.at(below.end)
        guard below.fraction.isEmpty, let denominator = below.value, denominator > 1, after.scalar() != "/",
            !after.scalar().isDigit,
            numerator < denominator || (denominator <= 10 && numerator <= 20 && numerator != 24)
        else { return nil }
        return (numerator, denominator, below.end)
    }

    // MARK: - Signs

    /// Where three to twenty digits end that may be a code; nil where they go on as something else.
    func endOfCode(_ context: Context) -> Int? {
        var end = context.start
        while end - context.start < 21, context.at(end).scalar().isDigit { end += 1 }
        let next = context.at(end)
        let goesOn = ".,:/-".unicodeScalars.contains(next.scalar()) && next.scalar(1).isDigit
        return (3...20).contains(end - context.start) && !next.scalar().isSpacedLetter && !goesOn ? end : nil
    }

    /// Whether one of the words that name codes ends what stands before, with a colon or one of these particles between.
    func isCode(after words: [String], _ particles: String, _ before: some Sequence<Unicode.Scalar>) -> Bool {
        let between = ("：:" + particles).unicodeScalars
        let word = String(scalars: before.reversed().drop { $0.isSpace || between.contains($0) }.reversed())
        return words.contains { word.hasSuffix($0) }
    }

    /// A hyphen after a word that has no number in it is a minus: "斜面は-30.8度".
    func minus(_ sign: Unicode.Scalar, in context: Context) -> Replacement? {
        if "-−".unicodeScalars.contains(sign), context.scalar().isDigit, isAfterRange(context) {
            return Replacement(spoken: words.minus, end: context.position)
        }
        let last = context.before(1).last ?? "\n"
        let isBeforeWord = context.scalar() == "√" || context.follows("百分之")
        guard "-−".unicodeScalars.contains(sign),
            isBeforeWord && !last.isWordPart || last.isEastAsian && context.scalar().isDigit
        else { return nil }
        let hasNumber = context.before(4).contains { $0.isDigit }
        return hasNumber ? nil : Replacement(spoken: words.minus, end: context.position)
    }

    /// "-10℃到-5℃": the word for a range came before.
    private func isAfterRange(_ context: Context) -> Bool { context.isAfter(anyOf: ["到", "至", "から", "에서 ", "和", "或"]) }

    /// The wave between two ends: "1月〜12月", "平成元年〜9年". After a word it draws out a vowel.
    func isRange(_ sign: Unicode.Scalar, in context: Context) -> Bool {
        let isWave = "〜～~".unicodeScalars.contains(sign)
        let last = context.before(1).last ?? "\n"
        guard isWave || "-–—".unicodeScalars.contains(sign), isWave || !isAfterRange(context),
            last.isEastAsian || (isWave && last.isDigit) || ")）%℃".unicodeScalars.contains(last)
        else { return false }
        let near = context.before(9)
        let hasNumber = near.contains { $0.isDigit }
        let days = "月火水木金土日월화수목금토일".unicodeScalars
        if isWave, days.contains(last), days.contains(context.scalar()), !context.scalar(1).isEastAsian,
            !(near.dropLast().last?.isWordPart ?? false)
        {
            return true
        }
        if context.scalar().isDigit {
            guard isWave else { return context.before(3).contains { $0.isDigit } }
            return hasNumber || near.suffix(3).contains { "年月日時曜".unicodeScalars.contains($0) }
        }
        // A number follows within the next word, or one came before: "10月中旬〜11月上旬", "紀元前12〜同9世紀".
        guard isWave, context.scalar().isEastAsian else { return false }
        return hasNumber && (1...4).contains { context.scalar($0).isDigit }
    }
}

extension SpokenLanguage {
    /// "1/2 km": a fraction that ends where `after` is, with the unit that may follow.
    func withUnit(_ fraction: String, _ after: Context) -> Replacement {
        let next = after.skippingSpace()
        let key = next.letters()
        guard let unit = words.units[key] else { return Replacement(spoken: fraction, end: after.position) }
        return Replacement(
            spoken: fraction + words.unitSeparator + unit.one, end: next.position + key.unicodeScalars.count,
            kind: .unit)
    }
}
