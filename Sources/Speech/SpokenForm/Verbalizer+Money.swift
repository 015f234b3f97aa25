// Amounts of money.

extension Verbalizer {
    /// A currency's sign or code.
    func currency(_ after: Context) -> (Currency, Int)? {
        let start = after.skippingSpace()
        if let currency = words.currencies[String(Character(start.scalar()))] {
            return (currency, start.position + 1)
        }
        let code = start.letters()
        let end = start.position + code.unicodeScalars.count
        let withSign = scalar(end) == "$" ? words.currencies[code + "$"] : nil
        guard let currency = withSign ?? (code.count >= 2 ? words.currencies[code] : nil) else { return nil }
        return (currency, scalar(end) == "$" ? end + 1 : end)
    }

    /// "$5", "€ 3.50", "US$ 2 million": money whose currency is written before.
    mutating func sayMoneyBeforeNumber(key: String, after end: Int) -> Bool {
        guard let found = moneyBeforeNumber(key: key, at: position, after: end) else { return false }
        say(found.spoken, until: found.end)
        previous = ""
        last = Said(kind: .money, end: found.end)
        return true
    }

    /// - Parameters:
    ///   - key: what may be the sign or code of a currency.
    ///   - first: where it begins.
    func moneyBeforeNumber(key: String, at first: Int, after end: Int) -> Replacement? {
        var key = key
        var start = context(at: end)
        if start.scalar() == "$", key.utf8.count <= 3, key.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) {
            key += "$"
            start.position += 1
        }
        guard let currency = words.currencies[key] ?? (key.last == "$" ? words.currencies["$"] : nil) else {
            return nil
        }
        start = start.skippingSpace()
        let isNegative = "-−".unicodeScalars.contains(start.scalar()) && start.position == end
        if isNegative { start.position += 1 }
        guard start.scalar().isDigit || (start.scalar() == "." && start.scalar(1).isDigit) else { return nil }
        let number = withCents(written(at: start.position))
        var last = number
        var range = ""
        if "-–".unicodeScalars.contains(scalar(number.end)), scalar(number.end + 1).isDigit {
            range = joined(spoken(number), words.range)
            last = written(at: number.end + 1)
        }
        let (magnitude, after) = magnitude(context(at: last.end), hasCurrency: true)
        let per = pricePer(after.position)
        let amount = money(last, magnitude, currency, isWhole: !range.isEmpty, isPrice: per != nil)
        let spoken = joined(isNegative ? words.minus : "", range, amount, per?.spoken ?? "")
        return Replacement(spoken: spoken, end: per?.end ?? after.position, kind: .money)
    }

    /// "€1,50" where a comma groups: two digits behind it are cents.
    func withCents(_ number: WrittenNumber) -> WrittenNumber {
        let end = number.end + 3
        guard words.decimalMark == ".", words.spaces, number.fraction.isEmpty, scalar(number.end) == ",",
            endOfDigits(from: number.end + 1) == end,
            !".,".unicodeScalars.contains(scalar(end)) || !scalar(end + 1).isDigit
        else { return number }
        var amount = number
        amount.fraction = Array(scalars[(number.end + 1)..<end])
        amount.end = end
        return amount
    }

    /// - Parameters:
    ///   - isWhole: the amount is no units and cents but one number.
    ///   - isPrice: what follows says of what: "0.28 $/kWh".
    func money(
        _ number: WrittenNumber, _ magnitude: Noun?, _ currency: Currency, isWhole: Bool, isPrice: Bool = false
    ) -> String {
        if let magnitude {
            let noun = language.noun(currency.noun, after: 5, isDecimal: false)
            // Thousands are no nouns: "cinquante mille euros", but "un million d'euros".
            let isNoun = magnitude.one != words.magnitudes["k"]?.one
            return counted(number, magnitude) + words.unitSeparator + (isNoun ? language.afterMillions(noun) : noun)
        }
        var number = number
        // "$0.010" has ten mills, which nobody counts; "$20.5" has fifty cents.
        if number.fraction.count > 2 { while number.fraction.last == "0" { number.fraction.removeLast() } }
        let hasCents = !isWhole && (1...2).contains(number.fraction.count)
        guard hasCents, let cent = currency.cent, let whole = number.value, !isPrice || whole > 0 else {
            return counted(number, currency.noun)
        }
        if number.fraction.count == 1 { number.fraction.append("0") }
        var units = number
        units.fraction = []
        var cents = number
        cents.whole = Array(number.fraction.drop { $0 == "0" })
        cents.fraction = []
        if cents.whole.isEmpty { return counted(units, currency.noun) }
        if whole == 0 { return counted(cents, cent) }
        let small = words.namesCents ? counted(cents, cent) : language.cardinal(cents.value ?? 0, nil)
        return counted(units, currency.noun) + words.moneyJoiner + small
    }
}
