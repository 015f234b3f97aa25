// Digits with marks between them that are no quantity: dates, times, versions, telephone numbers.

extension Verbalizer {
    // MARK: - Dates

    /// 2024-05-03, 3.5.2024, 3/5/2024: with the same mark twice and a day that exists.
    func date(at start: Int) -> Replacement? {
        let first = context(at: start)
        guard let (a, endOfA) = first.integer(digits: 4) else { return nil }
        let mark = scalar(endOfA)
        guard "-./".unicodeScalars.contains(mark), let (b, endOfB) = first.at(endOfA + 1).integer(digits: 2),
            scalar(endOfB) == mark, let (c, end) = first.at(endOfB + 1).integer(digits: 4)
        else { return nil }
        let next = scalar(end)
        guard !goesOn(next) || next == "T", next != mark || !scalar(end + 1).isDigit else { return nil }
        let widths = (endOfA - start, endOfB - endOfA - 1, end - endOfB - 1)
        guard let date = order((a, b, c), widths, mark) else { return nil }
        let spoken = language.date(date, in: first.at(end))
        if next == "T", widths.0 == 4 {
            // A time stamp as programs write it: 2026-01-05T07:03:00+00:00.
            guard let time = time(at: end + 1) else { return nil }
            return Replacement(spoken: joined(spoken, time.spoken), end: time.end, kind: .date)
        }
        return goesOn(next) ? nil : Replacement(spoken: spoken, end: end, kind: .date)
    }

    private func order(
        _ parts: (UInt64, UInt64, UInt64), _ widths: (Int, Int, Int), _ mark: Unicode.Scalar
    ) -> WrittenDate? {
        if widths.0 == 4 {
            return widths.2 <= 2 ? day(parts.2, parts.1, parts.0) : nil
        }
        guard widths.0 <= 2 else { return nil }
        var year = parts.2
        if widths.2 == 2 {
            // "1.2.24" may be a version.
            guard mark == "/" || (mark == "." && words.decimalMark == "," && widths.0 == 2 && widths.1 == 2) else {
                return nil
            }
            year += year < 70 ? 2000 : 1900
        } else if widths.2 != 4 {
            return nil
        }
        if words.monthFirst, mark == "/", let date = day(parts.1, parts.0, year) { return date }
        return day(parts.0, parts.1, year)
    }

    private func day(_ day: UInt64, _ month: UInt64, _ year: UInt64) -> WrittenDate? {
        guard (1...31).contains(day), (1...12).contains(month), (1000...2999).contains(year) else { return nil }
        return WrittenDate(year: year, month: Int(month), day: day)
    }

    // MARK: - Times

    /// 14:30, 14:30:05, 14h30; "3:2" is a ratio.
    func time(at start: Int) -> Replacement? {
        let first = context(at: start)
        guard let (hour, colon) = first.integer(digits: 3), scalar(colon) == ":" || scalar(colon) == "h",
            let (minute, endOfMinute) = first.at(colon + 1).integer(digits: 7)
        else { return nil }
        let next = scalar(endOfMinute)
        let goesOn = (next == ":" || next == ".") && scalar(endOfMinute + 1).isDigit
        let isTime = hour <= 24 && minute < 60 && endOfMinute - colon == 3 && colon - start <= 2
        guard isTime else {
            guard scalar(colon) == ":", !goesOn, !next.isSpacedLetter else { return nil }
            return Replacement(spoken: language.ratio(hour, minute, in: first), end: endOfMinute)
        }
        if let scale = scale(hour, colon) { return scale }
        var time = WrittenTime(hour: hour, minute: minute, second: nil)
        var end = endOfMinute
        if next == ":" {
            guard let (second, endOfSecond) = first.at(endOfMinute + 1).integer(digits: 2), second < 60,
                endOfSecond == endOfMinute + 3, scalar(endOfSecond) != ":"
            else { return nil }
            time.second = second
            end = endOfSecond
        }
        let parts = time.second == nil ? partsOfSecond(at: end) : nil
        let zone = parts ?? zone(at: end)
        var spoken = language.time(time, in: first.at(zone?.end ?? end))
        if let zone { spoken = Replacement(spoken: joined(spoken.spoken, zone.spoken), end: zone.end) }
        spoken.kind = .time
        return spoken
    }

    /// "1:25.000", "1:1,000": the second number of a scale is too large for minutes.
    private func scale(_ first: UInt64, _ colon: Int) -> Replacement? {
        let second = written(at: colon + 1)
        guard second.isGrouped, second.fraction.isEmpty, let value = second.value else { return nil }
        return Replacement(spoken: language.ratio(first, value, in: context(at: second.end)), end: second.end)
    }

    /// "1:23.456" of a race: minutes, seconds and their parts.
    private func partsOfSecond(at end: Int) -> Replacement? {
        guard scalar(end) == ".", scalar(end + 1).isDigit else { return nil }
        let last = endOfDigits(from: end + 1)
        guard last - end <= 4, !scalar(last).isWordPart else { return nil }
        return Replacement(spoken: joined(words.point, language.spelled(scalars[(end + 1)..<last])), end: last)
    }

    /// ".123456+02:00" of a time stamp: nobody says parts of a second, nor that the zone is the world's.
    private func zone(at start: Int) -> Replacement? {
        var end = start
        if scalar(end) == ".", scalar(end + 1).isDigit { end = endOfDigits(from: end + 1) }
        if scalar(end) == "Z", !scalar(end + 1).isWordPart { return Replacement(spoken: "", end: end + 1) }
        let sign = scalar(end)
        guard sign == "+" || sign == "-" || sign == "−",
            let (hours, colon) = context(at: end + 1).integer(digits: 2), colon == end + 3, scalar(colon) == ":",
            let (minutes, endOfZone) = context(at: colon + 1).integer(digits: 2), endOfZone == colon + 3,
            hours <= 14, minutes < 60, !scalar(endOfZone).isWordPart
        else { return end > start ? Replacement(spoken: "", end: end) : nil }
        // "14:30-16:00" is a range: only a stamp with seconds, or one east of Greenwich, tells its zone.
        guard sign == "+" || scalar(start - 3) == ":" && scalar(start - 6) == ":" else { return nil }
        if hours == 0, minutes == 0 { return Replacement(spoken: "", end: endOfZone) }
        let plus = sign == "+" ? words.signsBeforeNumber["+"] ?? words.signs["+"] ?? "" : words.minus
        let rest = minutes == 0 ? "" : language.cardinal(minutes, nil)
        return Replacement(spoken: joined("U T C", plus, language.cardinal(hours, nil), rest), end: endOfZone)
    }

    // MARK: - Versions

    /// 1.2.3 and addresses of computers: three parts or more.
    func dotted(at start: Int) -> Replacement? {
        let number = written(at: start)
        if number.isGrouped, scalar(number.end) != "." { return nil }
        var parts: [String] = []
        var end = start
        while parts.count < 32, let (value, endOfPart) = context(at: end).integer(digits: 5) {
            parts.append(language.cardinal(value, nil))
            end = endOfPart
            guard scalar(end) == ".", scalar(end + 1).isDigit else { break }
            end += 1
        }
        guard parts.count >= 3, !goesOn(scalar(end)), !scalar(end - 1).isSpace else { return nil }
        let point = words.unitSeparator + words.dotInNumber + words.unitSeparator
        return Replacement(spoken: parts.joined(separator: point), end: end)
    }

    /// A word goes on after digits, which in languages that part no words only Latin letters show.
    func goesOn(_ scalar: Unicode.Scalar) -> Bool {
        words.spaces ? scalar.isWordPart : scalar.isDigit || scalar.isSpacedLetter
    }

    // MARK: - Telephone numbers

    private struct Phone {
        var hasPlus = false
        var hasBrackets = false
        var marks: Set<Unicode.Scalar> = []
        var groups: [[Int]] = []

        /// Whether digits in such groups are called rather than counted.
        var isCalled: Bool {
            let sizes = groups.map(\.count)
            let total = sizes.reduce(0, +)
            guard (7...19).contains(total) else { return false }
            if hasPlus || hasBrackets { return groups.count >= 2 || hasPlus }
            if groups[0][0] == 0 { return groups.count >= 2 && total >= 8 && !marks.contains(".") || groups.count >= 3 }
            if sizes == [3, 3, 4] { return true }
            if groups.count >= 3, sizes.allSatisfy({ $0 == 4 }), marks.count == 1 { return true }
            guard marks == ["-"] else { return false }
            return sizes == [3, 4] || (groups.count >= 3 && total >= 9 && sizes.allSatisfy { $0 <= 4 })
        }
    }

    /// A number after "call", "dial" and their like.
    private func isDialled(_ phone: Phone, _ end: Int) -> Bool {
        guard !words.callWords.isEmpty, let first = phone.groups.first else { return false }
        let isService =
            phone.groups.count == 1 && first.count <= 6
            && words.calledNumbers.contains(first.map(String.init).joined())
        let total = phone.groups.reduce(0) { $0 + $1.count }
        // The harmonised numbers of social value, 116 000 to 116 199 (Decision 2007/116/EC).
        if phone.groups.count == 2, first == [1, 1, 6], total == 6, phone.groups[1][0] < 2 { return true }
        // "text 88022"
        let isShortCode = (5...6).contains(first.count) && words.callWords.contains(previous.lowercased())
        guard isService || isShortCode || (7...15).contains(total) else { return false }
        // "911 call"
        if isService, words.callWords.contains(context(at: end).skippingSpace().letters().lowercased()) { return true }
        return recent.contains { words.callWords.contains($0.lowercased()) }
    }

    mutating func sayPhone() -> Bool {
        var phone = Phone()
        var end = position
        if scalar(end) == "+" {
            phone.hasPlus = true
            end += 1
        }
        while phone.groups.count < 12 {
            let isBracketed = scalar(end) == "("
            let start = isBracketed ? end + 1 : end
            var stop = start
            while scalar(stop).isDigit, stop - start < 16 { stop += 1 }
            guard stop > start, stop - start < 16, !isBracketed || scalar(stop) == ")" else { break }
            phone.groups.append(scalars[start..<stop].map { Int($0.value) - 48 })
            if isBracketed {
                phone.hasBrackets = true
                stop += 1
            }
            end = stop
            let mark = scalar(end)
            if scalar(end + 1).isDigit || scalar(end + 1) == "(", mark.isSpace || "-./".unicodeScalars.contains(mark) {
                phone.marks.insert(mark.isSpace ? " " : mark)
                end += 1
            } else if !(isBracketed && mark.isDigit) {
                break
            }
        }
        guard phone.isCalled || isDialled(phone, end), !goesOn(scalar(end)),
            !"-./ ".unicodeScalars.contains(scalar(end - 1))
        else {
            return false
        }
        let groups = phone.groups.map(language.phoneGroup).joined(separator: words.phoneSeparator)
        let plus = phone.hasPlus ? (words.signsBeforeNumber["+"] ?? "") + words.unitSeparator : ""
        say(plus + groups, until: end)
        return true
    }
}
