// Korean numbers with what stands around them: particles that follow the last sound, days of the week, telephone numbers.

extension Korean {
    func digits(in context: Context) -> Replacement? {
        phone(context) ?? code(context) ?? dayOfMemory(context) ?? long(context)
    }

    private static let codeWords = [
        "비밀번호", "인증번호", "인증코드", "우편번호", "계좌번호", "핀 번호", "핀번호", "일련번호", "고객번호", "코드", "암호", "PIN", "내선",
    ]
    private static let shortNumbers: Set<String> = [
        "110", "111", "112", "113", "114", "117", "118", "119", "120", "125", "182", "1339", "1366", "1388",
    ]
    private static let calling = ["전화", "신고", "연락", "걸어", "걸었", "구급", "소방", "경찰", "응급", "긴급", "긴급전화", "호출"]

    /// "비밀번호 1234", "119에 전화": digit by digit.
    private func code(_ context: Context) -> Replacement? {
        guard let end = endOfCode(context) else { return nil }
        let after = context.at(end)
        let digits = context.scalars[context.start..<end]
        let isService = Self.shortNumbers.contains(String(scalars: digits)) && isCalled(after)
        guard isService || isCode(after: Self.codeWords, "는은", context.before(10)) else { return nil }
        return withParticle(phoneGroup(digits.map { Int($0.value) - 48 }), after)
    }

    /// Who is called is said within the next words, or just before.
    private func isCalled(_ after: Context) -> Bool {
        let near = String(scalars: after.before(16)) + String(scalars: after.scalars[after.position...].prefix(20))
        return Self.calling.contains { near.firstRange(of: $0) != nil }
    }

    /// "이의 팔 제곱"
    func power(_ exponent: UInt64, isNegative: Bool) -> String {
        switch exponent {
        case 2 where !isNegative: return words.signs["²"] ?? ""
        case 3 where !isNegative: return words.signs["³"] ?? ""
        default: return "의 " + (isNegative ? words.minus + " " : "") + cardinal(exponent, nil) + "제곱"
        }
    }

    /// "PM 3:15"
    func word(_ word: String, in context: Context) -> Replacement? {
        guard let part = ["AM": "오전 ", "PM": "오후 "][word.uppercased()], let time = timeAfterHalf(context) else {
            return nil
        }
        return Replacement(spoken: part + time.spoken, end: time.end)
    }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        if let part = fraction(number, in: context) {
            return withUnitOrParticle(fraction(part.numerator, part.denominator), context.at(part.end))
        }
        if let found = mixedFraction(number, in: context) ?? rangeOfCounted(number, in: context) { return found }
        // "1/√3"
        guard context.scalar() == "/", context.scalar(1) == "√", let value = number.value, number.fraction.isEmpty,
            let (denominator, end) = context.at(context.position + 2).integer(digits: 4)
        else { return nil }
        let spoken = (words.signs["√"] ?? "") + " " + cardinal(denominator, nil) + "분의 " + cardinal(value, nil)
        return Replacement(spoken: spoken, end: end)
    }

    /// "3~4명": the native numbers take the counter both times.
    private func rangeOfCounted(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard "~〜～-–".unicodeScalars.contains(context.scalar()), let low = number.value, number.fraction.isEmpty,
            (1...99).contains(low), let (high, end) = context.at(context.position + 1).integer(digits: 2), high > low
        else { return nil }
        let after = context.at(end).skippingSpace()
        guard let counter = counter(high, at: after) else { return nil }
        let first = native(low) + " " + counter + words.range + " "
        return Replacement(spoken: first + native(high) + " ", end: after.position)
    }

    /// "10과1/2km": a whole number with its fraction.
    private func mixedFraction(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard context.scalar() == "과", number.fraction.isEmpty, let whole = number.value else { return nil }
        let start = context.at(context.position + 1).skippingSpace()
        guard start.scalar().isDigit else { return nil }
        let top = start.written(words)
        guard let part = fraction(top, in: start.at(top.end)) else { return nil }
        let spoken = cardinal(whole, nil) + words.and + fraction(part.numerator, part.denominator)
        return withUnitOrParticle(spoken, context.at(part.end))
    }

    /// "시속 백 킬로미터": units with a word before the number, too.
    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        guard let mark = noun.one.firstIndex(of: "#") else { return nil }
        let spoken = number.fraction.isEmpty ? number.value.map { cardinal($0, nil) } : decimalSpoken(number)
        guard let spoken else { return nil }
        let head = noun.one[..<mark].trimmingSpaces
        return (head == context.previous ? "" : head + " ") + spoken + noun.one[noun.one.index(after: mark)...]
    }

    private func decimalSpoken(_ number: WrittenNumber) -> String? {
        number.value.map { [cardinal($0, nil), words.point, spelled(number.fraction)].joined(separator: " ") }
    }

    func per(_ noun: Noun) -> String {
        words.per + " " + (noun.one.split(separator: "#").last.map { $0.trimmingSpaces } ?? noun.one)
    }

    // MARK: - Particles

    /// After a vowel, after a consonant.
    private static let particles: [(vowel: String, consonant: String)] = [
        ("가", "이"), ("는", "은"), ("를", "을"), ("와", "과"), ("로", "으로"), ("였", "이었"),
    ]

    /// What is said may end in another sound than what was written: "3/5이" is 오분의 삼이, "4/7이" 칠분의 사가.
    func withParticle(_ spoken: String, _ context: Context) -> Replacement {
        for (vowel, consonant) in Self.particles {
            guard let written = [consonant, vowel].first(where: { context.follows($0) }) else { continue }
            let end = context.position + written.unicodeScalars.count
            guard !context.at(end).scalar().isWordPart || context.at(end).follows("부터") || context.at(end).follows("까지")
            else { continue }
            return Replacement(spoken: spoken + (takesVowelForm(spoken, vowel) ? vowel : consonant), end: end)
        }
        return Replacement(spoken: spoken, end: context.position)
    }

    /// A syllable with no final consonant; 로 stands after a final ㄹ, too.
    private func takesVowelForm(_ spoken: String, _ particle: String) -> Bool {
        guard let last = spoken.unicodeScalars.last, (0xAC00...0xD7A3).contains(last.value) else { return true }
        let final = (last.value - 0xAC00) % 28
        return final == 0 || (particle == "로" && final == 8)
    }

    private func withUnitOrParticle(_ spoken: String, _ after: Context) -> Replacement {
        let start = after.skippingSpace()
        var end = start.position
        while end - start.position < 6, after.at(end).scalar().isSpacedLetter || after.at(end).scalar() == "/" {
            end += 1
        }
        let key = String(scalars: after.scalars[start.position..<end])
        if let unit = words.units[key] {
            guard let mark = unit.one.firstIndex(of: "#") else {
                return withParticle(spoken + " " + unit.one, after.at(end))
            }
            let tail = unit.one[unit.one.index(after: mark)...]
            return withParticle(unit.one[..<mark] + spoken + tail, after.at(end))
        }
        // A counter is a word of its own: "이분의 일 컵".
        let particle = withParticle(spoken, after)
        if particle.end > after.position { return particle }
        return Replacement(spoken: spoken + (after.scalar().isEastAsian ? " " : ""), end: after.position)
    }

    // MARK: - Days

    func yearMonthDay(_ year: UInt64?, _ month: UInt64, _ day: UInt64?) -> String {
        let head = year.map { cardinal($0, nil) + "년 " } ?? ""
        return head + self.month(month) + (day.map { " " + cardinal($0, nil) + "일" } ?? "")
    }

    /// "2010〜2020년대", "5〜9일": from one to the other.
    func rangeOfDates(_ value: UInt64, in context: Context) -> Replacement? {
        guard "〜～~".unicodeScalars.contains(context.scalar()),
            let (_, end) = context.at(context.position + 1).integer(digits: 4),
            context.at(end).followsAny(["년", "월", "일"])
        else { return nil }
        return Replacement(spoken: cardinal(value, nil) + "부터 ", end: context.position + 1)
    }

    /// "6·25", "3·1절": days that are known by their digits.
    private func dayOfMemory(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (month, dot) = first.integer(digits: 2), "·‧・".unicodeScalars.contains(context.at(dot).scalar()),
            let (day, end) = first.at(dot + 1).integer(digits: 2), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        return Replacement(
            spoken: spelled(String(month).unicodeScalars) + spelled(String(day).unicodeScalars), end: end)
    }

    /// Numbers of ten quadrillions and more.
    private func long(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard first.scalar() != "0", let (value, end) = first.integer(digits: 19), end - context.start >= 16 else {
            return nil
        }
        return Replacement(spoken: cardinal(value, nil), end: end)
    }

    /// The second time of "9:00~18:00" counts as the first one does.
    func endsNativeRange(_ context: Context) -> Bool {
        var before = context.before(9)
        guard let wave = before.popLast(), "〜～~-–".unicodeScalars.contains(wave) else { return false }
        let hour = before.split(separator: ":").first.map { part in
            part.reversed().prefix { $0.isDigit }.reversed().reduce(0) { $0 * 10 + Int($1.value) - 48 }
        }
        return before.contains(":") && (1...12).contains(hour ?? 0)
    }

    // MARK: - Signs

    func sign(_ sign: Unicode.Scalar, in context: Context) -> Replacement? {
        switch sign {
        case "(", "（":
            return weekday(context) ?? phone(context)
        case "√":
            return root(context)
        case "+":
            return phone(context)
        case "=":
            return equals(context)
        default:
            guard isRange(sign, in: context) else { return minus(sign, in: context) }
            let isDate = context.before(1).contains { "년월일대)".unicodeScalars.contains($0) }
            return Replacement(spoken: isDate ? "부터 " : words.range + " ", end: context.position)
        }
    }

    /// "3 = 3" is 삼은, "2 = 2" 이는: the particle after the last digit's sound.
    private func equals(_ context: Context) -> Replacement? {
        guard let last = context.before(2).last(where: { !$0.isSpace }), last.isDigit else { return nil }
        return Replacement(spoken: "2459".unicodeScalars.contains(last) ? "는 " : "은 ", end: context.position)
    }

    /// "(토)", "(월〜금)" after a day.
    private func weekday(_ context: Context) -> Replacement? {
        guard let last = context.before(1).last, last == "일" || last.isDigit else { return nil }
        func day(_ offset: Int) -> String? {
            let scalar = context.scalar(offset)
            return "월화수목금토일".unicodeScalars.contains(scalar) ? String(Character(scalar)) + "요일" : nil
        }
        guard let first = day(0) else { return nil }
        if context.scalar(1) == ")" { return Replacement(spoken: " " + first, end: context.position + 2) }
        guard "〜～~-–".unicodeScalars.contains(context.scalar(1)), let second = day(2), context.scalar(3) == ")" else {
            return nil
        }
        return Replacement(spoken: " " + first + "부터 " + second, end: context.position + 4)
    }

    /// "√1/4" is 사분의 루트 일.
    private func root(_ context: Context) -> Replacement? {
        guard let (numerator, slash) = context.integer(digits: 4), context.at(slash).scalar() == "/",
            let (denominator, end) = context.at(slash + 1).integer(digits: 4)
        else { return nil }
        let spoken = cardinal(denominator, nil) + "분의 " + (words.signs["√"] ?? "") + " " + cardinal(numerator, nil)
        return Replacement(spoken: spoken, end: end)
    }

    // MARK: - Telephone numbers

    /// Heads of the numbers of firms, 1588-1234, that are no years.
    private static let services: Set<String> = [
        "1522", "1533", "1544", "1566", "1577", "1588", "1599", "1600", "1644", "1660", "1661", "1666", "1668", "1670",
        "1688",
        "1800", "1811", "1833", "1855", "1877", "1899",
    ]

    /// Numbers of Korea say 공 for zero, those of other countries 영; a plus stands before the country's number.
    private func phone(_ context: Context) -> Replacement? {
        let hasPlus = context.at(context.start).scalar() == "+"
        var groups: [[Unicode.Scalar]] = []
        var end = context.start + (hasPlus ? 1 : 0)
        while groups.count < 6 {
            let isBracketed = context.at(end).scalar() == "("
            let start = isBracketed ? end + 1 : end
            var stop = start
            while stop - start < 9, context.at(stop).scalar().isDigit { stop += 1 }
            guard stop > start, stop - start < 9, !isBracketed || context.at(stop).scalar() == ")" else { break }
            groups.append(Array(context.scalars[start..<stop]))
            end = isBracketed ? stop + 1 : stop
            let mark = context.at(end).scalar()
            let next = context.at(end).scalar(1)
            if isBracketed, mark.isDigit { continue }
            guard mark.isSpace || "-.".unicodeScalars.contains(mark), next.isDigit || next == "(" else { break }
            end += 1
        }
        guard !context.at(end).scalar().isDigit, !context.at(end).scalar().isSpacedLetter, isPhone(groups, hasPlus)
        else { return nil }
        let isKorean = !hasPlus && (groups[0].first == "0" || groups[0].count == 4)
        let spoken = groups.map { group in
            group.map { $0 == "0" && isKorean ? "공" : words.digits[Int($0.value) - 48] }.joined()
        }
        return withParticle((hasPlus ? "국가번호 " : "") + spoken.joined(separator: words.phoneSeparator), context.at(end))
    }

    private func isPhone(_ groups: [[Unicode.Scalar]], _ hasPlus: Bool) -> Bool {
        let sizes = groups.map(\.count)
        let total = sizes.reduce(0, +)
        if hasPlus { return groups.count >= 2 && (8...16).contains(total) && sizes[0] <= 3 }
        guard let first = groups.first else { return false }
        if sizes == [4, 4] { return Self.services.contains(String(scalars: first)) }
        if sizes == [3, 3, 4] { return true }
        return first.first == "0" && groups.count == 3 && (9...11).contains(total) && sizes[2] == 4
    }

    func phoneGroup(_ digits: [Int]) -> String {
        digits.map { $0 == 0 ? "공" : words.digits[$0] }.joined()
    }
}

extension StringProtocol {
    /// Without spaces at its ends.
    fileprivate var trimmingSpaces: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
