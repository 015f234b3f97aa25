// A part of a unit, "½ km", "3/4 h", and units with a part, "2½ l": how each language joins them. What is a half is a word of
// its own in most, and agrees with the unit; other parts are "of" it.

extension SpokenLanguage {
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        fraction(numerator, denominator) + words.unitSeparator + unit.one
    }

    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        let number = cardinal(whole, unit.gender) + words.and + fraction(numerator, denominator)
        return number + words.unitSeparator + unit.many
    }
}

extension SpokenLanguage {
    /// A half as an adjective and other parts "of" the unit: "medio kilómetro", "três quartos de litro".
    fileprivate func part(
        _ numerator: UInt64, _ denominator: UInt64, of unit: Noun, half: String, feminineHalf: String,
        of particle: String
    ) -> String {
        guard numerator == 1, denominator == 2 else { return fraction(numerator, denominator) + particle + unit.one }
        return (unit.gender == .feminine ? feminineHalf : half) + unit.one
    }

    /// The unit between the whole and its part, which a half follows in the unit's gender: "dos horas y media".
    fileprivate func mixed(
        _ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun, and: String, feminineHalf: String
    ) -> String {
        let isHalf = numerator == 1 && denominator == 2
        let rest = isHalf && unit.gender == .feminine ? feminineHalf : fraction(numerator, denominator)
        return cardinal(whole, unit.gender) + " " + noun(unit, after: whole, isDecimal: false) + and + rest
    }
}

extension English {
    /// "half a kilometer", "three quarters of an hour"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        let isVowel = "aeio".contains(unit.one.first ?? " ") || unit.one.hasPrefix("hour")
        let one = (isVowel ? "an " : "a ") + unit.one
        return numerator == 1 && denominator == 2 ? "half " + one : fraction(numerator, denominator) + " of " + one
    }
}

extension German {
    /// "ein halber Kilometer", "eine halbe Stunde", "drei viertel Liter"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        guard numerator == 1, denominator == 2 else { return fraction(numerator, denominator) + " " + unit.one }
        switch unit.gender {
        case .masculine: return "ein halber " + unit.one
        case .feminine: return "eine halbe " + unit.one
        case .neuter: return "ein halbes " + unit.one
        }
    }

    /// "eineinhalb Stunden"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        mixed(whole, numerator, denominator) + " " + unit.many
    }

    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64) -> String {
        let isHalf = numerator == 1 && denominator == 2
        return cardinal(whole, .neuter) + (isHalf ? "" : " ") + fraction(numerator, denominator)
    }
}

extension French {
    /// "un demi-kilomètre", "une demi-heure", "trois quarts de litre"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        guard numerator == 1, denominator == 2 else {
            return fraction(numerator, denominator) + " " + afterMillions(unit.one)
        }
        return (unit.gender == .feminine ? "une demi-" : "un demi-") + unit.one
    }

    /// "deux heures et demie", "un litre trois quarts"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        let counted = cardinal(whole, unit.gender) + " " + noun(unit, after: whole, isDecimal: false)
        guard numerator == 1, denominator == 2 else { return counted + " " + fraction(numerator, denominator) }
        return counted + (unit.gender == .feminine ? " et demie" : " et demi")
    }
}

extension Spanish {
    /// "medio kilómetro", "media hora", "tres cuartos de litro"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        part(numerator, denominator, of: unit, half: "medio ", feminineHalf: "media ", of: " de ")
    }

    /// "dos horas y media", "un litro y tres cuartos"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        mixed(whole, numerator, denominator, unit, and: " y ", feminineHalf: "media")
    }
}

extension Italian {
    /// "mezzo chilometro", "mezz'ora", "tre quarti di litro"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        let isVowel = "aeiou".contains(unit.one.first ?? " ")
        return part(
            numerator, denominator, of: unit, half: isVowel ? "mezz'" : "mezzo ",
            feminineHalf: isVowel ? "mezz'" : "mezza ", of: isVowel ? " d'" : " di ")
    }

    /// "due ore e mezza", "un litro e tre quarti"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        mixed(whole, numerator, denominator, unit, and: " e ", feminineHalf: "mezza")
    }
}

extension Portuguese {
    /// "meio quilômetro", "meia hora", "três quartos de litro"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        part(numerator, denominator, of: unit, half: "meio ", feminineHalf: "meia ", of: " de ")
    }

    /// "duas horas e meia", "um litro e três quartos"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        mixed(whole, numerator, denominator, unit, and: " e ", feminineHalf: "meia")
    }
}

extension Russian {
    /// "половина километра", "три четверти литра"
    func part(_ numerator: UInt64, _ denominator: UInt64, of unit: Noun) -> String {
        let isHalf = numerator == 1 && denominator == 2
        return (isHalf ? "половина" : fraction(numerator, denominator)) + " " + unit.few
    }

    /// "полтора часа", "два с половиной литра", "два и три четверти литра"
    func mixed(_ whole: UInt64, _ numerator: UInt64, _ denominator: UInt64, _ unit: Noun) -> String {
        guard numerator == 1, denominator == 2 else {
            return cardinal(whole, unit.gender) + " и " + fraction(numerator, denominator) + " " + unit.few
        }
        if whole == 1 { return (unit.gender == .feminine ? "полторы " : "полтора ") + unit.few }
        return cardinal(whole, unit.gender) + " с половиной " + noun(unit, after: whole, isDecimal: false)
    }
}
