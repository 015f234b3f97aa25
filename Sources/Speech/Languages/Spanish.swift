struct Spanish: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "menos", point: "coma", dotInNumber: "punto",
            percent: "por ciento",
            permille: "por mil", range: "a", ratio: "a", per: "por", and: " y ", times: "por", number: "número",
            hashtag: "hashtag", dot: "punto", slash: "barra", dash: "guion", underscore: "guion bajo", at: "arroba")
        words.moneyJoiner = " con "
        words.months = Self.months
        words.signs = [
            "&": "y", "+": "más", "=": "es igual a", "×": "por", "÷": "entre", "±": "más menos", "≈": "aproximadamente",
            "≠": "distinto de", "≤": "menor o igual que", "≥": "mayor o igual que", "<": "menor que", ">": "mayor que",
            "%": "por ciento", "°": "grados", "§": "sección", "²": "al cuadrado", "³": "al cubo", "√": "raíz de",
            "∞": "infinito", "→": "a", "@": "arroba", "*": "por", "€": "euros", "$": "dólares",
        ]
        words.signsBeforeNumber = [
            "+": "más", "~": "unos", "<": "menos de", ">": "más de", "≈": "unos", "±": "más menos",
            "≥": "al menos", "≤": "como máximo",
        ]
        words.groupsBySpace = true
        Self.addTerms(to: &words)
        words.codeWords = [
            "pin", "código", "contraseña", "clave", "cp", "iban", "isbn", "extensión",
        ]
        words.periods = ["segundo", "minuto", "hora", "día", "semana", "mes", "año", "persona"]
        words.durations = Vocabulary.nouns(
            """
            d = día, días
            h = hora, horas, f
            m min = minuto, minutos
            s seg = segundo, segundos
            """)
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        // Codes of three letters are written small as well; none of these is a word.
        for (code, currency) in words.currencies
        where code.utf8.count == 3 && !["TRY", "PEN", "CUP"].contains(code) && code.first?.isLetter == true {
            words.currencies[code.lowercased()] = currency
        }
        words.magnitudes = Vocabulary.nouns(
            """
            k K mil = mil
            M mill millón = millón, millones
            millones = millones
            billón = billón, billones
            billones = billones
            trillón = trillón, trillones
            trillones = trillones
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "siglo", "capítulo", "tomo", "libro", "acto", "artículo", "parte", "título", "volumen", "fase", "tipo",
            "siglos", "s", "ss", "cap", "t", "vol", "art", "tít",
        ]
        self.words = words
    }

    /// Days, and words that tell what a number beside them is.
    private static func addTerms(to words: inout Vocabulary) {
        words.weekdays = [
            "lun": "lunes", "mar": "martes", "mié": "miércoles", "jue": "jueves", "vie": "viernes", "sáb": "sábado",
            "dom": "domingo", "Lun": "lunes", "Mié": "miércoles", "Jue": "jueves", "Vie": "viernes", "Sáb": "sábado",
            "Dom": "domingo",
        ]
        words.wordsLikeWeekdays = ["mar", "dom", "Dom"]
        words.power = "elevado a"
        words.version = "versión"
        words.callWords = [
            "llame", "llama", "llamar", "llamen", "llámame", "llámenos", "marque", "marca", "marcar", "teléfono",
            "emergencias",
        ]
        words.calledNumbers = ["112", "061", "062", "091", "092", "016", "911", "900", "080", "085", "1006", "1004"]
        words.labels = ["sala", "habitación", "puerta", "piso", "grupo", "aula", "línea", "vitamina", "clase", "letra"]
    }

    private static let small = [
        "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once", "doce",
        "trece",
        "catorce", "quince", "dieciséis", "diecisiete", "dieciocho", "diecinueve", "veinte", "veintiuno", "veintidós",
        "veintitrés", "veinticuatro", "veinticinco", "veintiséis", "veintisiete", "veintiocho", "veintinueve",
    ]
    private static let tens = [
        "", "", "", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa",
    ]
    private static let hundreds = [
        "", "ciento", "doscientos", "trescientos", "cuatrocientos", "quinientos", "seiscientos", "setecientos",
        "ochocientos", "novecientos",
    ]

    /// "uno" is "un" before a masculine noun and "una" before a feminine one, which the hundreds follow too.
    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value < 30 {
            guard value == 1 || value == 21, let gender else { return Self.small[Int(value)] }
            if gender == .feminine { return value == 1 ? "una" : "veintiuna" }
            return value == 1 ? "un" : "veintiún"
        }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            return value % 10 == 0 ? tens : tens + " y " + cardinal(value % 10, gender)
        }
        if value == 100 { return "cien" }
        if value < 1000 {
            var head = Self.hundreds[Int(value / 100)]
            if gender == .feminine, value >= 200 { head = head.dropLast(2) + "as" }
            return value % 100 == 0 ? head : head + " " + cardinal(value % 100, gender)
        }
        if value < 1_000_000 {
            let head =
                value < 2000 ? "mil" : cardinal(value / 1000, gender == .feminine ? .feminine : .masculine) + " mil"
            return value % 1000 == 0 ? head : head + " " + cardinal(value % 1000, gender)
        }
        let (size, one, many): (UInt64, String, String) =
            value >= 1_000_000_000_000
            ? (1_000_000_000_000, "billón", "billones") : (1_000_000, "millón", "millones")
        let head = cardinal(value / size, .masculine) + " " + (value / size == 1 ? one : many)
        return value % size == 0 ? head : head + " " + cardinal(value % size, gender)
    }

    func afterMillions(_ noun: String) -> String { "de " + noun }

    // MARK: - Dates and times

    static let months = [
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ]

    func digits(in context: Context) -> Replacement? {
        dayInDigits(context) ?? timeWithDot(context) ?? timeWithLetters(context) ?? phone(context)
    }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        if let fraction = fraction(number, in: context) { return fraction }
        guard number.fraction.isEmpty, let value = number.value else { return nil }
        if timesSign(context) {
            let veces = value == 1 ? "vez" : "veces"
            return Replacement(spoken: cardinal(value, .feminine) + " " + veces, end: context.position + 1)
        }
        if value <= 12, let part = dayPart(context, value) {
            return Replacement(spoken: cardinal(value, .feminine) + " " + part.spoken, end: part.end, kind: .time)
        }
        return number.isGrouped ? ordinal(value, in: context) : nil
    }

    /// "1.º", "3ª", "5 enero".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        // "a la 1"
        let isHour =
            value == 1 && context.previous == "la" && context.recent.count > 1
            && ["a", "es", "sobre", "desde", "hasta", "de", "será"].contains(context.recent[context.recent.count - 2])
            && !context.scalar().isWordPart && !context.skippingSpace().scalar().isLetter
        if isHour { return Replacement(spoken: "una", end: context.position, kind: .time) }
        return ordinal(value, in: context) ?? dayOfMonth(value, in: context)
    }

    func word(_ word: String, in context: Context) -> Replacement? {
        let number = numero(word, in: context).map { Replacement(spoken: words.number, end: $0) }
        return monthBeforeDay(word, in: context) ?? smallNumeral(word, in: context) ?? street(word, in: context)
            ?? century(word, in: context) ?? number ?? zone(word, in: context)
    }

    /// "21 mil personas"
    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        thousands(number, noun, in: context)
    }

    /// "s. XIX"
    private func century(_ word: String, in context: Context) -> Replacement? {
        guard word == "s" || word == "ss", context.scalar() == ".", context.scalar(1).isSpace,
            Verbalizer.romanValue(context.at(context.position + 2).letters()) != nil
        else { return nil }
        return Replacement(spoken: word == "s" ? "siglo" : "siglos", end: context.position + 1)
    }

    /// "C/ Mayor"
    private func street(_ word: String, in context: Context) -> Replacement? {
        if word == "Pº" { return Replacement(spoken: "paseo", end: context.position) }
        guard word == "C" || word == "c", context.scalar() == "/" else { return nil }
        let next = context.at(context.position + 1).skippingSpace()
        guard next.scalar().isUpper, next.scalar(1).isLetter else { return nil }
        return Replacement(spoken: "calle", end: context.position + 1)
    }

    /// "1 o 2 horas": the noun after the second number.
    func spoken(_ number: WrittenNumber, in context: Context) -> String? {
        guard number.fraction.isEmpty, let value = number.value, let noun = sharedNoun(context, ["o", "y", "u", "a"])
        else {
            return nil
        }
        return gender(of: noun).map { cardinal(value, $0) }
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let spoken = cardinal(date.day, nil) + " de " + Self.months[date.month - 1]
        return date.year.map { spoken + " de " + cardinal($0, nil) } ?? spoken
    }

    /// The nine digits of Spain, 600 123 456 or 91 234 56 78, in the groups that are written, else by threes.
    private func phone(_ context: Context) -> Replacement? {
        var groups: [[Int]] = [[]]
        var end = context.start
        while groups.count < 5, groups[groups.count - 1].count < 10, context.at(end).scalar().isDigit {
            groups[groups.count - 1].append(Int(context.at(end).scalar().value) - 48)
            end += 1
            if context.at(end).scalar() == " ", context.at(end).scalar(1).isDigit {
                groups.append([])
                end += 1
            }
        }
        let digits = groups.flatMap { $0 }
        let sizes = groups.map(\.count)
        let next = context.at(end)
        guard digits.count == 9, (6...9).contains(digits[0]), !next.scalar().isWordPart,
            !(" .,".unicodeScalars.contains(next.scalar()) && next.scalar(1).isDigit),
            words.units[next.skippingSpace().letters()] == nil,
            !"€$%".unicodeScalars.contains(next.skippingSpace().scalar())
        else { return nil }
        guard [[9], [3, 3, 3], [2, 3, 2, 2], [3, 2, 2, 2]].contains(sizes) else { return nil }
        if sizes == [9] { groups = [Array(digits[..<3]), Array(digits[3..<6]), Array(digits[6...])] }
        return Replacement(spoken: groups.map(phoneGroup).joined(separator: words.phoneSeparator), end: end)
    }
}

// What Spanish and Portuguese share.
extension SpokenLanguage {
    /// "n.º 5", "nº 5", "n° 5": where the abbreviation ends.
    func numero(_ word: String, in context: Context) -> Int? {
        var end = context.position
        let lowered = word.lowercased()
        if lowered == "n" {
            if context.at(end).scalar() == "." { end += 1 }
            guard "º°".unicodeScalars.contains(context.at(end).scalar()) else { return nil }
            end += 1
        } else if lowered != "nº" {
            return nil
        }
        return context.at(end).skippingSpace().scalar().isDigit ? end : nil
    }

    /// The noun after the second of two numbers that a word or a dash joins.
    func sharedNoun(_ context: Context, _ connectors: Set<String>) -> String? {
        let next = context.skippingSpace()
        let isDash = "-–".unicodeScalars.contains(next.scalar())
        let word = isDash ? "" : next.letters()
        guard isDash || connectors.contains(word) else { return nil }
        let start = next.at(next.position + (isDash ? 1 : word.unicodeScalars.count)).skippingSpace()
        guard start.scalar().isDigit else { return nil }
        let after = start.at(start.written(words).end)
        let noun = after.skippingSpace()
        return noun.position > after.position && noun.letters().count > 1 ? noun.letters() : nil
    }

    /// "3x por semana": the letter stands for "times" where nothing is multiplied.
    func timesSign(_ context: Context) -> Bool {
        let next = context.scalar(1)
        guard context.scalar() == "x", !next.isWordPart else { return false }
        return !next.isSpace || context.scalar(2).isLetter
    }
}

extension String {
    /// Without Foundation.
    func replacingOccurrences(_ part: String, with other: String) -> String {
        var result = ""
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            result += rest[..<range.lowerBound] + other
            rest = rest[range.upperBound...]
        }
        return result + rest
    }
}
