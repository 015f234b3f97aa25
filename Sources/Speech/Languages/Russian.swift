struct Russian: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "минус", point: "запятая", dotInNumber: "точка",
            percent: "процентов",
            permille: "промилле", range: "–", ratio: "к", per: "на", and: " и ", times: "на", number: "номер",
            hashtag: "хештег", dot: "точка", slash: "слэш", dash: "дефис", underscore: "подчёркивание", at: "собака")
        words.range = "до"
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

    private static let small = [
        "ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять", "десять", "одиннадцать",
        "двенадцать", "тринадцать", "четырнадцать", "пятнадцать", "шестнадцать", "семнадцать", "восемнадцать",
        "девятнадцать",
    ]
    private static let tens = [
        "", "", "двадцать", "тридцать", "сорок", "пятьдесят", "шестьдесят", "семьдесят", "восемьдесят", "девяносто",
    ]
    private static let hundreds = [
        "", "сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот",
    ]
    private static let scales: [(UInt64, Noun)] = [
        (1_000_000_000_000, Noun(one: "триллион", few: "триллиона", many: "триллионов", gender: .masculine)),
        (1_000_000_000, Noun(one: "миллиард", few: "миллиарда", many: "миллиардов", gender: .masculine)),
        (1_000_000, Noun(one: "миллион", few: "миллиона", many: "миллионов", gender: .masculine)),
        (1000, Noun(one: "тысяча", few: "тысячи", many: "тысяч", gender: .feminine)),
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value < 20 {
            switch (value, gender) {
            case (1, .feminine): return "одна"
            case (1, .neuter): return "одно"
            case (2, .feminine): return "две"
            default: return Self.small[Int(value)]
            }
        }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            return value % 10 == 0 ? tens : tens + " " + cardinal(value % 10, gender)
        }
        if value < 1000 {
            let head = Self.hundreds[Int(value / 100)]
            return value % 100 == 0 ? head : head + " " + cardinal(value % 100, gender)
        }
        for (size, name) in Self.scales where value >= size {
            let count = value / size
            let form = noun(name, after: count, isDecimal: false)
            // "тысяча", "миллион": one of them is not counted.
            let head = count == 1 ? name.one : cardinal(count, name.gender) + " " + form
            return value % size == 0 ? head : head + " " + cardinal(value % size, gender)
        }
        preconditionFailure("every value is below 1000 or reaches a scale")
    }

    func noun(_ noun: Noun, after value: UInt64, isDecimal: Bool) -> String {
        if isDecimal { return noun.few }
        if (11...14).contains(value % 100) { return noun.many }
        switch value % 10 {
        case 1: return noun.one
        case 2...4: return noun.few
        default: return noun.many
        }
    }

    private static let ordinalStems: [UInt64: String] = [
        0: "нулев", 1: "перв", 2: "втор", 4: "четвёрт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм", 9: "девят",
        10: "десят", 11: "одиннадцат", 12: "двенадцат", 13: "тринадцат", 14: "четырнадцат", 15: "пятнадцат",
        16: "шестнадцат", 17: "семнадцат", 18: "восемнадцат", 19: "девятнадцат", 20: "двадцат", 30: "тридцат",
        40: "сороков", 50: "пятидесят", 60: "шестидесят", 70: "семидесят", 80: "восьмидесят", 90: "девяност",
        100: "сот",
        200: "двухсот", 300: "трёхсот", 400: "четырёхсот", 500: "пятисот", 600: "шестисот", 700: "семисот",
        800: "восьмисот", 900: "девятисот", 1000: "тысячн", 2000: "двухтысячн", 3000: "трёхтысячн",
    ]

    /// The endings of adjectives that are needed: by the case a date or a suffix shows.
    enum Ending {
        case masculine, feminine, neuter, genitive, prepositional, dative, instrumental, femaleOblique, plural
    }

    /// Only the last word is an ordinal: "тысяча девятьсот девяносто девятый".
    func ordinal(_ value: UInt64, _ ending: Ending) -> String {
        let tens = value % 100
        let last: UInt64
        if tens == 0 {
            last = value % 1000 == 0 ? value : value % 1000
        } else if tens < 20 || tens % 10 == 0 {
            last = tens
        } else {
            last = tens % 10
        }
        guard last == 3 || Self.ordinalStems[last] != nil else { return cardinal(value, nil) }
        return (value > last ? cardinal(value - last, nil) + " " : "") + adjective(last, ending)
    }

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        switch gender {
        case .masculine: ordinal(value, Ending.masculine)
        case .feminine: ordinal(value, Ending.feminine)
        case .neuter: ordinal(value, Ending.neuter)
        }
    }

    private func adjective(_ value: UInt64, _ ending: Ending) -> String {
        if value == 3 {
            switch ending {
            case .masculine: return "третий"
            case .feminine: return "третья"
            case .neuter: return "третье"
            case .genitive: return "третьего"
            case .prepositional: return "третьем"
            case .dative: return "третьему"
            case .instrumental: return "третьим"
            case .femaleOblique: return "третьей"
            case .plural: return "третьих"
            }
        }
        let stem = Self.ordinalStems[value] ?? ""
        let isStressed = [0, 2, 6, 7, 8, 40].contains(value)
        switch ending {
        case .masculine: return stem + (isStressed ? "ой" : "ый")
        case .feminine: return stem + "ая"
        case .neuter: return stem + "ое"
        case .genitive: return stem + "ого"
        case .prepositional: return stem + "ом"
        case .dative: return stem + "ому"
        case .instrumental: return stem + "ым"
        case .femaleOblique: return stem + "ой"
        case .plural: return stem + "ых"
        }
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        switch (numerator, denominator) {
        case (1, 2): return "одна вторая"
        case (1, 4): return "одна четверть"
        case (3, 4): return "три четверти"
        case (1, 3): return "одна треть"
        case (2, 3): return "две трети"
        default:
            let ending: Ending = numerator % 10 == 1 && numerator % 100 != 11 ? .feminine : .plural
            return cardinal(numerator, .feminine) + " " + ordinal(denominator, ending)
        }
    }

    func percent(_ number: String, isPermille: Bool) -> String {
        if isPermille { return number + " промилле" }
        let last = number.split(separator: " ").last ?? ""
        if number.contains("запятая") || number.contains("точка") { return number + " процента" }
        switch last {
        case "один": return number + " процент"
        case "два", "три", "четыре": return number + " процента"
        default: return number + " процентов"
        }
    }

    func gender(of word: String) -> Gender? {
        guard let last = word.last, last.isLetter else { return nil }
        return "аяыи".contains(last) ? .feminine : last == "о" || last == "е" ? .neuter : .masculine
    }

    // MARK: - Dates and times

    /// In the genitive, as after a day.
    private static let months = [
        "января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября",
        "декабря",
    ]
    private static let suffixes: [(String, Ending)] = [
        ("го", .genitive), ("ого", .genitive), ("му", .dative), ("ому", .dative), ("м", .prepositional),
        ("ом", .prepositional),
        ("й", .masculine), ("ый", .masculine), ("ой", .masculine), ("ий", .masculine), ("я", .feminine),
        ("ая", .feminine),
        ("е", .neuter), ("ое", .neuter), ("х", .plural), ("ых", .plural),
    ]
    private static let years: [(String, Ending)] = [
        ("год", .masculine), ("года", .genitive), ("году", .prepositional), ("годом", .instrumental),
    ]

    /// "5-й", "5 мая", "1999 году", "90-е".
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if context.scalar() == "-" || context.scalar() == "–" {
            let ending = context.at(context.position + 1).letters()
            if let (suffix, form) = Self.suffixes.first(where: { $0.0 == ending }) {
                let end = context.position + 1 + suffix.unicodeScalars.count
                if suffix == "е", value >= 20, value % 10 == 0 {
                    return Replacement(spoken: String(ordinal(value, Ending.neuter).dropLast(2)) + "ые", end: end)
                }
                return Replacement(spoken: ordinal(value, form), end: end)
            }
        }
        let next = context.skippingSpace()
        if (1...31).contains(value), next.position > context.position, Self.months.contains(next.letters()) {
            return Replacement(spoken: ordinal(value, .genitive), end: context.position)
        }
        return year(value, before: next)
    }

    private func year(_ value: UInt64, before next: Context) -> Replacement? {
        guard (1000...2999).contains(value) else { return nil }
        if next.follows("г."), next.at(next.position + 2).scalar() != "г" {
            let isIn = ["в", "к", "о"].contains(next.previous.lowercased())
            let ending: Ending = isIn ? .prepositional : .genitive
            return Replacement(spoken: ordinal(value, ending) + (isIn ? " году" : " года"), end: next.position + 2)
        }
        let word = next.letters()
        guard let (_, ending) = Self.years.first(where: { $0.0 == word }) else { return nil }
        return Replacement(spoken: ordinal(value, ending) + " " + word, end: next.position + word.unicodeScalars.count)
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = ordinal(date.day, .genitive) + " " + Self.months[date.month - 1]
        return date.year.map { day + " " + ordinal($0, .genitive) + " года" } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let hours = Noun(one: "час", few: "часа", many: "часов", gender: .masculine)
        let minutes = Noun(one: "минута", few: "минуты", many: "минут", gender: .feminine)
        let seconds = Noun(one: "секунда", few: "секунды", many: "секунд", gender: .feminine)
        func count(_ value: UInt64, _ noun: Noun) -> String {
            cardinal(value, noun.gender) + " " + self.noun(noun, after: value, isDecimal: false)
        }
        var parts = [count(time.hour, hours)]
        if time.minute > 0 || time.second ?? 0 > 0 { parts.append(count(time.minute, minutes)) }
        if let second = time.second, second > 0 { parts.append(count(second, seconds)) }
        return Replacement(spoken: parts.joined(separator: " "), end: context.position)
    }

    /// "XIX век", "в XIX веке", "Пётр I".
    func word(_ word: String, in context: Context) -> Replacement? {
        guard let value = Verbalizer.romanValue(word) else { return nil }
        let endings: [(String, Ending)] = [
            ("век", .masculine), ("века", .genitive), ("веке", .prepositional), ("веку", .dative),
            ("веком", .instrumental),
        ]
        let next = context.skippingSpace().letters()
        guard let (_, ending) = endings.first(where: { $0.0 == next }) else { return nil }
        return Replacement(spoken: ordinal(value, ending), end: context.position)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        guard let first = word.unicodeScalars.first, first.isUpper, first.value >= 0x400 else { return nil }
        let isFeminine = word.last.map { "ая".contains($0) } ?? false
        return Replacement(spoken: ordinal(value, isFeminine ? Ending.feminine : .masculine), end: context.position)
    }

    private static let abbreviations = """
        т.д = так далее, end
        т.п = тому подобное, end
        т.е = то есть
        т.к = так как
        т.н = так называемый
        и.о = исполняющий обязанности
        н.э = нашей эры, end
        др = другие, end
        пр = прочее, end
        г = город, capital
        гг = годов, end
        ул = улица, capital
        пл = площадь, capital
        просп = проспект, capital
        д = дом, number
        кв = квартира, number
        стр = страница, number
        рис = рисунок, number
        гл = глава, number
        им = имени, capital
        проф = профессор, capital
        акад = академик, capital
        тел = телефон
        см = смотри
        ок = около, number
        тыс = тысяч, end
        млн = миллионов
        млрд = миллиардов
        руб = рублей, end
        коп = копеек, end
        чел = человек, end
        мин = минут, end
        сек = секунд, end
        """

    private static let units = """
        км km = километр, километра, километров
        м m = метр, метра, метров
        см cm = сантиметр, сантиметра, сантиметров
        мм mm = миллиметр, миллиметра, миллиметров
        км² = квадратный километр, квадратных километра, квадратных километров
        м² кв.м = квадратный метр, квадратных метра, квадратных метров
        м³ = кубический метр, кубических метра, кубических метров
        га = гектар, гектара, гектаров
        кг kg = килограмм, килограмма, килограммов
        г = грамм, грамма, граммов
        мг = миллиграмм, миллиграмма, миллиграммов
        т = тонна, тонны, тонн, f
        л = литр, литра, литров
        мл = миллилитр, миллилитра, миллилитров
        ч = час, часа, часов
        мин = минута, минуты, минут, f
        сек с = секунда, секунды, секунд, f
        мс = миллисекунда, миллисекунды, миллисекунд, f
        км/ч = километр в час, километра в час, километров в час
        м/с = метр в секунду, метра в секунду, метров в секунду
        ° = градус, градуса, градусов
        °C ℃ °С = градус Цельсия, градуса Цельсия, градусов Цельсия
        °F ℉ = градус Фаренгейта, градуса Фаренгейта, градусов Фаренгейта
        Гц = герц, герца, герц
        кГц = килогерц, килогерца, килогерц
        МГц = мегагерц, мегагерца, мегагерц
        ГГц = гигагерц, гигагерца, гигагерц
        Вт = ватт, ватта, ватт
        кВт = киловатт, киловатта, киловатт
        кВт·ч = киловатт-час, киловатт-часа, киловатт-часов
        В = вольт, вольта, вольт
        А = ампер, ампера, ампер
        ккал = килокалория, килокалории, килокалорий, f
        дБ = децибел, децибела, децибел
        Кб КБ = килобайт, килобайта, килобайт
        Мб МБ = мегабайт, мегабайта, мегабайт
        Гб ГБ = гигабайт, гигабайта, гигабайт
        Тб ТБ = терабайт, терабайта, терабайт
        шт = штука, штуки, штук, f
        чел = человек, человека, человек
        """

    private static let currencies = """
        ₽ RUB руб = рубль, рубля, рублей / копейка, копейки, копеек, f
        $ USD US$ = доллар, доллара, долларов / цент, цента, центов
        € EUR = евро, n / цент, цента, центов
        £ GBP = фунт, фунта, фунтов / пенс, пенса, пенсов
        ¥ JPY = иена, иены, иен, f
        CHF = швейцарский франк, швейцарских франка, швейцарских франков / сантим, сантима, сантимов
        ₩ KRW = вона, воны, вон, f
        CNY = юань, юаня, юаней
        """
}
