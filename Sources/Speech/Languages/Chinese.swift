struct Chinese: SpokenLanguage {
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
        words.groupMarks = [",", "，"]
        words.signs = [
            "&": "和", "+": "加", "=": "等于", "×": "乘以", "÷": "除以", "±": "正负", "≈": "约等于", "≠": "不等于",
            "≤": "小于等于", "≥": "大于等于", "<": "小于", ">": "大于", "%": "百分号", "°": "度", "²": "的平方", "³": "的立方",
            "√": "根号", "∞": "无穷", "→": "到", "@": "艾特", "*": "乘以",
        ]
        words.signsBeforeNumber = ["+": "加", "~": "约", "～": "约", "<": "小于", ">": "大于", "≈": "约", "±": "正负"]
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

    func percent(_ number: String, isPermille: Bool) -> String { (isPermille ? "千分之" : "百分之") + number }

    private static let measures: Set<Unicode.Scalar> = [
        "个", "位", "只", "本", "次", "天", "块", "条", "张", "台", "辆", "件", "杯", "瓶", "家", "种", "名", "间", "座", "颗", "双",
        "对", "岁", "层", "把", "支", "头", "匹", "份", "首", "部", "句", "篇", "棵", "架", "艘", "场", "遍", "趟", "周", "小", "分",
        "秒", "元", "斤", "点",
    ]

    /// 2024年 is read digit by digit; 2个 is 两个.
    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if context.scalar() == "年", (1000...2999).contains(value) {
            return Replacement(spoken: digits(value), end: context.position)
        }
        guard value == 2, Self.measures.contains(context.scalar()), context.scalar(-2) != "第" else { return nil }
        if context.scalar() == "分", context.scalar(1) == "之" { return nil }
        return Replacement(spoken: "两", end: context.position)
    }

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
        return Replacement(spoken: spoken, end: context.position)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? { nil }

    private static let units = """
        km = 公里
        m = 米
        cm = 厘米
        mm = 毫米
        km² km2 = 平方公里
        m² m2 ㎡ = 平方米
        m³ m3 = 立方米
        kg = 公斤
        g = 克
        mg = 毫克
        t = 吨
        l L = 升
        ml mL = 毫升
        h = 小时
        min = 分钟
        s = 秒
        ms = 毫秒
        km/h = 公里每小时
        m/s = 米每秒
        ° = 度
        °C ℃ = 摄氏度
        °F ℉ = 华氏度
        Hz = 赫兹
        kHz = 千赫
        MHz = 兆赫
        GHz = 吉赫
        W = 瓦
        kW = 千瓦
        kWh = 千瓦时
        V = 伏
        A = 安
        dB = 分贝
        KB kB = 千字节
        MB = 兆字节
        GB = 吉字节
        TB = 太字节
        """

    private static let currencies = """
        ¥ CNY RMB 元 = 元
        $ USD US$ = 美元
        € EUR = 欧元
        £ GBP = 英镑
        JPY = 日元
        ₩ KRW = 韩元
        ₽ RUB = 卢布
        HK$ HKD = 港元
        """
}
