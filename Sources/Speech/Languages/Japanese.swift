/// Numbers in kanji, which leaves the reading of counters to the model.
struct Japanese: SpokenLanguage {
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
            "≠": "ノットイコール", "≤": "以下", "≥": "以上", "<": "小なり", ">": "大なり", "%": "パーセント", "°": "度", "²": "の二乗",
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
            if group > 0 { result = belowTenThousand(group) + unit + result }
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

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        cardinal(denominator, nil) + "分の" + cardinal(numerator, nil)
    }

    func percent(_ number: String, isPermille: Bool) -> String {
        number + (isPermille ? words.permille : words.percent)
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
        return Replacement(spoken: spoken, end: context.position)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? { nil }

    private static let units = """
        km = キロメートル
        m = メートル
        cm = センチメートル
        mm = ミリメートル
        km² km2 = 平方キロメートル
        m² m2 ㎡ = 平方メートル
        m³ m3 = 立方メートル
        kg = キログラム
        g = グラム
        mg = ミリグラム
        t = トン
        l L = リットル
        ml mL = ミリリットル
        h = 時間
        min = 分
        s = 秒
        ms = ミリ秒
        km/h = キロメートル毎時
        m/s = メートル毎秒
        ° = 度
        °C ℃ = 度
        °F ℉ = 華氏度
        Hz = ヘルツ
        kHz = キロヘルツ
        MHz = メガヘルツ
        GHz = ギガヘルツ
        W = ワット
        kW = キロワット
        kWh = キロワット時
        V = ボルト
        A = アンペア
        dB = デシベル
        KB kB = キロバイト
        MB = メガバイト
        GB = ギガバイト
        TB = テラバイト
        """

    private static let currencies = """
        ¥ JPY = 円
        $ USD US$ = ドル
        € EUR = ユーロ
        £ GBP = ポンド
        ₩ KRW = ウォン
        CNY = 元
        ₽ RUB = ルーブル
        """
}
