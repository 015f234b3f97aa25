// How English says months, days and times.

extension English {
    static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    /// "May" and "March" as words are followed by no number.
    private static let shortMonths = [
        "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Sept": 9, "Oct": 10, "Nov": 11,
        "Dec": 12,
    ]

    /// The month that is written here, in any case. "may" and "march" are other words unless a year follows.
    func month(_ context: Context, after day: Bool = false) -> Replacement? {
        guard "JFMASONDjfmasond".unicodeScalars.contains(context.scalar()) else { return nil }
        let written = context.letters()
        let end = context.position + written.unicodeScalars.count
        let name = written.lowercased().capitalizedFirst
        if Self.months.contains(name) {
            let isCommon = written.first?.isLowercase == true && (name == "May" || name == "March")
            guard !isCommon || hasYear(context.at(end), afterDay: !day) else { return nil }
            return Replacement(spoken: name, end: end)
        }
        guard let number = Self.shortMonths[name], !day || written != "mar" else { return nil }
        return Replacement(spoken: Self.months[number - 1], end: context.at(end).scalar() == "." ? end + 1 : end)
    }

    private func hasYear(_ context: Context, afterDay: Bool) -> Bool {
        var start = context
        if afterDay {
            guard let (_, end) = start.skippingSpace().integer(digits: 2) else { return false }
            start.position = start.at(end).word(of: ["st", "nd", "rd", "th"])?.end ?? end
        }
        if start.scalar() == "," { start.position += 1 }
        guard start.scalar().isSpace, let (year, _) = start.skippingSpace().integer(digits: 4) else { return false }
        return year >= 1000
    }

    /// "May 5th, 2024": the day after a month is an ordinal.
    func word(_ word: String, in context: Context) -> Replacement? {
        let start = context.at(context.position - word.unicodeScalars.count)
        if let month = month(start) { return monthAndDay(month, written: word, in: context) }
        return with(word, in: context) ?? title(word, in: context) ?? street(word, in: context) ?? state(
            word, in: context)
            ?? acronym(word, in: context)
    }

    private func monthAndDay(_ month: Replacement, written: String, in context: Context) -> Replacement? {
        let after = context.at(month.end)
        guard after.scalar().isSpace, let (day, end) = after.skippingSpace().integer(digits: 2), (1...31).contains(day)
        else {
            if "-–".unicodeScalars.contains(after.scalar()), let last = self.month(after.at(after.position + 1)) {
                return Replacement(spoken: month.spoken + " to " + last.spoken, end: last.end)
            }
            let isShort = Self.shortMonths[written.lowercased().capitalizedFirst] != nil
            let isName = written.first?.isUppercase == true && month.end > context.position
            return isName || (isShort && after.skippingSpace().scalar().isDigit) ? month : nil
        }
        let next = context.at(end)
        let endOfDay = next.word(of: ["st", "nd", "rd", "th"])?.end ?? end
        let mark = context.at(endOfDay).scalar()
        guard endOfDay > end || !mark.isWordPart, !(":./".unicodeScalars.contains(mark) && next.scalar(1).isDigit)
        else {
            return nil
        }
        let spoken = month.spoken + " " + ordinal(day)
        // "Jan 5-7"
        if "-–".unicodeScalars.contains(mark), let (last, digits) = context.at(endOfDay + 1).integer(digits: 2),
            case let end = context.at(digits).word(of: ["st", "nd", "rd", "th"])?.end ?? digits,
            last > day, last < 32, !context.at(end).scalar().isWordPart,
            !"-–./:".unicodeScalars.contains(context.at(end).scalar()) || !context.at(end + 1).scalar().isWordPart
        {
            return Replacement(spoken: spoken + " to " + ordinal(last), end: end)
        }
        return Replacement(spoken: spoken, end: endOfDay)
    }

    private static let beforeDate: Set<String> = ["on", "by", "until", "till", "since", "due", "before", "after"]

    /// "on 12/25": the month comes first. After other words it may be a fraction, unless there is no such day.
    private func dayInDigits(_ context: Context) -> Replacement? {
        guard let (month, slash) = context.at(context.start).integer(digits: 2), context.at(slash).scalar() == "/",
            let (day, end) = context.at(slash + 1).integer(digits: 2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        let next = context.at(end)
        guard !next.scalar().isWordPart, !"/\"″%".unicodeScalars.contains(next.scalar()),
            !(".-:".unicodeScalars.contains(next.scalar()) && next.scalar(1).isDigit)
        else { return nil }
        let previous = context.previous.lowercased()
        let isLikely = ["is", "was", "from", "through", "date"].contains(previous) && day > 12 && day % 16 > 0
        guard Self.beforeDate.contains(previous) || isLikely else { return nil }
        return Replacement(
            spoken: date(WrittenDate(year: nil, month: Int(month), day: day), after: previous), end: end, kind: .date)
    }

    /// "2.30 a.m."
    func digits(in context: Context) -> Replacement? {
        if let day = dayInDigits(context) { return day }
        guard let (hour, dot) = context.at(context.start).integer(digits: 2), context.at(dot).scalar() == ".",
            let (minute, end) = context.at(dot + 1).integer(digits: 2), end == dot + 3, hour <= 12, minute < 60,
            halfOfDay(context.at(end).skippingSpace()) != nil
        else { return state(before: context) }
        return time(WrittenTime(hour: hour, minute: minute), in: context.at(end))
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = Self.months[date.month - 1] + " " + ordinal(date.day)
        return date.year.map { day + ", " + year($0) } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let half = time.hour <= 12 ? halfOfDay(context.skippingSpace()) : nil
        var spoken = cardinal(time.hour, nil)
        switch time.minute {
        case 0 where half != nil: break
        case 0 where time.hour == 0: spoken = "midnight"
        case 0: spoken += time.hour <= 12 ? " o'clock" : " hundred"
        case 1...9: spoken += " oh " + cardinal(time.minute, nil)
        default: spoken += " " + cardinal(time.minute, nil)
        }
        if let second = time.second, second > 0 {
            spoken += " and " + cardinal(second, nil) + (second == 1 ? " second" : " seconds")
        }
        if let half { return Replacement(spoken: spoken + " " + half.spoken, end: half.end) }
        return Replacement(spoken: spoken, end: context.position)
    }

    /// "am", "p.m."
    func halfOfDay(_ context: Context) -> Replacement? {
        let halves = [("a.m.", "A M"), ("p.m.", "P M"), ("A.M.", "A M"), ("P.M.", "P M")]
        for (text, spoken) in halves where context.follows(text) {
            let rest = context.at(context.position + 4)
            let endsSentence = rest.scalar() == "\n" || (rest.scalar().isSpace && rest.skippingSpace().scalar().isUpper)
            return Replacement(spoken: spoken, end: rest.position - (endsSentence ? 1 : 0))
        }
        guard let (text, end) = context.word(of: ["am", "pm", "AM", "PM"]) else { return nil }
        return Replacement(spoken: text.hasPrefix("a") || text.hasPrefix("A") ? "A M" : "P M", end: end)
    }
}
