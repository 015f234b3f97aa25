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
            "&": "y", "+": "más", "=": "igual a", "×": "por", "÷": "entre", "±": "más menos", "≈": "aproximadamente",
            "≠": "distinto de", "≤": "menor o igual que", "≥": "mayor o igual que", "<": "menor que", ">": "mayor que",
            "%": "por ciento", "°": "grados", "§": "sección", "²": "al cuadrado", "³": "al cubo", "√": "raíz de",
            "∞": "infinito", "→": "a", "@": "arroba", "*": "por", "€": "euros", "$": "dólares",
        ]
        words.signsBeforeNumber = [
            "+": "más", "~": "unos", "<": "menos de", ">": "más de", "≈": "unos", "±": "más menos",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            M mill millón millones = millón, millones
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "siglo", "capítulo", "tomo", "libro", "acto", "artículo", "parte", "título", "volumen", "fase", "tipo",
            "siglos",
        ]
        self.words = words
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

    private static let ordinals = [
        "", "primero", "segundo", "tercero", "cuarto", "quinto", "sexto", "séptimo", "octavo", "noveno", "décimo",
        "undécimo", "duodécimo",
    ]
    private static let ordinalTens = [
        "", "décimo", "vigésimo", "trigésimo", "cuadragésimo", "quincuagésimo", "sexagésimo", "septuagésimo",
        "octogésimo",
        "nonagésimo",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        guard value > 0, value < 100 else { return value == 100 ? "centésimo" : cardinal(value, nil) }
        let masculine: String
        if value <= 12 {
            masculine = Self.ordinals[Int(value)]
        } else {
            let tens = Self.ordinalTens[Int(value / 10)]
            masculine = value % 10 == 0 ? tens : tens + " " + Self.ordinals[Int(value % 10)]
        }
        guard gender == .feminine else { return masculine }
        return masculine.split(separator: " ").map { $0.dropLast() + "a" }.joined(separator: " ")
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        let plural = numerator == 1 ? "" : "s"
        let name: String
        switch denominator {
        case 2: return numerator == 1 ? "medio" : cardinal(numerator, nil) + " medios"
        case 3: name = "tercio"
        case 4...10: name = Self.ordinals[Int(denominator)]
        case 100: name = "centésimo"
        default:
            let stem = cardinal(denominator, nil).replacingOccurrences(" y ", with: "i")
            name = (stem.last.map { "aeo".contains($0) } == true ? String(stem.dropLast()) : stem) + "avo"
        }
        return cardinal(numerator, .masculine) + " " + name + plural
    }

    func afterMillions(_ noun: String) -> String { "de " + noun }

    func gender(of word: String) -> Gender? {
        let stem = word.hasSuffix("s") ? String(word.dropLast()) : word
        if stem.hasSuffix("a"), !Self.masculineInA.contains(stem) { return .feminine }
        return word.first?.isLetter == true && !Self.functionWords.contains(word) ? .masculine : nil
    }

    private static let masculineInA: Set<String> = [
        "día", "mapa", "tema", "problema", "sistema", "programa", "clima", "idioma", "planeta", "poeta", "artista",
        "gorila",
    ]
    private static let functionWords: Set<String> = ["de", "y", "o", "a", "en", "al", "del", "por", "que", "es", "con"]

    // MARK: - Dates and times

    private static let months = [
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
        "diciembre",
    ]

    /// "1.º", "3ª", "1er".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        for (ending, gender, isShort) in [
            (".º", Gender.masculine, false), ("º", .masculine, false), (".ª", .feminine, false),
            ("ª", .feminine, false),
            (".er", .masculine, true), ("er", .masculine, true), ("ro", .masculine, false), ("ra", .feminine, false),
            ("do", .masculine, false), ("to", .masculine, false),
        ] where context.followsWord(ending) {
            let spoken = ordinal(value, gender)
            let end = context.position + ending.unicodeScalars.count
            return Replacement(spoken: isShort ? String(spoken.dropLast()) : spoken, end: end)
        }
        return nil
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let spoken = cardinal(date.day, nil) + " de " + Self.months[date.month - 1]
        return date.year.map { spoken + " de " + cardinal($0, nil) } ?? spoken
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = cardinal(time.hour, .feminine)
        if time.minute > 0 {
            spoken += " y " + cardinal(time.minute, nil)
        } else {
            spoken += " en punto"
        }
        if let second = time.second, second > 0 {
            spoken += " y " + cardinal(second, .masculine) + (second == 1 ? " segundo" : " segundos")
        }
        let h = context.skippingSpace().word(of: ["h", "hs", "hrs"])
        return Replacement(
            spoken: h == nil || time.minute > 0 ? spoken : cardinal(time.hour, .feminine) + " horas",
            end: h?.end ?? context.position)
    }

    /// "siglo XIX" is diecinueve, "Felipe II" is segundo, "Luis XIV" is catorce.
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        guard word.first?.isUppercase == true, value > 1, value != 5, value != 10 else { return nil }
        return Replacement(
            spoken: value <= 10 ? ordinal(value, .masculine) : cardinal(value, nil), end: context.position)
    }

    private static let abbreviations = """
        sr = señor, capital
        sra = señora, capital
        srta = señorita, capital
        sres = señores, capital
        dr = doctor, capital
        dra = doctora, capital
        d = don, capital
        dña = doña, capital
        ud = usted
        uds = ustedes
        vd = usted
        etc = etcétera, end
        p.ej = por ejemplo
        ej = ejemplo
        núm = número, number
        no = número, number
        pág = página, number
        págs = páginas, number
        p = página, number
        cap = capítulo, number
        vol = volumen, number
        fig = figura, number
        art = artículo, number
        av = avenida, capital
        avda = avenida, capital
        c = calle, capital
        tel = teléfono
        aprox = aproximadamente
        a.c = antes de Cristo, end
        d.c = después de Cristo, end
        ee.uu = Estados Unidos, end
        s.a = S A, end
        a.m = a eme, end
        p.m = pe eme, end
        sto = santo, capital
        sta = santa, capital
        """

    private static let units = """
        km = kilómetro, kilómetros
        m = metro, metros
        cm = centímetro, centímetros
        mm = milímetro, milímetros
        km² km2 = kilómetro cuadrado, kilómetros cuadrados
        m² m2 = metro cuadrado, metros cuadrados
        m³ m3 = metro cúbico, metros cúbicos
        cm³ = centímetro cúbico, centímetros cúbicos
        ha = hectárea, hectáreas, f
        kg = kilogramo, kilogramos
        g = gramo, gramos
        mg = miligramo, miligramos
        t = tonelada, toneladas, f
        l L = litro, litros
        ml mL = mililitro, mililitros
        h = hora, horas, f
        min = minuto, minutos
        s seg = segundo, segundos
        ms = milisegundo, milisegundos
        km/h = kilómetro por hora, kilómetros por hora
        m/s = metro por segundo, metros por segundo
        ° = grado, grados
        °C ℃ = grado Celsius, grados Celsius
        °F ℉ = grado Fahrenheit, grados Fahrenheit
        Hz = hercio, hercios
        kHz = kilohercio, kilohercios
        MHz = megahercio, megahercios
        GHz = gigahercio, gigahercios
        W = vatio, vatios
        kW = kilovatio, kilovatios
        MW = megavatio, megavatios
        kWh = kilovatio hora, kilovatios hora
        V = voltio, voltios
        A = amperio, amperios
        kcal = kilocaloría, kilocalorías, f
        dB = decibelio, decibelios
        kB KB = kilobyte, kilobytes
        MB = megabyte, megabytes
        GB = gigabyte, gigabytes
        TB = terabyte, terabytes
        """

    private static let currencies = """
        € EUR = euro, euros / céntimo, céntimos
        $ USD US$ = dólar, dólares / centavo, centavos
        £ GBP = libra, libras, f / penique, peniques
        ¥ JPY = yen, yenes
        CHF = franco suizo, francos suizos / céntimo, céntimos
        MXN = peso mexicano, pesos mexicanos / centavo, centavos
        ARS = peso argentino, pesos argentinos / centavo, centavos
        ₽ RUB = rublo, rublos / kopek, kopeks
        ₩ KRW = won, wones
        CNY = yuan, yuanes
        """
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
