struct Russian: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "минус", point: "запятая", dotInNumber: "точка",
            percent: "процентов",
            permille: "промилле", range: "-", ratio: "к", per: "на", and: " и ", times: "на", number: "номер",
            hashtag: "хештег", dot: "точка", slash: "слэш", dash: "дефис", underscore: "подчёркивание", at: "собака")
        words.groupsBySpace = true
        words.months = Self.months
        words.signs = [
            "&": "и", "+": "плюс", "=": "равно", "×": "умножить на", "÷": "делить на", "±": "плюс-минус",
            "≈": "примерно",
            "≠": "не равно", "≤": "меньше или равно", "≥": "больше или равно", "<": "меньше", ">": "больше",
            "%": "процентов", "°": "градусов", "§": "параграф", "²": "в квадрате", "³": "в кубе", "√": "корень из",
            "∞": "бесконечность", "→": "в", "@": "собака", "*": "умножить на", "№": "номер", "€": "евро",
            "$": "долларов",
        ]
        words.signsBeforeNumber = [
            "+": "плюс", "~": "примерно", "<": "меньше", ">": "больше", "≈": "примерно", "±": "плюс-минус",
        ]
        words.weekdays = [
            "пн": "понедельник", "вт": "вторник", "ср": "среда", "чт": "четверг", "пт": "пятница", "сб": "суббота",
            "вс": "воскресенье", "Пн": "понедельник", "Вт": "вторник", "Ср": "среда", "Чт": "четверг", "Пт": "пятница",
            "Сб": "суббота", "Вс": "воскресенье", "ПН": "понедельник", "ВТ": "вторник", "СР": "среда", "ЧТ": "четверг",
            "ПТ": "пятница", "СБ": "суббота", "ВС": "воскресенье",
        ]
        words.wordsLikeWeekdays = ["ср", "Ср"]
        words.power = "в степени"
        words.labels = [
            "дом", "квартира", "корпус", "кабинет", "подъезд", "строение", "автобус", "троллейбус", "маршрут", "класс",
            "группа", "аудитория", "палата", "выход", "платформа", "путь", "место", "вагон", "купе", "литера",
        ]
        words.spellsFormulas = false
        words.version = "версия"
        words.codeWords = [
            "pin", "пин", "код", "индекс", "пароль", "iban", "isbn",
        ]
        words.durations = Vocabulary.nouns(
            """
            д = день, дня, дней
            ч h = час, часа, часов
            м мин m = минута, минуты, минут, f
            с сек s = секунда, секунды, секунд, f
            """)
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            тыс = тысяча, тысячи, тысяч, f
            млн = миллион, миллиона, миллионов
            млрд = миллиард, миллиарда, миллиардов
            трлн = триллион, триллиона, триллионов
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = ["глава", "том", "часть", "раздел", "статья"]
        self.words = words
    }

    // MARK: - Numbers

    static let small = [
        "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
        "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
        "девятнадцать",
    ]
    static let tens = [
        "", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто",
    ]
    static let hundreds = [
        "", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот",
    ]
    static let scales: [(UInt64, Noun)] = [
        (1_000_000_000_000, Noun(one: "триллион", few: "триллиона", many: "триллионов", gender: .masculine)),
        (1_000_000_000, Noun(one: "миллиард", few: "миллиарда", many: "миллиардов", gender: .masculine)),
        (1_000_000, Noun(one: "миллион", few: "миллиона", many: "миллионов", gender: .masculine)),
        (1000, Noun(one: "тысяча", few: "тысячи", many: "тысяч", gender: .feminine)),
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String { cardinal(value, gender, .nominative) }

    func noun(_ noun: Noun, after value: UInt64, isDecimal: Bool) -> String {
        if isDecimal { return noun.few }
        if (11...14).contains(value % 100) { return noun.many }
        switch value % 10 {
        case 1: return noun.one
        case 2...4: return noun.few
        default: return noun.many
        }
    }

    func decimal(_ number: WrittenNumber) -> String? { decimal(number, .nominative, unit: nil) }

    func counted(_ number: WrittenNumber, _ noun: Noun, in context: Context) -> String? {
        let form = isPlace(context) ? .prepositional : governedCase(context)
        if Self.isOneAndAHalf(number) { return oneAndAHalf(noun.gender, form) + " " + afterHalf(noun, form) }
        if let value = number.value, number.fraction.isEmpty {
            return cardinal(value, noun.gender, form) + " " + self.noun(noun, after: value, form)
        }
        let isMagnitude = Self.scales.contains { $0.1.one == noun.one }
        return decimal(number, form, unit: isMagnitude ? nil : noun.gender).map { $0 + " " + noun.few }
    }

    /// "в 5 км от дома" tells a place.
    private func isPlace(_ context: Context) -> Bool {
        guard context.previous.lowercased() == "в" else { return false }
        let unit = context.skippingSpace()
        return unit.at(unit.position + unit.letters().unicodeScalars.count).skippingSpace().followsWord("от")
    }

    private static let times: Set<String> = ["час", "минута", "секунда", "день", "неделя", "месяц", "год", "сутки"]

    /// "в час", "на киловатт-час"
    func per(_ noun: Noun) -> String {
        (Self.times.contains(noun.one) ? "в " : "на ") + self.noun(noun, after: 1, .accusative)
    }

    /// "за килограмм", "в час"
    func pricePer(_ noun: Noun) -> String {
        (Self.times.contains(noun.one) ? "в " : "за ") + self.noun(noun, after: 1, .accusative)
    }

    /// "шестнадцать к девяти", and the score "два один".
    func ratio(_ first: UInt64, _ second: UInt64, in context: Context) -> String {
        let isScore = context.recent.contains { word in
            ["счёт", "счет", "побед", "выигр", "проигр", "матч", "обыгра", "ничь"].contains {
                word.lowercased().hasPrefix($0)
            }
        }
        if isScore { return cardinal(first, nil) + " " + cardinal(second, nil) }
        return cardinal(first, nil) + " к " + cardinal(second, nil, .dative)
    }

    /// "с понедельника по пятницу"
    func days(from first: String, to last: String) -> String {
        let genitive = ["среда": "среды", "пятница": "пятницы", "суббота": "субботы", "воскресенье": "воскресенья"]
        let accusative = ["среда": "среду", "пятница": "пятницу", "суббота": "субботу"]
        return "с " + (genitive[first] ?? first + "а") + " по " + (accusative[last] ?? last)
    }

    private func oneAndAHalf(_ gender: Gender, _ form: RussianCase) -> String {
        guard form == .nominative || form == .accusative else { return "полутора" }
        return gender == .feminine ? "полторы" : "полтора"
    }

    private func afterHalf(_ noun: Noun, _ form: RussianCase) -> String {
        form == .nominative || form == .accusative ? noun.few : self.noun(noun, after: 2, form)
    }

    func spoken(_ number: WrittenNumber, in context: Context) -> String? {
        if Self.isOneAndAHalf(number), context.scalar().isSpace, !counted(after: context).word.isEmpty {
            let (form, gender) = agreement(2, in: context)
            return oneAndAHalf(gender, form)
        }
        guard number.fraction.isEmpty else { return decimal(number, governedCase(context), unit: nil) }
        guard let value = number.value else { return nil }
        let (form, gender) = agreement(value, in: context)
        return cardinal(value, gender, form)
    }

    func digits(in context: Context) -> Replacement? { dateInDigits(context) ?? timeWithDot(context) ?? phone(context) }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        if let part = fractionOfUnit(number, in: context) ?? mercury(number, in: context) { return part }
        guard context.scalar() == "-" || context.scalar() == "‑" else { return nil }
        let next = context.at(context.position + 1)
        let word = next.letters()
        let end = next.position + word.unicodeScalars.count
        guard Self.isAdjective(word) else { return nil }
        if number.fraction.isEmpty, let value = number.value, value <= 1000 {
            return Replacement(spoken: combining(value) + word, end: end)
        }
        return spoken(number, in: context).map { Replacement(spoken: $0 + " " + word, end: end) }
    }

    /// "750 мм рт. ст."
    private func mercury(_ number: WrittenNumber, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        guard let written = ["мм рт. ст.", "мм рт.ст.", "мм рт. ст", "мм рт.ст"].first(where: next.follows),
            let unit = words.units["mmHg"], let spoken = counted(number, unit, in: context)
        else { return nil }
        let end = next.position + written.unicodeScalars.count
        let rest = context.at(end).skippingSpace().scalar()
        let endsSentence = written.hasSuffix(".") && (rest == "\n" || rest.isUpper)
        return Replacement(spoken: spoken, end: endsSentence ? end - 1 : end, kind: .unit)
    }

    /// "3/4 кг": of a unit, which is in the genitive.
    private func fractionOfUnit(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard context.scalar() == "/", number.fraction.isEmpty, let numerator = number.value,
            let (denominator, end) = context.at(context.position + 1).integer(digits: 3), numerator > 0,
            numerator < denominator
        else { return nil }
        let start = context.at(end).skippingSpace()
        guard start.position > end, let unit = words.units[start.letters()] else { return nil }
        return Replacement(
            spoken: fraction(numerator, denominator) + " " + unit.few,
            end: start.position + start.letters().unicodeScalars.count)
    }

    /// What can be the second half of "двухкомнатный" and "семидесятилетие".
    private static func isAdjective(_ word: String) -> Bool {
        guard word.count >= 5, let first = word.unicodeScalars.first, first.value >= 0x430, first.value <= 0x451 else {
            return false
        }
        return word.hasPrefix("лети") || adjectiveEndings.contains { word.hasSuffix($0) }
    }

    private static let adjectiveEndings = [
        "ый", "ий", "ой", "ая", "яя", "ое", "ее", "ые", "ие", "ых", "их", "ым", "им", "ыми", "ими", "ого", "его", "ому",
        "ему", "ую", "юю", "ом", "ем", "ей", "но",
    ]

    // MARK: - Endings after a hyphen

    private static let ordinalEndings: [String: RussianForm] = {
        var result: [String: RussianForm] = [:]
        func add(_ endings: String, _ gender: Gender?, _ form: RussianCase) {
            for ending in endings.split(separator: " ") {
                result[String(ending)] = RussianForm(gender: gender, grammaticalCase: form)
            }
        }
        add("й ый ий", .masculine, .nominative)
        add("го ого его", .masculine, .genitive)
        add("му ому ему", .masculine, .dative)
        add("м ом ем", .masculine, .prepositional)
        add("ым им", .masculine, .instrumental)
        add("я ая ья", .feminine, .nominative)
        add("ой ей", .feminine, .genitive)
        add("ю ую", .feminine, .accusative)
        add("е ое ее ье", .neuter, .nominative)
        add("ые ие", nil, .nominative)
        add("х ых их", nil, .genitive)
        add("ми ыми ими", nil, .instrumental)
        return result
    }()
    /// "2-х", "5-ти", "3-мя": cardinals.
    private static let cardinalEndings: [String: RussianCase] = [
        "ти": .genitive, "ух": .genitive, "ёх": .genitive, "ех": .genitive, "и": .genitive, "мя": .instrumental,
        "ьмя": .instrumental, "умя": .instrumental, "ью": .instrumental, "ум": .dative, "ём": .dative,
    ]

    /// "5-й", "2-х", "5 мая", "1999 году", "90-е", "3 этаж".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if "-–‑".unicodeScalars.contains(context.scalar()) {
            let ending = context.at(context.position + 1).letters()
            let end = context.position + 1 + ending.unicodeScalars.count
            if let spoken = withEnding(value, ending, context.at(end)) { return Replacement(spoken: spoken, end: end) }
        }
        return dayOfMonth(value, in: context) ?? year(value, in: context) ?? ordinalBeforeNoun(value, in: context)
    }

    private func withEnding(_ value: UInt64, _ ending: String, _ after: Context) -> String? {
        let isFew = (2...4).contains(value % 10) && !(12...14).contains(value % 100)
        if ending == "х", isFew { return cardinal(value, nil, .genitive) }
        if ending == "ми", [7, 8].contains(value % 10), !(10...19).contains(value) {
            return cardinal(value, nil, .genitive)
        }
        if let form = Self.cardinalEndings[ending] { return cardinal(value, nil, form) }
        guard var form = Self.ordinalEndings[ending] else { return nil }
        let next = after.skippingSpace().letters()
        // "6-ой" is a nominative, "5-ой" of a feminine word; "90-е" are years, "5-е классы" are many.
        if ending == "ой", [0, 2, 6, 7, 8].contains(value % 10), !(10...20).contains(value % 100) {
            form = RussianForm(gender: .masculine, grammaticalCase: .nominative)
        }
        let isRound = value >= 20 && value % 10 == 0
        let isAlone = after.previous.isEmpty && next.isEmpty
        // "20-е место"
        let isNeuter = next.hasSuffix("о") || next.hasSuffix("ие")
        if ending == "е", !isNeuter, isRound || isAlone || next.hasSuffix("ы") || next.hasSuffix("и") {
            form.gender = nil
        }
        return ordinal(value, form)
    }

    // MARK: - Nouns that are numbered

    /// "3 этаж", "на 5 месте": a singular that the number cannot count is numbered.
    private func ordinalBeforeNoun(_ value: UInt64, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        guard next.position > context.position, value < 1000, let found = Self.numbered[next.letters()] else {
            return nil
        }
        let counts = value % 10 == 1 && value % 100 != 11 ? "" : noun(found.noun, after: value, isDecimal: false)
        guard counts != next.letters() else { return nil }
        return Replacement(spoken: ordinal(value, found.form), end: context.position)
    }

    private static let numbered: [String: (noun: Noun, form: RussianForm)] = {
        var result: [String: (noun: Noun, form: RussianForm)] = [:]
        let nouns = Vocabulary.nouns(
            """
            этаж = этаж, этажа, этажей
            класс = класс, класса, классов
            курс = курс, курса, курсов
            канал = канал, канала, каналов
            подъезд = подъезд, подъезда, подъездов
            сезон = сезон, сезона, сезонов
            тур = тур, тура, туров
            век = век, века, веков
            место = место, места, мест, n
            глава = глава, главы, глав, f
            серия = серия, серии, серий, f
            """)
        for noun in nouns.values {
            func add(_ word: String, _ form: RussianCase) {
                result[word] = (noun, RussianForm(gender: noun.gender, grammaticalCase: form))
            }
            let isA = noun.gender == .feminine
            let stem = noun.gender == .masculine ? noun.one : String(noun.one.dropLast())
            add(stem + (noun.one == "серия" ? "и" : "е"), .prepositional)
            add(stem + (isA ? (noun.one == "серия" ? "ю" : "у") : "у"), isA ? .accusative : .dative)
            add(noun.few, .genitive)
            add(noun.one, .nominative)
        }
        return result
    }()

    func gender(of word: String) -> Gender? { nil }
}
