// Russian days, years, clock times and telephone numbers: ordinals whose case the words around them ask for.

extension Russian {
    /// In the genitive, as after a day.
    static let months = [
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
        "декабря",
    ]

    // MARK: - Days

    /// The case of a day: the date of a thing is in the genitive, what today is in the nominative.
    private func caseOfDay(_ context: Context) -> RussianCase {
        let word = context.previous.lowercased()
        if [
            "сегодня", "завтра", "вчера", "послезавтра", "позавчера", "на", "по", "за", "про", "это", "было", "будет",
            "наступило", "через",
        ].contains(word) {
            return .nominative
        }
        let form = governedCase(context)
        return form == .nominative || form == .accusative ? .genitive : form
    }

    private func day(_ value: UInt64, _ form: RussianCase) -> String {
        ordinal(value, RussianForm(gender: .neuter, grammaticalCase: form))
    }

    /// "5 мая", "с 5 по 10 мая", "5–10 мая".
    func dayOfMonth(_ value: UInt64, in context: Context) -> Replacement? {
        guard (1...31).contains(value) else { return nil }
        let next = context.skippingSpace()
        if let date = shortMonth(value, next, in: context) { return date }
        if next.position > context.position, Self.months.contains(next.letters()) {
            // "1 мая — праздник"
            let rest = next.at(next.position + next.letters().unicodeScalars.count).skippingSpace()
            let isNamed =
                context.previous.isEmpty && "—–".unicodeScalars.contains(rest.scalar()) && rest.scalar(1).isSpace
            if let date = dayWithYear(value, next, in: context) { return date }
            return Replacement(spoken: day(value, isNamed ? .nominative : caseOfDay(context)), end: context.position)
        }
        guard let second = secondNumber(after: context, digits: 2), (1...31).contains(second.value),
            Self.months.contains(context.at(second.end).skippingSpace().letters())
        else { return nil }
        let form = caseOfDay(context)
        guard second.isDash else { return Replacement(spoken: day(value, form), end: context.position) }
        let isFree = Self.months.contains(context.previous) || governedCase(context) == .nominative
        let spoken =
            isFree
            ? "с " + day(value, .genitive) + " по " + day(second.value, .nominative)
            : day(value, form) + "-" + day(second.value, form)
        return Replacement(spoken: spoken, end: second.end)
    }

    /// "3 мая 2024", where no "года" follows.
    private func dayWithYear(_ value: UInt64, _ month: Context, in context: Context) -> Replacement? {
        let word = month.letters()
        let year = month.at(month.position + word.unicodeScalars.count).skippingSpace()
        guard let number = Self.months.firstIndex(of: word), let (written, end) = year.integer(digits: 4),
            (1000...2999).contains(written), !year.at(end).scalar().isWordPart
        else { return nil }
        let rest = year.at(end).skippingSpace()
        let isClosed = !rest.scalar().isWordPart && !"-–—%$€₽°:./".unicodeScalars.contains(rest.scalar())
        let isEnd = rest.scalar() == "." && !rest.scalar(1).isDigit
        guard isClosed || isEnd else { return nil }
        let date = WrittenDate(year: written, month: number + 1, day: value)
        return Replacement(spoken: spoken(date, caseOfDay(context)), end: end)
    }

    private static let shortMonths = [
        "янв": 1, "фев": 2, "февр": 2, "апр": 4, "авг": 8, "сен": 9, "сент": 9, "окт": 10, "ноя": 11, "нояб": 11,
        "дек": 12,
    ]

    /// "5 янв. 2024"
    private func shortMonth(_ value: UInt64, _ next: Context, in context: Context) -> Replacement? {
        let word = next.letters()
        guard next.position > context.position, let month = Self.shortMonths[word.lowercased()] else { return nil }
        var end = next.position + word.unicodeScalars.count
        let rest = context.at(context.at(end).scalar() == "." ? end + 1 : end).skippingSpace()
        let form = caseOfDay(context)
        if let (year, endOfYear) = rest.integer(digits: 4), (1000...2999).contains(year) {
            let date = WrittenDate(year: year, month: month, day: value)
            let mark = context.at(endOfYear).skippingSpace()
            let written = ["г.", "года"].first { mark.follows($0) }
            return Replacement(spoken: spoken(date, form), end: written.map { self.endOfYear(mark, $0) } ?? endOfYear)
        }
        let hasDot = context.at(end).scalar() == "."
        if hasDot, rest.scalar() != "\n", !rest.scalar().isUpper { end += 1 }
        return Replacement(spoken: spoken(WrittenDate(year: nil, month: month, day: value), form), end: end)
    }

    /// The number after a dash, "по", "до" or "и".
    private func secondNumber(after context: Context, digits: Int) -> (value: UInt64, end: Int, isDash: Bool)? {
        let next = context.skippingSpace()
        let isDash = "-–—".unicodeScalars.contains(next.scalar())
        let word = isDash ? "" : next.letters()
        guard isDash || ["по", "до", "и", "или"].contains(word) else { return nil }
        let start = next.at(next.position + (isDash ? 1 : word.unicodeScalars.count)).skippingSpace()
        return start.integer(digits: digits).map { ($0.value, $0.end, isDash) }
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        spoken(date, .genitive)
    }

    func date(_ date: WrittenDate, in context: Context) -> String {
        spoken(date, caseOfDay(context))
    }

    private func spoken(_ date: WrittenDate, _ form: RussianCase) -> String {
        let day = day(date.day, form) + " " + Self.months[date.month - 1]
        return date.year.map { day + " " + ordinal($0, Self.ofYear) + " года" } ?? day
    }

    private static let ofYear = RussianForm(gender: .masculine, grammaticalCase: .genitive)

    /// "6.3.2006 г.", "01-01-86", "12.05": what is said includes the "г." that follows.
    func dateInDigits(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (day, endOfDay) = first.integer(digits: 2),
            "./-".unicodeScalars.contains(context.at(endOfDay).scalar()),
            let (month, endOfMonth) = first.at(endOfDay + 1).integer(digits: 2), (1...31).contains(day),
            (1...12).contains(month)
        else { return nil }
        let mark = context.at(endOfDay).scalar()
        let areTwoDigits = endOfDay - context.start == 2 && endOfMonth - endOfDay == 3
        let after = context.at(endOfMonth)
        guard after.scalar() == mark, after.scalar(1).isDigit else {
            guard mark == ".", areTwoDigits, !after.scalar().isWordPart, isDayWithoutYear(after) else { return nil }
            let date = WrittenDate(year: nil, month: Int(month), day: day)
            return Replacement(spoken: spoken(date, caseOfDay(context)), end: endOfMonth)
        }
        guard let (year, end) = after.at(endOfMonth + 1).integer(digits: 4) else { return nil }
        let isShort = end - endOfMonth == 3
        guard isShort ? areTwoDigits && mark != "/" : (1000...2999).contains(year) else { return nil }
        let rest = context.at(end)
        if rest.scalar().isWordPart, !rest.follows("г.") { return nil }
        let head = spoken(WrittenDate(year: nil, month: Int(month), day: day), caseOfDay(context)) + " "
        let next = rest.skippingSpace()
        let word = ["г.", "года"].first { next.follows($0) }
        let tail = isShort && word == nil ? "" : " года"
        return Replacement(
            spoken: head + ordinal(year, Self.ofYear) + tail,
            end: word.map { endOfYear(next, $0) } ?? end)
    }

    /// "12.05" is a day unless a unit, money or a per cent sign follows, or an hour may be meant.
    private func isDayWithoutYear(_ after: Context) -> Bool {
        let next = after.skippingSpace()
        if "%₽$€°".unicodeScalars.contains(next.scalar()) || words.units[next.letters()] != nil { return false }
        return after.scalar() != ":" && !(after.scalar() == "." && after.scalar(1).isDigit)
    }

    /// "в 14.30": a dot between hours and minutes.
    func timeWithDot(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (hour, dot) = first.integer(digits: 2), context.at(dot).scalar() == ".", hour <= 24,
            let (minute, end) = first.at(dot + 1).integer(digits: 2), end == dot + 3, minute < 60,
            ["в", "к", "до", "с", "после", "около"].contains(context.previous.lowercased()),
            isDayWithoutYear(context.at(end)), !context.at(end).scalar().isWordPart
        else { return nil }
        return time(WrittenTime(hour: hour, minute: minute), in: context.at(end))
    }

    // MARK: - Years

    /// The forms of the word "год" and what stands for it.
    private static let years: [String: RussianForm] = [
        "год": RussianForm(gender: .masculine, grammaticalCase: .nominative),
        "года": RussianForm(gender: .masculine, grammaticalCase: .genitive),
        "году": RussianForm(gender: .masculine, grammaticalCase: .prepositional),
        "годом": RussianForm(gender: .masculine, grammaticalCase: .instrumental),
        "годе": RussianForm(gender: .masculine, grammaticalCase: .prepositional),
        "годы": RussianForm(gender: nil, grammaticalCase: .nominative),
        "годов": RussianForm(gender: nil, grammaticalCase: .genitive),
        "годам": RussianForm(gender: nil, grammaticalCase: .dative),
        "годами": RussianForm(gender: nil, grammaticalCase: .instrumental),
        "годах": RussianForm(gender: nil, grammaticalCase: .prepositional),
    ]

    /// A year before "год" in some form, "г." or "гг.", and the first of two such years.
    func year(_ value: UInt64, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        guard (100...2999).contains(value) || isOfEra(next) else { return nil }
        if let (form, word, end) = wordOfYear(next, in: context) {
            // "к 2030 году" is a dative, "в 2030 году" is not.
            var form = form
            if word == "году", governedCase(context) == .dative { form.grammaticalCase = .dative }
            form.gender = .masculine
            return Replacement(spoken: ordinal(value, form) + " " + word, end: end)
        }
        guard let second = secondNumber(after: context, digits: 4), (100...2999).contains(second.value),
            let (form, word, end) = wordOfYear(context.at(second.end).skippingSpace(), in: context)
        else { return nil }
        let governed = governedCase(context)
        let isGoverned = governed != .nominative && governed != .accusative
        let first = RussianForm(
            gender: .masculine, grammaticalCase: isGoverned ? governed : form.grammaticalCase)
        guard second.isDash else { return Replacement(spoken: ordinal(value, first), end: context.position) }
        return Replacement(spoken: ordinal(value, first) + "-" + ordinal(second.value, first) + " " + word, end: end)
    }

    /// "г. до н. э.", "г. н. э."
    private func isOfEra(_ next: Context) -> Bool {
        guard next.follows("г.") else { return false }
        let era = next.at(next.position + 2).skippingSpace()
        return ["до н.", "до нашей", "н. э", "н.э", "нашей эры"].contains { era.follows($0) }
    }

    private func wordOfYear(_ next: Context, in context: Context) -> (RussianForm, String, Int)? {
        let word = next.letters()
        if let form = Self.years[word] { return (form, word, next.position + word.unicodeScalars.count) }
        let isPlural = next.follows("гг.") || next.follows("г.г.")
        guard isPlural || next.follows("г."), isPlural || next.scalar(2) != "г" else { return nil }
        let written = next.follows("г.г.") ? "г.г." : isPlural ? "гг." : "г."
        let isIn = ["в", "во", "о", "об"].contains(context.previous.lowercased())
        let governed = governedCase(context)
        var form = isIn ? RussianCase.prepositional : governed == .accusative ? .nominative : governed
        let isOfMonth = Self.months.contains(context.previous)
        if !isPlural, form == .nominative, isOfMonth || !context.previous.isEmpty { form = .genitive }
        let names =
            isPlural
            ? ["годы", "годов", "годам", "годы", "годами", "годах"] : ["год", "года", "году", "год", "годом", "году"]
        let spoken = RussianForm(gender: isPlural ? nil : .masculine, grammaticalCase: form)
        return (spoken, names[form.rawValue], endOfYear(next, written))
    }

    /// The dot of "г." is kept where it ends the sentence, too, but for the end of a short note.
    private func endOfYear(_ next: Context, _ written: String) -> Int {
        let end = next.position + written.unicodeScalars.count
        let rest = next.at(end).skippingSpace()
        return written.hasSuffix(".") && rest.position > end && rest.scalar().isUpper ? end - 1 : end
    }

    // MARK: - Times

    private static let hours = Noun(one: "час", few: "часа", many: "часов", gender: .masculine)
    private static let minutes = Noun(one: "минута", few: "минуты", many: "минут", gender: .feminine)
    private static let seconds = Noun(one: "секунда", few: "секунды", many: "секунд", gender: .feminine)

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        if let range = rangeOfHours(time, in: context) { return range }
        let form = governedCase(context)
        let governed = form == .accusative ? .nominative : form
        func count(_ value: UInt64, _ noun: Noun) -> String {
            cardinal(value, noun.gender, governed) + " " + self.noun(noun, after: value, governed)
        }
        var parts = [count(time.hour, Self.hours)]
        if time.minute > 0 || time.second ?? 0 > 0 { parts.append(count(time.minute, Self.minutes)) }
        if let second = time.second, second > 0 { parts.append(count(second, Self.seconds)) }
        return Replacement(spoken: parts.joined(separator: " "), end: context.position)
    }

    /// "9:00–18:00", "с 9:00 до 18:00": the word for hours is said once.
    private func rangeOfHours(_ time: WrittenTime, in context: Context) -> Replacement? {
        let isFrom = ["с", "от"].contains(context.previous.lowercased())
        let next = context.skippingSpace()
        let isDash = "-–—".unicodeScalars.contains(next.scalar())
        guard isDash || (isFrom && next.followsWord("до")) else { return nil }
        let start = next.at(next.position + (isDash ? 1 : 2)).skippingSpace()
        guard let (hour, colon) = start.integer(digits: 2), start.at(colon).scalar() == ":", hour <= 24,
            let (minute, end) = start.at(colon + 1).integer(digits: 2), minute < 60, end == colon + 3,
            start.at(end).scalar() != ":"
        else { return nil }
        let from = (isFrom ? "" : "с ") + clock(time.hour, time.minute, hasHours: false)
        return Replacement(spoken: from + " до " + clock(hour, minute, hasHours: minute == 0), end: end)
    }

    /// In the genitive, as a clock is read.
    private func clock(_ hour: UInt64, _ minute: UInt64, hasHours: Bool) -> String {
        let spoken = cardinal(hour, .masculine, .genitive)
        if minute == 0 { return hasHours ? spoken + " " + noun(Self.hours, after: hour, .genitive) : spoken }
        return spoken + " " + (minute < 10 ? cardinal(0, nil) + " " : "") + cardinal(minute, nil, .genitive)
    }

    // MARK: - Telephone numbers

    /// Groups of up to three digits are numbers: "восемь, восемьсот, пятьсот пятьдесят пять".
    func phoneGroup(_ digits: [Int]) -> String {
        if digits.count > 3 { return digits.map { words.digits[$0] }.joined(separator: " ") }
        let zeros = digits.prefix { $0 == 0 }
        let rest = digits.dropFirst(zeros.count)
        var parts = zeros.map { words.digits[$0] }
        if !rest.isEmpty { parts.append(cardinal(rest.reduce(0) { $0 * 10 + UInt64($1) }, nil)) }
        return parts.joined(separator: " ")
    }

    /// "8 800 555-35-35", "89161234567", "123-45-67": the numbers of Russia without a plus.
    func phone(_ context: Context) -> Replacement? {
        var groups: [[Int]] = []
        var end = context.start
        while groups.count < 5 {
            let isBracketed = context.at(end).scalar() == "("
            var stop = isBracketed ? end + 1 : end
            var group: [Int] = []
            while context.at(stop).scalar().isDigit, group.count < 12 {
                group.append(Int(context.at(stop).scalar().value) - 48)
                stop += 1
            }
            guard !group.isEmpty, !isBracketed || context.at(stop).scalar() == ")" else { break }
            groups.append(group)
            end = isBracketed ? stop + 1 : stop
            let mark = context.at(end).scalar()
            let next = context.at(end).scalar(1)
            guard mark.isSpace || mark == "-", next.isDigit || next == "(" else { break }
            end += 1
        }
        let rest = context.at(end)
        guard !rest.scalar().isWordPart, !(rest.scalar() == "-" && rest.scalar(1).isDigit) else { return nil }
        let sizes = groups.map(\.count)
        if sizes == [11], groups[0][0] == 8 || groups[0][0] == 7 {
            let all = groups[0]
            groups = [Array(all[..<1]), Array(all[1..<4]), Array(all[4..<7]), Array(all[7..<9]), Array(all[9...])]
        } else {
            let isLong = sizes == [1, 3, 3, 2, 2] && (groups[0][0] == 8 || groups[0][0] == 7)
            let isLocal = (sizes == [3, 2, 2] || sizes == [3, 3, 2, 2]) && context.at(end - 3).scalar() == "-"
            guard isLong || isLocal else { return nil }
        }
        return Replacement(spoken: groups.map(phoneGroup).joined(separator: words.phoneSeparator), end: end)
    }
}
