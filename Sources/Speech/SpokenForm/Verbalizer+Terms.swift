// What letters, digits and signs mean together: days, durations, versions, formulas, powers, dashes.

extension Verbalizer {
    // MARK: - Days

    /// "Mon-Fri", "Sat. 9-12", "Mo., 5.1.": the short name of a day, where it cannot be another word.
    func weekday(_ word: String, _ around: Context) -> Replacement? {
        guard let day = words.weekdays[word] else { return nil }
        let hasDot = around.scalar() == "."
        let end = around.position + (hasDot ? 1 : 0)
        if let last = lastDay(after: end) {
            return Replacement(spoken: language.days(from: day, to: last.spoken), end: last.end)
        }
        var next = around.at(end)
        let hasComma = next.scalar() == ","
        if hasComma { next.position += 1 }
        next = next.skippingSpace()
        let isBeforeNumber = next.scalar().isDigit && (hasDot || hasComma || isTimeOrDate(next))
        let isBeforeMonth = next.position > end && words.months.contains { next.follows(String($0.prefix(3))) }
        let isDay = !words.wordsLikeWeekdays.contains(word) || (isAfterDay(around) && !next.scalar().isUpper)
        let isNamed = hasDot && isDay
        guard isBeforeNumber || isBeforeMonth || isNamed else { return nil }
        let endsSentence = hasDot && !hasComma && !isBeforeNumber && (next.scalar() == "\n" || next.scalar().isUpper)
        return Replacement(spoken: day, end: endsSentence ? end - 1 : end)
    }

    /// "am So.", "Sa. und So.": the word before the last one is a day as well.
    private func isAfterDay(_ around: Context) -> Bool {
        if around.previous.lowercased() == "am" { return true }
        var before = around.recent.dropLast()
        if let link = before.last, ["und", "and", "et", "y", "e", "и"].contains(link) { before.removeLast() }
        return before.last.map { words.weekdays[$0] != nil } ?? false
    }

    private func lastDay(after end: Int) -> Replacement? {
        var start = end
        if scalar(start).isSpace { start += 1 }
        let link = context(at: start).letters()
        let isWord = start > end && link == words.range
        guard isWord || "-–—".unicodeScalars.contains(scalar(start)) else { return nil }
        let next = context(at: start + (isWord ? link.unicodeScalars.count : 1)).skippingSpace()
        let word = next.letters()
        guard let day = words.weekdays[word] else { return nil }
        let endOfWord = next.position + word.unicodeScalars.count
        let rest = context(at: endOfWord + 1)
        let hasDot = scalar(endOfWord) == "." && rest.scalar() != "\n" && !rest.skippingSpace().scalar().isUpper
        return Replacement(spoken: day, end: hasDot ? endOfWord + 1 : endOfWord)
    }

    private func isTimeOrDate(_ start: Context) -> Bool {
        let end = endOfDigits(from: start.position)
        guard end - start.position <= 2 else { return false }
        return ":.h-–/".unicodeScalars.contains(scalar(end)) || language.number(0, in: context(at: end)) != nil
            || context(at: end).skippingSpace().scalar().isLetter
    }

    // MARK: - Durations

    /// "2h 30m 15s": two parts or more, each smaller than the one before.
    func duration(at start: Int) -> Replacement? {
        var parts: [String] = []
        var end = start
        var next = start
        var rank = 0
        while let (value, endOfDigits) = context(at: next).integer(digits: 6) {
            let unit = context(at: endOfDigits).letters()
            guard let noun = words.durations[unit], let own = "dhms".firstIndex(of: unit.first ?? " ") else { break }
            let order = "dhms".distance(from: "dhms".startIndex, to: own) + 1
            guard order > rank else { break }
            rank = order
            let number = WrittenNumber(
                whole: Array(scalars[next..<endOfDigits]), fraction: [], usesForeignDot: false, isGrouped: false,
                end: endOfDigits)
            guard number.whole.count == 1 || number.whole.first != "0" || value > 0 else { break }
            parts.append(counted(number.withoutZeros, noun))
            end = endOfDigits + unit.unicodeScalars.count
            next = scalar(end).isSpace ? end + 1 : end
        }
        guard parts.count >= 2, !scalar(end).isWordPart else { return nil }
        return Replacement(spoken: parts.joined(separator: words.unitSeparator), end: end, kind: .duration)
    }

    // MARK: - Names with digits

    /// "v2.10"
    func version(_ word: String, _ around: Context) -> Replacement? {
        guard word == "v" || word == "V", around.scalar().isDigit, !words.version.isEmpty else { return nil }
        var parts: [String] = []
        var end = around.position
        while parts.count < 8, let (value, endOfPart) = context(at: end).integer(digits: 5) {
            parts.append(language.cardinal(value, nil))
            end = endOfPart
            guard scalar(end) == ".", scalar(end + 1).isDigit else { break }
            end += 1
        }
        // A "V8" is an engine.
        guard !scalar(end).isWordPart, word == "v" || parts.count > 1 else { return nil }
        let point = words.unitSeparator + words.dotInNumber + words.unitSeparator
        return Replacement(spoken: joined(words.version, parts.joined(separator: point)), end: end)
    }

    private static let elements: Set<String> = [
        "H", "C", "N", "O", "S", "P", "F", "I", "K", "Cl", "Br", "Na", "Ca", "Mg", "Fe", "Cu", "Zn", "Al", "Si", "Li",
        "Ag", "Au", "Hg", "Pb", "Ti", "Mn", "Ni", "Cr", "He", "Ne", "Ar",
    ]

    /// "H2SO4": the symbols of elements with their numbers, letter by letter.
    func formula(_ word: String, _ around: Context) -> Replacement? {
        guard words.spellsFormulas, around.scalar().isDigit, word.unicodeScalars.count <= 4 else { return nil }
        var end = around.position - word.unicodeScalars.count
        guard !scalar(end - 1).isWordPart else { return nil }
        var parts: [String] = []
        var symbols = 0
        var isBeforeDigits = true
        while end < scalars.count, parts.count < 24 {
            if let (value, endOfDigits) = context(at: end).integer(digits: 2) {
                parts.append(language.cardinal(value, nil))
                isBeforeDigits = false
                end = endOfDigits
            } else if let symbol = symbol(at: end) {
                parts += symbol.map { String($0).uppercased() }
                symbols += 1
                end += symbol.unicodeScalars.count
                // "COVID19" is no substance: few stand before the first number.
                if isBeforeDigits, symbols > 2 { return nil }
            } else {
                break
            }
        }
        let isElement =
            symbols == 1 && ["O", "N", "H"].contains(word) && parts.count == 2
            && "23".unicodeScalars.contains(scalar(end - 1))
        guard symbols > 1 || isElement, !scalar(end).isWordPart, scalar(end) != "." || !scalar(end + 1).isDigit else {
            return nil
        }
        return Replacement(spoken: parts.joined(separator: " "), end: end)
    }

    private func symbol(at start: Int) -> String? {
        guard scalar(start).isUpper else { return nil }
        let isLong = scalar(start + 1).isLetter && !scalar(start + 1).isUpper
        let symbol = string(start..<start + (isLong ? 2 : 1))
        return Self.elements.contains(symbol) ? symbol : nil
    }

    // MARK: - Signs

    /// "10^6", "n^2", "x^n"; a bracket after the sign is said as it is.
    mutating func sayPower() {
        let sign = scalar(position + 1)
        let isNegative = sign == "-" || sign == "−"
        let start = isNegative || sign == "+" ? position + 2 : position + 1
        let before = scalar(position - 1)
        guard before.isWordPart || before == ")" || before == "]" else { return drop(until: position + 1) }
        if let (exponent, end) = context(at: start).integer(digits: 4) {
            return say(language.power(exponent, isNegative: isNegative), until: end)
        }
        say(isNegative ? joined(words.power, words.minus) : words.power, until: start)
    }

    /// A dash between two of a kind, "9am-5pm", or between numbers that are reckoned with: "10-3=7".
    mutating func sayDash(_ sign: Unicode.Scalar) -> Bool {
        guard "-–—−~〜～".unicodeScalars.contains(sign), let last else { return false }
        let isSpaced = scalar(position - 1).isSpace
        guard last.end == (isSpaced ? position - 1 : position) else { return false }
        let next = context(at: position + 1).skippingSpace()
        guard let following = numberOrMoney(at: next.position) else { return false }
        if context(at: following.end).skippingSpace().scalar() == "=" {
            say(words.signs["−"] ?? words.minus, until: position + 1)
            return true
        }
        guard last.kind != .number, following.kind == last.kind, !isSpaced || next.position > position + 1 else {
            return false
        }
        say(words.range, until: next.position)
        return true
    }

    /// "x² + 3x - 5 = 0": a dash between the terms of an equation.
    mutating func sayMinusOfTerms(_ sign: Unicode.Scalar) -> Bool {
        guard "-−–".unicodeScalars.contains(sign) else { return false }
        let isSpaced = scalar(position - 1).isSpace
        let next = isSpaced ? position + 2 : position + 1
        let before = isSpaced ? position - 2 : position - 1
        guard isSpaced == scalar(position + 1).isSpace, isTerm(before), isTerm(next), isInEquation() else {
            return false
        }
        say(words.signs["−"] ?? words.minus, until: position + 1)
        return true
    }

    /// A digit, a bracket, or a letter alone or behind a digit.
    private func isTerm(_ index: Int) -> Bool {
        let scalar = scalar(index)
        if scalar.isDigit || "()²³".unicodeScalars.contains(scalar) { return true }
        guard scalar.isSpacedLetter, scalar.value < 0x80 else { return false }
        return !self.scalar(index - 1).isLetter && !self.scalar(index + 1).isLetter
    }

    /// An equals sign stands within the same line, at most 40 characters away.
    private func isInEquation() -> Bool {
        for direction in [1, -1] {
            var index = position + direction
            while abs(index - position) <= 40, scalar(index) != "\n" {
                if scalar(index) == "=" { return true }
                index += direction
            }
        }
        return false
    }

    private func numberOrMoney(at start: Int) -> Replacement? {
        let first = scalar(start)
        if first.isDigit { return number(at: start) }
        guard first.properties.generalCategory == .currencySymbol else { return nil }
        return moneyBeforeNumber(key: String(Character(first)), at: start, after: start + 1)
    }

    /// "-$5": less than nothing.
    mutating func sayDebt() -> Bool {
        var start = position + 1
        while start - position <= 3, scalar(start).isLetter { start += 1 }
        let number = scalar(start + 1).isSpace ? start + 2 : start + 1
        guard scalar(start).properties.generalCategory == .currencySymbol, scalar(number).isDigit else {
            return false
        }
        say(words.minus, until: position + 1)
        return true
    }

    /// "42 /m²", and what a unit is counted by: "5 W/h".
    mutating func sayPer() -> Bool {
        guard let last, last.end == position || last.end == position - 1,
            let per = pricePer(position, isMoney: last.kind == .money)
        else {
            return false
        }
        guard last.kind == .unit || last.kind == .money || unit(context(at: position + 1)) != nil else { return false }
        say(per.spoken, until: per.end)
        return true
    }
}

extension WrittenNumber {
    /// Without the zeros in front.
    var withoutZeros: WrittenNumber {
        var copy = self
        copy.whole = Array(whole.drop { $0 == "0" })
        if copy.whole.isEmpty { copy.whole = ["0"] }
        return copy
    }
}
