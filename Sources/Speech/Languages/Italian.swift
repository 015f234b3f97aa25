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
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            Mln mln M milione milioni = milione, milioni
            Mld mld miliardo miliardi = miliardo, miliardi
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "capitolo", "tomo", "libro", "atto", "articolo", "parte", "titolo", "volume", "fase", "tipo",
        ]
        self.words = words
    }

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

    func gender(of word: String) -> Gender? {
        if word.hasSuffix("a") { return .feminine }
        return word.hasSuffix("o") || word.hasSuffix("e") && word.count > 2 ? .masculine : nil
    }

    // MARK: - Dates and times

    private static let months = [
        "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto", "settembre", "ottobre",
        "novembre",
        "dicembre",
    ]

    /// "1º", "3ª", "1° maggio"; "20°" alone is a temperature.
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if context.followsWord("º") {
            return Replacement(spoken: ordinal(value, .masculine), end: context.position + 1)
        }
        if context.followsWord("ª") { return Replacement(spoken: ordinal(value, .feminine), end: context.position + 1) }
        if value == 1 {
            let hasMark = context.scalar() == "°"
            let next = context.at(context.position + (hasMark ? 1 : 0))
            if next.scalar().isSpace, Self.months.contains(next.skippingSpace().letters()) {
                return Replacement(spoken: "primo", end: next.position)
            }
        }
        return nil
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = date.day == 1 ? "primo" : cardinal(date.day, nil)
        let spoken = day + " " + Self.months[date.month - 1]
        return date.year.map { spoken + " " + cardinal($0, nil) } ?? spoken
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = cardinal(time.hour, time.hour == 1 ? .feminine : nil)
        if time.minute > 0 {
            spoken += " e " + cardinal(time.minute, nil)
        } else {
            spoken += time.hour == 1 ? " in punto" : " in punto"
        }
        if let second = time.second, second > 0 {
            spoken += " e " + cardinal(second, .masculine) + (second == 1 ? " secondo" : " secondi")
        }
        return Replacement(spoken: spoken, end: context.position)
    }

    /// "XIX secolo" and "Luigi XIV" are ordinals.
    func word(_ word: String, in context: Context) -> Replacement? {
        guard let value = Verbalizer.romanValue(word), context.skippingSpace().followsWord("secolo") else { return nil }
        return Replacement(spoken: ordinal(value, .masculine), end: context.position)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if word.lowercased() == "secolo" {
            return Replacement(spoken: ordinal(value, .masculine), end: context.position)
        }
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        guard word.first?.isUppercase == true, value > 1, value != 5, value != 10 else { return nil }
        return Replacement(spoken: ordinal(value, .masculine), end: context.position)
    }

    private static let abbreviations = """
        sig = signor, capital
        sig.ra = signora
        sigg = signori, capital
        dott = dottor, capital
        dott.ssa = dottoressa
        dr = dottor, capital
        prof = professor, capital
        prof.ssa = professoressa
        ing = ingegner, capital
        avv = avvocato, capital
        on = onorevole, capital
        s = San, capital
        ecc = eccetera, end
        es = esempio
        p.es = per esempio
        n = numero, number
        pag = pagina, number
        pagg = pagine, number
        p = pagina, number
        cap = capitolo, number
        vol = volume, number
        fig = figura, number
        art = articolo, number
        tel = telefono
        ca = circa
        a.c = avanti Cristo, end
        d.c = dopo Cristo, end
        v.le = viale
        p.zza = piazza
        min = minuti, end
        max = massimo, end
        """

    private static let units = """
        km = chilometro, chilometri
        m = metro, metri
        cm = centimetro, centimetri
        mm = millimetro, millimetri
        km² km2 = chilometro quadrato, chilometri quadrati
        m² m2 mq = metro quadrato, metri quadrati
        m³ m3 = metro cubo, metri cubi
        cm³ = centimetro cubo, centimetri cubi
        ha = ettaro, ettari
        kg = chilogrammo, chilogrammi
        g = grammo, grammi
        mg = milligrammo, milligrammi
        t = tonnellata, tonnellate, f
        l L = litro, litri
        ml mL = millilitro, millilitri
        h = ora, ore, f
        min = minuto, minuti
        s sec = secondo, secondi
        ms = millisecondo, millisecondi
        km/h = chilometro all'ora, chilometri all'ora
        m/s = metro al secondo, metri al secondo
        ° = grado, gradi
        °C ℃ = grado Celsius, gradi Celsius
        °F ℉ = grado Fahrenheit, gradi Fahrenheit
        Hz = hertz
        kHz = chilohertz
        MHz = megahertz
        GHz = gigahertz
        W = watt
        kW = chilowatt
        MW = megawatt
        kWh = chilowattora
        V = volt
        A = ampere
        kcal = chilocaloria, chilocalorie, f
        dB = decibel
        kB KB = kilobyte
        MB = megabyte
        GB = gigabyte
        TB = terabyte
        """

    private static let currencies = """
        € EUR = euro / centesimo, centesimi
        $ USD US$ = dollaro, dollari / centesimo, centesimi
        £ GBP = sterlina, sterline, f / penny, pence
        ¥ JPY = yen
        CHF = franco svizzero, franchi svizzeri / centesimo, centesimi
        ₽ RUB = rublo, rubli / copeco, copechi
        ₩ KRW = won
        CNY = yuan
        """
}
