/// Brazilian reading: "dezesseis", "bilhão".
struct Portuguese: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "menos", point: "vírgula", dotInNumber: "ponto",
            percent: "por cento",
            permille: "por mil", range: "a", ratio: "a", per: "por", and: " e ", times: "por", number: "número",
            hashtag: "hashtag", dot: "ponto", slash: "barra", dash: "hífen", underscore: "sublinhado", at: "arroba")
        words.moneyJoiner = " e "
        words.groupsBySpace = true
        words.months = Self.months
        words.signs = [
            "&": "e", "+": "mais", "=": "igual a", "×": "vezes", "÷": "dividido por", "±": "mais ou menos",
            "≈": "aproximadamente", "≠": "diferente de", "≤": "menor ou igual a", "≥": "maior ou igual a",
            "<": "menor que",
            ">": "maior que", "%": "por cento", "°": "graus", "§": "parágrafo", "²": "ao quadrado", "³": "ao cubo",
            "√": "raiz de", "∞": "infinito", "→": "para", "@": "arroba", "*": "vezes", "€": "euros", "$": "dólares",
        ]
        words.signsBeforeNumber = [
            "+": "mais", "~": "cerca de", "<": "menos de", ">": "mais de", "≈": "cerca de", "±": "mais ou menos",
            "≥": "pelo menos", "≤": "no máximo",
        ]
        Self.addTerms(to: &words)
        words.wordsLikeWeekdays = ["seg", "ter", "sex", "dom"]
        words.power = "elevado a"
        words.version = "versão"
        words.labels = ["sala", "quarto", "porta", "grupo", "linha", "vitamina", "turma", "letra", "bloco", "casa"]
        words.codeWords = [
            "pin", "código", "senha", "cep", "cpf", "cnpj", "iban", "isbn",
        ]
        words.periods = ["segundo", "minuto", "hora", "dia", "semana", "mês", "ano", "pessoa"]
        words.durations = Vocabulary.nouns(
            """
            d = dia, dias
            h = hora, horas, f
            m min = minuto, minutos
            s seg = segundo, segundos
            """)
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            mi milhão = milhão, milhões
            milhões = milhões
            bi bilhão = bilhão, bilhões
            bilhões = bilhões
            tri trilhão = trilhão, trilhões
            trilhões = trilhões
            mil k K = mil
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "século", "capítulo", "tomo", "livro", "ato", "artigo", "parte", "título", "volume", "fase", "tipo",
            "séculos", "séc", "cap", "t", "vol", "art",
        ]
        self.words = words
    }

    /// Days, and who is called by a number.
    private static func addTerms(to words: inout Vocabulary) {
        words.weekdays = [
            "seg": "segunda", "ter": "terça", "qua": "quarta", "qui": "quinta", "sex": "sexta", "sáb": "sábado",
            "dom": "domingo", "Seg": "segunda", "Qua": "quarta", "Qui": "quinta", "Sex": "sexta", "Sáb": "sábado",
        ]
        words.callWords = [
            "ligue", "liga", "ligar", "ligação", "telefone", "disque", "disca", "telefonar", "emergência", "chame",
        ]
        words.calledNumbers = [
            "190", "192", "193", "112", "180", "188", "199", "100", "181", "197", "191", "194", "144", "808", "117",
        ]
    }

    private static let small = [
        "zero", "um", "dois", "três", "quatro", "cinco", "seis", "sete", "oito", "nove", "dez", "onze", "doze", "treze",
        "catorze", "quinze", "dezesseis", "dezessete", "dezoito", "dezenove",
    ]
    private static let tens = [
        "", "", "vinte", "trinta", "quarenta", "cinquenta", "sessenta", "setenta", "oitenta", "noventa",
    ]
    private static let hundreds = [
        "", "cento", "duzentos", "trezentos", "quatrocentos", "quinhentos", "seiscentos", "setecentos", "oitocentos",
        "novecentos",
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value < 20 {
            if gender == .feminine, value == 1 || value == 2 { return value == 1 ? "uma" : "duas" }
            return Self.small[Int(value)]
        }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            return value % 10 == 0 ? tens : tens + " e " + cardinal(value % 10, gender)
        }
        if value == 100 { return "cem" }
        if value < 1000 {
            var head = Self.hundreds[Int(value / 100)]
            if gender == .feminine, value >= 200 { head = head.dropLast(2) + "as" }
            return value % 100 == 0 ? head : head + " e " + cardinal(value % 100, gender)
        }
        let (size, one, many): (UInt64, String, String) =
            value >= 1_000_000_000_000
            ? (1_000_000_000_000, "trilhão", "trilhões")
            : value >= 1_000_000_000
                ? (1_000_000_000, "bilhão", "bilhões")
                : value >= 1_000_000 ? (1_000_000, "milhão", "milhões") : (1000, "mil", "mil")
        let count = cardinal(value / size, size == 1000 ? gender : .masculine)
        let head = size == 1000 && value < 2000 ? one : count + " " + (value / size == 1 ? one : many)
        let rest = value % size
        if rest == 0 { return head }
        // The last group takes "e" when it is below a hundred or a round hundred, of ones or of thousands.
        let last = rest < 1_000_000 && rest % 1000 == 0 ? rest / 1000 : rest
        let isOne = last < 100 || (last < 1000 && last % 100 == 0)
        return head + (isOne ? " e " : " ") + cardinal(rest, gender)
    }

    private static let ordinals = [
        "", "primeiro", "segundo", "terceiro", "quarto", "quinto", "sexto", "sétimo", "oitavo", "nono",
    ]
    private static let ordinalTens = [
        "", "décimo", "vigésimo", "trigésimo", "quadragésimo", "quinquagésimo", "sexagésimo", "septuagésimo",
        "octogésimo", "nonagésimo",
    ]
    private static let ordinalHundreds = [
        "", "centésimo", "ducentésimo", "trecentésimo", "quadringentésimo", "quingentésimo", "sexcentésimo",
        "septingentésimo", "octingentésimo", "noningentésimo",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        guard value > 0, value < 1_000_000 else { return cardinal(value, gender) }
        var parts: [String] = []
        if value >= 1000 {
            if value >= 2000 { parts.append(cardinal(value / 1000, .masculine)) }
            parts.append("milésimo")
        }
        let ends = [
            Self.ordinalHundreds[Int(value % 1000 / 100)], Self.ordinalTens[Int(value % 100 / 10)],
            Self.ordinals[Int(value % 10)],
        ]
        parts += ends.filter { !$0.isEmpty }
        guard gender == .feminine else { return parts.joined(separator: " ") }
        return parts.map { $0.hasSuffix("o") ? $0.dropLast() + "a" : $0 }.joined(separator: " ")
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        let plural = numerator == 1 ? "" : "s"
        switch denominator {
        case 2: return numerator == 1 ? "meio" : cardinal(numerator, nil) + " meios"
        case 3: return cardinal(numerator, nil) + " terço" + plural
        case 4...10: return cardinal(numerator, nil) + " " + ordinal(denominator, .masculine) + plural
        case 100: return cardinal(numerator, nil) + " centésimo" + plural
        default: return cardinal(numerator, nil) + " " + cardinal(denominator, nil) + " avo" + plural
        }
    }

    func noun(_ noun: Noun, after value: UInt64, isDecimal: Bool) -> String {
        value < 2 && value > 0 ? noun.one : noun.many
    }

    func afterMillions(_ noun: String) -> String { "de " + noun }

    // MARK: - Dates and times

    static let months = [
        "janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
        "dezembro",
    ]

    func digits(in context: Context) -> Replacement? { dayInDigits(context) ?? timeWithDot(context) ?? phone(context) }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard number.fraction.isEmpty, let value = number.value else { return nil }
        if let score = score(value, in: context) { return score }
        if timesSign(context) {
            let vezes = value == 1 ? " vez" : " vezes"
            return Replacement(spoken: cardinal(value, .feminine) + vezes, end: context.position + 1)
        }
        return fraction(value, in: context) ?? (number.isGrouped ? self.number(value, in: context) : nil)
    }

    /// "21 mil pessoas"
    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        thousands(number, noun, in: context)
    }

    private static let sports: Set<String> = [
        "placar", "resultado", "jogo", "partida", "venceu", "ganhou", "perdeu", "empate", "empatou", "bateu",
        "terminou",
    ]

    /// "placar 2 x 1"
    private func score(_ value: UInt64, in context: Context) -> Replacement? {
        let sign = context.skippingSpace()
        guard value <= 20, sign.position > context.position, "x×".unicodeScalars.contains(sign.scalar()),
            let (second, end) = sign.at(sign.position + 1).skippingSpace().integer(digits: 2), second <= 20,
            context.recent.contains(where: { Self.sports.contains($0.lowercased()) })
        else { return nil }
        return Replacement(spoken: cardinal(value, nil) + " a " + cardinal(second, nil), end: end)
    }

    /// "2 ou 3 vezes": the noun after the second number.
    func spoken(_ number: WrittenNumber, in context: Context) -> String? {
        guard number.fraction.isEmpty, let value = number.value, let noun = sharedNoun(context, ["ou", "e", "a"]) else {
            return nil
        }
        return gender(of: noun).map { cardinal(value, $0) }
    }

    func word(_ word: String, in context: Context) -> Replacement? {
        if let end = numero(word, in: context) { return Replacement(spoken: words.number, end: end) }
        return extensionNumber(word, in: context)
    }

    /// "1º", "3ª", "14h", "1 de maio".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        for (ending, gender) in [
            (".º", Gender.masculine), ("º", .masculine), ("°", .masculine), (".ª", .feminine), ("ª", .feminine),
        ] where context.followsWord(ending) && (ending != "°" || value == 1) {
            return Replacement(spoken: ordinal(value, gender), end: context.position + ending.unicodeScalars.count)
        }
        if value <= 24, context.followsWord("h") {
            return time(WrittenTime(hour: value, minute: 0), in: context.at(context.position + 1))
        }
        if let date = dayOfMonth(value, in: context) { return date }
        if value == 1, context.follows(" de "), Self.months.contains(context.at(context.position + 4).letters()) {
            return Replacement(spoken: "primeiro", end: context.position)
        }
        return nil
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = date.day == 1 ? "primeiro" : cardinal(date.day, nil)
        let spoken = day + " de " + Self.months[date.month - 1]
        return date.year.map { spoken + " de " + cardinal($0, nil) } ?? spoken
    }
}
