import Testing

@testable import Server

@Suite struct SurrogateHalvesTests {
    /// A noncharacter, which nobody should send.
    static let mark = String(UnicodeScalar(0xFDD0)!)

    private func text(_ json: String) throws -> String? {
        try MessageFields(json: #"{"text": "\#(json)"}"#).string("text", limit: 100)
    }

    @Test(arguments: [
        (#"a"#, "a"), (#"\ud83d\ude00"#, "😀"), (#"\uD83D\uDE00!"#, "😀!"), (#"\ud83d"#, "\u{FFFD}"),
        (#"\ude00"#, "\u{FFFD}"), (#"a\ud83db"#, "a\u{FFFD}b"), (#"\ude00\ud83d"#, "\u{FFFD}\u{FFFD}"),
        (#"\ud83d\ud83d\ude00"#, "\u{FFFD}😀"), (#"\\ud83d"#, #"\ud83d"#), (#"\\\ud83d"#, "\\\u{FFFD}"),
        (#"\u00e9"#, "é"), (mark, "\u{FFFD}"), (mark + mark + mark + "x", "\u{FFFD}x"),
    ])
    func aHalfAloneIsALostCharacter(json: String, text expected: String) throws {
        #expect(try text(json) == expected)
    }

    @Test(arguments: [#"\u"#, #"\ud8"#, #"\udxyz"#, #"\"#, #"\ud83d\"#])
    func whatIsNoJSONStaysNone(json: String) {
        #expect(throws: SpeakError.self) { try text(json) }
    }

    @Test func halvesMeetOverPieces() throws {
        var joiner = SurrogateHalves.Joiner()
        func piece(_ json: String) throws -> String {
            try MessageFields(json: #"{"text": "\#(json)"}"#).piece("text") ?? ""
        }
        #expect(joiner.join(try piece(#"Hi \ud83d"#), isLast: false) == "Hi ")
        #expect(joiner.join(try piece(""), isLast: false) == "")
        #expect(joiner.join(try piece(#"\ude00 and \ud83d"#), isLast: false) == "😀 and ")
        #expect(joiner.join(try piece("x"), isLast: false) == "\u{FFFD}x")
        #expect(joiner.join(try piece(#"\ud83d"#), isLast: true) == "\u{FFFD}")
    }
}
