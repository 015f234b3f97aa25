/// American reading: "one hundred five", month before day.
struct English: SpokenLanguage {
    let words: Vocabulary

    init() {
        var words = Vocabulary(
            digits: Array(Self.small[..<10]), minus: "minus", point: "point", dotInNumber: "point", percent: "percent",
            permille: "per mille", range: "to", ratio: "to", per: "per", and: " and ", times: "by", number: "number",
            hashtag: "hashtag", dot: "dot", slash: "slash", dash: "dash", underscore: "underscore", at: "at")
        words.decimalMark = "."
        words.groupMarks = [",", "\u{202F}", "\u{2009}"]
        words.monthFirst = true
        words.moneyJoiner = " and "
        words.months = Self.months
        words.signs = [
            "&": "and", "+": "plus", "=": "equals", "×": "times", "÷": "divided by", "±": "plus or minus", "≈": "about",
            "≠": "is not equal to", "≤": "is at most", "≥": "is at least", "<": "is less than", ">": "is greater than",
            "%": "percent", "°": "degrees", "§": "section", "²": "squared", "³": "cubed", "√": "square root of",
            "π": "pi",
            "∞": "infinity", "→": "to", "@": "at", "*": "times", "№": "number", "$": "dollars", "€": "euros",
            "£": "pounds",
        ]
        words.signsBeforeNumber = [
            "+": "plus", "~": "about", "<": "less than", ">": "more than", "≈": "about", "±": "plus or minus",
        ]
        words.units = Vocabulary.nouns(Self.units)
        words.currencies = Vocabulary.currencies(Self.currencies)
        words.magnitudes = Vocabulary.nouns(
            """
            k K = thousand
            M m mn mln million = million
            B bn bln billion = billion
            T tn trillion = trillion
            """)
        words.abbreviations = Vocabulary.abbreviations(Self.abbreviations)
        words.romanWords = [
            "act", "appendix", "article", "book", "bowl", "chapter", "class", "episode", "figure", "grade", "level",
            "part",
            "phase", "section", "stage", "title", "type", "volume", "war",
        ]
        self.words = words
    }

    // MARK: - Numbers

    private static let small = [
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen",
        "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
    ]
    private static let tens = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    private static let scales: [(UInt64, String)] = [
        (1_000_000_000_000, "trillion"), (1_000_000_000, "billion"), (1_000_000, "million"), (1000, "thousand"),
    ]

    func cardinal(_ value: UInt64, _ gender: Gender?) -> String {
        if value < 20 { return Self.small[Int(value)] }
        if value < 100 {
            let tens = Self.tens[Int(value / 10)]
            return value % 10 == 0 ? tens : tens + "-" + Self.small[Int(value % 10)]
        }
        if value < 1000 {
            let hundreds = Self.small[Int(value / 100)] + " hundred"
            return value % 100 == 0 ? hundreds : hundreds + " " + cardinal(value % 100, nil)
        }
        for (size, name) in Self.scales where value >= size {
            let head = cardinal(value / size, nil) + " " + name
            return value % size == 0 ? head : head + " " + cardinal(value % size, nil)
        }
        preconditionFailure("every value is below 1000 or reaches a scale")
    }

    private static let irregular = [
        "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
        "twelve": "twelfth",
    ]

    func ordinal(_ value: UInt64, _ gender: Gender = .neuter) -> String {
        let cardinal = cardinal(value, nil)
        let cut = cardinal.lastIndex { $0 == " " || $0 == "-" }.map { cardinal.index(after: $0) } ?? cardinal.startIndex
        let last = String(cardinal[cut...])
        let ending = Self.irregular[last] ?? (last.hasSuffix("y") ? String(last.dropLast()) + "ieth" : last + "th")
        return cardinal[..<cut] + ending
    }

    /// "nineteen ninety-nine", "two thousand five", "twenty twenty-four".
    func year(_ value: UInt64) -> String {
        guard (1100...2099).contains(value), !(2000...2009).contains(value) else { return cardinal(value, nil) }
        let century = cardinal(value / 100, nil)
        switch value % 100 {
        case 0: return century + " hundred"
        case 1...9: return century + " oh " + cardinal(value % 100, nil)
        default: return century + " " + cardinal(value % 100, nil)
        }
    }

    func fraction(_ numerator: UInt64, _ denominator: UInt64) -> String {
        let name: String
        switch denominator {
        case 2: name = numerator == 1 ? "half" : "halves"
        case 4: name = numerator == 1 ? "quarter" : "quarters"
        default: name = ordinal(denominator) + (numerator == 1 ? "" : "s")
        }
        // "a half" is what is said; "one third" as well as "a third".
        return (numerator == 1 && denominator == 2 ? "a" : cardinal(numerator, nil)) + " " + name
    }

    func number(_ value: UInt64, in context: Context) -> Replacement? {
        if let (_, end) = context.word(of: ["st", "nd", "rd", "th"]) { return ordinalDay(value, in: context.at(end)) }
        if context.followsWord("s") || context.followsWord("'s") || context.followsWord("’s") {
            return decade(value, in: context)
        }
        if (1...12).contains(value), let half = halfOfDay(context.skippingSpace()) {
            return Replacement(spoken: cardinal(value, nil) + " " + half.spoken, end: half.end)
        }
        if (1...31).contains(value), context.scalar().isSpace, let month = month(context.skippingSpace()) {
            let article = context.previous.lowercased() == "the" ? "" : "the "
            return Replacement(spoken: article + ordinal(value) + " of " + month.spoken, end: month.end)
        }
        if context.scalar() == "'" || context.scalar() == "′" { return feet(value, in: context) }
        return nil
    }

    /// "5th of May" stays as it is; "the 5th May" gains its "of".
    private func ordinalDay(_ value: UInt64, in after: Context) -> Replacement {
        guard (1...31).contains(value), after.scalar().isSpace, let month = month(after.skippingSpace()) else {
            return Replacement(spoken: ordinal(value), end: after.position)
        }
        return Replacement(spoken: ordinal(value) + " of " + month.spoken, end: month.end)
    }

    /// "1990s", "90s", "1800s".
    private func decade(_ value: UInt64, in context: Context) -> Replacement? {
        let isDecade = value % 10 == 0 && ((20...90).contains(value) || (1100...2090).contains(value))
        guard isDecade else { return nil }
        let end = context.position + (context.scalar() == "s" ? 1 : 2)
        let year = value >= 1000 ? year(value) : cardinal(value, nil)
        let plural = year.hasSuffix("y") ? year.dropLast() + "ies" : year + "s"
        return Replacement(spoken: plural, end: end)
    }

    /// 6'2" as a person's height.
    private func feet(_ value: UInt64, in context: Context) -> Replacement? {
        guard value < 100, let (inches, end) = context.at(context.position + 1).integer(digits: 2), inches < 12,
            "\"″”".unicodeScalars.contains(context.at(end).scalar())
        else { return nil }
        return Replacement(spoken: cardinal(value, nil) + " foot " + cardinal(inches, nil), end: end + 1)
    }

    // MARK: - Dates and times

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    /// "May" and "March" as words are followed by no number.
    private static let shortMonths = [
        "Jan": 1, "Feb": 2, "Mar": 3, "Apr": 4, "Jun": 6, "Jul": 7, "Aug": 8, "Sep": 9, "Sept": 9, "Oct": 10, "Nov": 11,
        "Dec": 12,
    ]

    private func month(_ context: Context) -> Replacement? {
        let name = context.letters()
        let end = context.position + name.count
        if Self.months.contains(name) { return Replacement(spoken: name, end: end) }
        guard let number = Self.shortMonths[name] else { return nil }
        return Replacement(spoken: Self.months[number - 1], end: context.at(end).scalar() == "." ? end + 1 : end)
    }

    /// "May 5th, 2024": the day after a month is an ordinal.
    func word(_ word: String, in context: Context) -> Replacement? {
        let start = context.at(context.position - word.unicodeScalars.count)
        if let month = month(start) { return monthAndDay(month, in: context) }
        if let title = title(word, in: context) { return title }
        return acronym(word, in: context)
    }

    private func monthAndDay(_ month: Replacement, in context: Context) -> Replacement? {
        let after = context.at(month.end)
        let isAbbreviated =
            month.end > context.position || after.scalar(-1) == "." || !Self.months.contains(month.spoken)
        guard after.scalar().isSpace, let (day, end) = after.skippingSpace().integer(digits: 2), (1...31).contains(day)
        else {
            let isShort = Self.shortMonths[context.at(context.position - 3).letters()] != nil
            return isAbbreviated || (isShort && after.skippingSpace().scalar().isDigit) ? month : nil
        }
        let next = context.at(end)
        let endOfDay = next.word(of: ["st", "nd", "rd", "th"])?.end ?? end
        let mark = context.at(endOfDay).scalar()
        guard endOfDay > end || !mark.isWordPart, !(":./".unicodeScalars.contains(mark) && next.scalar(1).isDigit)
        else {
            return nil
        }
        return Replacement(spoken: month.spoken + " " + ordinal(day), end: endOfDay)
    }

    func date(_ date: WrittenDate, after previous: String) -> String {
        let day = Self.months[date.month - 1] + " " + ordinal(date.day)
        return date.year.map { day + ", " + year($0) } ?? day
    }

    func time(_ time: WrittenTime, in context: Context) -> Replacement {
        let half = time.hour <= 12 ? halfOfDay(context.skippingSpace()) : nil
        var spoken = cardinal(time.hour, nil)
        switch time.minute {
        case 0 where half != nil: break
        case 0 where time.hour == 0: spoken = "midnight"
        case 0: spoken += time.hour <= 12 ? " o'clock" : " hundred"
        case 1...9: spoken += " oh " + cardinal(time.minute, nil)
        default: spoken += " " + cardinal(time.minute, nil)
        }
        if let second = time.second, second > 0 {
            spoken += " and " + cardinal(second, nil) + (second == 1 ? " second" : " seconds")
        }
        if let half { return Replacement(spoken: spoken + " " + half.spoken, end: half.end) }
        return Replacement(spoken: spoken, end: context.position)
    }

    /// "am", "p.m."
    private func halfOfDay(_ context: Context) -> Replacement? {
        let halves = [("a.m.", "A M"), ("p.m.", "P M"), ("A.M.", "A M"), ("P.M.", "P M")]
        for (text, spoken) in halves where context.follows(text) {
            let rest = context.at(context.position + 4)
            let endsSentence = rest.scalar() == "\n" || (rest.scalar().isSpace && rest.skippingSpace().scalar().isUpper)
            return Replacement(spoken: spoken, end: rest.position - (endsSentence ? 1 : 0))
        }
        guard let (text, end) = context.word(of: ["am", "pm", "AM", "PM"]) else { return nil }
        return Replacement(spoken: text.hasPrefix("a") || text.hasPrefix("A") ? "A M" : "P M", end: end)
    }

    // MARK: - Words

    /// British titles have no dot.
    private func title(_ word: String, in context: Context) -> Replacement? {
        let titles = ["Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Dr": "Doctor", "Prof": "Professor"]
        guard let title = titles[word], context.scalar().isSpace, context.skippingSpace().scalar().isUpper else {
            return nil
        }
        return Replacement(spoken: title, end: context.position)
    }

    /// Said letter by letter: acronyms without a vowel, and those that everybody spells. Not where all is in capitals.
    private func acronym(_ word: String, in context: Context) -> Replacement? {
        var letters = word
        var plural = ""
        if word.count >= 3, word.hasSuffix("s"), word.dropLast().allSatisfy({ $0.isUppercase }) {
            letters.removeLast()
            plural = "s"
        }
        guard (2...5).contains(letters.count), letters.utf8.allSatisfy({ $0 >= 0x41 && $0 <= 0x5A }) else { return nil }
        let hasVowel = letters.contains { "AEIOUY".contains($0) }
        guard Self.spelled.contains(letters) || (!hasVowel && Verbalizer.romanValue(letters) == nil) else { return nil }
        let isShouted =
            context.previous.count > 1 && context.previous.allSatisfy { $0.isUppercase }
            && !Self.spelled.contains(context.previous)
        guard !isShouted else { return nil }
        return Replacement(spoken: letters.map(String.init).joined(separator: " ") + plural, end: context.position)
    }

    private static let spelled: Set<String> = [
        "AC", "AI", "API", "ATM", "AWS", "BBC", "CEO", "CFO", "CIA", "CIO", "CPU", "CTO", "DIY", "DNA", "EDT", "EPA",
        "EST",
        "ETA", "EU", "EV", "FAQ", "FBI", "FDA", "FYI", "GPU", "HIV", "IBM", "ID", "IO", "IOU", "IP", "IPO", "IQ", "IRS",
        "ISP", "IT", "LED", "MIT", "NBA", "NYU", "OK", "OS", "RNA", "SUV", "UAE", "UCLA", "UFO", "UI", "UK", "UN",
        "URL",
        "US", "USA", "USB", "USSR", "UV", "VIP",
    ]

    /// "Henry VIII" is the eighth, "Chapter VIII" is eight.
    func roman(_ value: UInt64, after word: String, in context: Context) -> Replacement? {
        if words.romanWords.contains(word.lowercased()) {
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        let written = context.at(context.position - 1).scalar()
        let isLong = context.scalar(-2).isUpper
        guard Self.regnal.contains(word), isLong || written != "I" else {
            // A lone letter is more often a letter.
            guard isLong, word.first?.isUppercase == true else { return nil }
            return Replacement(spoken: cardinal(value, nil), end: context.position)
        }
        return Replacement(spoken: "the " + ordinal(value), end: context.position)
    }

    private static let regnal: Set<String> = [
        "Alexander", "Benedict", "Catherine", "Charles", "Clement", "Edward", "Elizabeth", "Francis", "Frederick",
        "Ferdinand", "George", "Gregory", "Harald", "Henry", "Innocent", "Isabella", "James", "John", "Joseph", "Juan",
        "Leo", "Leopold", "Louis", "Mary", "Napoleon", "Nicholas", "Otto", "Paul", "Peter", "Philip", "Pius", "Ramses",
        "Richard", "Urban", "Wilhelm", "William",
    ]

    private static let abbreviations = """
        mr = Mister
        mrs = Missis
        ms = Miz, capital
        dr = Doctor, capital
        prof = Professor
        st = Saint, capital
        mt = Mount, capital
        ft = Fort, capital
        rev = Reverend, capital
        hon = Honorable, capital
        gen = General, capital
        col = Colonel, capital
        capt = Captain
        lt = Lieutenant
        sgt = Sergeant
        cmdr = Commander
        gov = Governor, capital
        sen = Senator, capital
        rep = Representative, capital
        pres = President, capital
        jr = Junior, end
        sr = Senior, end
        vs = versus
        etc = et cetera, end
        e.g = for example
        i.e = that is
        a.k.a = also known as
        approx = approximately
        dept = department
        est = established, number
        fig = figure, number
        figs = figures, number
        vol = volume, number
        ch = chapter, number
        ed = edition, number
        no = number, number
        nos = numbers, number
        p = page, number
        pp = pages, number
        sec = section, number
        ave = Avenue, end
        blvd = Boulevard, end
        rd = Road, end
        inc = Incorporated, end
        ltd = Limited, end
        corp = Corporation, end
        co = Company, end
        ph.d = P H D, end
        m.d = M D, end
        b.a = B A, end
        u.s = U S
        u.s.a = U S A
        u.k = U K
        u.n = U N
        e.u = E U
        d.c = D C
        a.m = A M, end
        p.m = P M, end
        b.c = B C
        a.d = A D
        min = minutes
        max = maximum
        tel = telephone
        ext = extension, number
        """

    private static let units = """
        km = kilometer, kilometers
        m = meter, meters
        cm = centimeter, centimeters
        mm = millimeter, millimeters
        µm μm = micrometer, micrometers
        nm = nanometer, nanometers
        mi = mile, miles
        yd yds = yard, yards
        ft = foot, feet
        km² km2 = square kilometer, square kilometers
        m² m2 = square meter, square meters
        cm² cm2 = square centimeter, square centimeters
        m³ m3 = cubic meter, cubic meters
        cm³ cm3 = cubic centimeter, cubic centimeters
        ha = hectare, hectares
        kg = kilogram, kilograms
        g = gram, grams
        mg = milligram, milligrams
        µg μg = microgram, micrograms
        lb lbs = pound, pounds
        oz = ounce, ounces
        l L = liter, liters
        ml mL = milliliter, milliliters
        cl = centiliter, centiliters
        gal = gallon, gallons
        h hr hrs = hour, hours
        min mins = minute, minutes
        s sec secs = second, seconds
        ms = millisecond, milliseconds
        km/h kmh kph = kilometer per hour, kilometers per hour
        m/s = meter per second, meters per second
        mph = mile per hour, miles per hour
        rpm = revolution per minute, revolutions per minute
        ° = degree, degrees
        °C ℃ = degree Celsius, degrees Celsius
        °F ℉ = degree Fahrenheit, degrees Fahrenheit
        K = kelvin
        Hz = hertz
        kHz = kilohertz
        MHz = megahertz
        GHz = gigahertz
        W = watt, watts
        kW = kilowatt, kilowatts
        MW = megawatt, megawatts
        GW = gigawatt, gigawatts
        kWh = kilowatt hour, kilowatt hours
        mAh = milliampere hour, milliampere hours
        V = volt, volts
        kV = kilovolt, kilovolts
        Ω = ohm, ohms
        N = newton, newtons
        J = joule, joules
        kJ = kilojoule, kilojoules
        kcal = kilocalorie, kilocalories
        cal = calorie, calories
        Pa = pascal, pascals
        hPa = hectopascal, hectopascals
        kPa = kilopascal, kilopascals
        dB = decibel, decibels
        B = byte, bytes
        kB KB = kilobyte, kilobytes
        MB = megabyte, megabytes
        GB = gigabyte, gigabytes
        TB = terabyte, terabytes
        KiB = kibibyte, kibibytes
        MiB = mebibyte, mebibytes
        GiB = gibibyte, gibibytes
        kbps = kilobit per second, kilobits per second
        Mbps = megabit per second, megabits per second
        Gbps = gigabit per second, gigabits per second
        px = pixel, pixels
        fps = frame per second, frames per second
        ppm = part per million, parts per million
        """

    private static let currencies = """
        $ USD US$ = dollar, dollars / cent, cents
        € EUR = euro, euros / cent, cents
        £ GBP = pound, pounds / penny, pence
        ¥ JPY = yen
        ₩ KRW = won
        ₹ INR = rupee, rupees / paisa, paise
        ₽ RUB = ruble, rubles / kopeck, kopecks
        CHF = Swiss franc, Swiss francs / centime, centimes
        CNY RMB = yuan
        A$ AUD = Australian dollar, Australian dollars / cent, cents
        C$ CAD = Canadian dollar, Canadian dollars / cent, cents
        BRL R$ = real, reais / centavo, centavos
        ¢ = cent, cents
        """
}
