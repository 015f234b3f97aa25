struct Italian: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "meno", point: "virgola", dotInNumber: "punto",
            percent: "per cento",
            permille: "per mille", range: "a", ratio: "a", per: "al", and: " e ", times: "per", number: "numero",
            hashtag: "hashtag", dot: "punto", slash: "barra", dash: "trattino", underscore: "trattino basso",
            at: "chiocciola")
        words.moneyJoiner = " e "
        words.groupsBySpace = true
        words.months = Self.months
        words.signs = [
            "&": "e", "+": "più", "=": "uguale", "×": "per", "÷": "diviso", "±": "più o meno", "≈": "circa",
            "≠": "diverso da", "≤": "minore o uguale a", "≥": "maggiore o uguale a", "<": "minore di",
            ">": "maggiore di",
            "%": "per cento", "°": "gradi", "§": "paragrafo", "²": "al quadrato", "³": "al cubo", "√": "radice di",
            "∞": "infinito", "→": "a", "@": "chiocciola", "*": "per", "€": "euro", "$": "dollari",
        ]
        words.signsBeforeNumber = [
            "+": "più", "~": "circa", "<": "meno di", ">": "più di", "≈": "circa", "±": "più o meno",
            "≥": "almeno", "≤": "al massimo",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            k K = mila
            Mln mln M milione milioni = milione, milioni
            Mld mld miliardo miliardi = miliardo, miliardi
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "capitolo", "tomo", "libro", "atto", "articolo", "parte", "titolo", "volume", "fase", "tipo",
        ]
        words.power = "alla"
        words.version = "versione"
        words.sharp = "sharp"
        words.weekdays = Self.weekdays
        words.wordsLikeWeekdays = Set(Self.weekdays.keys)
        words.labels = [
            "stanza", "camera", "porta", "binario", "bus", "autobus", "linea", "scala", "palazzina", "appartamento",
            "posto",
            "fila", "sala", "gate", "uscita", "piano", "interno", "taglia", "classe", "tipo", "numero", "aula", "volo",
        ]
        words.callWords = [
            "chiama", "chiami", "chiamate", "chiamare", "chiamami", "chiamatemi", "chiamaci", "telefono", "telefona",
            "telefonare", "telefonate", "tel", "cell", "cellulare", "cellulari", "componi", "componga", "numero", "fax",
        ]
        words.codeWords = [
            "pin", "codice", "password", "cap", "iban", "isbn",
        ]
        words.periods = ["secondo", "minuto", "ora", "giorno", "settimana", "mese", "anno", "persona"]
        words.durations = Vocabulary.nouns(
            """
            d g gg = giorno, giorni
            h = ora, ore, f
            m min = minuto, minuti
            s sec = secondo, secondi
            """)
        self.words = words
    }

    private static let weekdays: [String: String] = {
        var days: [String: String] = [:]
        for day in ["lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"] {
            days[String(day.prefix(3))] = day
            days[String(day.prefix(3)).capitalizedFirst] = day.capitalizedFirst
        }
        return days
    }()

    private static let small = [
        "zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove", "dieci", "undici", "dodici",
        "tredici", "quattordici", "quindici", "sedici", "diciassette", "diciotto", "diciannove",
    ]
    private static let tens = [
        "", "", "venti", "trenta", "quaranta", "cinquanta", "sessanta", "settanta", "ottanta", "novanta",
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value == 1, let gender { return gender == .feminine ? "una" : "un" }
        if value < 1_000_000 { return compound(value, isLast: true) }
        let (size, one, many): (UInt64, String, String) =
            value >= 1_000_000_000_000
            ? (1_000_000_000_000, "bilione", "bilioni")
            : value >= 1_000_000_000 ? (1_000_000_000, "miliardo", "miliardi") : (1_000_000, "milione", "milioni")
        let head = cardinal(value / size, .masculine) + " " + (value / size == 1 ? one : many)
        return value % size == 0 ? head : head + " " + cardinal(value % size, nil)
    }

    /// One word. "tre" is stressed at the end of a longer one; tens lose their vowel before "uno" and "otto",
    /// hundreds before "otto" and "ottanta".
    private func compound(_ value: UInt64, isLast: Bool) -> String {
        if value < 20 { return Self.small[Int(value)] }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            switch value % 10 {
            case 0: return tens
            case 1, 8: return tens.dropLast() + Self.small[Int(value % 10)]
            case 3 where isLast: return tens + "tré"
            default: return tens + Self.small[Int(value % 10)]
            }
        }
        let rest: UInt64
        let head: String
        if value < 1000 {
            head = (value < 200 ? "" : Self.small[Int(value / 100)]) + "cento"
            rest = value % 100
        } else {
            head = value < 2000 ? "mille" : compound(value / 1000, isLast: false) + "mila"
            rest = value % 1000
        }
        if rest == 0 { return head }
        if value < 1000, rest == 8 || 80..<90 ~= rest { return head.dropLast() + compound(rest, isLast: isLast) }
        return head + (rest == 3 && isLast ? "tré" : compound(rest, isLast: isLast))
    }

    private static let ordinals = [
        "", "primo", "secondo", "terzo", "quarto", "quinto", "sesto", "settimo", "ottavo", "nono", "decimo",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        let masculine: String
        if value <= 10 {
            masculine = Self.ordinals[Int(value)]
        } else {
            let cardinal = compound(value, isLast: false)
            // "ventitreesimo" and "ventiseiesimo" keep their vowel.
            let keeps = value % 10 == 3 || value % 10 == 6
            masculine = (keeps && value % 100 > 20 ? cardinal : String(cardinal.dropLast())) + "esimo"
        }
        return gender == .feminine ? masculine.dropLast() + "a" : masculine
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        if denominator == 2 { return numerator == 1 ? "mezzo" : cardinal(numerator, nil) + " mezzi" }
        let name = ordinal(denominator, .masculine)
        return cardinal(numerator, .masculine) + " " + (numerator == 1 ? name : name.dropLast() + "i")
    }

    func afterMillions(_ noun: String) -> String { "di " + noun }
}
