/// Numbers in kanji, which leaves the reading of counters to the model.
struct Japanese: EastAsianLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: ["ゼロ", "一", "二", "三", "四", "五", "六", "七", "八", "九"], minus: "マイナス", point: "点", dotInNumber: "点",
            percent: "パーセント", permille: "パーミル", range: "から", ratio: "対", per: "毎", and: "と", times: "かける",
            number: "ナンバー", hashtag: "ハッシュタグ", dot: "ドット", slash: "スラッシュ", dash: "ハイフン",
            underscore: "アンダーバー", at: "アットマーク")
        words.fullStop = "。"
        words.spaces = false
        words.unitSeparator = ""
        words.digitSeparator = ""
        words.phoneSeparator = "の"
        words.moneyJoiner = ""
        words.decimalMark = "."
        words.groupMarks = [","]
        words.signs = [
            "&": "アンド", "+": "プラス", "=": "イコール", "×": "かける", "÷": "わる", "±": "プラスマイナス", "≈": "およそ",
            "≠": "ノットイコール", "≤": "小なりイコール", "≥": "大なりイコール", "≦": "小なりイコール", "≧": "大なりイコール", "<": "小なり", ">": "大なり",
            "%": "パーセント", "°": "度", "²": "の二乗",
            "³": "の三乗", "√": "ルート", "∞": "無限大", "→": "から", "@": "アットマーク", "*": "かける", "〒": "郵便番号",
        ]
        words.signsBeforeNumber = ["+": "プラス", "~": "約", "〜": "約", "<": "小なり", ">": "大なり", "≈": "約", "±": "プラスマイナス"]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns("万 = 万\n億 = 億\n兆 = 兆\n百万 = 百万\n千万 = 千万")
        self.words = words
    }

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value == 0 { return "ゼロ" }
        let units = ["", "万", "億", "兆"]
        var result = ""
        var rest = value
        for unit in units where rest > 0 {
            let group = rest % 10_000
            rest /= 10_000
            // 千, but 一千万 and 一千億.
            let isThousand = group / 1000 == 1 && !unit.isEmpty
            if group > 0 { result = (isThousand ? words.digits[1] : "") + belowTenThousand(group) + unit + result }
        }
        return result
    }

    /// One is not said before 千, 百 and 十.
    private func belowTenThousand(_ value: UInt64) -> String {
        var result = ""
        for (size, unit) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] as [(UInt64, String)] {
            let digit = Int(value / size % 10)
            if digit > 0 { result += (digit == 1 && size > 1 ? "" : words.digits[digit]) + unit }
        }
        return result
    }

    func ordinal(_ value: UInt64, _ gender: Gender) -> String { "第" + cardinal(value, nil) }

    /// "二の八乗"
    func power(_ exponent: UInt64, isNegative: Bool) -> String {
        "の" + (isNegative ? words.minus : "") + cardinal(exponent, nil) + "乗"
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        cardinal(denominator, nil) + "分の" + cardinal(numerator, nil)
    }

    /// A range names the sign twice: "十パーセントから二十パーセント".
    func percent(_ number: String, isPermille: Bool) -> String {
        let sign = isPermille ? words.permille : words.percent
        return number.replacingOccurrences(words.range, with: sign + words.range) + sign
    }

    // MARK: - Numbers with what follows

    /// "零点五", "三点一〇五".
    func decimal(_ number: WrittenNumber) -> String? {
        number.value.map { ($0 == 0 ? "零" : cardinal($0, nil)) + words.point + code(number.fraction) }
    }

    /// Digits of a code or a fraction, in which a zero is written 〇.
    private func code(_ digits: some Sequence<Unicode.Scalar>) -> String {
        digits.map { $0 == "0" ? "〇" : words.digits[Int($0.value) - 48] }.joined()
    }

    func digits(in context: Context) -> Replacement? {
        dayInDigits(context, isDate: Self.mayBeDay) ?? wideColon(context) ?? house(context) ?? numberOfThing(context)
    }

    /// "1丁目2-3": the numbers of a house.
    private func house(_ context: Context) -> Replacement? {
        guard context.isAfter(anyOf: ["丁目", "番地", "町", "区"]) else { return nil }
        var parts: [String] = []
        var end = context.start
        while parts.count < 4, let (value, endOfPart) = context.at(end).integer(digits: 4) {
            parts.append(cardinal(value, nil))
            end = endOfPart
            guard "-−‐".unicodeScalars.contains(context.at(end).scalar()), context.at(end).scalar(1).isDigit else {
                break
            }
            end += 1
        }
        guard parts.count > 1, !context.at(end).scalar().isSpacedLetter else { return nil }
        return Replacement(spoken: parts.joined(separator: "の"), end: end)
    }

    /// "に" and "は" follow days that a word before announces.
    private static func mayBeDay(_ after: Context) -> Bool {
        if after.isAfter(anyOf: ["から", "〜", "～"]), after.before(9).contains(where: { $0.isDigit }) { return true }
        if after.followsAny(["から", "まで", "より", "以降"]) { return true }
        if after.followsAny(["(", "（"]) { return "月火水木金土日".unicodeScalars.contains(after.scalar(1)) }
        return after.followsAny(["に", "は", "の"]) && after.isAfter(anyOf: ["は", "明日", "今日", "次回", "日程", "締切", "期限"])
    }

    /// "番号1234", "No.1005": digit by digit.
    private func numberOfThing(_ context: Context) -> Replacement? {
        guard context.isAfter(anyOf: ["番号", "No.", "コード", "番号は", "番号：", "パスワードは"]) else { return nil }
        var end = context.start
        while end - context.start < 17, context.at(end).scalar().isDigit { end += 1 }
        let isLong = end - context.start >= 4 || context.isAfter("番号は")
        guard isLong, !context.at(end).scalar().isDigit, context.at(end).scalar() != "-" else { return nil }
        return Replacement(spoken: code(context.scalars[context.start..<end]), end: end)
    }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        if let part = fraction(number, in: context) {
            return withUnit(fraction(part.numerator, part.denominator), context.at(part.end))
        }
        return score(number, in: context)
    }

    /// "3-2" after the names of those who played: the first has more.
    private func score(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard context.before(1).last?.isEastAsian == true || context.start == 0, number.fraction.isEmpty,
            let first = number.value,
            first <= 30,
            context.scalar() == "-", let (second, end) = context.at(context.position + 1).integer(digits: 2),
            second < first,
            context.at(end).followsAny(["で", "の", "と"]) || (context.start > 0 && !context.at(end).scalar().isWordPart),
            context.at(end).scalar() != "-"
        else { return nil }
        return Replacement(spoken: cardinal(first, nil) + words.ratio + cardinal(second, nil), end: end)
    }

    func number(_ value: UInt64, in context: Context) -> Replacement? {
        guard value == 0, context.scalar() == "時" || context.scalar() == "分" || context.scalar() == "秒" else {
            return nil
        }
        return Replacement(spoken: "零", end: context.position)
    }

    // MARK: - Signs and words

    func sign(_ sign: Unicode.Scalar, in context: Context) -> Replacement? {
        switch sign {
        case "(", "（": return weekday(context)
        case "/" where context.isAfter("円") && "時日月年人回台本個分秒".unicodeScalars.contains(context.scalar()):
            return Replacement(spoken: words.per, end: context.position)
        case "√": return root(context)
        case "≥", "≧", "≤", "≦", "<", ">": return comparison(sign, context)
        default: break
        }
        // "10:00〜" goes on.
        let isOpen = "〜～".unicodeScalars.contains(sign) && !context.scalar().isWordPart
        if isOpen, let last = context.before(1).last, last.isDigit || "時分日月年円".unicodeScalars.contains(last),
            context.before(4).contains(where: { $0.isDigit })
        {
            return Replacement(spoken: words.range, end: context.position)
        }
        if isRange(sign, in: context) { return Replacement(spoken: words.range, end: context.position) }
        return minus(sign, in: context)
    }

    /// "(水)", "(月・祝)", "(火〜土)" after a day.
    private func weekday(_ context: Context) -> Replacement? {
        guard let last = context.before(1).last, last == "日" || last.isDigit else { return nil }
        func day(_ offset: Int) -> String? {
            let scalar = context.scalar(offset)
            return "月火水木金土日".unicodeScalars.contains(scalar) ? String(Character(scalar)) + "曜日" : nil
        }
        guard let first = day(0) else { return nil }
        let isEnd: (Int) -> Bool = { context.scalar($0) == ")" || context.scalar($0) == "）" }
        let end = context.position
        if isEnd(1) { return Replacement(spoken: first, end: end + 2) }
        if "〜～~-–".unicodeScalars.contains(context.scalar(1)), let second = day(2), isEnd(3) {
            return Replacement(spoken: first + words.range + second, end: end + 4)
        }
        let hasDot = "・,、".unicodeScalars.contains(context.scalar(1))
        let holiday = hasDot ? 2 : 1
        guard context.scalar(holiday) == "祝", isEnd(holiday + 1) else { return nil }
        return Replacement(spoken: first + "祝日", end: end + holiday + 2)
    }

    /// "√1/4" is 四分のルート一.
    private func root(_ context: Context) -> Replacement? {
        guard let (numerator, slash) = context.integer(digits: 4), context.at(slash).scalar() == "/",
            let (denominator, end) = context.at(slash + 1).integer(digits: 4)
        else { return nil }
        let spoken = cardinal(denominator, nil) + "分の" + (words.signs["√"] ?? "") + cardinal(numerator, nil)
        return Replacement(spoken: spoken, end: end)
    }

    /// Without a number before it: "≧5" is 五以上.
    private func comparison(_ sign: Unicode.Scalar, _ context: Context) -> Replacement? {
        let words = ["≥": "以上", "≧": "以上", "≤": "以下", "≦": "以下", "<": "未満", ">": "超"] as [Unicode.Scalar: String]
        let last = context.before(2).last { !$0.isSpace } ?? "\n"
        guard let word = words[sign], !last.isWordPart, !")%".unicodeScalars.contains(last),
            context.skippingSpace().scalar().isDigit
        else { return nil }
        let number = context.skippingSpace().written(self.words)
        guard let value = number.value else { return nil }
        let spoken = number.fraction.isEmpty ? cardinal(value, nil) : decimal(number) ?? ""
        let after = context.at(number.end)
        if after.scalar() == "%" { return Replacement(spoken: spoken + self.words.percent + word, end: number.end + 1) }
        if let unit = self.words.units[String(Character(after.scalar()))] ?? self.words.units[after.letters()] {
            let length = self.words.units[after.letters()] == nil ? 1 : after.letters().unicodeScalars.count
            return Replacement(spoken: spoken + unit.one + word, end: number.end + length)
        }
        // "≧3人"
        let counter = String(Character(after.scalar()))
        let hasCounter = "日人個回件本枚円年月時分秒歳名台匹杯".contains(counter)
        return Replacement(spoken: spoken + (hasCounter ? counter : "") + word, end: number.end + (hasCounter ? 1 : 0))
    }

    /// "AM9:00"
    func word(_ word: String, in context: Context) -> Replacement? {
        guard let part = ["AM": "午前", "PM": "午後"][word.uppercased()], let time = timeAfterHalf(context) else {
            return nil
        }
        return Replacement(spoken: part + time.spoken, end: time.end)
    }

    func yearMonthDay(_ year: UInt64?, _ month: UInt64, _ day: UInt64?) -> String {
        (year.map { cardinal($0, nil) + "年" } ?? "") + cardinal(month, nil) + "月"
            + (day.map { cardinal($0, nil) + "日" } ?? "")
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = cardinal(UInt64(date.month), nil) + "月" + cardinal(date.day, nil) + "日"
        return date.year.map { cardinal($0, nil) + "年" + day } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = (time.hour == 0 ? "零" : cardinal(time.hour, nil)) + "時"
        if time.minute > 0 || time.second ?? 0 > 0 {
            spoken += (time.minute == 0 ? "零" : cardinal(time.minute, nil)) + "分"
        }
        if let second = time.second, second > 0 { spoken += cardinal(second, nil) + "秒" }
        guard let half = halfOfDay(context) else { return Replacement(spoken: spoken, end: context.position) }
        return Replacement(spoken: (half.isMorning ? "午前" : "午後") + spoken, end: half.end)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? { nil }
}
