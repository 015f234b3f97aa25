// LaTeX formulas in a text, `$E=mc^2$` and `\(\frac{1}{2}\)`, as signs that every language has words for.

extension Markup {
    /// The longest formula between marks, in scalars.
    private static let formulaLimit = 300

    /// Puts in the formula that opens here; returns where the text goes on. nil: none does, "$5 and $6".
    mutating func sayFormula(at position: Int, before limit: Int) -> Int? {
        guard let (content, end) = formula(at: position, before: limit) else { return nil }
        var formula = Formula(input[content])
        for (scalar, index) in formula.plain() { keep(scalar, from: min(index, end - 1)) }
        return end
    }

    private func formula(at position: Int, before limit: Int) -> (content: Range<Int>, end: Int)? {
        let limit = min(limit, position + Self.formulaLimit)
        guard position + 2 < limit else { return nil }
        let next = input[position + 1]
        if input[position] == "\\" {
            guard next == "(" || next == "[" else { return nil }
            let closer: Unicode.Scalar = next == "(" ? ")" : "]"
            guard let close = (position + 2..<limit - 1).first(where: { input[$0] == "\\" && input[$0 + 1] == closer })
            else { return nil }
            return (position + 2..<close, close + 2)
        }
        let marks = next == "$" ? 2 : 1
        let start = position + marks
        guard let close = input[start..<limit].firstIndex(of: "$"), close > start else { return nil }
        let end = close + marks
        guard end <= limit, marks == 1 || input[close + 1] == "$" else { return nil }
        let isTight = !input[start].isSpace && !input[close - 1].isSpace
        // "$5 (= R$ 25)" is money twice.
        let behind = end < input.count && input[end].isSpace ? end + 1 : end
        let isMoney = behind < input.count && input[behind].isDigit
        guard marks == 2 || (isTight && !isMoney && isMathematical(start..<close)) else { return nil }
        return (start..<close, end)
    }

    private func isMathematical(_ range: Range<Int>) -> Bool {
        if range.count == 1 { return input[range.lowerBound].isLetter }
        guard !hasProse(range) else { return false }
        return input[range].contains { "\\^_=".unicodeScalars.contains($0) }
            || (input[range.lowerBound].isLetter && input[range].contains { "+-<>*/".unicodeScalars.contains($0) })
    }

    /// A word of four letters and more that is no command, nor in one's brackets.
    private func hasProse(_ range: Range<Int>) -> Bool {
        var letters = 0
        var isCommand = false
        for scalar in input[range] {
            if scalar.isLetter {
                letters += 1
                if letters > 3, !isCommand { return true }
            } else {
                // "\text{mass}"
                isCommand = scalar == "\\" || (isCommand && scalar == "{")
                letters = 0
            }
        }
        return false
    }
}

/// One formula. Its letters stand alone, since each is a name; its commands become signs or words.
struct Formula {
    private let input: ArraySlice<Unicode.Scalar>
    private var position: Int
    private var output: [(Unicode.Scalar, Int)] = []
    /// Brackets that are open, by what closes them.
    private var pending: [String] = []

    init(_ input: ArraySlice<Unicode.Scalar>) {
        self.input = input
        position = input.startIndex
    }

    /// The scalars to say, each with where it comes from.
    mutating func plain() -> [(Unicode.Scalar, Int)] {
        while position < input.endIndex { step() }
        return output
    }

    private mutating func step() {
        let scalar = input[position]
        switch scalar {
        case "\\": command()
        case "{":
            pending.append("")
            position += 1
        case "}":
            put(pending.popLast() ?? "")
            position += 1
        case "^":
            position += 1
            put("^")
            skipSpaces()
            // A power of several signs is bracketed when it is no number.
            if peek == "{", let close = input[position...].firstIndex(of: "}") {
                let body = input[(position + 1)..<close]
                let isSimple = body.allSatisfy { $0.isDigit || $0 == "-" } || body.count == 1
                position += 1
                if !isSimple { put("(") }
                pending.append(isSimple ? " " : ") ")
            }
        case "_", "&", "~":
            put(" ")
            position += 1
        case "-":
            put(" − ")
            position += 1
        case _ where scalar.isLetter:
            if output.last?.0.isLetter == true { put(" ") }
            output.append((scalar, position))
            position += 1
        default:
            output.append((scalar, position))
            position += 1
        }
    }

    private var peek: Unicode.Scalar { position < input.endIndex ? input[position] : " " }

    private mutating func skipSpaces() {
        while position < input.endIndex, input[position].isSpace { position += 1 }
    }

    private mutating func put(_ text: String) {
        for scalar in text.unicodeScalars { output.append((scalar, position)) }
    }

    private mutating func command() {
        position += 1
        let letters = input[position...].prefix { $0.isLetter && $0.value < 0x80 }
        guard !letters.isEmpty else {
            // "\," and "\;" are spaces, "\%" is the sign.
            put(",;:! \\".unicodeScalars.contains(peek) ? " " : String(Character(peek)))
            position += 1
            return
        }
        position += letters.count
        let name = String(scalars: letters)
        skipSpaces()
        switch name {
        case "frac", "dfrac", "tfrac": fraction()
        case "sqrt":
            put(" √")
            guard peek == "{", let close = input[position...].firstIndex(of: "}") else { break }
            let isSimple = input[(position + 1)..<close].allSatisfy(\.isDigit) || close == position + 2
            open(isSimple ? " " : ") ", with: isSimple ? "" : " (")
        case "text", "mathrm", "operatorname", "mathbf", "textbf", "mbox": copyGroup()
        case "left", "right", "big", "Big", "displaystyle", "quad", "qquad", "limits", "mathbb", "mathcal": put(" ")
        default: put(Self.signs[name] ?? " \(name) ")
        }
    }

    private mutating func open(_ closer: String, with opener: String) {
        put(opener)
        pending.append(closer)
        position += 1
    }

    /// `{1}{2}` is a fraction of numbers, `{a}{b}` a division.
    private mutating func fraction() {
        guard peek == "{", let close = input[position...].firstIndex(of: "}") else { return }
        let upper = input[(position + 1)..<close]
        let lower = input[close...].dropFirst(2).prefix { $0 != "}" }
        let areNumbers = !upper.isEmpty && (upper + lower).allSatisfy(\.isDigit)
        put(" ")
        pending.append(areNumbers ? "/" : " ÷ ")
        position += 1
    }

    /// `{words}` as they are.
    private mutating func copyGroup() {
        guard peek == "{", let close = input[position...].firstIndex(of: "}") else { return }
        put(" ")
        for index in (position + 1)..<close { output.append((input[index], index)) }
        position = close + 1
        put(" ")
    }

    /// What the commands mean; Greek letters and functions are said by their name.
    private static let signs: [String: String] = [
        "times": " × ", "cdot": " × ", "ast": " × ", "div": " ÷ ", "pm": " ± ", "mp": " ± ", "leq": " ≤ ", "le": " ≤ ",
        "geq": " ≥ ", "ge": " ≥ ", "lt": " < ", "gt": " > ", "neq": " ≠ ", "ne": " ≠ ", "approx": " ≈ ", "sim": " ≈ ",
        "infty": " ∞ ", "to": " → ", "rightarrow": " → ", "Rightarrow": " → ", "ldots": "…", "dots": "…", "cdots": "…",
        "circ": "°", "degree": "°", "percent": "%", "equiv": " = ", "prime": "′",
    ]
}
