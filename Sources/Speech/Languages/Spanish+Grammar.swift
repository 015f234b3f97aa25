// The gender of Spanish nouns, which one, twenty-one and the hundreds follow.

extension Spanish {
    /// "siglo xv"
    func smallNumeral(_ word: String, in context: Context) -> Replacement? {
        guard ["siglo", "siglos"].contains(context.previous.lowercased()), word == word.lowercased(),
            let value = Verbalizer.romanValue(word.uppercased())
        else { return nil }
        return Replacement(spoken: cardinal(value, nil), end: context.position)
    }

    func gender(of word: String) -> Gender? {
        guard word.first?.isLetter == true, !Self.functionWords.contains(word.lowercased()) else { return nil }
        let word = word.lowercased()
        for stem in singulars(word) {
            if Self.masculine.contains(stem) { return .masculine }
            if Self.feminine.contains(stem) || Self.feminineEndings.contains(where: { stem.hasSuffix($0) }) {
                return .feminine
            }
        }
        return singulars(word).contains { $0.hasSuffix("a") } ? .feminine : .masculine
    }

    /// What the word may be the plural of: "veces" of "vez", "paredes" of "pared", "noches" of "noche".
    private func singulars(_ word: String) -> [String] {
        guard word.hasSuffix("s") else { return [word] }
        var stems = [word, String(word.dropLast())]
        if word.hasSuffix("ces") { stems.append(word.dropLast(3) + "z") }
        if word.hasSuffix("iones") { stems.append(word.dropLast(5) + "ión") }
        if word.hasSuffix("es") { stems.append(String(word.dropLast(2))) }
        return stems
    }

    private static let feminineEndings = [
        "ción", "sión", "xión", "gión", "dad", "tad", "tud", "umbre", "triz", "itis", "sis", "ez", "eza", "ncia",
    ]
    private static let feminine: Set<String> = [
        "vez", "luz", "paz", "cruz", "voz", "raíz", "nariz", "mano", "foto", "moto", "radio", "noche", "clase", "calle",
        "llave", "parte", "gente", "mujer", "flor", "torre", "leche", "carne", "fuente", "nube", "tarde", "sangre",
        "serie",
        "sal", "miel", "piel", "cárcel", "señal", "catedral", "imagen", "red", "pared", "sed", "ley", "superficie",
        "especie", "muerte", "suerte", "mente", "frase", "base", "fase", "nave", "clave", "labor", "madre", "hambre",
        "fiebre", "nieve", "liebre", "sirena", "tos", "res", "capital", "costumbre", "opción", "sartén", "web",
        "app", "tele", "bici", "tribu", "corriente", "mente", "cola", "serpiente", "variable",
        "sede",
        "gripe", "peste", "lente", "sien", "crin", "unidad", "actriz", "emperatriz", "codorniz", "perdiz", "hélice",
    ]
    private static let masculine: Set<String> = [
        "día", "mapa", "tema", "problema", "sistema", "programa", "clima", "idioma", "planeta", "poeta", "artista",
        "gorila",
        "cura", "diploma", "drama", "poema", "síntoma", "telegrama", "diagrama", "esquema", "lema", "fantasma",
        "crucigrama",
        "panorama", "dilema", "teorema", "cometa", "tranvía", "dálmata", "sofá", "paréntesis",
        "análisis", "énfasis", "oasis", "pez", "juez", "ajedrez", "kilograma", "pijama", "aroma", "axioma",
        "enigma",
        "estigma", "carisma", "prisma", "trauma", "vigía", "jesuita", "atleta", "turista", "pianista",
        "taxista",
        "periodista", "deportista", "futbolista", "koala", "panda", "yoga", "extra", "delta",
        "estudiante",
    ]
    static let functionWords: Set<String> = [
        "de", "y", "o", "u", "e", "a", "en", "al", "del", "por", "que", "es", "con", "para", "sin", "según", "hasta",
        "desde",
        "entre", "sobre", "como", "pero", "si", "no", "ni", "más", "menos", "se", "la", "el", "los", "las", "un", "una",
        "lo",
        "le", "les", "me", "te", "su", "sus", "mi", "tu", "está", "están", "son", "fue", "era", "hay", "ha", "han",
        "será",
        "cada", "ya", "también", "cuando", "donde", "hoy", "ayer", "ahora", "antes", "después", "luego", "aquí", "allí",
    ]

    // MARK: - Roman numerals

    private static let rulers: Set<String> = [
        "carlos", "felipe", "alfonso", "fernando", "juan", "pablo", "pío", "benedicto", "enrique", "luis", "jorge",
        "isabel",
        "maría", "pedro", "sancho", "león", "gregorio", "inocencio", "clemente", "urbano", "sixto", "francisco",
        "guillermo",
        "ricardo", "eduardo", "jacobo", "alejandro", "napoleón", "catalina", "juana", "ana", "margarita", "victoria",
        "ramiro", "garcía", "jaime", "martín", "federico", "leopoldo", "alberto", "rainiero", "gustavo", "cristina",
        "beatriz",
        "nicolás", "pedro", "constantino", "ramsés", "ptolomeo", "darío", "balduino", "otón", "conrado", "rodolfo",
        "harald",
    ]
    private static let queens: Set<String> = ["isabel", "beatriz", "carmen", "inés", "leonor", "margot"]

    /// "siglo XIX" is diecinueve; "Felipe II" is segundo, "Isabel II" segunda, "Luis XIV" catorce; "el XI apóstol" is
    /// undécimo.
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        let key = word.lowercased()
        // "siglos XV y XVI"
        let isSecond =
            ["y", "al", "a", "o"].contains(key)
            && context.recent.contains { words.romanWords.contains($0.lowercased()) }
        if isSecond || words.romanWords.contains(key) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        if ["el", "la", "del", "al", "su", "los", "las"].contains(key) {
            let next = context.skippingSpace().letters()
            let isLong = value > 1 && value != 5 && value != 10
            guard next.count >= 4, value > 1, next.first?.isLowercase == true || isLong else { return nil }
            let gender: Gender = key == "la" || key == "las" ? .feminine : gender(of: next) ?? .masculine
            return Replacement(spoken: ordinal(value, gender), end: context.position)
        }
        let isSingle = value == 1 || value == 5 || value == 10
        guard word.first?.isUppercase == true, !isSingle || Self.rulers.contains(key) else { return nil }
        let isFeminine = Self.queens.contains(key) || (key.hasSuffix("a") && gender(of: key) == .feminine)
        let spoken = value <= 10 ? ordinal(value, isFeminine ? .feminine : .masculine) : cardinal(value, nil)
        return Replacement(spoken: spoken, end: context.position)
    }
}
