// The forms of "ein": by the gender of what is counted and the case that the words before ask for.

extension German {
    private enum Case { case nominative, accusative, dative }

    private static let dative: Set<String> = [
        "in", "mit", "nach", "vor", "seit", "von", "zu", "bei", "aus", "ab", "binnen", "innerhalb", "außer",
        "gegenüber",
    ]
    private static let accusative: Set<String> = [
        "für", "um", "ohne", "durch", "gegen", "bis", "über", "unter", "hat", "habe", "haben", "hast", "habt", "hatte",
        "hatten", "auf", "gibt", "dauert", "dauern", "dauerte", "kostet", "kosten", "kostete", "braucht", "brauche",
        "brauchen",
        "kaufe",
        "kaufen", "kauft", "nimm", "nehme", "nehmen", "nimmt", "füge", "gib", "trinke", "trinken", "esse", "essen",
        "warte",
        "warten", "wartet", "spart", "gespart", "beträgt", "wiegt", "misst", "sieht", "sehe", "möchte", "will",
    ]
    /// Words between the one that governs and the number.
    private static let adverbs: Set<String> = [
        "noch", "nur", "etwa", "ca", "circa", "rund", "genau", "mindestens", "höchstens", "fast", "knapp", "gut",
        "maximal",
        "ungefähr", "schon", "auch", "jetzt", "wieder", "weniger", "mehr", "als",
    ]

    private func grammaticalCase(_ context: Context) -> Case {
        guard !context.previous.isEmpty else { return .nominative }
        guard let word = context.recent.map({ $0.lowercased() }).last(where: { !Self.adverbs.contains($0) }) else {
            return .nominative
        }
        // "in 1 Stunde und 1 Minute"
        if word == "und" || word == "oder", let earlier = context.recent.dropLast(2).last?.lowercased() {
            return Self.dative.contains(earlier)
                ? .dative : Self.accusative.contains(earlier) ? .accusative : .nominative
        }
        if Self.dative.contains(word) { return .dative }
        return Self.accusative.contains(word) ? .accusative : .nominative
    }

    private func one(_ gender: Gender, _ context: Context) -> String {
        switch (grammaticalCase(context), gender) {
        case (.dative, .feminine): "einer"
        case (.dative, _): "einem"
        case (.accusative, .masculine): "einen"
        case (_, .feminine): "eine"
        default: "ein"
        }
    }

    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        guard number.value == 1, number.fraction.isEmpty else { return nil }
        return one(noun.gender, context) + " " + noun.one
    }

    func spoken(_ number: WrittenNumber, in context: Context) -> String? {
        if let value = number.value, (1100..<1500).contains(value), number.fraction.isEmpty, !number.isGrouped,
            ["jahr", "jahre", "jahres", "seit", "anno"].contains(context.previous.lowercased())
        {
            return compound(value / 100, isLast: false) + "hundert"
                + (value % 100 == 0 ? "" : compound(value % 100, isLast: true))
        }
        guard number.value == 1, number.fraction.isEmpty, context.scalar().isSpace,
            !words.labels.contains(context.previous.lowercased())
        else { return nil }
        let noun = context.skippingSpace()
        if let adjective = oneBeforeAdjective(noun, context) { return adjective }
        return gender(of: noun.letters()).map { one($0, context) }
    }

    /// "1 neue Nachricht", "1 verpassten Anruf": the adjective shows the case as well.
    private func oneBeforeAdjective(_ start: Context, _ context: Context) -> String? {
        let adjective = start.letters()
        guard adjective.count > 3, adjective.first?.isLowercase == true,
            ["e", "er", "es", "en"].contains(where: { adjective.hasSuffix($0) })
        else { return nil }
        let noun = start.at(start.position + adjective.unicodeScalars.count)
        guard noun.scalar() == " ", let gender = gender(of: noun.skippingSpace().letters()) else { return nil }
        if grammaticalCase(context) != .dative, adjective.hasSuffix("en"), gender == .masculine { return "einen" }
        return one(gender, context)
    }

    /// "zu 1 %", "12,- €", "3x"
    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        if let price = wholePrice(number, in: context) { return price }
        let sign = context.skippingSpace()
        guard number.value == 1, number.fraction.isEmpty, sign.scalar() == "%", !sign.scalar(1).isDigit,
            !"-–".unicodeScalars.contains(sign.scalar(1))
        else { return nil }
        return Replacement(spoken: one(.neuter, context) + " Prozent", end: sign.position + 1, kind: .percent)
    }

    /// "12,- €", "19.– CHF", "5,--": a dash for no cents.
    private func wholePrice(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard number.fraction.isEmpty, ",.".unicodeScalars.contains(context.scalar()), let value = number.value,
            "-–—".unicodeScalars.contains(context.scalar(1))
        else { return nil }
        var end = context.position + 2
        if "-–—".unicodeScalars.contains(context.at(end).scalar()) { end += 1 }
        guard !context.at(end).scalar().isWordPart else { return nil }
        let after = context.at(end).skippingSpace()
        let code = after.letters()
        let key = code.isEmpty ? String(Character(after.scalar())) : code
        guard let currency = words.currencies[key] else {
            return after.scalar() == "\n" || ",.;)".unicodeScalars.contains(after.scalar())
                ? Replacement(spoken: cardinal(value, nil), end: end) : nil
        }
        let spoken = cardinal(value, currency.noun.gender) + " " + noun(currency.noun, after: value, isDecimal: false)
        return Replacement(spoken: spoken, end: after.position + key.unicodeScalars.count, kind: .money)
    }

    func gender(of word: String) -> Gender? {
        guard word.first?.isUppercase == true, word.unicodeScalars.count > 1, Self.isKnown(word) || !word.isShouted
        else {
            return nil
        }
        for (words, gender) in Self.nouns where words.contains(word) { return gender }
        for (ending, gender) in Self.endings where word.hasSuffix(ending) { return gender }
        // The head of a compound decides: "Waschmaschine", "Kinderzimmer".
        for length in 3...8 where word.count > length + 2 {
            let head = String(word.suffix(length)).capitalizedFirst
            for (words, gender) in Self.nouns where words.contains(head) { return gender }
        }
        return word.hasSuffix("e") ? .feminine : .masculine
    }

    /// Duden, volume 4, on the gender of nouns by their endings.
    private static let endings: [(String, Gender)] = [
        ("ung", .feminine), ("heit", .feminine), ("keit", .feminine), ("schaft", .feminine), ("ion", .feminine),
        ("tät", .feminine), ("ik", .feminine), ("enz", .feminine), ("anz", .feminine), ("ei", .feminine),
        ("erin", .feminine), ("liga", .feminine),
        ("chen", .neuter), ("lein", .neuter), ("ment", .neuter), ("nis", .neuter), ("tum", .neuter), ("um", .neuter),
        ("gramm", .neuter), ("ismus", .masculine), ("ling", .masculine), ("or", .masculine), ("ent", .masculine),
    ]

    private static let nouns: [(Set<String>, Gender)] = [
        (
            words(
                """
                Nacht Tür Frau Stadt Hand Person Nachricht Antwort Zahl Nummer Butter Kartoffel Wand Bank Bahn Kraft Maus Haut
                Milch Feder Gabel Schüssel Insel Kamera Pizza App E-Mail Mail SMS Party Dosis Mutter Tochter Schwester Uhr
                Post Last Lust Angst Arbeit Zeit Welt Wahl Fahrt Luft Lampe Dusche Steckdose Tafel Regel Ampel Zwiebel Nudel
                Leiter Mauer Schulter Trommel Wurst Hose Figur Natur Kultur Temperatur Tastatur Reparatur Fabrik Wäsche
                Million Milliarde Spur Tonne Kuh Gans Nuss Frucht Schuld Macht Bar Couch Box Datei Polizei
                """), .feminine
        ),
        (
            words(
                """
                Kind Haus Auto Licht Fenster Gerät Bild Buch Zimmer Bett Glas Bier Brot Ei Jahr Mal Prozent Stück Paar Problem
                Programm Update Lied Video Foto Ticket Paket Kilo Gramm Pfund Wort Dorf Land Tier Pferd Schiff Team Spiel Tor
                Ding Ziel Event Ende Auge Gebäude Getränk Gemüse Hemd Kleid Messer Wasser Feuer Rad Fahrrad Handy Telefon Radio
                Thermometer Mikrofon Sofa Regal Dach Loch Netz Volt Watt Ampere Hotel Restaurant Büro Konto Museum Kino
                Zelt Bad Holz Fleisch Obst Öl Salz Mehl Eis Wochenende Jahrhundert Drittel Viertel Gewicht Geschenk
                Mädchen Baby Gespräch Gefühl Rezept Konzert Projekt Symbol Signal Fest Heft Blatt Tuch Schloss Gleis Bein Ohr
                Herz Haar Knie Schwein Huhn Schaf Insekt Kapitel Level System Modell Werkzeug Zeug Spielzeug Flugzeug
                """), .neuter
        ),
        (
            words(
                """
                Name Junge Kunde Kollege Gedanke Käse Hase Affe Löwe Buchstabe Neffe Zeuge Bote Experte Biologe Grad Tag Monat
                Euro Cent Meter Liter Raum Punkt Schritt Termin Anruf Alarm Timer Wecker Sensor Schalter Fehler Becher Teller
                Löffel Apfel Saft Kaffee Tee Mann Mensch Freund Bruder Vater Sohn Hund Baum Berg Weg Platz Stuhl Tisch Schrank
                Film Song Brief Zug Bus Wagen Stock Akku Teil Satz Klick Moment Augenblick Abend Morgen Mittag Winter Sommer
                Eintrag Artikel Kommentar Nachbar Kilometer Zentimeter Millimeter Hunger Durst Kuchen Garten Boden Regen Schnee
                """), .masculine
        ),
    ]

    private static func isKnown(_ word: String) -> Bool { nouns.contains { $0.0.contains(word) } }

    private static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}

extension String {
    /// In capitals all through.
    fileprivate var isShouted: Bool { allSatisfy { $0.isUppercase } }
}
