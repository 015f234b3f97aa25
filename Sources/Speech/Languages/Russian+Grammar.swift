// The case and gender of a Russian number, told by the words around it.

extension Russian {
    // MARK: - Case

    private static let governed: [RussianCase: Set<String>] = [
        .genitive: [
            "с", "со", "от", "до", "из", "без", "около", "после", "для", "у", "кроме", "более", "менее", "больше",
            "меньше",
            "свыше", "порядка", "старше", "младше", "моложе", "течение", "размере", "количестве", "возрасте", "дольше",
            "позже", "раньше", "позднее", "ранее", "против", "вместо", "выше", "ниже", "дороже", "дешевле", "длиннее",
            "короче", "внутри", "вокруг", "хватает", "достигает", "достигла", "достиг",
        ],
        .dative: ["к", "ко", "благодаря", "согласно", "равен", "равна", "равно", "равны", "равняется"],
        .accusative: ["через", "за", "про", "сквозь", "в", "во", "на"],
        .instrumental: ["над", "между", "перед"],
        .prepositional: ["о", "об", "обо", "при"],
    ]

    private static let caseOfWord: [String: RussianCase] = {
        var result: [String: RussianCase] = [:]
        for (form, words) in governed { for word in words { result[word] = form } }
        return result
    }()

    /// The case that the word before the number asks for; "между 5 и 10" asks twice.
    func governedCase(_ context: Context) -> RussianCase {
        let word = context.previous.lowercased()
        if let form = Self.caseOfWord[word] { return form }
        // "последних 5 минут"
        if word.count >= 4, word.hasSuffix("ых") || word.hasSuffix("их") { return .genitive }
        guard ["и", "или", "либо"].contains(word), let earlier = wordBeforeFirstNumber(context) else {
            return .nominative
        }
        return Self.caseOfWord[earlier] ?? .nominative
    }

    /// The word before "5 и" when the number at the start is the second one.
    private func wordBeforeFirstNumber(_ context: Context) -> String? {
        var index = context.start - 1
        func skip(_ limit: Int, while isPart: (Unicode.Scalar) -> Bool) -> Range<Int> {
            let end = index + 1
            while index >= 0, end - index <= limit, isPart(context.scalars[index]) { index -= 1 }
            return (index + 1)..<end
        }
        _ = skip(1) { $0.isSpace }
        _ = skip(8) { $0.isLetter }
        _ = skip(1) { $0.isSpace }
        guard !skip(20, while: { $0.isDigit || $0 == "," || $0 == ":" }).isEmpty,
            !skip(1, while: { $0.isSpace }).isEmpty
        else { return nil }
        let word = skip(16) { $0.isLetter }
        return String(scalars: context.scalars[word]).lowercased()
    }

    // MARK: - The noun that is counted

    struct Counted {
        var word: String
        /// A second number stands between, whose form the noun has: "1 или 2 дня".
        var isShared: Bool
    }

    private static let connectors: Set<String> = ["до", "по", "и", "или", "либо"]

    /// The first word after the number, or after the second number of a pair.
    func counted(after context: Context) -> Counted {
        var next = context.skippingSpace()
        var isShared = false
        let isDash = "-–—".unicodeScalars.contains(next.scalar())
        let connector = isDash ? "" : next.letters().lowercased()
        if isDash || Self.connectors.contains(connector) {
            let start = next.at(next.position + (isDash ? 1 : connector.unicodeScalars.count)).skippingSpace()
            if start.scalar().isDigit {
                next = start.at(start.written(words).end).skippingSpace()
                isShared = true
            }
        }
        var word = next.letters().lowercased()
        // "2 новых сообщения": the noun comes after the adjective.
        for _ in 0..<2 where word.hasSuffix("ых") || word.hasSuffix("их") {
            next = next.at(next.position + word.unicodeScalars.count).skippingSpace()
            word = next.letters().lowercased()
        }
        return Counted(word: word, isShared: isShared)
    }

    /// The case and the gender of a number that stands before a written word, or alone.
    func agreement(_ value: UInt64, in context: Context) -> (form: RussianCase, gender: Gender) {
        let noun = counted(after: context)
        let word = noun.word
        if !noun.isShared, let unit = words.units[word] { return (governedCase(context), unit.gender) }
        let form = caseShown(by: word, value, in: context)
        let isTeen = (11...14).contains(value % 100)
        guard !isTeen, (1...2).contains(value % 10) else { return (form, .masculine) }
        // "в 2 ночи" is an hour, "2 ночи" are nights.
        let isHour = word == "ночи" && ["в", "к", "до", "с", "около", "после"].contains(context.previous.lowercased())
        if isHour || Self.masculineGenitives.contains(word) { return (form, .masculine) }
        let isOne = value % 10 == 1
        switch form {
        case .nominative, .accusative:
            if !isOne || noun.isShared { return (form, genderOfGenitive(word, noun.isShared)) }
            if let last = word.last, "ую".contains(last) { return (.accusative, .feminine) }
            return (form == .accusative ? .nominative : form, genderOfNominative(word))
        default:
            return (form, isOne ? genderOfOblique(word, form) : .masculine)
        }
    }

    /// Nouns in oblique cases of the plural tell the number's case: "5 городах", "3 языками"; genitives of the plural after
    /// two to four do too, "2 котов".
    private func caseShown(by word: String, _ value: UInt64, in context: Context) -> RussianCase {
        let form = governedCase(context)
        if word.count < 4 { return form }
        let isOne = value % 10 == 1 && value % 100 != 11
        let previous = context.previous.lowercased()
        let isPlace = ["в", "во", "на", "о", "об", "при"].contains(previous)
        if word.hasSuffix("ами") || word.hasSuffix("ями") { return .instrumental }
        if isPlace, word.hasSuffix("ах") || word.hasSuffix("ях") { return .prepositional }
        if previous == "по", word.hasSuffix("ам") || word.hasSuffix("ям") { return .dative }
        if isOne, isPlace, word.hasSuffix("е"), !word.hasSuffix("ие") { return .prepositional }
        if isOne, previous == "с", ["ом", "ем", "ём", "ой", "ей", "ью"].contains(where: { word.hasSuffix($0) }) {
            return .instrumental
        }
        if isOne, previous == "по", let last = word.last, "уюе".contains(last) { return .dative }
        let isFew = (2...4).contains(value % 10) && !(12...14).contains(value % 100)
        if isFew, form == .nominative || form == .accusative,
            word.hasSuffix("ов") || word.hasSuffix("ев") || word.hasSuffix("ей")
        {
            return .genitive
        }
        return form
    }

    // MARK: - Gender

    /// Genitives in -и and -ы that are not feminine.
    private static let masculineGenitives: Set<String> = [
        "мужчины", "дедушки", "папы", "дяди", "судьи", "юноши", "пути", "старосты", "имени", "времени",
        "знамени",
        "племени",
    ]
    private static let feminineGenitivesOfPlural: Set<String> = [
        "минут", "секунд", "недель", "тысяч", "тонн", "книг", "страниц", "комнат", "квартир", "штук", "копеек", "строк",
        "ошибок", "попыток", "калорий", "единиц", "серий", "частей", "ступеней", "ночей",
    ]
    /// Feminine nouns in -ь that end like masculine ones.
    private static let feminineInSoftSign: Set<String> = [
        "ночь", "дверь", "мышь", "кровать", "площадь", "область", "часть", "вещь", "запись", "жизнь", "цель", "роль",
        "речь",
        "очередь", "ступень", "помощь", "соль", "боль", "осень", "печь", "тетрадь", "лошадь", "сеть", "связь", "кость",
        "песнь",
        "мысль", "модель", "нить", "ветвь", "смесь", "степень", "дочь", "мать", "карусель", "треть", "четверть",
        "панель",
        "медаль", "деталь", "прибыль", "церковь", "морковь", "любовь", "прядь", "пядь",
    ]
    private static let masculineInA: Set<String> = ["мужчина", "дедушка", "папа", "дядя", "судья", "юноша", "староста"]
    /// Beginnings of feminine nouns whose prepositional case in -е looks masculine.
    private static let feminineStems = [
        "комнат", "минут", "секунд", "стран", "школ", "книг", "квартир", "групп", "команд", "улиц", "страниц", "недел",
        "больниц", "машин", "програм", "систем", "строк", "таблиц", "точк", "ошибк", "попытк", "заявк", "групп", "игр",
    ]

    private func genderOfNominative(_ word: String) -> Gender {
        guard let last = word.last else { return .masculine }
        if Self.masculineInA.contains(word) { return .masculine }
        if word.hasSuffix("мя") || last == "о" || last == "е" { return .neuter }
        if last == "а" || last == "я" { return .feminine }
        return last == "ь" && (word.hasSuffix("ость") || Self.feminineInSoftSign.contains(word))
            ? .feminine : .masculine
    }

    /// After two to four the noun is in the genitive: -ы and -и are feminine ("две минуты"), -а and -я are not ("два часа");
    /// an adjective in -ые and -ие stands before feminine nouns only.
    private func genderOfGenitive(_ word: String, _ isShared: Bool) -> Gender {
        if Self.feminineGenitivesOfPlural.contains(word) { return .feminine }
        if word.hasSuffix("ые") || word.hasSuffix("ие") { return .feminine }
        return word.last == "ы" || word.last == "и" ? .feminine : .masculine
    }

    private func genderOfOblique(_ word: String, _ form: RussianCase) -> Gender {
        guard let last = word.last else { return .masculine }
        let isFeminine: Bool
        switch form {
        case .genitive: isFeminine = "ыи".contains(last) || Self.feminineGenitivesOfPlural.contains(word)
        case .dative: isFeminine = "еи".contains(last)
        case .instrumental: isFeminine = ["ой", "ей", "ью"].contains { word.hasSuffix($0) }
        default: isFeminine = last == "и" || Self.feminineStems.contains { word.hasPrefix($0) }
        }
        return isFeminine ? .feminine : .masculine
    }

    // MARK: - Nouns that the program says itself

    /// A noun with a number in a case: "пяти метров", "двум градусам Цельсия".
    func noun(_ noun: Noun, after value: UInt64, _ form: RussianCase) -> String {
        let isOne = value % 10 == 1 && value % 100 != 11
        switch form {
        case .nominative: return self.noun(noun, after: value, isDecimal: false)
        case .accusative where !isOne: return self.noun(noun, after: value, isDecimal: false)
        case .genitive: return isOne ? noun.few : noun.many
        default: return inflected(noun, form, isPlural: !isOne)
        }
    }

    /// The words of the noun that differ between one and two are declined; "в час" and "Цельсия" stay.
    private func inflected(_ noun: Noun, _ form: RussianCase, isPlural: Bool) -> String {
        let few = noun.few.split(separator: " ")
        return noun.one.split(separator: " ").enumerated().map { index, word in
            index < few.count && few[index] == word ? String(word) : Self.declined(String(word), form, isPlural)
        }.joined(separator: " ")
    }

    private static func declined(_ word: String, _ form: RussianCase, _ isPlural: Bool) -> String {
        if word == "тысяча" { return (isPlural ? thousandsForms : thousandForms)[form.rawValue] }
        let isAdjective = word.hasSuffix("ый") || word.hasSuffix("ий")
        if isAdjective {
            let vowel = word.hasSuffix("ий") ? "и" : "ы"
            let stem = String(word.dropLast(2))
            let singular = ["", "ого", "ому", "", vowel + "м", "ом"]
            let plural = ["", vowel + "х", vowel + "м", "", vowel + "ми", vowel + "х"]
            let ending = (isPlural ? plural : singular)[form.rawValue]
            return ending.isEmpty ? word : stem + ending
        }
        guard let last = word.last else { return word }
        let isSoft = "яь".contains(last)
        let stem = "аяь".contains(last) ? String(word.dropLast()) : word
        if isPlural {
            let endings = isSoft ? ["", "", "ям", "", "ями", "ях"] : ["", "", "ам", "", "ами", "ах"]
            return stem + endings[form.rawValue]
        }
        switch last {
        case "а": return stem + ["", "", "е", "у", "ой", "е"][form.rawValue]
        case "я":
            return stem
                + ["", "", stem.hasSuffix("и") ? "и" : "е", "ю", "ей", stem.hasSuffix("и") ? "и" : "е"][form.rawValue]
        case "ь": return stem + ["", "", "ю", "ь", stem == "рубл" ? "ём" : "ем", "е"][form.rawValue]
        default: return stem + ["", "", "у", "", "ом", "е"][form.rawValue]
        }
    }

    private static let thousandForms = ["тысяча", "тысячи", "тысяче", "тысячу", "тысячей", "тысяче"]
    private static let thousandsForms = ["тысячи", "тысяч", "тысячам", "тысячи", "тысячами", "тысячах"]
}
