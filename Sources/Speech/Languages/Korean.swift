/// Sino-Korean numbers, and native ones before the counters that take them.
struct Korean: EastAsianLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: ["영", "일", "이", "삼", "사", "오", "육", "칠", "팔", "구"], minus: "마이너스", point: "점", dotInNumber: "점",
            percent: "퍼센트", permille: "퍼밀", range: "에서", ratio: "대", per: "퍼", and: "과 ", times: "곱하기", number: "번호",
            hashtag: "해시태그", dot: "점", slash: "슬래시", dash: "하이픈", underscore: "밑줄", at: "골뱅이")
        words.spaces = false
        words.digitSeparator = ""
        words.phoneSeparator = " "
        words.decimalMark = "."
        words.groupMarks = [","]
        words.signs = [
            "&": "앤드", "+": " 더하기 ", "=": "는 ", "×": " 곱하기 ", "÷": " 나누기 ", "±": "플러스마이너스", "≈": "약", "≠": "같지 않음",
            "−": " 빼기 ", "≤": "이하", "≥": "이상", "<": "작다", ">": "크다", "%": "퍼센트", "°": "도", "²": "제곱", "³": "세제곱",
            "√": "루트",
            "∞": "무한대", "→": "에서", "@": "골뱅이", "*": "곱하기",
        ]
        words.signsBeforeNumber = ["+": "플러스 ", "~": "약 ", "<": "미만 ", ">": "초과 ", "≈": "약 ", "±": "플러스마이너스 "]
        words.units = Vocabulary.nouns(Self.unitTable)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns("만 = 만\n억 = 억\n조 = 조\n백만 = 백만\n천만 = 천만")
        self.words = words
    }

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value == 0 { return "영" }
        var parts: [String] = []
        var rest = value
        for unit in ["", "만", "억", "조", "경"] where rest > 0 {
            let group = rest % 10_000
            rest /= 10_000
            // One is said before 억 and 조, not before 만.
            if group > 0 {
                parts.append((group == 1 && unit == "만" && rest == 0 ? "" : belowTenThousand(group)) + unit)
            }
        }
        return parts.reversed().joined(separator: " ")
    }

    private func belowTenThousand(_ value: UInt64) -> String {
        var result = ""
        for (size, unit) in [(1000, "천"), (100, "백"), (10, "십"), (1, "")] as [(UInt64, String)] {
            let digit = Int(value / size % 10)
            if digit > 0 { result += (digit == 1 && size > 1 ? "" : words.digits[digit]) + unit }
        }
        return result
    }

    private static let native = ["", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉"]
    private static let nativeTens = ["", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔"]

    /// Before a counter, 1 to 99: "스무 살", "스물한 살".
    func native(_ value: UInt64) -> String {
        if value == 20 { return "스무" }
        return Self.nativeTens[Int(value / 10)] + Self.native[Int(value % 10)]
    }

    func ordinal(_ value: UInt64, _ gender: Gender) -> String { "제" + cardinal(value, nil) }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        cardinal(denominator, nil) + "분의 " + cardinal(numerator, nil)
    }

    /// Counters after native numbers, the longer first.
    private static let counters = [
        "시간", "번째", "사람", "건", "마리", "가지", "그루", "송이", "켤레", "군데", "개월", "개", "명", "살", "시", "권", "잔", "병", "장", "대",
        "벌",
        "채", "척", "통", "곳", "달", "쌍", "자루", "그릇", "접시", "포기", "다발", "줄", "칸", "끼", "조각", "모금", "스푼", "숟가락", "컵",
        "상자", "봉지", "캔", "묶음", "바퀴", "걸음", "곡", "편", "글자", "단어", "문장", "가닥", "갈래", "자리", "식구", "방울", "움큼", "뿌리",
        "마디", "판", "배",
    ]
    private static let sinoCounters = [
        "개월", "개국", "개년", "달러", "배터리", "채널", "건물", "건강", "건설", "건축", "병원", "통화", "시리즈", "시즌", "대학", "장관", "대비", "명령",
        "편의", "배율", "배속", "곡선",
        "통신", "판매", "대기", "대의", "대로", "장소",
    ]
    /// Words of their own after a number, parted from it.
    private static let units: [String] = [
        "년", "월", "일", "분", "초", "원", "층", "번", "호", "세", "도", "회", "주", "킬로", "미터", "퍼센트", "달러", "유로", "인분", "학년",
    ]

    func number(_ value: UInt64, in context: Context) -> Replacement? {
        let next = context.skippingSpace()
        if let joined = rangeOfDates(value, in: context) { return joined }
        // "제3장"
        if context.isAfter("제"), Self.counters.contains(where: { next.follows($0) }), !next.follows("번째") {
            return Replacement(spoken: cardinal(value, nil) + " ", end: next.position)
        }
        // "2대1"
        if next.scalar() == "대", next.scalar(1).isDigit {
            return Replacement(spoken: cardinal(value, nil) + " 대 ", end: next.position + 1)
        }
        if Self.sinoCounters.contains(where: { next.follows($0) }) {
            return Replacement(spoken: cardinal(value, nil) + " ", end: next.position)
        }
        if let times = times(value, in: next) { return times }
        if (1...99).contains(value), let counter = counter(value, at: next) {
            let isHour = counter == "시" && value > 12
            let spoken = counter == "번째" && value == 1 ? "첫" : isHour ? cardinal(value, nil) : native(value)
            return Replacement(spoken: spoken + " ", end: next.position)
        }
        if next.follows("월"), (1...12).contains(value) {
            return Replacement(spoken: month(value) + (next.scalar(1).isDigit ? " " : ""), end: next.position + 1)
        }
        if next.scalar(1).isDigit, let unit = ["년", "일"].first(where: { next.follows($0) }) {
            return Replacement(spoken: cardinal(value, nil) + " " + unit + " ", end: next.position + 1)
        }
        guard Self.units.contains(where: { next.follows($0) }) else { return nil }
        return Replacement(spoken: cardinal(value, nil) + " ", end: next.position)
    }

    /// The counter of native numbers that stands here; "20대" is an age, "2대" are cars.
    func counter(_ value: UInt64, at next: Context) -> String? {
        let isAge = next.follows("대") && value >= 10 && value % 10 == 0
        if isAge || Self.sinoCounters.contains(where: { next.follows($0) }) { return nil }
        return Self.counters.first { next.follows($0) }
    }

    private static let repetitions: Set<String> = [
        "하루", "하루에", "매일", "일주일에", "총", "모두", "벌써", "다시", "최대", "최소", "각각", "한", "지금까지", "달에", "주에", "연속",
    ]

    /// "하루 3번" counts, "3번 출구" numbers.
    private func times(_ value: UInt64, in next: Context) -> Replacement? {
        guard (1...99).contains(value), next.follows("번"), !next.follows("번째"), !next.follows("번호") else { return nil }
        let after = next.at(next.position + 1).skippingSpace()
        let isCounted =
            Self.repetitions.contains(next.previous) || after.followsAny(["반복", "이상", "더", "씩", "정도", "울", "연속"])
        return isCounted ? Replacement(spoken: native(value) + " ", end: next.position) : nil
    }

    /// 유월 and 시월.
    func month(_ value: UInt64) -> String {
        switch value {
        case 6: "유월"
        case 10: "시월"
        default: cardinal(value, nil) + "월"
        }
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = month(UInt64(date.month)) + " " + cardinal(date.day, nil) + "일"
        return date.year.map { cardinal($0, nil) + "년 " + day } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let isNative = (1...12).contains(time.hour) || (time.hour > 12 && endsNativeRange(context))
        let hour = isNative ? native(time.hour) : cardinal(time.hour, nil)
        var spoken = hour + " 시"
        if time.minute > 0 || time.second ?? 0 > 0 { spoken += " " + cardinal(time.minute, nil) + " 분" }
        if let second = time.second, second > 0 { spoken += " " + cardinal(second, nil) + " 초" }
        if let half = halfOfDay(context) {
            return Replacement(spoken: (half.isMorning ? "오전 " : "오후 ") + spoken, end: half.end)
        }
        return withParticle(spoken, context)
    }

    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? { nil }
}
