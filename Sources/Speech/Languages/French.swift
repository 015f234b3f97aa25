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
            "≥": "au moins", "≤": "au plus",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            k K = mille
            M million millions = million, millions
            Md Mds milliard milliards = milliard, milliards
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "chapitre", "tome", "livre", "acte", "article", "partie", "titre", "volume", "phase", "type",
        ]
        words.power = "puissance"
        words.spacesColons = true
        words.version = "version"
        words.sharp = "dièse"
        words.weekdays = Self.weekdays
        words.wordsLikeWeekdays = Set(Self.weekdays.keys)
        words.labels = [
            "salle", "chambre", "porte", "quai", "bus", "ligne", "bâtiment", "appartement", "siège", "rang", "place",
            "voie",
            "taille", "classe", "type", "hall", "étage", "bloc", "numéro",
        ]
        words.codeWords = [
            "pin", "iban", "isbn", "siret", "siren",
        ]
        words.periods = ["seconde", "minute", "heure", "jour", "semaine", "mois", "an", "personne"]
        words.durations = Vocabulary.nouns(
            """
            d j = jour, jours
            h = heure, heures, f
            m min mn = minute, minutes, f
            s sec = seconde, secondes, f
            """)
        self.words = words
    }

    private static let weekdays: [String: String] = {
        var days: [String: String] = [:]
        for day in ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"] {
            days[String(day.prefix(3))] = day
            days[String(day.prefix(3)).capitalizedFirst] = day.capitalizedFirst
        }
        return days
    }()

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

    func standing(_ value: UInt64) -> String {
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
}
