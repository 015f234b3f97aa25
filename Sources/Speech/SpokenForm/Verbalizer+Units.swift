// What is counted: magnitudes and units.

extension Verbalizer {
    func magnitude(_ after: Context, hasCurrency: Bool) -> (Noun?, Context) {
        let start = after.skippingSpace()
        let key = start.letters()
        guard let noun = words.magnitudes[key], !start.scalar(key.unicodeScalars.count).isWordPart || !words.spaces,
            hasCurrency || key.count > 1 || currency(start.at(start.position + 1)) != nil
                || start.position == after.position && isAttached(key, start)
                || !key.utf8.allSatisfy({ $0 < 0x80 })
        else { return (nil, after) }
        var end = start.at(start.position + key.unicodeScalars.count)
        let isAbbreviated = key != noun.one && key != noun.many && key != noun.few
        if isAbbreviated, end.scalar() == "." {
            let next = end.at(end.position + 1)
            if !mayBeginSentence(next.skippingSpace()) || currency(next) != nil { end.position += 1 }
        }
        return (noun, end)
    }

    /// "10K", but not the room "12K".
    private func isAttached(_ key: String, _ start: Context) -> Bool {
        words.attachedMagnitudes.contains(key) && !words.labels.contains(previous.lowercased())
    }

    private static let unitLimit = 8

    /// The longest unit that is written here as a whole.
    func unit(_ after: Context) -> (Noun, Int)? {
        let start = after.skippingSpace()
        var end = start.position
        while end < scalars.count, end - start.position < Self.unitLimit, isUnitPart(scalars[end]) { end += 1 }
        // "m2"
        if end > start.position, "23".unicodeScalars.contains(scalar(end)) { end += 1 }
        while end > start.position {
            let next = scalar(end)
            let isWhole = !next.isWordPart || (!words.spaces && !next.isSpacedLetter && !next.isDigit)
            if isWhole, !goesOnAsWord(start.position, end),
                let unit = named(string(start.position..<end), at: start.position, end)
            {
                return per(unit, end)
            }
            end -= 1
        }
        return nil
    }

    /// "d'ora", "d.C.": one letter that is the beginning of a word or of an abbreviation.
    private func goesOnAsWord(_ start: Int, _ end: Int) -> Bool {
        guard end == start + 1, scalar(start).isLetter, ".'’".unicodeScalars.contains(scalar(end)) else { return false }
        return scalar(end + 1).isLetter
    }

    /// A unit by its symbol or, as in "½ hour", its name.
    func unitOrItsName(_ start: Int) -> (Noun, Int)? {
        if let unit = unit(context(at: start)) { return unit }
        let next = context(at: start).skippingSpace()
        let name = next.letters()
        return words.unitsByName[name].map { ($0, next.position + name.unicodeScalars.count) }
    }

    /// A unit by its symbol. Of single letters only the small ones may stand for one after a word that numbers things
    /// ("room 4B"), and none goes on as a multiplication ("5 x 3").
    private func named(_ key: String, at start: Int, _ end: Int) -> Noun? {
        let next = context(at: end).skippingSpace()
        if "x×".contains(key), scalar(start - 1).isSpace || next.scalar().isDigit || isOperator(next) { return nil }
        if key.count == 1, scalar(start).isLetter, words.labels.contains(previous.lowercased()) { return nil }
        if key == "\"", isQuotation(start) { return nil }
        if words.unitsApart.contains(key), isName(key, start) { return nil }
        if let exact = words.units[key] { return exact }
        guard key.count > 1 else { return nil }
        return words.units[key.lowercased()] ?? words.foldedUnits[key.lowercased()]
    }

    /// "4K", "5 K" and "gate 15A" are names, "2700K" and "16 A" are measured.
    private func isName(_ key: String, _ start: Int) -> Bool {
        let isApart = scalar(start - 1).isSpace
        let end = isApart ? start - 1 : start
        var digits = 0
        while digits < 4, scalar(end - 1 - digits).isDigit { digits += 1 }
        return digits < (isApart ? (key == "K" ? 3 : 1) : 4)
    }

    /// "3x = 15", "3x - 5": the letter is an unknown.
    func isOperator(_ next: Context) -> Bool {
        if "=+^²³)".unicodeScalars.contains(next.scalar()) { return true }
        return "-−".unicodeScalars.contains(next.scalar()) && (next.scalar(1).isSpace || next.scalar(1).isDigit)
    }

    /// "I am 24" and "in 2011" are no inches: quotation marks that opened before are more than those that closed, or the
    /// number is too large. The marks of inches, which stand behind digits, close none.
    private func isQuotation(_ mark: Int) -> Bool {
        if (1...4).allSatisfy({ scalar(mark - $0).isDigit }) { return true }
        var open = 0
        var index = max(0, mark - 200)
        while index < mark {
            if scalars[index] == "\n" { open = 0 }
            if scalars[index] == "\"" {
                if !scalar(index - 1).isWordPart, !scalar(index + 1).isSpace {
                    open += 1
                } else if !scalar(index - 1).isDigit {
                    open = max(0, open - 1)
                }
            }
            index += 1
        }
        return open > 0
    }

    /// "5 min. before": the dot of a short unit ends no sentence before a small letter, a digit or a comma.
    func endOfUnitDot(_ end: Int) -> Int {
        guard scalar(end) == ".", scalar(end - 1).isLetter else { return end }
        let next = context(at: end + 1).skippingSpace()
        if ",;:".unicodeScalars.contains(scalar(end + 1)) { return end + 1 }
        guard next.position > end + 1 else { return end }
        return next.scalar().isWordPart && !mayBeginSentence(next) ? end + 1 : end
    }

    /// Whether a sentence can begin here: with a capital or nothing at all.
    func mayBeginSentence(_ next: Context) -> Bool {
        if next.scalar() == "\n" { return true }
        guard next.scalar().isUpper else { return false }
        return words.sentenceOpeners?.contains(next.letters()) ?? true
    }

    private func isUnitPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.isLetter || "/²³°℃℉%µμΩ'\"″′·.×".unicodeScalars.contains(scalar)
    }

    /// "kilometers per second" for units whose quotient has no name of its own.
    private func per(_ unit: Noun, _ end: Int) -> (Noun, Int) {
        if scalar(end) == "/", scalar(end + 1).isDigit { return perNumber(unit, end) }
        var key = context(at: end + 1).letters()
        let raised = scalar(end + 1 + key.unicodeScalars.count)
        if "²³".unicodeScalars.contains(raised), words.units[key + String(Character(raised))] != nil {
            key.unicodeScalars.append(raised)
        }
        guard scalar(end) == "/", !key.isEmpty, let lower = words.units[key] else { return (unit, end) }
        return (quotient(unit, by: lower), end + 1 + key.unicodeScalars.count)
    }

    /// "7 l/100 km"
    private func perNumber(_ unit: Noun, _ end: Int) -> (Noun, Int) {
        let number = written(at: end + 1)
        // "70kg/154lbs" says the same twice.
        guard [10, 100, 1000, 10_000, 100_000].contains(number.value), number.fraction.isEmpty,
            let (lower, endOfUnit) = self.unit(context(at: number.end))
        else { return (unit, end) }
        let many = counted(number, lower)
        return (quotient(unit, by: Noun(one: many, few: many, many: many, gender: lower.gender)), endOfUnit)
    }

    private func quotient(_ unit: Noun, by lower: Noun) -> Noun {
        let tail = words.unitSeparator + language.per(lower)
        return Noun(one: unit.one + tail, few: unit.few + tail, many: unit.many + tail, gender: unit.gender)
    }

    /// "/kWh", "/month" after an amount of money.
    func pricePer(_ end: Int, isMoney: Bool = true) -> Replacement? {
        if scalar(end) == ".", scalar(end + 1) == "/" { return pricePer(end + 1) }
        func per(_ noun: Noun) -> String { isMoney ? language.pricePer(noun) : language.per(noun) }
        guard scalar(end) == "/" else { return nil }
        let key = context(at: end + 1).letters()
        let after = end + 1 + key.unicodeScalars.count
        guard !key.isEmpty, !scalar(after).isDigit, scalar(after) != "/" else { return nil }
        if let (unit, end) = unit(context(at: end + 1)), end >= after {
            return Replacement(spoken: per(unit), end: endOfUnitDot(end))
        }
        guard key.count > 1 else { return nil }
        let noun = words.unitsByName[key] ?? Noun(one: key, few: key, many: key, gender: .masculine)
        return Replacement(spoken: per(noun), end: after)
    }
}
