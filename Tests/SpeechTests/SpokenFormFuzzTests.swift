import Foundation
import TestSupport
import Testing

@testable import Speech

/// Random texts: nothing traps, and nothing that has a letter or a digit is lost.
@Suite struct SpokenFormFuzzTests {
    /// Words that no rule knows, between which the pieces stand.
    private static let posts = ["Quorvix", "Blenstad"]

    /// Parts of numbers, dates, money, units, formulas and names. Left out is what is dropped on purpose: code, addresses
    /// of links, tags, smileys.
    private static let pieces: [String] = [
        "0", "1", "2", "5", "07", "12", "24", "31", "100", "1234", "2024", "007", "123456789", "1.5", "1,5", "1.234,5",
        "1/2",
        "3:2", "14:30", "14h30", "1h20m", "2024-05-03", "24.12.", "5.1.24", "8.30", "$5", "5€", "R$ 3", "-3", "−4",
        "+5", ".5",
        "5%", "5‰", "½", "10⁶", "x²", "CO₂", "①", "⑳", "Ⅳ", "㎡", "5㎞", "№5", "n° 3", "1º", "2ª", "3ème", "4th", "21th",
        "90s",
        "4K", "3M", "10m", "5 km", "kWh", "km/h", "°C", "20°", "v2.1", "1e5", "2^10", "C#", "XIV", "IV.", "Le", "Dr.",
        "St.",
        "z. B.", "p.m.", "Mon-Fri", "Mo.", "№", "§3", "#1", "#tag", "a@b.de", "U.S.", "e.g.", "i7-8700K", "１２", "ｋｍ",
        "ｱ",
        "三", "第3", "5年", "3월", "два", "𝐁𝟏", "ﬁ", "²", "³", "¹", "₅", "ª", "ß", "é", "e\u{301}", "٣", "५", "🅰", "🔟",
        "112",
        "+49 30 123456", "555-1234", "1.2.3.4", "2-3", "5–10", "9am-5pm", "July 4", "4 May", "\\alpha", "{x}", "~5",
        "±2",
    ]
    private static let marks = [
        "", "", "", " ", " ", "-", "–", ".", ",", "/", "'", "\"", "(", ")", "&", "+", "=", "*", "_", "~", "…", "!", "?",
        "|",
    ]

    /// How many texts; the environment may ask for more than a quick run takes.
    private static let count = ProcessInfo.processInfo.environment["FUZZ_TEXTS"].flatMap(Int.init) ?? 400

    @Test func nothingWithALetterOrADigitIsLost() {
        var random = SplitMix(state: 11)
        let forms = Language.all.map { ($0.name, SpokenForm(language: $0.name)) }
        for number in 0..<Self.count {
            let atoms = (0..<6).map { _ in
                (0..<Int.random(in: 1...3, using: &random)).map { _ in
                    (Self.pieces.randomElement(using: &random) ?? "") + (Self.marks.randomElement(using: &random) ?? "")
                }.joined()
            }
            var text = ""
            for (index, atom) in atoms.enumerated() { text += Self.posts[index % 2] + " " + atom + " " }
            text += Self.posts[0]
            let (name, form) = forms[number % forms.count]
            Self.check(form.convert(text).text, atoms, name, text)
        }
    }

    /// Between every two posts something is said.
    private static func check(_ spoken: String, _ atoms: [String], _ name: String, _ text: String) {
        var rest = spoken[...]
        for (index, atom) in atoms.enumerated() {
            guard let post = rest.range(of: posts[index % 2]) else { return reportLoss(name, text, spoken) }
            rest = rest[post.upperBound...]
            guard let next = rest.range(of: posts[(index + 1) % 2]) else { return reportLoss(name, text, spoken) }
            let said = rest[..<next.lowerBound]
            if atom.isSpeakable, !said.isSpeakable { reportLoss(name, text, spoken) }
            rest = rest[next.lowerBound...]
        }
    }

    private static func reportLoss(_ name: String, _ text: String, _ spoken: String) {
        Issue.record("\(name): \(text.debugDescription) → \(spoken.debugDescription)")
    }

    /// Texts of any scalars whatever.
    @Test func anyScalarsAreSaidWithoutATrap() {
        var random = SplitMix(state: 12)
        let forms = Language.all.map { SpokenForm(language: $0.name) } + [SpokenForm()]
        for number in 0..<Self.count {
            var text = ""
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let limit: UInt32 = [0x80, 0x250, 0x2800, 0x10000, 0x20000].randomElement(using: &random) ?? 0x80
                if let scalar = Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) {
                    text.unicodeScalars.append(scalar)
                }
            }
            let spoken = forms[number % forms.count].convert(text)
            let offsets = (0...spoken.text.unicodeScalars.count).map { spoken.originalOffset(ofSpoken: $0) }
            #expect(offsets == offsets.sorted(), "\(text.debugDescription)")
        }
    }
}
