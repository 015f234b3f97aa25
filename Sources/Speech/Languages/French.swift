struct French: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "moins", point: "virgule", dotInNumber: "point",
            percent: "pour cent",
            permille: "pour mille", range: "à", ratio: "à", per: "par", and: " et ", times: "sur", number: "numéro",
            hashtag: "hashtag", dot: "point", slash: "barre oblique", dash: "tiret", underscore: "tiret bas",
            at: "arobase")
        words.groupsBySpace = true
        words.namesCents = false
        words.months = Self.months
        words.signs = [
            "&": "et", "+": "plus", "=": "égale", "×": "fois", "÷": "divisé par", "±": "plus ou moins", "≈": "environ",
            "≠": "différent de", "≤": "inférieur ou égal à", "≥": "supérieur ou égal à", "<": "inférieur à",
            ">": "supérieur à", "%": "pour cent", "°": "degrés", "§": "paragraphe", "²": "au carré", "³": "au cube",
            "√": "racine de", "∞": "l'infini", "→": "vers", "@": "arobase", "*": "fois", "€": "euros", "$": "dollars",
        ]
        words.signsBeforeNumber = [
            "+": "plus", "~": "environ", "<": "moins de", ">": "plus de", "≈": "environ", "±": "plus ou moins",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            k = mille
            M million millions = million, millions
            Md Mds milliard milliards = milliard, milliards
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "chapitre", "tome", "livre", "acte", "article", "partie", "titre", "volume", "phase", "type",
        ]
        self.words = words
    }

    private static let small = [
        "zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf", "dix", "onze", "douze",
        "treize",
        "quatorze", "quinze", "seize", "dix-sept", "dix-huit", "dix-neuf",
    ]
    private static let tens = [
        "", "", "vingt", "trente", "quarante", "cinquante", "soixante", "soixante", "quatre-vingt",
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        let spoken = standing(value)
        let isOne = value % 10 == 1 && value % 100 != 11 && value % 100 != 71 && value % 100 != 91
        return gender == .feminine && isOne ? spoken + "e" : spoken
    }

    private func standing(_ value: UInt64) -> String {
        if value < 20 { return Self.small[Int(value)] }
        if value < 100 { return belowHundred(value) }
        if value < 1000 {
            let head = value < 200 ? "cent" : Self.small[Int(value / 100)] + " cent"
            if value % 100 == 0 { return value == 100 ? head : head + "s" }
            return head + " " + standing(value % 100)
        }
        if value < 1_000_000 {
            // "quatre-vingts" and "cents" lose their s before "mille".
            var head = standing(value / 1000)
            if head.hasSuffix("vingts") || head.hasSuffix("cents") { head.removeLast() }
            let thousands = value < 2000 ? "mille" : head + " mille"
            return value % 1000 == 0 ? thousands : thousands + " " + standing(value % 1000)
        }
        let (size, name): (UInt64, String) =
            value >= 1_000_000_000_000
            ? (1_000_000_000_000, "billion")
            : value >= 1_000_000_000 ? (1_000_000_000, "milliard") : (1_000_000, "million")
        let head = standing(value / size) + " " + name + (value / size == 1 ? "" : "s")
        return value % size == 0 ? head : head + " " + standing(value % size)
    }

    private func belowHundred(_ value: UInt64) -> String {
        let ten = Int(value / 10)
        if ten >= 8 {
            return value == 80 ? "quatre-vingts" : "quatre-vingt-" + Self.small[Int(value - 80)]
        }
        let rest = ten == 7 ? value - 60 : value % 10
        if rest == 0 { return Self.tens[ten] }
        return Self.tens[ten] + (rest == 1 || rest == 11 ? " et " : "-") + Self.small[Int(rest)]
    }

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        if value == 1 { return gender == .feminine ? "première" : "premier" }
        var cardinal = standing(value)
        if cardinal.hasSuffix("vingts") || cardinal.hasSuffix("cents") { cardinal.removeLast() }
        if cardinal.hasSuffix("cinq") { return cardinal + "uième" }
        if cardinal.hasSuffix("neuf") { return cardinal.dropLast() + "vième" }
        return (cardinal.hasSuffix("e") ? String(cardinal.dropLast()) : cardinal) + "ième"
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        let plural = numerator == 1 ? "" : "s"
        switch denominator {
        case 2: return numerator == 1 ? "un demi" : standing(numerator) + " demis"
        case 3: return standing(numerator) + " tiers"
        case 4: return standing(numerator) + " quart" + plural
        default: return standing(numerator) + " " + ordinal(denominator, .masculine) + plural
        }
    }

    func noun(_ noun: Noun, after value: UInt64, isDecimal: Bool) -> String { value < 2 ? noun.one : noun.many }

    func afterMillions(_ noun: String) -> String {
        guard let first = noun.first else { return noun }
        return "aeiouyéèh".contains(first) ? "d'" + noun : "de " + noun
    }

    // MARK: - Dates and times

    private static let months = [
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
        "décembre",
    ]

    /// "1er", "2e", "14 h 30".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        for (ending, gender) in [
            ("er", Gender.masculine), ("re", .feminine), ("ère", .feminine), ("ème", .masculine), ("e", .masculine),
            ("nd", .masculine), ("nde", .feminine), ("ᵉ", .masculine),
        ] where context.followsWord(ending) {
            let end = context.position + ending.unicodeScalars.count
            if ending.hasPrefix("nd") {
                return Replacement(spoken: gender == .feminine ? "seconde" : "second", end: end)
            }
            return Replacement(spoken: ordinal(value, gender), end: end)
        }
        let next = context.skippingSpace()
        if value <= 24, next.followsWord("h") {
            let after = next.at(next.position + 1).skippingSpace()
            if after.position > next.position + 1, let (minute, end) = after.integer(digits: 2), minute < 60,
                end == after.position + 2
            {
                return time(WrittenTime(hour: value, minute: minute), in: context.at(end))
            }
            return time(WrittenTime(hour: value, minute: 0), in: context.at(next.position + 1))
        }
        return nil
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = date.day == 1 ? "premier" : standing(date.day)
        let spoken = day + " " + Self.months[date.month - 1]
        return date.year.map { spoken + " " + standing($0) } ?? spoken
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = cardinal(time.hour, .feminine) + (time.hour < 2 ? " heure" : " heures")
        if time.minute > 0 { spoken += " " + cardinal(time.minute, time.minute == 1 ? .feminine : nil) }
        if let second = time.second, second > 0 {
            spoken += " et " + cardinal(second, .feminine) + (second == 1 ? " seconde" : " secondes")
        }
        return Replacement(spoken: spoken, end: context.position)
    }

    /// "le XIXe siècle", "Louis XIV", "François Ier".
    func word(_ word: String, in context: Context) -> Replacement? {
        for ending in ["ème", "er", "e", "ᵉ"] where word.hasSuffix(ending) {
            guard let value = Verbalizer.romanValue(String(word.dropLast(ending.count))) else { continue }
            guard ending != "er" || value == 1 else { continue }
            return Replacement(spoken: ordinal(value, .masculine), end: context.position)
        }
        guard word == "n" || word == "N", context.scalar() == "°" || context.scalar() == "º" else { return nil }
        let next = context.at(context.position + 1).skippingSpace()
        return next.scalar().isDigit ? Replacement(spoken: "numéro", end: context.position + 1) : nil
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        let isName = word.first?.isUppercase == true && (value > 1 && value != 5 && value != 10)
        guard isName || words.romanWords.contains(word.lowercased()) else { return nil }
        return Replacement(spoken: standing(value), end: context.position)
    }

    /// Telephone numbers are said in pairs.
    func phoneGroup(_ digits: [Int]) -> String {
        guard digits.count == 2, digits[0] != 0 else {
            return digits.map { words.digits[$0] }.joined(separator: " ")
        }
        return standing(UInt64(digits[0] * 10 + digits[1]))
    }

    private static let abbreviations = """
        m = monsieur, capital
        mm = messieurs, capital
        dr = docteur, capital
        st = saint, capital
        ste = sainte, capital
        etc = et cetera, end
        p.ex = par exemple
        c.-à-d = c'est-à-dire
        env = environ
        av = avenue, capital
        bd = boulevard, capital
        boul = boulevard, capital
        tél = téléphone
        p = page, number
        pp = pages, number
        fig = figure, number
        chap = chapitre, number
        vol = volume, number
        art = article, number
        no = numéro, number
        av.j.-c = avant Jésus-Christ, end
        apr.j.-c = après Jésus-Christ, end
        j.-c = Jésus-Christ, end
        s.v.p = s'il vous plaît, end
        min = minutes, end
        max = maximum, end
        """

    private static let units = """
        km = kilomètre, kilomètres
        m = mètre, mètres
        cm = centimètre, centimètres
        mm = millimètre, millimètres
        km² km2 = kilomètre carré, kilomètres carrés
        m² m2 = mètre carré, mètres carrés
        m³ m3 = mètre cube, mètres cubes
        cm³ = centimètre cube, centimètres cubes
        ha = hectare, hectares
        kg = kilogramme, kilogrammes
        g = gramme, grammes
        mg = milligramme, milligrammes
        t = tonne, tonnes, f
        l L = litre, litres
        ml mL = millilitre, millilitres
        cl = centilitre, centilitres
        min = minute, minutes, f
        s sec = seconde, secondes, f
        ms = milliseconde, millisecondes, f
        km/h = kilomètre à l'heure, kilomètres à l'heure
        m/s = mètre par seconde, mètres par seconde
        ° = degré, degrés
        °C ℃ = degré Celsius, degrés Celsius
        °F ℉ = degré Fahrenheit, degrés Fahrenheit
        Hz = hertz
        kHz = kilohertz
        MHz = mégahertz
        GHz = gigahertz
        W = watt, watts
        kW = kilowatt, kilowatts
        MW = mégawatt, mégawatts
        kWh = kilowattheure, kilowattheures
        V = volt, volts
        A = ampère, ampères
        Ω = ohm, ohms
        kcal = kilocalorie, kilocalories, f
        hPa = hectopascal, hectopascals
        dB = décibel, décibels
        ko Ko kB = kilooctet, kilooctets
        Mo MB = mégaoctet, mégaoctets
        Go GB = gigaoctet, gigaoctets
        To TB = téraoctet, téraoctets
        """

    private static let currencies = """
        € EUR = euro, euros / centime, centimes
        $ USD US$ = dollar, dollars / cent, cents
        £ GBP = livre, livres, f / penny, pence
        ¥ JPY = yen, yens
        CHF = franc suisse, francs suisses / centime, centimes
        ₽ RUB = rouble, roubles / kopeck, kopecks
        ₩ KRW = won, wons
        CNY = yuan, yuans
        """
}
