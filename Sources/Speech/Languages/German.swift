struct German: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "minus", point: "Komma", dotInNumber: "Punkt", percent: "Prozent",
            permille: "Promille", range: "bis", ratio: "zu", per: "pro", and: " ", times: "mal", number: "Nummer",
            hashtag: "Hashtag", dot: "Punkt", slash: "Schrägstrich", dash: "Bindestrich", underscore: "Unterstrich",
            at: "ät")
        words.namesCents = false
        words.and = " "
        words.months = Self.months
        words.signs = [
            "&": "und", "+": "plus", "=": "gleich", "×": "mal", "÷": "geteilt durch", "±": "plus minus",
            "≈": "ungefähr",
            "≠": "ungleich", "≤": "kleiner gleich", "≥": "größer gleich", "<": "kleiner als", ">": "größer als",
            "%": "Prozent", "°": "Grad", "§": "Paragraf", "²": "Quadrat", "³": "hoch drei", "√": "Wurzel aus",
            "∞": "unendlich",
            "→": "nach", "@": "ät", "*": "mal", "€": "Euro", "$": "Dollar",
        ]
        words.signsBeforeNumber = ["+": "plus", "~": "etwa", "<": "unter", ">": "über", "≈": "etwa", "±": "plus minus"]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            Tsd = tausend
            Mio Million Millionen = Million, Millionen, f
            Mrd Milliarde Milliarden = Milliarde, Milliarden, f
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "kapitel", "teil", "band", "artikel", "weltkrieg", "akt", "typ", "klasse", "stufe", "abschnitt",
        ]
        self.words = words
    }

    private static let small = [
        "null", "eins", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf",
        "dreizehn",
        "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn",
    ]
    private static let tens = [
        "", "", "zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig",
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value == 1, let gender { return gender == .feminine ? "eine" : "ein" }
        if value < 1_000_000 { return compound(value, isLast: true) }
        let (size, one, many): (UInt64, String, String) =
            value >= 1_000_000_000_000
            ? (1_000_000_000_000, "Billion", "Billionen")
            : value >= 1_000_000_000 ? (1_000_000_000, "Milliarde", "Milliarden") : (1_000_000, "Million", "Millionen")
        let head = value / size == 1 ? "eine " + one : cardinal(value / size, nil) + " " + many
        return value % size == 0 ? head : head + " " + cardinal(value % size, gender)
    }

    /// One word below a million. "eins" only at its end.
    private func compound(_ value: UInt64, isLast: Bool) -> String {
        if value == 1 { return isLast ? "eins" : "ein" }
        if value < 20 { return Self.small[Int(value)] }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            return value % 10 == 0 ? tens : compound(value % 10, isLast: false) + "und" + tens
        }
        let (size, name): (UInt64, String) = value < 1000 ? (100, "hundert") : (1000, "tausend")
        let head = compound(value / size, isLast: false) + name
        return value % size == 0 ? head : head + compound(value % size, isLast: isLast)
    }

    func ordinal(_ value: UInt64, _ gender: Gender) -> String { ordinalStem(value) + "e" }

    /// "dritt", for "dritte", "dritten", "drittel".
    private func ordinalStem(_ value: UInt64) -> String {
        let cardinal = cardinal(value, nil)
        for (number, stem) in [("eins", "erst"), ("drei", "dritt"), ("sieben", "siebt"), ("acht", "acht")]
        where cardinal.hasSuffix(number) && value % 100 < 20 {
            return cardinal.dropLast(number.count) + stem
        }
        return cardinal + (value % 100 >= 1 && value % 100 < 20 ? "t" : "st")
    }

    func year(_ value: UInt64) -> String {
        guard (1100...1999).contains(value) else { return cardinal(value, nil) }
        let century = compound(value / 100, isLast: false) + "hundert"
        return value % 100 == 0 ? century : century + compound(value % 100, isLast: true)
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        if denominator == 2 { return numerator == 1 ? "einhalb" : cardinal(numerator, nil) + " halbe" }
        return cardinal(numerator, .neuter) + " " + ordinalStem(denominator) + "el"
    }

    func gender(of word: String) -> Gender? {
        guard let last = word.unicodeScalars.last, last.isLetter, word.first?.isUppercase == true else { return nil }
        let endings = ["e", "ung", "heit", "keit", "schaft", "ion", "tät"]
        return endings.contains { word.hasSuffix($0) } ? .feminine : .masculine
    }

    // MARK: - Dates and times

    private static let months = [
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
        "Dezember",
    ]
    private static let dative: Set<String> = [
        "am", "im", "vom", "zum", "beim", "ab", "bis", "seit", "den", "dem", "des", "der",
    ]

    /// "am 3. Mai", "der 3. Mann", "Ludwig 14."
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if let (word, end) = context.skippingSpace().word(of: ["Uhr"]) {
            return Replacement(spoken: cardinal(value, .masculine) + " " + word, end: end)
        }
        guard context.scalar() == ".", context.scalar(1).isSpace, value < 100 else { return nil }
        let next = context.at(context.position + 2).letters()
        let previous = context.previous.lowercased()
        let isDate = Self.months.contains(next) || ["Jh", "Jhd", "Jahrhundert", "Jahrhunderts"].contains(next)
        let hasArticle =
            Self.dative.contains(previous) || ["die", "das", "jeder", "jede", "ein", "eine"].contains(previous)
        guard isDate || (hasArticle && next.first?.isUppercase == true) else { return nil }
        return Replacement(
            spoken: ordinalStem(value) + ending(after: previous, isDate: isDate), end: context.position + 1)
    }

    private func ending(after previous: String, isDate: Bool) -> String {
        if previous == "der" || previous == "die" || previous == "das" || previous == "eine" { return "e" }
        if Self.dative.contains(previous) { return "en" }
        return "er"
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day =
            ordinalStem(date.day) + ending(after: previous.lowercased(), isDate: true) + " "
            + Self.months[date.month - 1]
        return date.year.map { day + " " + year($0) } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let uhr = context.skippingSpace().word(of: ["Uhr", "h"])
        var spoken = cardinal(time.hour, .masculine) + " Uhr"
        if time.minute > 0 { spoken += " " + cardinal(time.minute, nil) }
        if let second = time.second, second > 0 {
            spoken += " und " + cardinal(second, .feminine) + (second == 1 ? " Sekunde" : " Sekunden")
        }
        return Replacement(spoken: spoken, end: uhr?.end ?? context.position)
    }

    /// "Ludwig XIV." is der Vierzehnte, "im XX. Jahrhundert".
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if context.scalar() == "." {
            let next = context.at(context.position + 1).skippingSpace().letters()
            if next.hasPrefix("Jahrhundert") || next == "Weltkrieg" {
                return Replacement(
                    spoken: ordinalStem(value) + ending(after: word.lowercased(), isDate: true),
                    end: context.position + 1)
            }
            let isName = word.first?.isUppercase == true && context.scalar(1).isSpace
            guard isName, !next.isEmpty, next.first?.isLowercase == true || value > 1 else { return nil }
            let isSentenceEnd = next.first?.isUppercase == true
            return Replacement(
                spoken: "der " + ordinal(value, .masculine).capitalizedFirst,
                end: context.position + (isSentenceEnd ? 0 : 1))
        }
        guard words.romanWords.contains(word.lowercased()) else { return nil }
        return Replacement(spoken: cardinal(value, nil), end: context.position)
    }

    private static let abbreviations = """
        z.b = zum Beispiel
        d.h = das heißt
        u.a = unter anderem
        u.ä = und Ähnliches, end
        o.ä = oder Ähnliches, end
        i.d.r = in der Regel
        z.t = zum Teil
        v.a = vor allem
        s.o = siehe oben
        s.u = siehe unten
        n.chr = nach Christus, end
        v.chr = vor Christus, end
        usw = und so weiter, end
        etc = et cetera, end
        bzw = beziehungsweise
        ca = circa
        evtl = eventuell
        ggf = gegebenenfalls
        inkl = inklusive
        exkl = exklusive
        vgl = vergleiche
        dr = Doktor
        prof = Professor
        hr = Herr, capital
        fr = Frau, capital
        st = Sankt, capital
        nr = Nummer, number
        str = Straße
        tel = Telefon
        abb = Abbildung, number
        kap = Kapitel, number
        bd = Band, number
        s = Seite, number
        jh = Jahrhundert, end
        jhd = Jahrhundert, end
        min = Minuten, end
        max = maximal
        mind = mindestens
        geb = geboren
        gest = gestorben
        dipl.-ing = Diplomingenieur
        """

    private static let units = """
        km = Kilometer
        m = Meter
        cm = Zentimeter
        mm = Millimeter
        µm μm = Mikrometer
        nm = Nanometer
        km² km2 = Quadratkilometer
        m² m2 qm = Quadratmeter
        cm² = Quadratzentimeter
        m³ m3 = Kubikmeter
        cm³ = Kubikzentimeter
        ha = Hektar
        kg = Kilogramm, n
        g = Gramm, n
        mg = Milligramm, n
        µg μg = Mikrogramm, n
        t = Tonne, Tonnen, f
        l L = Liter
        ml mL = Milliliter
        cl = Zentiliter
        h Std = Stunde, Stunden, f
        min Min = Minute, Minuten, f
        s sec Sek = Sekunde, Sekunden, f
        ms = Millisekunde, Millisekunden, f
        km/h = Kilometer pro Stunde
        m/s = Meter pro Sekunde
        ° = Grad
        °C ℃ = Grad Celsius
        °F ℉ = Grad Fahrenheit
        Hz = Hertz
        kHz = Kilohertz
        MHz = Megahertz
        GHz = Gigahertz
        W = Watt
        kW = Kilowatt
        MW = Megawatt
        kWh = Kilowattstunde, Kilowattstunden, f
        mAh = Milliamperestunde, Milliamperestunden, f
        V = Volt
        A = Ampere
        Ω = Ohm
        PS = PS
        kJ = Kilojoule
        kcal = Kilokalorie, Kilokalorien, f
        hPa = Hektopascal
        dB = Dezibel
        kB KB = Kilobyte
        MB = Megabyte
        GB = Gigabyte
        TB = Terabyte
        Mbit/s = Megabit pro Sekunde
        """

    private static let currencies = """
        € EUR Euro = Euro / Cent
        $ USD US$ Dollar = Dollar / Cent
        £ GBP = Pfund / Penny, Pence
        ¥ JPY = Yen
        CHF = Schweizer Franken / Rappen
        ₽ RUB = Rubel / Kopeke, Kopeken, f
        ₩ KRW = Won
        CNY = Yuan
        """
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
