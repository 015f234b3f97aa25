import FoundationEssentials
import JSONText
import Logging
import NIOCore
import Speech
import Testing

@testable import Server

@Suite struct WyomingDecoderTests {
    private func events(_ bytes: [UInt8], inPiecesOf count: Int) throws -> [WyomingEvent] {
        var decoder = WyomingDecoder()
        var events: [WyomingEvent] = []
        for start in stride(from: 0, to: bytes.count, by: count) {
            decoder.append(ByteBuffer(bytes: bytes[start..<min(start + count, bytes.count)]))
            while let event = try decoder.next() { events.append(event) }
        }
        return events
    }

    @Test(arguments: [1, 2, 7, 64, 100_000])
    func theSizeOfThePiecesDoesNotMatter(count: Int) throws {
        let sent = [
            WyomingEvent("ping", ["text": .text("a\nb")]), WyomingEvent("nothing"),
            WyomingEvent("audio-chunk", ["rate": .number(5)], payload: Array("\n{}\n".utf8)),
            WyomingEvent("describe", ["list": .list([.null, .flag(true)])]),
        ]
        let bytes = sent.flatMap { Array($0.bytes.readableBytesView) }
        #expect(try events(bytes, inPiecesOf: count) == sent)
    }

    @Test func dataInTheLineAndBehindItAreOne() throws {
        let line = #"{"type": "x", "data": {"a": 1, "b": 2}, "data_length": 8}"# + "\n" + #"{"b": 3}"#
        let event = try events(Array(line.utf8), inPiecesOf: 10)
        #expect(event == [WyomingEvent("x", ["a": .number(1), "b": .number(3)])])
    }

    @Test(arguments: [
        (#"{"type":"x","data_length":-1}"#, "data_length"),
        (#"{"type":"x","payload_length":1099511627776}"#, "payload_length"),
        (#"{"type":"x","payload_length":-1}"#, "payload_length"),
    ])
    func lengthsOutsideOfTheirLimitsAreNamed(line: String, field: String) {
        #expect(throws: WyomingDecoder.Malformed.length(field, limit: 1 << 20)) {
            try events(Array((line + "\n").utf8), inPiecesOf: 1000)
        }
    }

    @Test(arguments: [
        "", "[]", "{}", #"{"type":5}"#, #"{"type":"x","data_length":"2"}"#, #"{"type":"x","data_length":1e999}"#,
    ])
    func whatIsNoEventIsRefused(line: String) {
        #expect(throws: WyomingDecoder.Malformed.json) { try events(Array((line + "\n").utf8), inPiecesOf: 1000) }
    }

    @Test func aLineWithoutEndIsRefusedAtItsLimit() {
        let limit = 256 << 10
        #expect(throws: WyomingDecoder.Malformed.line(limit: limit)) {
            try events([UInt8](repeating: UInt8(ascii: "x"), count: limit + 1), inPiecesOf: 1000)
        }
    }

    @Test func halfACharacterBecomesAReplacement() throws {
        let line = #"{"type":"x","data":{"text":"a\ud83d b\ud83d\ude00 \ude00\\ud83d"}}"# + "\n"
        let event = try events(Array(line.utf8), inPiecesOf: 1000)
        #expect(event.first?.data["text"] == .text("a\u{FFFD} b😀 \u{FFFD}\\ud83d"))
    }
}

@Suite struct WyomingVoiceTests {
    private func service() -> SpeechService {
        let store = VoiceStore(directory: "/nonexistent", builtIn: "Voices", defaultVoice: "makima")
        return SpeechService(
            .tone, voices: VoiceLibrary(store, cacheDirectory: nil), logger: Logger(label: "test")
        ) { limits, report in
            SynthesisScheduler(ToneEngine(), limits: limits, report: report)
        }
    }

    @Test(
        arguments: [
            ("makima", nil, "makima", "auto"), ("makima", "de-DE", "makima", "german"),
            ("makima-de", nil, "makima", "german"), ("Makima-FR", nil, "Makima", "french"),
            ("makima-xx", nil, "makima-xx", "auto"), ("nobody-de", nil, "nobody-de", "auto"),
            ("-de", nil, "", "german"),
        ] as [(String, String?, String, String)])
    func aNameMayEndInALanguage(name: String, language: String?, voice: String, spoken: String) {
        var fields = ["name": JSONValue.text(name)]
        fields["language"] = language.map(JSONValue.text)
        let asked = WyomingVoice(WyomingEvent("synthesize", ["voice": .object(fields)]), service())
        #expect(asked.name == voice)
        #expect(asked.language == spoken)
    }

    @Test func eachVoiceIsThereForAllLanguagesAndForEach() throws {
        guard case .list(let programs) = WyomingEvent.info(service()).data["tts"],
            case .list(let voices) = programs.first?["voices"]
        else {
            Issue.record("no voices")
            return
        }
        let languages: [String: JSONValue] = Dictionary(
            uniqueKeysWithValues: voices.compactMap { voice in
                voice["name"]?.text.map { ($0, voice["languages"] ?? .null) }
            })
        #expect(languages["makima-de"] == .list([.text("de")]))
        #expect(languages["denji-ja"] == .list([.text("ja")]))
        #expect(languages["makima"] == .list(Language.all.map { .text($0.code) }))
    }
}

@Suite struct TextPipeTests {
    @Test func whoeverWritesWaitsForWhoeverTakes() async {
        let pipe = TextPipe()
        let written = AsyncStream.makeStream(of: Int.self)
        async let writing: Void = {
            for index in 0..<20 {
                await pipe.write(String(repeating: "x", count: 4096))
                written.continuation.yield(index)
            }
            pipe.finish()
            written.continuation.finish()
        }()
        var taken = 0
        var done = written.stream.makeAsyncIterator()
        var last: Int? = await done.next()
        for await piece in pipe.pieces {
            // Never further ahead than two pieces that fit and the one that waits.
            while let index = last, index < taken { last = await done.next() }
            #expect((last ?? 0) <= taken + 2)
            pipe.took(piece)
            taken += 1
        }
        await writing
        #expect(taken == 20)
    }

    @Test func nobodyWaitsForWhoeverHasLeft() async {
        let pipe = TextPipe()
        async let writing: Void = pipe.write(String(repeating: "x", count: 10_000))
        pipe.abandon()
        await writing
        await pipe.write(String(repeating: "x", count: 10_000))
    }
}
