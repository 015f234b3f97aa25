// Russian numerals in all cases, after Zaliznyak's grammatical dictionary: each word of a cardinal is declined, of an
// ordinal only the last one.

enum RussianCase: Int, Sendable {
    case nominative, genitive, dative, accusative, instrumental, prepositional
}

/// The form of an adjective or an ordinal.
struct RussianForm: Sendable, Equatable {
    /// nil: plural.
    var gender: Gender?
    var grammaticalCase: RussianCase
}

extension Russian {
    // MARK: - Cardinals

    /// The six cases of the words that follow no pattern.
    private static let irregular: [UInt64: [String]] = table(
        """
        0 ноль нуля нулю ноль нулём нуле
        1 один одного одному один одним одном
        2 два двух двум два двумя двух
        3 три трёх трём три тремя трёх
        4 четыре четырёх четырём четыре четырьмя четырёх
        8 восемь восьми восьми восемь восьмью восьми
        40 сорок сорока сорока сорок сорока сорока
        80 восемьдесят восьмидесяти восьмидесяти восемьдесят восьмьюдесятью восьмидесяти
        90 девяносто девяноста девяноста девяносто девяноста девяноста
        100 сто ста ста сто ста ста
        200 двести двухсот двумстам двести двумястами двухстах
        300 триста трёхсот трёмстам триста тремястами трёхстах
        400 четыреста четырёхсот четырёмстам четыреста четырьмястами четырёхстах
        800 восемьсот восьмисот восьмистам восемьсот восьмьюстами восьмистах
        """)
    private static let feminineOne = ["одна", "одной", "одной", "одну", "одной", "одной"]

    private static func table(_ lines: String) -> [UInt64: [String]] {
        var result: [UInt64: [String]] = [:]
        for line in lines.split(separator: "\n") {
            let fields = line.split(separator: " ").map(String.init)
            if let key = UInt64(fields[0]) { result[key] = Array(fields.dropFirst()) }
        }
        return result
    }

    func cardinal(_ value: UInt64, _ gender: Gender?, _ form: RussianCase) -> String {
        if value < 1000 { return hundreds(value, gender, form) }
        var parts: [String] = []
        var rest = value
        for (size, name) in Self.scales where rest >= size {
            let count = rest / size
            rest %= size
            // "тысяча", "миллион": one of them is not counted.
            if count > 1 { parts.append(hundreds(count, name.gender, form)) }
            parts.append(noun(name, after: count, form))
        }
        if rest > 0 { parts.append(hundreds(rest, gender, form)) }
        return parts.joined(separator: " ")
    }

    /// Below 1000; larger counts of trillions go on by themselves.
    private func hundreds(_ value: UInt64, _ gender: Gender?, _ form: RussianCase) -> String {
        if value >= 1000 { return cardinal(value, gender, form) }
        let tens = value % 100
        var parts: [UInt64] = [value - tens]
        parts += tens < 20 ? [tens] : [tens - tens % 10, tens % 10]
        let spoken = parts.filter { $0 > 0 }.map { simple($0, gender, form) }
        return spoken.isEmpty ? simple(0, nil, form) : spoken.joined(separator: " ")
    }

    /// A number that is one word.
    private func simple(_ value: UInt64, _ gender: Gender?, _ form: RussianCase) -> String {
        let isDirect = form == .nominative || form == .accusative
        switch (value, gender) {
        case (1, .feminine): return Self.feminineOne[form.rawValue]
        case (1, .neuter) where isDirect: return "одно"
        case (2, .feminine) where isDirect: return "две"
        default: break
        }
        if let forms = Self.irregular[value] { return forms[form.rawValue] }
        let name =
            value < 20
            ? Self.small[Int(value)] : value < 100 ? Self.tens[Int(value / 10)] : Self.hundreds[Int(value / 100)]
        if isDirect { return name }
        // пять, пяти, пятью; пятьдесят, пятидесяти; пятьсот, пятистам.
        let head = value < 40 ? name : Self.small[Int(value < 100 ? value / 10 : value / 100)]
        let first = String(head.dropLast())
        let isInstrumental = form == .instrumental
        let start = first + (isInstrumental ? "ью" : "и")
        if value < 40 { return start }
        if value < 100 { return start + (isInstrumental ? "десятью" : "десяти") }
        let endings = ["", "сот", "стам", "", "стами", "стах"]
        return start + endings[form.rawValue]
    }

    /// What compounds begin with: "двух-комнатный", "двадцатипяти-летний".
    func combining(_ value: UInt64) -> String {
        switch value {
        case 1: return "одно"
        case 90: return "девяносто"
        case 100: return "сто"
        case 1000: return "тысяче"
        default: break
        }
        if value < 20 || (value < 100 && value % 10 == 0) || (value < 1000 && value % 100 == 0) {
            return cardinal(value, nil, .genitive)
        }
        let rest = value % (value < 100 ? 10 : 100)
        return combining(value - rest) + combining(rest)
    }

    // MARK: - Ordinals

    private static let ordinalStems: [UInt64: String] = [
        0: "нулев", 1: "перв", 2: "втор", 4: "четвёрт", 5: "пят", 6: "шест", 7: "седьм", 8: "восьм", 9: "девят",
        10: "десят", 11: "одиннадцат", 12: "двенадцат", 13: "тринадцат", 14: "четырнадцат", 15: "пятнадцат",
        16: "шестнадцат", 17: "семнадцат", 18: "восемнадцат", 19: "девятнадцат", 20: "двадцат", 30: "тридцат",
        40: "сороков", 50: "пятидесят", 60: "шестидесят", 70: "семидесят", 80: "восьмидесят", 90: "девяност",
        100: "сот", 200: "двухсот", 300: "трёхсот", 400: "четырёхсот", 500: "пятисот", 600: "шестисот",
        700: "семисот", 800: "восьмисот", 900: "девятисот",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender) -> String {
        ordinal(value, RussianForm(gender: gender, grammaticalCase: .nominative))
    }

    /// "тысяча девятьсот девяносто девятый"; round thousands are one word, "двухтысячный".
    func ordinal(_ value: UInt64, _ form: RussianForm) -> String {
        let below = value % 1000
        let tens = value % 100
        let last = tens == 0 ? below : tens < 20 || tens % 10 == 0 ? tens : tens % 10
        if last > 0 || value == 0 {
            let head = value > last ? cardinal(value - last, nil) + " " : ""
            return head + adjective(last, form)
        }
        let isThousands = value % 1_000_000 != 0
        let size: UInt64 = isThousands ? 1000 : 1_000_000
        let count = value / size
        guard count < 1000 else {
            let low = value % (size * 1000)
            return low == 0 ? cardinal(value, nil) : cardinal(value - low, nil) + " " + ordinal(low, form)
        }
        let stem = (count == 1 ? "" : combining(count)) + (isThousands ? "тысячн" : "миллионн")
        return stem + Self.ending(form, isStressed: false)
    }

    private func adjective(_ value: UInt64, _ form: RussianForm) -> String {
        if value == 3 { return "трет" + Self.softEnding(form) }
        return (Self.ordinalStems[value] ?? "") + Self.ending(form, isStressed: [0, 2, 6, 7, 8, 40].contains(value))
    }

    private static func ending(_ form: RussianForm, isStressed: Bool) -> String {
        let index = form.grammaticalCase.rawValue
        switch form.gender {
        case .masculine: return [isStressed ? "ой" : "ый", "ого", "ому", isStressed ? "ой" : "ый", "ым", "ом"][index]
        case .feminine: return ["ая", "ой", "ой", "ую", "ой", "ой"][index]
        case .neuter: return ["ое", "ого", "ому", "ое", "ым", "ом"][index]
        case nil: return ["ые", "ых", "ым", "ые", "ыми", "ых"][index]
        }
    }

    private static func softEnding(_ form: RussianForm) -> String {
        let index = form.grammaticalCase.rawValue
        switch form.gender {
        case .masculine: return ["ий", "ьего", "ьему", "ий", "ьим", "ьем"][index]
        case .feminine: return ["ья", "ьей", "ьей", "ью", "ьей", "ьей"][index]
        case .neuter: return ["ье", "ьего", "ьему", "ье", "ьим", "ьем"][index]
        case nil: return ["ьи", "ьих", "ьим", "ьи", "ьими", "ьих"][index]
        }
    }

    // MARK: - Fractions

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        switch (numerator, denominator) {
        case (1, 2): return "одна вторая"
        case (1, 4): return "одна четверть"
        case (3, 4): return "три четверти"
        case (1, 3): return "одна треть"
        case (2, 3): return "две трети"
        default: return part(numerator, of: denominator, .nominative)
        }
    }

    /// "пять десятых", "двадцать одна сотая".
    private func part(_ numerator: UInt64, of denominator: UInt64, _ form: RussianCase) -> String {
        let isOne = numerator % 10 == 1 && numerator % 100 != 11
        let isDirect = form == .nominative || form == .accusative
        let agreement = RussianForm(
            gender: isOne ? .feminine : nil, grammaticalCase: isOne ? form : isDirect ? .genitive : form)
        return cardinal(numerator, .feminine, form) + " " + ordinal(denominator, agreement)
    }

    /// "две целых три десятых"; with a unit that is written short, "двадцать один и пять десятых" (градуса), as it is
    /// said of measurements. nil when there are more digits than have names.
    func decimal(_ number: WrittenNumber, _ form: RussianCase, unit: Gender?) -> String? {
        // "22.5 °C" is a measurement, "2.5" may be a version.
        guard !number.usesForeignDot || unit != nil, number.fraction.count <= 6, let whole = number.value else {
            return nil
        }
        var denominator: UInt64 = 1
        var numerator: UInt64 = 0
        for digit in number.fraction {
            denominator *= 10
            numerator = numerator * 10 + UInt64(digit.value - 48)
        }
        let part = part(numerator, of: denominator, form)
        if let unit, whole > 0 { return cardinal(whole, unit, form) + " и " + part }
        let isOne = whole % 10 == 1 && whole % 100 != 11
        let isDirect = form == .nominative || form == .accusative
        let units = isOne ? (isDirect ? "целая" : "целой") : isDirect || form != .dative ? "целых" : "целым"
        return cardinal(whole, .feminine, form) + " " + units + " " + part
    }

    /// One and a half have a word of their own: "полтора литра", "полторы минуты", "около полутора часов".
    static func isOneAndAHalf(_ number: WrittenNumber) -> Bool {
        number.whole == ["1"] && number.fraction == ["5"] && !number.usesForeignDot
    }
}
