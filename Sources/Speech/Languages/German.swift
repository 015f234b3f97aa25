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
        words.groupsBySpace = true
        words.months = Self.months
        words.signs = [
            "&": "und", "+": "plus", "=": "gleich", "×": "mal", "÷": "geteilt durch", "±": "plus minus",
            "≈": "ungefähr",
            "≠": "ungleich", "≤": "kleiner gleich", "≥": "größer gleich", "<": "kleiner als", ">": "größer als",
            "%": "Prozent", "°": "Grad", "§": "Paragraf", "²": "Quadrat", "³": "hoch drei", "√": "Wurzel aus",
            "∞": "unendlich",
            "→": "nach", "@": "ät", "*": "mal", "€": "Euro", "$": "Dollar",
        ]
        words.signsBeforeNumber = [
            "+": "plus", "~": "etwa", "<": "unter", ">": "über", "≈": "etwa", "±": "plus minus", "≥": "mindestens",
            "≤": "höchstens",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            Tsd k = tausend
            Mio Million Millionen million millionen = Million, Millionen, f
            Mrd Milliarde Milliarden milliarde milliarden = Milliarde, Milliarden, f
            Bio Billion Billionen = Billion, Billionen, f
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "kapitel", "kap", "bd", "art", "teil", "band", "artikel", "weltkrieg", "akt", "typ", "klasse", "stufe",
            "abschnitt",
        ]
        words.power = "hoch"
        words.sentenceOpeners = Self.openers
        words.version = "Version"
        words.saysImproperFractions = true
        Self.addTerms(to: &words)
        self.words = words
    }

    /// Days, what bears a number as its name, and who is called by one.
    private static func addTerms(to words: inout Vocabulary) {
        words.weekdays = [
            "Mo": "Montag", "Di": "Dienstag", "Mi": "Mittwoch", "Do": "Donnerstag", "Fr": "Freitag", "Sa": "Samstag",
            "So": "Sonntag",
        ]
        words.wordsLikeWeekdays = ["Di", "Mi", "Do", "Fr", "So"]
        words.labels = [
            "zimmer", "raum", "gleis", "bus", "linie", "gate", "sitz", "reihe", "halle", "haus", "platz", "wagen",
            "bahn",
            "wohnung", "satz", "absatz", "artikel", "seite", "block", "klasse", "typ", "ausgang", "tor", "kapitel",
            "nummer", "nr",
        ]
        words.callWords = [
            "ruf", "rufe", "rufen", "rufst", "ruft", "anrufen", "angerufen", "anruf", "wähle", "wählen", "wähl",
            "wählt",
            "notruf", "notrufnummern", "nummer", "nummern", "hotline", "telefon", "tel", "telefonnummer", "fax",
            "notrufnummer",
        ]
        words.calledNumbers = [
            "110", "112", "115", "116", "117", "116116", "144", "118", "133", "122", "116117", "19222",
        ]
        words.codeWords = [
            "pin", "code", "plz", "postleitzahl", "iban", "isbn", "kennwort", "passwort", "tan",
            "kontonummer", "kundennummer", "durchwahl", "sicherheitscode", "zugangscode", "türcode",
        ]
        words.periods = ["Sekunde", "Minute", "Stunde", "Tag", "Woche", "Monat", "Jahr", "Person"]
        words.durations = Vocabulary.nouns(
            """
            d = Tag, Tage
            h = Stunde, Stunden, f
            m min = Minute, Minuten, f
            s = Sekunde, Sekunden, f
            """)
    }

    /// Articles, pronouns, adverbs and verbs that sentences begin with (the word classes of Duden, volume 4).
    private static let openers = Set(
        """
        Der Die Das Den Dem Des Ein Eine Einen Einem Einer Kein Keine Ich Du Er Sie Es Wir Ihr Man Mein Meine Dein Deine Sein
        Seine Ihre Unser Unsere Dies Diese Dieser Dieses Jeder Jede Jedes Alle Alles Wer Was Wo Wann Wie Warum Wenn Weil Ob
        Dann Danach Dann Da Dort Hier Jetzt Nun Heute Morgen Gestern Bald Später Und Oder Aber Doch Denn Auch Nur Noch Schon
        Bitte Danke Ja Nein Im In Am An Auf Aus Bei Beim Mit Nach Von Vom Vor Zu Zum Zur Für Um Über Unter Ohne Seit Bis
        Gibt Ist Sind War Hat Haben Kann Können Soll Sollen Achtung Anschließend Außerdem Deshalb Dabei Damit Dazu Nicht
        """.split(whereSeparator: \.isWhitespace).map(String.init))

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
    func compound(_ value: UInt64, isLast: Bool) -> String {
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
    func ordinalStem(_ value: UInt64) -> String {
        let cardinal = cardinal(value, nil)
        for (number, stem) in [("eins", "erst"), ("drei", "dritt"), ("sieben", "siebt"), ("acht", "acht")]
        where cardinal.hasSuffix(number) && value % 100 < 20 {
            return cardinal.dropLast(number.count) + stem
        }
        return cardinal + (value % 100 >= 1 && value % 100 < 20 ? "t" : "st")
    }

    func year(_ value: UInt64) -> String {
        // Before the Reformation "eintausendzweihundert" is rather a quantity.
        guard (1500...1999).contains(value) else { return cardinal(value, nil) }
        let century = compound(value / 100, isLast: false) + "hundert"
        return value % 100 == 0 ? century : century + compound(value % 100, isLast: true)
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        if denominator == 2 { return numerator == 1 ? "einhalb" : cardinal(numerator, nil) + " halbe" }
        return cardinal(numerator, .neuter) + " " + ordinalStem(denominator) + "el"
    }

    /// "100-m-Lauf", "5-kg-Sack"
    func compoundOfUnit(_ value: UInt64, in context: Context) -> Replacement? {
        guard context.scalar() == "-" else { return nil }
        let key = context.at(context.position + 1).letters()
        let end = context.position + 1 + key.unicodeScalars.count
        guard let unit = words.units[key], context.at(end).scalar() == "-", context.at(end + 1).scalar().isLetter else {
            return nil
        }
        // "24-Stunden-Dienst"
        let noun = value > 1 && unit.many.hasSuffix("n") ? unit.many : unit.one
        return Replacement(spoken: cardinal(value, .neuter) + "-" + noun, end: end)
    }

    /// "Hauptstr. 5", and short words without a dot.
    func word(_ word: String, in context: Context) -> Replacement? {
        if word == "MwSt" { return Replacement(spoken: "Mehrwertsteuer", end: context.position) }
        guard word.hasSuffix("str"), word.unicodeScalars.count > 4, context.scalar() == "." else { return nil }
        let next = context.at(context.position + 1).skippingSpace().scalar()
        return Replacement(spoken: word + "aße", end: context.position + (next == "\n" ? 0 : 1))
    }

    private static let articles: Set<String> = [
        "der", "die", "das", "den", "dem", "des", "zum", "zur", "vom", "am", "im",
    ]

    /// "der XX. Kongress", "Heinrich der VIII."
    private func ordinalAfterArticle(
        _ value: UInt64, _ word: String, _ next: String, _ context: Context
    ) -> Replacement? {
        let article = word.lowercased()
        guard Self.articles.contains(article) else { return nil }
        // The numeral itself is the last of the recent words.
        let before = Array(context.recent.dropLast())
        let ordinal = ordinalStem(value) + ending(after: article, before, isDate: true)
        let isNoun = next.first?.isUppercase == true
        let isKing = !isNoun && before.dropLast().last?.first?.isUppercase == true
        let endsSentence = next.isEmpty && context.scalar(1) != ","
        return Replacement(
            spoken: isKing ? ordinal.capitalizedFirst : ordinal, end: context.position + (endsSentence ? 0 : 1))
    }

    /// "Ludwig XIV." is der Vierzehnte, "im XX. Jahrhundert".
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if context.scalar() == ".", !words.romanWords.contains(word.lowercased()) {
            let next = context.at(context.position + 1).skippingSpace().letters()
            if next.hasPrefix("Jahrhundert") || next == "Weltkrieg" {
                return Replacement(
                    spoken: ordinalStem(value) + ending(after: word.lowercased(), context.recent, isDate: true),
                    end: context.position + 1)
            }
            if let ordinal = ordinalAfterArticle(value, word, next, context) { return ordinal }
            // "Ludwig XIV., König", "Ludwig XIV. starb", "Paul II." at the end
            let mark = context.scalar(1)
            let isEnd = mark == "\n" || mark == ")"
            guard word.first?.isUppercase == true, !words.romanWords.contains(word.lowercased()),
                mark.isSpace || mark == "," || isEnd, value > 1 || !isEnd
            else { return nil }
            let isSentenceEnd = isEnd || Self.openers.contains(next)
            guard !next.isEmpty || isEnd || mark == ",", !isSentenceEnd || value > 1 else { return nil }
            return Replacement(
                spoken: monarch(value, word, context),
                end: context.position + (isSentenceEnd && mark != "," ? 0 : 1))
        }
        guard words.romanWords.contains(word.lowercased()) else { return nil }
        return Replacement(spoken: cardinal(value, nil), end: context.position)
    }

    private static let queens: Set<String> = [
        "Elisabeth", "Margrethe", "Beatrix", "Isabel", "Ingrid", "Astrid", "Judith", "Mathilde", "Sophie", "Marie",
        "Anne",
        "Charlotte", "Caroline", "Christine", "Katherine", "Eleonore",
    ]
    private static let rulesDative: Set<String> = ["von", "mit", "unter", "bei", "nach", "seit", "zu", "vor", "aus"]
    private static let titles: Set<String> = [
        "Kaiser", "König", "Papst", "Zar", "Herzog", "Fürst", "Prinz", "Kaiserin", "Königin", "Zarin", "Kurfürst",
        "Graf",
    ]

    /// "Ludwig der Vierzehnte", "Katharina die Zweite", "unter Karl dem Fünften", "Ludwigs des Vierzehnten".
    private func monarch(_ value: UInt64, _ name: String, _ context: Context) -> String {
        let stem = ordinalStem(value).capitalizedFirst
        // The numeral itself is the last of the recent words, its name the one before.
        var before = context.recent.dropLast(2)
        while let word = before.last, Self.titles.contains(word) || Self.queens.contains(word) || isNameBefore(word) {
            before.removeLast()
        }
        let isQueen = Self.queens.contains(name) || (name.hasSuffix("a") && name.count > 3)
        let isDative = Self.rulesDative.contains(before.last?.lowercased() ?? "")
        if isQueen { return (isDative ? "der " : "die ") + stem + (isDative ? "en" : "e") }
        if isDative { return "dem " + stem + "en" }
        let isGenitive = name.hasSuffix("s") && Self.kings.contains(String(name.dropLast()))
        return isGenitive ? "des " + stem + "en" : "der " + stem + "e"
    }

    /// "Papst Johannes Paul II."
    private func isNameBefore(_ word: String) -> Bool {
        ["Johannes", "Johann", "Friedrich", "Karl", "Franz"].contains(word)
    }

    private static let kings: Set<String> = [
        "Ludwig", "Karl", "Wilhelm", "Friedrich", "Heinrich", "Otto", "Georg", "Leopold", "Konrad", "Rudolf",
        "Albrecht",
        "Joseph", "Ferdinand", "Maximilian", "Philipp", "Peter", "Paul", "Napoleon", "Gustav", "Richard", "Eduard",
    ]
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
