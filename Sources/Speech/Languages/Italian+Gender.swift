// The gender of what is counted, for "un" and "una": by lists of the common exceptions, then by the ending.

extension Italian {
    func gender(of word: String) -> Gender? {
        let noun = word.lowercased()
        if noun.unicodeScalars.count < 3 || Self.noNouns.contains(noun) { return nil }
        if Self.masculine.contains(noun) { return .masculine }
        if Self.feminine.contains(noun) { return .feminine }
        if ["zione", "sione", "gione", "tà", "tù", "trice", "udine", "igine", "essa"].contains(where: {
            noun.hasSuffix($0)
        }) {
            return .feminine
        }
        if noun.hasSuffix("ma"), noun.hasSuffix("ema") || noun.hasSuffix("amma") || noun.hasSuffix("oma") {
            return .masculine
        }
        if noun.hasSuffix("ista") { return .masculine }
        guard let last = noun.last else { return nil }
        if last == "a" { return .feminine }
        // A plural says nothing of one, and a loan word is mostly masculine.
        return last.isLetter ? .masculine : nil
    }

    /// "uno studente", "uno zaino", "un'ora": the article before certain sounds.
    func spoken(_ number: WrittenNumber, in context: Context) -> String? {
        guard number.value == 1, number.fraction.isEmpty, context.scalar().isSpace else { return nil }
        let noun = context.skippingSpace().letters().lowercased()
        guard gender(of: noun) == .masculine else { return nil }
        let letters = Array(noun)
        guard letters.count > 2 else { return nil }
        let isImpure = letters[0] == "s" && !"aeiouàèéìòùh".contains(letters[1])
        let isUno =
            isImpure || letters[0] == "z" || letters[0] == "y"
            || ["gn", "ps", "pn", "x"].contains { noun.hasPrefix($0) }
        return isUno ? "uno" : nil
    }

    /// "50 k€": thousands and their number are one word.
    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        if noun.one == "mila", number.fraction.isEmpty, let value = number.value { return cardinal(value * 1000, nil) }
        guard number.value == 1, number.fraction.isEmpty, noun.gender == .feminine,
            let first = noun.one.first, "aeiou".contains(first)
        else { return nil }
        return "un'" + noun.one
    }

    private static let noNouns: Set<String> = [
        "alla", "dalla", "della", "sulla", "nella", "che", "come", "con", "per", "tra", "fra", "dopo", "prima", "ogni",
        "meno",
        "più", "della", "era", "sono", "fino", "circa", "ancora", "allora", "non",
    ]

    private static let masculine: Set<String> = words(
        """
        problema tema sistema programma clima panorama promemoria cinema poeta pianeta pirata papa gorilla boia cobra
        delta pigiama diploma poema schema teorema dilemma dramma telegramma chilogrammo aroma idioma sintomo trauma coma
        carisma prisma fantasma cruciverba vaglia
        """)

    private static let feminine: Set<String> = words(
        """
        mano foto moto radio auto eco libido dinamo notte chiave luce voce croce pace nave neve carne febbre fine
        gente legge madre moglie mente morte parte pelle rete sete fame sede sera serie specie superficie vite volpe tigre
        torre valle classe fase frase base crisi analisi tesi ipotesi oasi diagnosi enfasi dose nave arte chiave cenere
        estate polvere scale immagine origine ragione stagione regione pagina canzone mail e-mail app notifica password
        chat playlist email festa pioggia mezzanotte polizia tribù virtù gru città università
        """)

    private static func words(_ text: String) -> Set<String> {
        Set(text.split(whereSeparator: \.isWhitespace).map(String.init))
    }
}
