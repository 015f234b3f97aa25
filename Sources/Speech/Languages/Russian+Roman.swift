// Russian centuries and rulers by Roman numerals, and units of area that stand alone.

extension Russian {
    /// "XIX век", "в XIX веке", "Пётр I".
    func word(_ word: String, in context: Context) -> Replacement? {
        if let area = areaUnit(word, in: context) ?? avenue(word, in: context) { return area }
        guard let value = Verbalizer.romanValue(word) else { return nil }
        let cases: [(String, RussianCase)] = [
            ("век", .nominative), ("века", .genitive), ("веке", .prepositional), ("веку", .dative),
            ("веком", .instrumental), ("столетие", .nominative), ("столетия", .genitive), ("столетии", .prepositional),
        ]
        if let short = centuries(value, in: context) { return short }
        let next = context.skippingSpace().letters()
        guard let (noun, form) = cases.first(where: { $0.0 == next }) else { return nil }
        let gender: Gender = noun.hasPrefix("с") ? .neuter : .masculine
        return Replacement(
            spoken: ordinal(value, RussianForm(gender: gender, grammaticalCase: form)), end: context.position)
    }

    /// "XIX в.", "в XX–XXI вв."
    private func centuries(_ first: UInt64, in context: Context) -> Replacement? {
        var next = context
        var second: UInt64?
        let dash = context.skippingSpace()
        if "-–—".unicodeScalars.contains(dash.scalar()) {
            let numeral = dash.at(dash.position + 1).skippingSpace()
            second = Verbalizer.romanValue(numeral.letters())
            if second != nil { next = numeral.at(numeral.position + numeral.letters().unicodeScalars.count) }
        }
        next = next.skippingSpace()
        let short = second == nil ? "в." : "вв."
        guard next.follows(short), !next.scalar(short.unicodeScalars.count).isLetter else { return nil }
        let isIn = ["в", "во", "о", "об"].contains(context.previous.lowercased())
        let governed = governedCase(context)
        let other: RussianCase = context.previous.isEmpty ? .nominative : .genitive
        let form = isIn ? .prepositional : governed == .nominative || governed == .accusative ? other : governed
        let index = form.rawValue
        let nouns =
            second == nil
            ? ["век", "века", "веку", "век", "веком", "веке"] : ["века", "веков", "векам", "века", "веками", "веках"]
        let agreement = RussianForm(gender: .masculine, grammaticalCase: form)
        let ordinals = [first, second].compactMap { $0 }.map { ordinal($0, agreement) }.joined(separator: "-")
        let end = next.position + short.unicodeScalars.count
        let rest = context.at(end).skippingSpace()
        let endsSentence = rest.scalar() == "\n" || (rest.position > end && rest.scalar().isUpper)
        return Replacement(spoken: ordinals + " " + nouns[index], end: endsSentence ? end - 1 : end)
    }

    /// "пр. Мира", "и пр."
    private func avenue(_ word: String, in context: Context) -> Replacement? {
        guard word == "пр" || word == "Пр", context.scalar() == "." else { return nil }
        let next = context.at(context.position + 1).skippingSpace().scalar()
        if context.previous == "и" {
            return Replacement(spoken: "прочее", end: context.position + (next == "\n" || next.isUpper ? 0 : 1))
        }
        return next.isUpper || next.isDigit ? Replacement(spoken: "проспект", end: context.position + 1) : nil
    }

    /// "цена за м²"
    private func areaUnit(_ word: String, in context: Context) -> Replacement? {
        guard let power = ["²", "³"].first(where: { context.follows($0) }), let unit = words.units[word + power] else {
            return nil
        }
        return Replacement(spoken: unit.one, end: context.position + 1)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        guard let first = word.unicodeScalars.first, first.isUpper, first.value >= 0x400 else { return nil }
        let isFeminine = word.last.map { "ая".contains($0) } ?? false
        return Replacement(spoken: ordinal(value, isFeminine ? .feminine : .masculine), end: context.position)
    }
}
