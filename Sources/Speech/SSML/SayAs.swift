// How SSML asks for text to be read: `<say-as interpret-as="…" format="…">`.

enum SayAs: Equatable {
    case prose
    /// Letter by letter.
    case characters
    /// Digits one by one, all else as it is.
    case digits
    case telephone
    /// With the order of its parts: letters of "d", "m" and "y".
    case date(String)

    init(_ attributes: [String: String]) {
        switch attributes["interpret-as"]?.lowercased() {
        case "characters", "character", "spell-out", "verbatim", "letters": self = .characters
        case "digits", "digit": self = .digits
        case "telephone", "phone": self = .telephone
        case "date": self = .date(attributes["format"]?.lowercased().filter { "dmy".contains($0) } ?? "")
        default: self = .prose
        }
    }

    /// The words of a text that is to be read in this way; nil: as prose.
    func words(_ text: TracedText, in language: any SpokenLanguage) -> TracedText? {
        switch self {
        case .prose: nil
        case .characters: Self.characters(text, language, spells: true)
        case .digits: Self.characters(text, language, spells: false)
        case .telephone: Self.telephone(text, language)
        case .date(let order): Self.date(text, order, language)
        }
    }

    // MARK: - Characters

    private static func characters(_ text: TracedText, _ language: any SpokenLanguage, spells: Bool) -> TracedText {
        var result = TracedText()
        var wasLetter = false
        let separator = language.words.spaces ? " " : ""
        for (scalar, origin) in zip(text.scalars, text.origins) {
            let isMark = (0x300...0x36F).contains(scalar.value)
            if isMark || (!spells && scalar.isLetter && wasLetter) {
                result.append(scalar, from: Int(origin))
                continue
            }
            wasLetter = scalar.isLetter
            guard let name = name(scalar, language) else { continue }
            if !result.scalars.isEmpty { result.append(separator, from: Int(origin)) }
            result.append(spells && scalar.isLetter ? name.uppercased() : name, from: Int(origin))
        }
        return result
    }

    /// What a character is called; nil for white space.
    private static func name(_ scalar: Unicode.Scalar, _ language: any SpokenLanguage) -> String? {
        let words = language.words
        if scalar.isDigit { return words.digits[Int(scalar.value) - 48] }
        if scalar.isLetter { return String(scalar) }
        if scalar.isWhite { return nil }
        switch scalar {
        case ".": return words.dot
        case "/": return words.slash
        case "-": return words.dash
        case "_": return words.underscore
        case "@": return words.at
        case "#": return words.number
        case "%": return words.percent
        default: return words.signs[scalar] ?? words.signsBeforeNumber[scalar] ?? String(scalar)
        }
    }

    // MARK: - Telephone numbers

    /// Groups of digits, as they are parted; letters one by one.
    private static func telephone(_ text: TracedText, _ language: any SpokenLanguage) -> TracedText {
        let words = language.words
        var result = TracedText()
        var position = 0
        while position < text.scalars.count {
            let rest = text.scalars[position...]
            let digits = rest.prefix { $0.isDigit }
            let letters = rest.prefix { $0.isLetter }
            var spoken = ""
            if !digits.isEmpty {
                spoken = language.phoneGroup(digits.map { Int($0.value) - 48 })
            } else if !letters.isEmpty {
                spoken = letters.map { String($0).uppercased() }.joined(separator: " ")
            } else if rest.first == "+" {
                spoken = words.signsBeforeNumber["+"] ?? words.signs["+"] ?? ""
            }
            if !spoken.isEmpty {
                let origin = Int(text.origins[position])
                let followsSign = position > 0 && text.scalars[position - 1] == "+"
                let separator = followsSign ? words.unitSeparator : words.phoneSeparator
                if !result.scalars.isEmpty { result.append(separator, from: origin) }
                result.append(spoken, from: origin)
            }
            position += max(digits.count, letters.count, 1)
        }
        return result
    }

    // MARK: - Dates

    /// A day of a month, with or without a year, in the given order; nil when the text is none, or no order is given.
    private static func date(_ text: TracedText, _ order: String, _ language: any SpokenLanguage) -> TracedText? {
        let fields = text.scalars.split { !$0.isDigit }.map(Array.init)
        guard fields.count == order.count, fields.allSatisfy({ $0.count <= 4 }), Set(order).count == order.count,
            let origin = text.origins.first
        else { return nil }
        var values: [Character: UInt64] = [:]
        for (letter, digits) in zip(order, fields) { values[letter] = UInt64(String(scalars: digits)) }
        guard let month = values["m"], let day = values["d"], (1...12).contains(month), (1...31).contains(day) else {
            return nil
        }
        let year = values["y"].map { $0 < 70 ? $0 + 2000 : $0 < 100 ? $0 + 1900 : $0 }
        let date = WrittenDate(year: year, month: Int(month), day: day)
        var result = TracedText()
        result.append(language.date(date, after: ""), from: Int(origin))
        return result
    }
}
