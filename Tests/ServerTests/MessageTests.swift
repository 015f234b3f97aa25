import NIOCore
import Speech
import TestSupport
import Testing

@testable import Server

@Suite struct MessageTests {
    @Test func theSpecificationsMessagesAreUnderstood() throws {
        let start = #"""
            {"type": "start", "sampleRate": 24000, "encoding": "pcm16", "voice": "makima", "language": "English",
             "authToken": "optional-jwt-token", "contractId": "optional-contract-uuid"}
            """#
        var expected = StartMessage()
        expected.voice = "makima"
        expected.language = "English"
        expected.authToken = "optional-jwt-token"
        expected.contractId = "optional-contract-uuid"
        #expect(try ClientMessage(start) == .start(expected))
        #expect(try ClientMessage(#"{"type":"start"}"#) == .start(StartMessage()))
        #expect(
            try ClientMessage(#"{"type":"speak","text":"Hello, I am Makima.","priority":"normal"}"#)
                == .speak(SpeakMessage(text: "Hello, I am Makima.")))
        #expect(try ClientMessage(#"{"type":"stop","reason":"user_requested"}"#) == .stop(reason: "user_requested"))
        #expect(try ClientMessage(#"{"type":"cancel"}"#) == .cancel)
        #expect(
            try ClientMessage(#"{"type":"replace","from":7,"text":"\ud83d"}"#) == .replace(from: 7, text: "\u{FFFD}"))
    }

    @Test func aSentenceHasItsPlaceItsTimeAndItsWords() throws {
        let word = SpokenSentence.Word(characters: 5..<8, start: 0.5, end: 1)
        let sentence = SpokenSentence(characters: 5..<9, start: 0.5, end: 1.25, words: [word])
        let json = ServerMessage.sentence(SentenceMessage(sentence, speed: 1), index: 1).json
        for part in [
            #""type":"sentence""#, #""index":1"#, #""start":5"#, #""end":9"#, #""startMs":500"#, #""endMs":1250"#,
            #""estimatedWords":[{"#,
        ] { #expect(json.contains(part)) }
        guard case .start(let start) = try ClientMessage(#"{"type":"start","sentences":true,"speed":1.5}"#) else {
            Issue.record("no start")
            return
        }
        #expect(start.sentences && start.speed == 1.5)
    }

    @Test func nullIsAbsentAndUnknownFieldsAreIgnored() throws {
        #expect(try ClientMessage(#"{"type":"start","voice":null,"new":{"a":[1]}}"#) == .start(StartMessage()))
    }

    @Test(
        arguments: [
            ("", nil), ("{", nil), ("[]", nil), ("null", nil), ("42", nil), ("{}", "type"), (#"{"type":7}"#, "type"),
            (#"{"type":"sing"}"#, "type"), (#"{"type":"speak"}"#, "text"), (#"{"type":"speak","text":5}"#, "text"),
            (#"{"type":"speak","text":"a","priority":"urgent"}"#, "priority"),
            (#"{"type":"speak","text":"a","append":"yes"}"#, "append"),
            (#"{"type":"start","sampleRate":"fast"}"#, "sampleRate"),
            (#"{"type":"start","sampleRate":7999}"#, "sampleRate"),
            (#"{"type":"start","sampleRate":48001}"#, "sampleRate"),
            (#"{"type":"start","sampleRate":24000.5}"#, "sampleRate"),
            (#"{"type":"start","sampleRate":1e999}"#, "sampleRate"),
            (#"{"type":"start","sampleRate":-1}"#, "sampleRate"),
            (#"{"type":"start","encoding":"mp3"}"#, "encoding"), (#"{"type":"start","transport":"udp"}"#, "transport"),
            (#"{"type":"start","seed":-1}"#, "seed"), (#"{"type":"start","seed":99999999999999999999999}"#, "seed"),
            (#"{"type":"played","ms":-5}"#, "ms"), (#"{"type":"replace","text":"a"}"#, "from"),
            (#"{"type":"replace","from":1}"#, "text"), (#"{"type":"replace","from":-1,"text":"a"}"#, "from"),
            (#"{"type":"replace","from":1.5,"text":"a"}"#, "from"),
            (#"{"type":"replace","from":99999999999999999999,"text":"a"}"#, "from"),
        ] as [(String, String?)])
    func whatIsWrongIsNamed(json: String, field: String?) {
        let error = #expect(throws: SpeakError.self) { try ClientMessage(json) }
        #expect(error?.code == .invalidText)
        if let field { #expect(error?.field == field) }
    }

    @Test func deepNestingAndLongMessagesAreRefused() {
        let deep =
            #"{"type":"speak","text":"# + String(repeating: "[", count: 120_000)
            + String(repeating: "]", count: 120_000)
            + "}"
        #expect(throws: SpeakError.self) { try ClientMessage(deep) }
        let long = #"{"type":"speak","text":""# + String(repeating: "x", count: ClientMessage.sizeLimit) + #""}"#
        #expect(throws: SpeakError.self) { try ClientMessage(long) }
    }

    /// Bytes of good messages changed at random: an answer or a typed error, never a trap.
    @Test(arguments: [UInt64(1), 2, 3]) func changedMessagesNeverTrap(seed: UInt64) {
        let good = [
            #"{"type":"start","sampleRate":24000,"encoding":"pcm16","voice":"makima","seed":1}"#,
            #"{"type":"speak","text":"Hé\u00e9 \ud83d\ude00","priority":"high","append":true,"flush":false}"#,
            #"{"type":"hello","contractId":"c","policy":"keyword","keywords":["stop","wait a minute"],"minWords":3}"#,
        ]
        var random = SplitMix(state: seed)
        for _ in 0..<2000 {
            var bytes = Array(good[Int(random.next() % 3)].utf8)
            for _ in 0...random.next() % 4 {
                let index = Int(random.next() % UInt64(bytes.count))
                switch random.next() % 3 {
                case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
                case 1: bytes.remove(at: index)
                default: bytes.insert(Array(#"{}[]":,0\"#.utf8)[Int(random.next() % 9)], at: index)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            _ = try? ClientMessage(text)
            _ = try? ListenMessage(text)
        }
    }

    @Test func answersAreAsTheSpecificationWritesThem() {
        let ready = ServerMessage.ready(sessionId: "u", voiceLoaded: "makima", languages: ["English"])
        #expect(
            ready.json
                == #"{"capabilities":{"languages":["English"],"streaming":true},"sessionId":"u","type":"ready","voiceLoaded":"makima"}"#
        )
        let error = ServerMessage.error(SpeakError(.synthesisError, "Failed to generate audio"), nil)
        #expect(
            error.json
                == #"{"code":"SYNTHESIS_ERROR","message":"Failed to generate audio","recoverable":true,"type":"error"}"#
        )
        let stopped = ServerMessage.stopped(reason: "user_requested", nil)
        #expect(stopped.json == #"{"reason":"user_requested","type":"stopped"}"#)
        let chunk = ServerMessage.audioChunk(
            ByteBuffer(bytes: [0, 1, 255]), sequenceNumber: 1, isFinal: false, timestampMs: 5)
        #expect(chunk == #"{"data":"AAH/","isFinal":false,"sequenceNumber":1,"timestampMs":5,"type":"audioChunk"}"#)
        let complete = CompleteMessage(
            durationMs: 1500, charactersProcessed: 25, audioLengthMs: 2100, finishReason: "stop", firstAudioMs: 90,
            realTimeFactor: 0.5)
        #expect(
            ServerMessage.complete(complete).json
                == #"{"audioLengthMs":2100,"charactersProcessed":25,"durationMs":1500,"finishReason":"stop","firstAudioMs":90,"realTimeFactor":0.5,"type":"complete"}"#
        )
    }

    /// §4.5.1 and §5.2 of the specification, and our own.
    @Test func everyCodeIsRecoverableAsTheSpecificationSays() {
        let table: [SpeakError.Code: (Bool, Int)] = [
            .modelLoading: (true, 503), .synthesisError: (true, 500), .invalidText: (false, 400),
            .voiceNotFound: (false, 404), .outOfMemory: (true, 503), .unauthorized: (false, 401),
            .rateLimited: (true, 429), .timeout: (true, 408), .cancelled: (true, 499), .tooLate: (false, 409),
        ]
        for code in SpeakError.Code.allCases {
            #expect(code.isRecoverable == table[code]?.0)
            #expect(code.httpStatus == table[code]?.1)
        }
    }

    @Test(arguments: [
        (SynthesisError.emptyText, SpeakError.Code.invalidText), (.textTooLong(characters: 2, limit: 1), .invalidText),
        (.unknownLanguage("x", known: []), .invalidText), (.unknownSpeaker("x", known: []), .voiceNotFound),
        (.unsupported("x"), .synthesisError), (.badReference("x"), .synthesisError),
        (.notFinite(frame: 1), .synthesisError),
        (.outOfMemory(bytes: 1), .outOfMemory), (.failed("x"), .synthesisError),
    ])
    func everyErrorOfTheModelHasACode(error: SynthesisError, code: SpeakError.Code) {
        #expect(SpeakError(error).code == code)
    }
}
