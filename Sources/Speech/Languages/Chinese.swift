struct Chinese: EastAsianLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: ["零", "一", "二", "三", "四", "五", "六", "七", "八", "九"], minus: "负", point: "点", dotInNumber: "点",
            percent: "", permille: "", range: "到", ratio: "比", per: "每", and: "又", times: "乘", number: "第",
            hashtag: "井号", dot: "点", slash: "斜杠", dash: "杠", underscore: "下划线", at: "艾特")
        words.fullStop = "。"
        words.spaces = false
        words.unitSeparator = ""
        words.digitSeparator = ""
        words.phoneSeparator = "，"
        words.moneyJoiner = ""
        words.decimalMark = "."
        words.groupMarks = [","]
        words.signs = [
            "&": "和", "+": "加", "=": "等于", "×": "乘以", "÷": "除以", "±": "正负", "≈": "约等于", "≠": "不等于",
            "−": "减", "≤": "小于等于", "≥": "大于等于", "<": "小于", ">": "大于", "%": "百分号", "°": "度", "²": "的平方", "³": "的立方",
            "√": "根号", "∞": "无穷", "→": "到", "@": "艾特", "*": "乘以",
        ]
        words.signsBeforeNumber = [
            "+": "加", "~": "约", "～": "约", "<": "小于", ">": "大于", "≈": "约", "±": "正负", "≥": "至少", "≤": "至多",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns("万 = 万\n亿 = 亿\n百万 = 百万\n千万 = 千万\n万亿 = 万亿")
        self.words = words
    }

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        // Before a measure word two is 两.
        if value == 2, gender != nil { return "两" }
        let spoken = grouped(value)
        return spoken.hasPrefix("一十") ? String(spoken.dropFirst()) : spoken
    }

    /// Groups of four digits, each with its own unit; a gap is one 零.
    private func grouped(_ value: UInt64) -> String {
        if value == 0 { return "零" }
        let units = ["", "万", "亿", "万亿"]
        var result = ""
        var rest = value
        var needsZero = false
        for index in 0..<4 where rest > 0 {
            let group = rest % 10_000
            rest /= 10_000
            if group > 0 {
                let spoken = group == 2 && index > 0 ? "两" : belowTenThousand(group)
                result = spoken + units[index] + (needsZero ? "零" : "") + result
            }
            needsZero = !result.isEmpty && group < 1000
        }
        return result
    }

    private func belowTenThousand(_ value: UInt64) -> String {
        var result = ""
        var hasGap = false
        for (size, unit) in [(1000, "千"), (100, "百"), (10, "十"), (1, "")] as [(UInt64, String)] {
            let digit = Int(value / size % 10)
            if digit == 0 {
                hasGap = hasGap || !result.isEmpty
            } else {
                // 两千, but 二百 and 二十.
                let word = digit == 2 && size == 1000 ? "两" : words.digits[digit]
                result += (hasGap ? "零" : "") + word + unit
                hasGap = false
            }
        }
        return result
    }

    func ordinal(_ value: UInt64, _ gender: Gender) -> String { "第" + cardinal(value, nil) }

    private func digits(_ value: UInt64) -> String { spelled(String(value).unicodeScalars) }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        cardinal(denominator, nil) + "分之" + cardinal(numerator, nil)
    }

    /// A range names the sign twice: "百分之五到百分之十".
    func percent(_ number: String, isPermille: Bool) -> String {
        let prefix = isPermille ? "千分之" : "百分之"
        guard let range = number.firstRange(of: words.range) else { return prefix + number }
        return "\(prefix)\(number[..<range.lowerBound])\(words.range)\(prefix)\(number[range.upperBound...])"
    }

    // MARK: - Numbers with what follows

    /// Measure words before which two is 两; 年 and 月 in some words only.
    private static let measures: Set<Unicode.Scalar> = [
        "个", "位", "只", "本", "次", "天", "块", "条", "张", "台", "辆", "件", "杯", "瓶", "家", "种", "名", "间", "座", "颗", "双",
        "对", "岁", "层", "把", "支", "头", "匹", "份", "首", "部", "句", "篇", "棵", "架", "艘", "场", "遍", "趟", "周", "小", "分",
        "秒", "元", "斤", "点", "年", "倍", "人", "碗", "盒", "包", "袋", "箱", "根", "片", "顶", "套", "册", "束", "串", "群", "组",
        "道", "门", "所", "处", "口", "夜", "晚", "季", "类", "项", "轮", "段", "滴", "栋", "幢", "节", "课", "粒", "枚", "面", "幅",
        "扇", "盘", "盆", "桶", "罐", "米", "升", "吨", "克", "回", "代", "星", "则", "刻", "扎", "批", "副",
        "枝", "株", "朵", "滩", "阵", "匙", "勺", "圈", "步", "尺", "寸", "丈", "亩", "顿", "者", "侧", "地", "国", "边", "端",
    ]

    func digits(in context: Context) -> Replacement? {
        called(context) ?? code(context) ?? wideColon(context) ?? dayInDigits(context) {
            $0.followsAny(["到", "至", "起", "之前", "以前"])
        }
            ?? computer(context)
            ?? paddedPart(context)
    }

    func quantity(_ number: WrittenNumber, in context: Context) -> Replacement? {
        if let part = fraction(number, in: context) {
            return withUnit(fraction(part.numerator, part.denominator), context.at(part.end))
        }
        return season(number, in: context) ?? era(number, in: context) ?? shortMagnitude(number, in: context)
    }

    /// "2934 a.d.", "221BC"
    private func era(_ number: WrittenNumber, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        for (form, era) in [
            ("a.d.", "公元"), ("AD", "公元"), ("A.D.", "公元"), ("b.c.", "公元前"), ("BC", "公元前"), ("B.C.", "公元前"),
        ]
        where next.follows(form) && number.fraction.isEmpty && number.whole.count <= 4 {
            let end = next.position + form.unicodeScalars.count
            guard !context.at(end).scalar().isSpacedLetter else { continue }
            return Replacement(spoken: era + spelled(number.whole) + "年", end: end)
        }
        return nil
    }

    /// 2024年 and 90后 are read digit by digit; 2个 is 两个.
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        let next = context.scalar()
        if next == "年", value >= 100, value <= 2999, !context.isAfter("第") {
            let isAge =
                context.before(1).last.map { $0.isEastAsian } == true && value < 1000
                && !context.isAfter(anyOf: ["公元", "公元前", "于", "在", "从", "到", "至", "自"])
            if value >= 1000 || (!isAge && context.isAfter(anyOf: ["公元", "公元前"])) {
                return Replacement(spoken: digits(value), end: context.position)
            }
            return nil
        }
        if next == "后", value < 100, value % 10 == 0, value >= 10, !context.isAfter("第") {
            return Replacement(spoken: digits(value), end: context.position)
        }
        if let model = model(value, in: context) { return model }
        guard value == 2, Self.measures.contains(next), !context.isAfter("第"), !context.follows("年级"),
            !context.follows("分之")
        else { return nil }
        return Replacement(spoken: "两", end: context.position)
    }

    /// "300w张", "5k人": tens of thousands and thousands by a letter.
    private func shortMagnitude(_ number: WrittenNumber, in context: Context) -> Replacement? {
        let letter = context.scalar()
        guard letter == "w" || letter == "k",
            context.scalar(1).isEastAsian || letter == "w" && !context.scalar(1).isWordPart
        else { return nil }
        let size: UInt64 = letter == "w" ? 10_000 : 1000
        guard number.fraction.isEmpty, let value = number.value, value < 100_000_000 else {
            let spoken = decimalSpoken(number).map { $0 + (letter == "w" ? "万" : "千") }
            return spoken.map { Replacement(spoken: $0, end: context.position + 1) }
        }
        return Replacement(spoken: cardinal(value * size, nil), end: context.position + 1)
    }

    private func decimalSpoken(_ number: WrittenNumber) -> String? {
        number.value.map { cardinal($0, nil) + words.point + spelled(number.fraction) }
    }

    /// "02月", "08号": the zero in front is not said. "02分" keeps it.
    private func paddedPart(_ context: Context) -> Replacement? {
        let first = context.at(context.start)
        guard first.scalar() == "0", let (value, end) = first.integer(digits: 2), end == context.start + 2, value > 0,
            "月日号点时".unicodeScalars.contains(context.at(end).scalar())
        else { return nil }
        return Replacement(spoken: cardinal(value, nil), end: end)
    }

    /// Addresses of computers: "一二七点零点零点一".
    private func computer(_ context: Context) -> Replacement? {
        var parts: [String] = []
        var end = context.start
        while parts.count < 5, let (value, endOfPart) = context.at(end).integer(digits: 3) {
            parts.append(digits(value))
            end = endOfPart
            guard context.at(end).scalar() == ".", context.at(end).scalar(1).isDigit else { break }
            end += 1
        }
        guard parts.count == 4, !context.at(end).scalar().isSpacedLetter else { return nil }
        return Replacement(spoken: parts.joined(separator: words.dot), end: end)
    }

    // MARK: - Codes

    private static let codeWords = [
        "验证码", "密码", "邮编", "邮政编码", "编号", "卡号", "账号", "帐号", "车牌号", "序列号", "尾号", "单号", "学号", "工号", "代码", "口令",
    ]

    /// "验证码482913", "401室": digit by digit.
    private func code(_ context: Context) -> Replacement? {
        guard let end = endOfCode(context) else { return nil }
        let isRoom = end - context.start <= 4 && context.at(end).followsAny(["室", "房", "号房", "教室"])
        guard isRoom || isCode(after: Self.codeWords, "是为", context.before(8)) else { return nil }
        return Replacement(spoken: spelled(context.scalars[context.start..<end]), end: end)
    }

    /// "RTX 4090", "CA1234": the numbers of models and flights.
    func name(_ value: UInt64) -> String { value > 999 ? digits(value) : cardinal(value, nil) }

    private func model(_ value: UInt64, in context: Context) -> Replacement? {
        let before = Array(context.before(2))
        guard (1000...9999).contains(value), before.count == 2, before[1] == " ", before[0].value < 0x80,
            before[0].isUpper, !context.scalar().isEastAsian
        else { return nil }
        return Replacement(spoken: digits(value), end: context.position)
    }

    /// "2024-25赛季"
    private func season(_ number: WrittenNumber, in context: Context) -> Replacement? {
        guard number.whole.count == 4, number.fraction.isEmpty, "-–/".unicodeScalars.contains(context.scalar()),
            let (_, end) = context.at(context.position + 1).integer(digits: 4),
            context.at(end).followsAny(["赛季", "学年", "年度", "财年", "雪季"])
        else { return nil }
        let second = context.scalars[(context.position + 1)..<end]
        return Replacement(spoken: spelled(number.whole) + words.range + spelled(second), end: end)
    }

    /// "二的八次方"
    func power(_ exponent: UInt64, isNegative: Bool) -> String {
        switch exponent {
        case 2 where !isNegative: return "的平方"
        case 3 where !isNegative: return "的立方"
        default: return "的" + (isNegative ? words.minus : "") + cardinal(exponent, nil) + "次方"
        }
    }

    // MARK: - Numbers that are called

    private static let callWords = ["拨打", "拨", "致电", "热线", "电话", "呼叫", "客服", "拨通", "号码是", "请打", "打"]
    private static let services: Set<String> = [
        "110", "119", "120", "122", "112", "114", "12345", "12315", "12306", "10086",
    ]

    /// Service numbers say 幺 for one; mobile numbers are read digit by digit.
    private func called(_ context: Context) -> Replacement? {
        var digits: [Unicode.Scalar] = []
        while digits.count < 13, context.at(context.start + digits.count).scalar().isDigit {
            digits.append(context.at(context.start + digits.count).scalar())
        }
        let end = context.start + digits.count
        let next = context.at(end).scalar()
        guard !next.isDigit, !next.isSpacedLetter, next != "%",
            !(".-:/".unicodeScalars.contains(next) && context.at(end).scalar(1).isDigit)
        else { return nil }
        if digits.count == 11, digits[0] == "1", digits[1].value >= 0x33 {
            return Replacement(spoken: spelled(digits), end: end)
        }
        guard (3...6).contains(digits.count),
            let word = Self.callWords.first(where: { wordBeforeList(context).hasSuffix($0) })
        else { return nil }
        let number = String(scalars: digits)
        let isService = Self.services.contains(number) || digits.count >= 5 && number.hasPrefix("1") || word != "打"
        guard isService, !Self.measures.contains(next) || next == "分" && word != "打" else { return nil }
        return Replacement(spoken: spelled(digits).replacingOccurrences("一", with: "幺"), end: end)
    }

    /// What stands before the first of numbers that commas and 或 join.
    private func wordBeforeList(_ context: Context) -> String {
        var before = context.before(40)
        while let last = before.last, last.isDigit || "，、,或和及与跟 ：:是为".unicodeScalars.contains(last) {
            before.removeLast()
        }
        return String(scalars: before.suffix(4))
    }

    // MARK: - Signs and words

    func sign(_ sign: Unicode.Scalar, in context: Context) -> Replacement? {
        if isRange(sign, in: context) { return Replacement(spoken: words.range, end: context.position) }
        // "1200元/月"
        if sign == "/", context.before(6).contains(where: { $0.isDigit }), context.before(1).last?.isEastAsian == true,
            "月年天日时人斤次度克升个米吨件张份周本瓶盒分秒".unicodeScalars.contains(context.scalar())
                || context.followsAny(["小时", "公斤", "平"])
        {
            return Replacement(spoken: words.per, end: context.position)
        }
        return minus(sign, in: context)
    }

    /// "AM9:00"
    func word(_ word: String, in context: Context) -> Replacement? {
        guard let part = Self.partsOfDay[word.uppercased()], let time = timeAfterHalf(context) else { return nil }
        return Replacement(spoken: part + time.spoken, end: time.end)
    }

    private static let partsOfDay = ["AM": "上午", "PM": "下午"]

    func yearMonthDay(_ year: UInt64?, _ month: UInt64, _ day: UInt64?) -> String {
        let head = year.map { spelled(($0 < 10 ? "0" : "") + String($0)) + "年" } ?? ""
        return head + cardinal(month, nil) + "月" + (day.map { cardinal($0, nil) + "日" } ?? "")
    }

    private func spelled(_ text: String) -> String { spelled(text.unicodeScalars) }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = cardinal(UInt64(date.month), nil) + "月" + cardinal(date.day, nil) + "日"
        return date.year.map { digits($0) + "年" + day } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        var spoken = (time.hour == 2 ? "两" : cardinal(time.hour, nil)) + "点"
        if time.minute > 0 || time.second ?? 0 > 0 {
            spoken += (time.minute > 0 && time.minute < 10 ? "零" : "") + cardinal(time.minute, nil) + "分"
        }
        if let second = time.second, second > 0 { spoken += cardinal(second, nil) + "秒" }
        guard let half = halfOfDay(context) else { return Replacement(spoken: spoken, end: context.position) }
        return Replacement(spoken: (half.isMorning ? "上午" : "下午") + spoken, end: half.end)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? { nil }
}
