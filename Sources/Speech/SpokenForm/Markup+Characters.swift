// Characters: what nobody sees or says goes, and what stands for plain letters and digits becomes those.

extension Markup {
    func isInvisible(at position: Int, in range: Range<Int>) -> Bool {
        let scalar = input[position]
        if scalar.value < 0x80, scalar.isWordPart || scalar == " " {
            // Only the mouth of a smiley is a letter.
            let last: Unicode.Scalar = position > range.lowerBound ? input[position - 1] : " "
            guard last == ":" || last == ";" || last == "-" else { return false }
        }
        if Self.isInvisible(scalar) { return Compatibility.plain(scalar) == nil }
        // A keycap: a digit that is part of an emoji stays, its marks go. A smiley of marks goes.
        return isEmoticon(at: position, in: range)
    }

    static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return false
        case 0..<0x20, 0x7F..<0xA0, 0xAD, 0xFEFF: return true
        case 0..<0x2000, 0x3400...0xD7FF: return false
        // Invisible and directional marks, variation selectors, the enclosing keycap, private use, tags.
        case 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x206F, 0xFE00...0xFE0F, 0x20E3, 0xE000...0xF8FF, 0xE0000...:
            return true
        case 0x2190...0x21FF: return false  // arrows are words
        case 0x2122, 0x3030, 0x303D, 0x203C, 0x2049: return false
        default:
            let properties = scalar.properties
            return properties.isEmoji || properties.isEmojiPresentation || properties.isEmojiModifier
                || (scalar.value >= 0x2500 && scalar.value <= 0x27BF && !properties.isAlphabetic)
                || (scalar.value >= 0x1F000 && scalar.value <= 0x1FAFF)
        }
    }

    private static let eyes: Set<Unicode.Scalar> = [":", ";"]
    private static let mouths: Set<Unicode.Scalar> = [")", "(", "D", "P", "p", "/", "|", "O", "o", "*", "]", "["]

    /// `:-)`, `;)` standing alone, and what follows its first mark.
    private func isEmoticon(at position: Int, in range: Range<Int>) -> Bool {
        var start = position
        if Self.mouths.contains(input[start]) || input[start] == "-" {
            while start > range.lowerBound, position - start < 2, !input[start].isSpace,
                !Self.eyes.contains(input[start])
            {
                start -= 1
            }
        }
        guard Self.eyes.contains(input[start]), start == range.lowerBound || input[start - 1].isSpace else {
            return false
        }
        var mouth = start + 1
        if mouth < range.upperBound, input[mouth] == "-" { mouth += 1 }
        guard mouth < range.upperBound, Self.mouths.contains(input[mouth]) else { return false }
        let end = mouth + 1
        return position < end && (end == range.upperBound || !input[end].isWordPart && input[end] != "/")
    }

    // MARK: - Characters that stand for others

    /// Puts in what a character stands for.
    mutating func keep(_ plain: Compatibility.Plain, from origin: Int) {
        switch plain {
        case .raised(let scalar), .lowered(let scalar):
            keep(scalar, from: origin)
        case .enumerator(let text):
            if let last = output.scalars.last, last.isDigit { output.append(" ", from: origin) }
            for scalar in text.unicodeScalars { keep(scalar, from: origin) }
            // "① Open": no number of what follows.
            if origin + 2 < input.count, input[origin + 1].isSpace, input[origin + 2].isUpper {
                keep(":", from: origin)
            }
            endsEnumerator = true
        case .text(let text):
            let last = output.scalars.last
            for scalar in text.unicodeScalars {
                if let last, let voiced = Compatibility.voiced(last, by: scalar) {
                    output.removeLast()
                    keep(voiced, from: origin)
                } else {
                    keep(scalar, from: origin)
                }
            }
        }
    }

    /// Raised digits become a power, "10^6", or, after a word, the number of a note; lowered ones are digits. "m²" stays.
    mutating func keepRaisedOrLowered(at position: Int) -> Int? {
        let first = input[position]
        if first.value < 0xB2 { return nil }
        var run = String.UnicodeScalarView()
        var end = position
        let isRaised = Self.raised(first) != nil
        while end < input.count, end - position < 32,
            let scalar = isRaised ? Self.raised(input[end]) : Self.lowered(input[end])
        {
            run.append(scalar)
            end += 1
        }
        guard end > position, !(end == position + 1 && (first == "²" || first == "³")) else { return nil }
        if isRaised, isBase { keep("^", from: position) } else if !isBase || isAfterDigit { separateDigits(position) }
        for scalar in run { keep(scalar, from: position) }
        endsEnumerator = true
        return end
    }

    /// What a raised number is a power of: a number, a bracket or a single letter.
    private var isBase: Bool {
        guard let last = output.scalars.last else { return false }
        if last.isDigit || last == ")" || last == "]" { return true }
        guard last.isLetter else { return false }
        let before = output.scalars.dropLast().last ?? " "
        return !before.isLetter
    }

    private var isAfterDigit: Bool { output.scalars.last?.isDigit == true }

    private mutating func separateDigits(_ origin: Int) {
        if isAfterDigit { output.append(" ", from: origin) }
    }

    private static func raised(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        switch scalar {
        case "¹": return "1"
        case "²": return "2"
        case "³": return "3"
        case "ⁿ": return "n"
        default:
            if case .raised(let plain)? = Compatibility.plain(scalar) { return plain }
            return nil
        }
    }

    private static func lowered(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        if case .lowered(let plain)? = Compatibility.plain(scalar) { return plain }
        return nil
    }
}
