// What is neither letter nor digit, and addresses.

extension Verbalizer {
    mutating func saySign() {
        let sign = scalars[position]
        let next = scalar(position + 1)
        let last = scalar(position - 1)
        if sign == "\n" || ".!?。！？".unicodeScalars.contains(sign), !next.isWordPart { endSentence() }
        if sign.properties.isWhitespace { return copy(until: position + 1) }
        if let own = language.sign(sign, in: context(at: position + 1)) { return say(own.spoken, until: own.end) }
        if sayDigraph(sign, next) { return }
        if sayDash(sign) || sayMinusOfTerms(sign)
            || sayMoneyBeforeNumber(key: String(Character(sign)), after: position + 1)
        {
            return
        }
        if sayVulgarFraction() { return }
        if next.isDigit || next == "(" || sign == "(", sayPhone() { return }
        if next.isDigit, !last.isWordPart, saySignOfNumber(sign) { return }
        if "-−–".unicodeScalars.contains(sign), !last.isWordPart, sayDebt() { return }

        switch sign {
        case "^":
            sayPower()
        case "#" where (last == "C" || last == "F") && !scalar(position - 2).isWordPart && !next.isWordPart:
            say(words.sharp, until: position + 1)
        case "#" where next.isLetter && !last.isWordPart:
            say(words.hashtag, until: position + 1)
        case "." where last.isLetter && next.isLetter:
            if next.isUpper, !last.isUpper { return endUnspacedSentence() }
            // "A.I."
            if next.isUpper, isInitial(position - 1), isInitial(position + 1) { return separate(" ") }
            if next.isUpper { drop(until: position + 1) } else { say(words.dot, until: position + 1) }
        case "." where last.isUpper && isInitial(position - 1) && scalar(position - 2) == "." && goesOnAfterDot():
            drop(until: position + 1)
        case "/" where sayPer() || sayQuotientOfNames():
            break
        case "/" where last.isWordPart && next.isWordPart && !last.isDigit, "\\" where last.isWordPart:
            separate(" ")
        case "." where last.isUpper && next.isDigit && !scalar(position - 2).isWordPart, "_":
            // "H.264"
            separate(" ")
        case "×" where self.last?.kind == .unit && context(at: position + 1).skippingSpace().scalar().isDigit:
            say(words.times, until: position + 1)
        case "·" where last.isDigit && next.isDigit:
            say(words.signs["×"] ?? words.times, until: position + 1)
        case ":" where isBetweenNumbers && (!words.spacesColons || isCalculation(at: position + 2)):
            sayDivision()
        case "/" where isBetweenNumbers && isCalculation(at: position + 2):
            say(words.signs["÷"] ?? words.ratio, until: position + 1)
        case "/" where last.isSpace:
            separate(", ")
        case "@" where next.isWordPart:
            say(words.at, until: position + 1)
        default:
            sayOrKeep(sign)
        }
    }

    private mutating func sayOrKeep(_ sign: Unicode.Scalar) {
        if let word = words.signs[sign] { return say(word, until: position + 1) }
        switch sign.properties.generalCategory {
        case _ where sign == "−":
            say(words.minus, until: position + 1)
        case .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol, .control, .format, .unassigned:
            drop(until: position + 1)
        case _ where "{}[]|\\^*#<>@".unicodeScalars.contains(sign):
            drop(until: position + 1)
        default:
            copy(until: position + 1)
        }
    }

    /// A capital alone.
    private func isInitial(_ index: Int) -> Bool {
        scalar(index).isUpper && !scalar(index - 1).isWordPart && !scalar(index + 1).isWordPart
    }

    /// "the A.I. of today": the dot ends no sentence before a small letter.
    private func goesOnAfterDot() -> Bool {
        let next = context(at: position + 1)
        return next.scalar().isSpace && next.scalar(1).isLetter && !next.scalar(1).isUpper
    }

    /// "End.Next" lacks a space.
    private mutating func endUnspacedSentence() {
        endSentence()
        copy(until: position + 1)
        separateNext()
    }

    private mutating func separateNext() {
        guard position < scalars.count else { return }
        say(" ", until: position)
    }

    /// "10 : 2 = 5" divides, "3 : 2" compares.
    private mutating func sayDivision() {
        say(isCalculation(at: position + 2) ? words.signs["÷"] ?? words.ratio : words.ratio, until: position + 1)
    }

    private var isBetweenNumbers: Bool {
        scalar(position - 1).isSpace && scalar(position + 1).isSpace && scalar(position - 2).isDigit
            && scalar(position + 2).isDigit
    }

    /// What equals something follows the number at `start`.
    private func isCalculation(at start: Int) -> Bool {
        context(at: written(at: start).end).skippingSpace().scalar() == "="
    }

    /// "miles/hour": units by their names.
    private mutating func sayQuotientOfNames() -> Bool {
        let next = context(at: position + 1).letters()
        let before = position - previous.unicodeScalars.count
        let isCounted = scalar(before - 1).isSpace && scalar(before - 2).isDigit
        let period = words.periods.contains(next) && isCounted ? name(next) : nil
        let isUnit = words.unitsByName[previous] != nil
        guard let lower = period ?? (isUnit ? words.unitsByName[next] : nil) ?? (isCounted ? words.units[next] : nil)
        else { return false }
        say(language.per(lower), until: position + 1 + next.unicodeScalars.count)
        return true
    }

    private func name(_ word: String) -> Noun {
        Noun(one: word, few: word, many: word, gender: language.gender(of: word) ?? .masculine)
    }

    /// ">=", "->": two characters that are one sign.
    private mutating func sayDigraph(_ sign: Unicode.Scalar, _ next: Unicode.Scalar) -> Bool {
        if sign == "§", next == "§" {
            drop(until: position + 1)
            return true
        }
        let one: Unicode.Scalar
        switch (sign, next) {
        case (">", "="): one = "≥"
        case ("<", "="): one = "≤"
        case ("!", "="): one = "≠"
        case ("-", ">"), ("=", ">"): one = "→"
        default: return false
        }
        let before = scalar(position - 1).isSpace ? scalar(position - 2) : scalar(position - 1)
        let isComparing = before.isWordPart || !context(at: position + 2).skippingSpace().scalar().isDigit
        guard scalar(position + 2) != "=", scalar(position + 2) != ">",
            let word = isComparing ? words.signs[one] : words.signsBeforeNumber[one] ?? words.signs[one]
        else { return false }
        say(word, until: position + 2)
        return true
    }

    private mutating func separate(_ text: String) {
        say(text, until: position + 1)
    }

    private mutating func saySignOfNumber(_ sign: Unicode.Scalar) -> Bool {
        switch sign {
        case "-", "−", "–":
            sayNumber(isNegative: true)
        case "#", "№":
            say(words.number, until: position + 1)
        case "." where scalar(position - 1) != ".":
            sayNumber()
        default:
            guard let word = words.signsBeforeNumber[sign] else { return false }
            say(word, until: position + 1)
        }
        return true
    }

    private mutating func sayVulgarFraction() -> Bool {
        guard let (numerator, denominator) = Self.vulgarFraction(scalars[position]) else { return false }
        let part = partOfUnit(numerator, denominator, position + 1)
        say(part?.spoken ?? language.fraction(numerator, denominator), until: part?.end ?? position + 1)
        return true
    }

    static func vulgarFraction(_ scalar: Unicode.Scalar) -> (UInt64, UInt64)? {
        switch scalar {
        case "½": (1, 2)
        case "⅓": (1, 3)
        case "⅔": (2, 3)
        case "¼": (1, 4)
        case "¾": (3, 4)
        case "⅕": (1, 5)
        case "⅖": (2, 5)
        case "⅗": (3, 5)
        case "⅘": (4, 5)
        case "⅙": (1, 6)
        case "⅚": (5, 6)
        case "⅛": (1, 8)
        case "⅜": (3, 8)
        case "⅝": (5, 8)
        case "⅞": (7, 8)
        default: nil
        }
    }

    // MARK: - Addresses

    /// Ends that make two words with a dot between them an address.
    private static let topLevelDomains: Set<String> = [
        "com", "org", "net", "edu", "gov", "int", "io", "ai", "app", "dev", "info", "biz", "eu", "uk", "de", "fr", "es",
        "it",
        "pt", "br", "ru", "jp", "cn", "kr", "us", "ca", "au", "nl", "ch", "at", "be", "se", "no", "pl", "co", "tv",
        "xyz",
        "local",
    ]

    /// A web or mail address that starts here.
    mutating func sayAddress() -> Bool {
        guard position >= chunkEnd, Self.isAddressPart(scalars[position]) else { return false }
        chunkEnd = position
        while chunkEnd < scalars.count, Self.isAddressPart(scalars[chunkEnd]) { chunkEnd += 1 }
        var end = chunkEnd
        while end > position, ".:?/".unicodeScalars.contains(scalars[end - 1]) { end -= 1 }
        guard end - position >= 4, scalars[position].isWordPart else { return false }
        guard let spoken = spokenAddress(position..<end) else { return false }
        say(spoken, until: scalar(end) == "/" ? end + 1 : end)
        return true
    }

    private static func isAddressPart(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80 && (scalar.isWordPart || "-._~:/?#@&+=%".unicodeScalars.contains(scalar))
    }

    private func spokenAddress(_ range: Range<Int>) -> String? {
        // What is longer than an address a person would say is told by its host.
        let text = scalars[range].prefix(2048)
        var rest = text
        var hasScheme = false
        if let colon = text.prefix(12).firstIndex(of: ":"), colon + 2 < text.endIndex, text[colon + 1] == "/",
            text[colon + 2] == "/"
        {
            rest = text[(colon + 3)...]
            hasScheme = true
        } else if text.starts(with: "mailto:".unicodeScalars) {
            rest = text.dropFirst(7)
        }
        let host = rest.prefix { !"/?#".unicodeScalars.contains($0) }
        if let at = host.firstIndex(of: "@"), at > host.startIndex, !hasScheme {
            let domain = host[(at + 1)...]
            guard domain.contains("."), domain.allSatisfy({ $0.isWordPart || $0 == "." || $0 == "-" }) else {
                return nil
            }
            return sayParts(host[..<at]) + words.unitSeparator + words.at + words.unitSeparator + sayHost(domain)
        }
        let isNamed = host.starts(with: "www.".unicodeScalars)
        guard hasScheme || isNamed || isDomain(host) else { return nil }
        var path = rest[host.endIndex...].prefix { $0 != "?" && $0 != "#" }
        while path.last == "/" { path.removeLast() }
        let spoken = sayHost(isNamed ? host.dropFirst(4) : host)
        return path.isEmpty || path.count > 60 ? spoken : spoken + words.unitSeparator + sayParts(path)
    }

    private func isDomain(_ host: ArraySlice<Unicode.Scalar>) -> Bool {
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, let last = labels.last, let first = labels.first else { return false }
        // "p.es." is an abbreviation.
        if labels.count == 2, first.count == 1, last.count == 2 { return false }
        return first.contains { $0.isLetter } && Self.topLevelDomains.contains(String(scalars: last))
            && labels.allSatisfy { !$0.isEmpty && $0.allSatisfy { $0.isWordPart || $0 == "-" } }
    }

    /// A country's two letters are said one by one.
    private func sayHost(_ host: ArraySlice<Unicode.Scalar>) -> String {
        guard let dot = host.lastIndex(of: "."), host.endIndex - dot == 3, host[(dot + 1)...].allSatisfy(\.isLetter)
        else {
            return sayParts(host)
        }
        let letters = host[(dot + 1)...].map { String(Character($0)).uppercased() }.joined(separator: " ")
        return [sayParts(host[..<dot]), words.dot, letters].joined(separator: words.unitSeparator)
    }

    private func sayParts(_ part: ArraySlice<Unicode.Scalar>) -> String {
        var spoken: [String] = []
        var rest = part
        while let first = rest.first {
            let letters = rest.prefix { $0.isLetter }
            let digits = rest.prefix { $0.isDigit }
            if !letters.isEmpty {
                spoken.append(String(scalars: letters))
            } else if !digits.isEmpty {
                spoken.append(language.spelled(digits))
            } else {
                switch first {
                case ".": spoken.append(words.dot)
                case "/": spoken.append(words.slash)
                case "-": spoken.append(words.dash)
                case "_": spoken.append(words.underscore)
                case "@": spoken.append(words.at)
                default: break
                }
            }
            rest = rest.dropFirst(max(letters.count, digits.count, 1))
        }
        return spoken.joined(separator: words.unitSeparator)
    }
}
