// Portuguese genders, times and days in digits.

extension Portuguese {
    // MARK: - Gender

    func gender(of word: String) -> Gender? {
        let word = word.lowercased()
        guard word.count > 1, word.first?.isLetter == true, !Self.functionWords.contains(word) else { return nil }
        for stem in singulars(word) {
            if Self.masculine.contains(stem) { return nil }
            if Self.feminine.contains(stem) || Self.feminineEndings.contains(where: { stem.hasSuffix($0) }) {
                return .feminine
            }
        }
        return word.hasSuffix("a") || word.hasSuffix("as") ? .feminine : nil
    }

    /// What the word may be the plural of: "vezes" of "vez", "canções" of "canção", "viagens" of "viagem".
    private func singulars(_ word: String) -> [String] {
        guard word.hasSuffix("s") else { return [word] }
        var stems = [word, String(word.dropLast())]
        if word.hasSuffix("ões") || word.hasSuffix("ães") { stems.append(word.dropLast(3) + "ão") }
        if word.hasSuffix("ens") { stems.append(word.dropLast(3) + "em") }
        if word.hasSuffix("es") { stems.append(String(word.dropLast(2))) }
        return stems
    }

    private static let feminineEndings = [
        "ção", "são", "dade", "agem", "tude", "gem", "triz", "ez", "ície", "ncia", "xão",
    ]
    private static let feminine: Set<String> = [
        "noite", "vez", "mulher", "mão", "tarde", "parte", "carne", "flor", "luz", "voz", "cruz", "paz", "lei", "foto",
        "moto",
        "tribo", "cor", "dor", "chave", "rede", "sede", "fonte", "ponte", "gente", "classe", "frase", "base", "fase",
        "série",
        "superfície", "nave", "neve", "febre", "torre", "árvore", "mãe", "maçã", "lã", "manhã", "irmã", "rã", "avó",
        "espécie",
        "morte", "sorte", "mente", "pele", "face", "arte", "corrente", "nuvem", "ordem", "raiz", "noz", "colher", "pá",
        "fé",
        "região", "opinião", "reunião", "união", "religião", "saúde", "sessão", "crise", "análise",
        "hipótese",
        "síntese", "tese", "dose", "gripe", "estante", "semente", "serpente", "nave", "lente", "variável",
        "letra",
    ]
    private static let masculine: Set<String> = [
        "dia", "mapa", "tema", "problema", "sistema", "programa", "clima", "idioma", "planeta", "poeta", "cinema",
        "telefonema",
        "dálmata", "poema", "drama", "diploma", "sintoma", "esquema", "diagrama", "grama", "quilograma", "miligrama",
        "cometa",
        "aroma", "fantasma", "pijama", "sofá", "guarda-chuva", "artista", "turista", "atleta", "pianista", "jornalista",
        "coala",
        "avião", "coração", "caminhão", "balão", "cartão", "portão", "pão", "cão", "botão", "feijão", "limão", "verão",
        "irmão",
        "mês", "inglês", "português", "francês", "xadrez", "trema", "lema", "dilema", "panda", "gorila", "chá", "papa",
    ]
    private static let functionWords: Set<String> = [
        "de", "e", "o", "a", "os", "as", "em", "no", "na", "nos", "nas", "ao", "à", "aos", "às", "do", "da", "dos",
        "das", "por",
        "pela", "para", "que", "é", "com", "se", "ou", "mas", "mais", "um", "uma", "ainda", "agora", "para", "toda",
        "cada",
    ]

    // MARK: - Days

    /// "dia 5/1": a day without its year.
    func dayInDigits(_ context: Context) -> Replacement? {
        guard
            ["dia", "dias", "desde", "até", "data"].contains(context.previous.lowercased())
                || Self.weekdays.contains(where: { context.previous.lowercased().hasPrefix($0) })
        else { return nil }
        let first = context.at(context.start)
        guard let (day, slash) = first.integer(digits: 2), context.at(slash).scalar() == "/",
            let (month, end) = first.at(slash + 1).integer(digits: 2), (1...31).contains(day), (1...12).contains(month)
        else { return nil }
        let after = context.at(end)
        guard !after.scalar().isWordPart, !("/-.,:".unicodeScalars.contains(after.scalar()) && after.scalar(1).isDigit)
        else { return nil }
        let date = WrittenDate(year: nil, month: Int(month), day: day)
        return Replacement(spoken: self.date(date, after: context.previous), end: end)
    }

    private static let weekdays = ["segunda", "terça", "quarta", "quinta", "sexta", "feira", "sábado", "domingo"]

    /// "5 jan.", "5 jan 2026".
    func dayOfMonth(_ value: UInt64, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        let word = next.letters()
        guard (1...31).contains(value), next.position > context.position, word.count == 3,
            let month = Self.months.firstIndex(where: { $0.hasPrefix(word.lowercased()) })
        else { return nil }
        var end = next.position + 3
        let hasDot = context.at(end).scalar() == "."
        if hasDot { end += 1 }
        let rest = context.at(end).skippingSpace()
        let year = rest.position > end ? rest.integer(digits: 4) : nil
        guard hasDot || year != nil else { return nil }
        let isYear = year.map { (1000...2999).contains($0.value) } ?? false
        let date = WrittenDate(year: isYear ? year?.value : nil, month: month + 1, day: value)
        return Replacement(spoken: self.date(date, after: ""), end: isYear ? year?.end ?? end : end)
    }

    // MARK: - Fractions

    /// "1/2 hora" is meia hora, "3/4 kg" três quartos de quilograma.
    func fraction(_ numerator: UInt64, in context: Context) -> Replacement? {
        guard context.scalar() == "/", let (denominator, end) = context.at(context.position + 1).integer(digits: 2),
            numerator > 0, numerator < denominator, context.at(end).scalar() != "/"
        else { return improperFraction(numerator, in: context) }
        let after = context.at(end)
        let start = after.skippingSpace()
        let key = start.letters()
        guard !key.isEmpty, let unit = words.units[key] else {
            let isHalf = numerator == 1 && denominator == 2 && start.position > end && gender(of: key) == .feminine
            return isHalf ? Replacement(spoken: "meia", end: end) : nil
        }
        let endOfUnit = start.position + key.unicodeScalars.count
        guard denominator > 2 else {
            return Replacement(spoken: (unit.gender == .feminine ? "meia " : "meio ") + unit.one, end: endOfUnit)
        }
        return Replacement(spoken: fraction(numerator, denominator) + " de " + unit.one, end: endOfUnit)
    }

    /// "47701/913": what is no score, pressure or pair of years.
    private func improperFraction(_ numerator: UInt64, in context: Context) -> Replacement? {
        guard numerator > 2999, context.scalar() == "/",
            let (denominator, end) = context.at(context.position + 1).integer(digits: 4), denominator > 100,
            numerator > denominator, !"/-.,".unicodeScalars.contains(context.at(end).scalar())
        else { return nil }
        return Replacement(spoken: fraction(numerator, denominator), end: end)
    }

    // MARK: - Times

    /// "às 14.30": a dot between hours and minutes.
    func timeWithDot(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard Self.beforeTimes.contains(context.previous.lowercased()), let (hour, dot) = first.integer(digits: 2),
            context.at(dot).scalar() == ".", hour <= 24, let (minute, end) = first.at(dot + 1).integer(digits: 2),
            end == dot + 3, minute < 60
        else { return nil }
        let after = context.at(end)
        guard !after.scalar().isWordPart, !(".,:/".unicodeScalars.contains(after.scalar()) && after.scalar(1).isDigit)
        else { return nil }
        return time(WrittenTime(hour: hour, minute: minute), in: after)
    }

    private static let beforeTimes: Set<String> = ["às", "as", "das", "à", "até", "pelas", "são", "é", "desde", "as"]

    /// "às catorze e trinta"; alone "catorze horas e trinta".
    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let hour = cardinal(time.hour, .feminine)
        let hours = time.hour == 1 || (time.hour == 0 && time.minute == 0) ? " hora" : " horas"
        let end = context.skippingSpace().word(of: ["h", "hs", "hrs"])?.end ?? context.position
        if let second = time.second, second > 0 || time.minute > 0 {
            let minutes = " e " + cardinal(time.minute, nil) + (time.minute == 1 ? " minuto" : " minutos")
            let seconds = " e " + cardinal(second, nil) + (second == 1 ? " segundo" : " segundos")
            return Replacement(spoken: hour + hours + minutes + seconds, end: end)
        }
        if time.minute == 0 { return Replacement(spoken: hour + hours, end: end) }
        let isAlone = context.previous.isEmpty
        return Replacement(spoken: hour + (isAlone ? hours : "") + " e " + cardinal(time.minute, nil), end: end)
    }

    // MARK: - Telephone numbers

    /// "99999-1234", "3333-4444": the local numbers of Brazil. Two years that rise are none.
    func phone(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard let (head, dash) = first.integer(digits: 5), context.at(dash).scalar() == "-",
            let (tail, end) = first.at(dash + 1).integer(digits: 4), end - dash == 5, dash - context.start >= 4
        else { return nil }
        let after = context.at(end)
        let areYears = dash - context.start == 4 && (1000...2100).contains(head) && (1000...2100).contains(tail)
        guard !areYears, !after.scalar().isWordPart,
            !("-.,/".unicodeScalars.contains(after.scalar()) && after.scalar(1).isDigit)
        else { return nil }
        let groups = [context.start..<dash, (dash + 1)..<end].map { range in
            phoneGroup(context.scalars[range].map { Int($0.value) - 48 })
        }
        return Replacement(spoken: groups.joined(separator: words.phoneSeparator), end: end)
    }

    /// "ext. 12", "ramal 12": digit by digit.
    func extensionNumber(_ word: String, in context: Context) -> Replacement? {
        let isShort = word.lowercased() == "ext" && context.scalar() == "."
        guard isShort || word.lowercased() == "ramal" else { return nil }
        let start = context.at(context.position + (isShort ? 1 : 0)).skippingSpace()
        guard let (_, end) = start.integer(digits: 6) else { return nil }
        let digits = spelled(context.scalars[start.position..<end])
        return Replacement(spoken: (isShort ? "extensão" : word) + " " + digits, end: end)
    }

    // MARK: - Roman numerals

    private static let rulers: Set<String> = [
        "pedro", "joão", "maria", "afonso", "manuel", "sebastião", "filipe", "carlos", "luís", "josé", "paulo", "pio",
        "bento",
        "leão", "henrique", "jorge", "francisco", "napoleão", "elizabeth", "isabel", "dinis", "sancho", "fernando",
        "duarte",
        "guilherme", "ricardo", "eduardo", "alexandre", "catarina", "gregório", "clemente", "inocêncio", "nicolau",
        "vitória",
    ]
    private static let queens: Set<String> = ["elizabeth", "isabel", "beatriz", "leonor"]

    /// Up to ten centuries and kings are ordinals.
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        let key = word.lowercased()
        let isCentury = key == "século" || key == "séculos"
        let isSingle = value == 1 || value == 5 || value == 10
        let isName = word.first?.isUppercase == true && (!isSingle || Self.rulers.contains(key))
        guard words.romanWords.contains(key) || isName else { return nil }
        let isOrdinal = value <= 10 && (isCentury || (isName && !words.romanWords.contains(key)))
        let isFeminine = Self.queens.contains(key) || (key.hasSuffix("a") && Self.rulers.contains(key))
        return Replacement(
            spoken: isOrdinal ? ordinal(value, isFeminine ? .feminine : .masculine) : cardinal(value, nil),
            end: context.position)
    }
}
