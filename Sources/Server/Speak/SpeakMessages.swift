// The messages of `/api/v1/speak`, as they are on the wire: the specification's §2.1.3 and our optional fields.

import Audio
import FoundationEssentials
import JSONText
import NIOCore
package import Speech

// MARK: - From the client

package enum ClientMessage: Sendable, Equatable {
    case start(StartMessage)
    case speak(SpeakMessage)
    /// Other text for what begins at a character of the text that is being written.
    case replace(from: Int, text: String)
    case cancel
    case stop(reason: String?)
    /// How much of the current utterance the client has played.
    case played(milliseconds: Int)
}

package enum AudioEncoding: String, Sendable, Equatable { case pcm16, pcm32f }
package enum AudioTransport: String, Sendable, Equatable { case binary, json }

package struct StartMessage: Sendable, Equatable {
    package static let sampleRates = 8_000...48_000

    package var sampleRate = 24_000
    package var encoding = AudioEncoding.pcm16
    package var transport = AudioTransport.binary
    package var voice: String?
    package var language = "auto"
    /// How texts are written; nil: SSML where one begins as such.
    package var textFormat: TextFormat?
    package var authToken: String?
    package var contractId: String?
    /// The same seed and text give the same samples.
    package var seed: UInt64?
    package var instruction: String?
    /// Numbers, dates, signs and Markdown become words.
    package var normalize = true
    /// By stretching: the pitch stays. nil for the voice's own, else the server's.
    package var speed: Double?
    /// Whether the client wants to be told when each sentence is said.
    package var sentences = false
    /// What is done where speech is made more slowly than it is heard.
    package var buffer = StartBuffering.none
    /// The sound of each text is kept for who asks for the same again.
    package var keep = false

    package init() {}
}

/// Whether the server holds sound back until it can be heard to its end without a hole.
package enum StartBuffering: String, Sendable, CaseIterable { case none, auto }

package struct SpeakMessage: Sendable, Equatable {
    package var text: String
    package var priority = SpeakRequest.Priority.normal
    /// The text goes on: more follows in further messages.
    package var append = false
    /// The text that was announced is complete.
    package var flush = false

    package init(text: String) {
        self.text = text
    }
}

extension ClientMessage {
    /// Longer messages are refused before they are parsed. A text of 10 000 characters has 120 000 bytes when all is escaped.
    package static let sizeLimit = 262_144

    package init(_ json: String) throws(SpeakError) {
        self = try Wire.read(MessageFields(json: json))
    }

    private enum Wire {
        static func read(_ fields: MessageFields) throws(SpeakError) -> ClientMessage {
            switch try fields.string("type", limit: 40) {
            case "start": return .start(try start(fields))
            case "speak": return .speak(try speak(fields))
            case "replace": return try replace(fields)
            case "cancel": return .cancel
            case "stop": return .stop(reason: try fields.string("reason", limit: 1000))
            case "played": return .played(milliseconds: try fields.integer("ms", 0...86_400_000) ?? 0)
            case nil: throw SpeakError(.invalidText, "The message has no type.", field: "type")
            case let other?:
                throw SpeakError(
                    .invalidText,
                    "There is no message type \(other). There is: start, speak, replace, cancel, stop, played.",
                    field: "type")
            }
        }

        private static func start(_ fields: MessageFields) throws(SpeakError) -> StartMessage {
            var start = StartMessage()
            start.sampleRate = try fields.integer("sampleRate", StartMessage.sampleRates) ?? start.sampleRate
            start.encoding = try fields.choice("encoding") ?? start.encoding
            start.transport = try fields.choice("transport") ?? start.transport
            start.voice = try fields.string("voice", limit: 200)
            start.language = try fields.string("language", limit: 40) ?? start.language
            start.textFormat = try fields.choice("textFormat")
            start.authToken = try fields.string("authToken", limit: 16_384)
            start.contractId = try fields.string("contractId", limit: 200)
            start.seed = try fields.integer("seed", 0...Int.max).map(UInt64.init)
            start.normalize = try fields.flag("normalize") ?? start.normalize
            start.instruction = try fields.string("instruction", limit: 2000)
            start.speed = try fields.number("speed", TimeStretch.speeds)
            start.sentences = try fields.flag("sentences") ?? start.sentences
            start.buffer = try fields.choice("buffer") ?? start.buffer
            start.keep = try fields.flag("keep") ?? start.keep
            return start
        }

        private static func replace(_ fields: MessageFields) throws(SpeakError) -> ClientMessage {
            guard let from = try fields.integer("from", 0...Int.max) else {
                throw SpeakError(.invalidText, "replace does not say from which character on.", field: "from")
            }
            guard let text = try fields.string("text", limit: .max) else {
                throw SpeakError(.invalidText, "replace has no text; an empty one takes the end away.", field: "text")
            }
            return .replace(from: from, text: text)
        }

        private static func speak(_ fields: MessageFields) throws(SpeakError) -> SpeakMessage {
            // The service checks the length, where the limit is known.
            guard let text = try fields.piece("text") else {
                throw SpeakError(.invalidText, "speak has no text.", field: "text")
            }
            var speak = SpeakMessage(text: text)
            switch try fields.string("priority", limit: 40) {
            case "high": speak.priority = .high
            case "normal", nil: break
            case let other?:
                throw SpeakError(.invalidText, "priority is high or normal, not \(other).", field: "priority")
            }
            speak.append = try fields.flag("append") ?? false
            speak.flush = try fields.flag("flush") ?? false
            return speak
        }
    }
}

/// Fields of a JSON object, read with messages that name the field and what it should be. `null` counts as absent.
package struct MessageFields: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private let container: KeyedDecodingContainer<Name>

    package init(from decoder: any Decoder) throws {
        container = try decoder.container(keyedBy: Name.self)
    }

    /// A whole message of a WebSocket.
    package init(json: String) throws(SpeakError) {
        let limit = ClientMessage.sizeLimit
        guard json.utf8.count <= limit else {
            throw SpeakError(.invalidText, "The message has \(json.utf8.count) bytes; the limit is \(limit).")
        }
        guard let fields = MessageFields(bytes: Array(json.utf8)) else {
            throw SpeakError(.invalidText, "The message is not a JSON object.")
        }
        self = fields
    }

    /// The query of an address, where every value is text; a name without a value counts as absent.
    ///
    /// - Parameter numbers: the fields that are numbers.
    init(query: [String: String], numbers: Set<String>) throws(SpeakError) {
        let object = query.filter { !$0.value.isEmpty }.map { name, value in
            (name, numbers.contains(name) ? Self.number(value) : .text(value))
        }
        guard let fields = MessageFields(bytes: Array(JSON.encode(Dictionary(uniqueKeysWithValues: object)).utf8))
        else {
            throw SpeakError(.invalidText, "The address cannot be read.")
        }
        self = fields
    }

    /// What is no number stays text, and is refused as such.
    private static func number(_ text: String) -> JSONValue {
        guard let number = Double(text), number.isFinite else { return .text(text) }
        return .number(number)
    }

    /// nil when it is no JSON object.
    package init?(bytes: [UInt8]) {
        do { self = try JSONDecoder().decode(MessageFields.self, from: Data(SurrogateHalves.marked(bytes))) } catch {
            return nil
        }
    }

    /// - Parameter limit: in Unicode scalars.
    package func string(_ name: String, limit: Int) throws(SpeakError) -> String? {
        guard let value = try piece(name).map(SurrogateHalves.mended) else { return nil }
        let count = value.unicodeScalars.count
        guard count <= limit else {
            throw SpeakError(.invalidText, "\(name) has \(count) characters; the limit is \(limit).", field: name)
        }
        return value
    }

    /// A string that may be a part of a longer text: `SurrogateHalves.Joiner` puts the parts together.
    package func piece(_ name: String) throws(SpeakError) -> String? { try value(name, "a string") }

    package func integer(_ name: String, _ range: ClosedRange<Int>) throws(SpeakError) -> Int? {
        let what = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard let value: Int = try value(name, what) else { return nil }
        guard range.contains(value) else { throw SpeakError(.invalidText, "\(name) must be \(what).", field: name) }
        return value
    }

    package func flag(_ name: String) throws(SpeakError) -> Bool? { try value(name, "true or false") }

    /// - Parameter isOpenBelow: the lower end of the range is no part of it.
    package func number(
        _ name: String, _ range: ClosedRange<Double>, isOpenBelow: Bool = false
    ) throws(SpeakError) -> Double? {
        let what =
            isOpenBelow
            ? "a number above \(range.lowerBound), at most \(range.upperBound)"
            : "a number from \(range.lowerBound) to \(range.upperBound)"
        guard let number: Double = try value(name, what) else { return nil }
        guard range.contains(number), !isOpenBelow || number > range.lowerBound else {
            throw SpeakError(.invalidText, "\(name) must be \(what).", field: name)
        }
        return number
    }

    /// A value of a type of the reader's own; nil when it is absent or of another shape.
    package func object<Value: Decodable>(_ name: String, as: Value.Type) -> Value? { try? value(name, "an object") }

    package func strings(_ name: String, limit: Int) throws(SpeakError) -> [String]? {
        guard let values: [String] = try value(name, "a list of strings") else { return nil }
        guard values.count <= limit else {
            throw SpeakError(.invalidText, "\(name) has \(values.count) entries; the limit is \(limit).", field: name)
        }
        return values
    }

    package func choice<Value: RawRepresentable & CaseIterable>(
        _ name: String
    ) throws(SpeakError) -> Value? where Value.RawValue == String {
        guard let text = try string(name, limit: 40) else { return nil }
        guard let value = Value(rawValue: text) else {
            let known = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw SpeakError(.invalidText, "\(name) is one of \(known), not \(text).", field: name)
        }
        return value
    }

    var names: [String] { container.allKeys.map(\.stringValue) }

    /// `what` it should be, for the message.
    func value<Value: Decodable>(_ name: String, _ what: String) throws(SpeakError) -> Value? {
        do {
            return try container.decodeIfPresent(Value.self, forKey: Name(stringValue: name))
        } catch {
            throw SpeakError(.invalidText, "\(name) must be \(what).", field: name)
        }
    }
}

extension AudioEncoding: CaseIterable {}
extension AudioTransport: CaseIterable {}

// MARK: - From the server

package enum ServerMessage: Sendable, Equatable {
    case ready(sessionId: String, voiceLoaded: String, languages: [String])
    case started(StartedMessage)
    /// A sentence of the current utterance that was said.
    case sentence(SentenceMessage, index: Int)
    case complete(CompleteMessage)
    case error(SpeakError, Progress?)
    case stopped(reason: String, Progress?)
    /// The listener began to talk: pause playing. Then `resumed`, or `error` CANCELLED.
    case interrupted(Progress)
    case resumed
    /// Sound is held back until it can be heard without a hole: so long from now, as far as can be told.
    case buffering(Duration)
    /// From this character on other text is said; the text now has so many.
    case replaced(from: Int, characters: Int)

    /// How far the listener has heard.
    package struct Progress: Sendable, Equatable {
        package var playedMs: Int
        package var spokenCharacters: Int
    }
}

package struct StartedMessage: Sendable, Equatable {
    package var sampleRate: Int
    package var encoding: AudioEncoding
    package var voice: String
    package var transport: AudioTransport
    package var language: String
}

package struct CompleteMessage: Sendable, Equatable {
    package var durationMs: Int
    package var charactersProcessed: Int
    package var audioLengthMs: Int
    package var finishReason: String
    package var firstAudioMs: Int?
    package var firstSoundMs: Int?
    package var realTimeFactor: Double
    /// Where the client wanted to be told.
    package var sentences: [SentenceMessage]?
}

/// When a sentence is said: milliseconds of the utterance's sound, Unicode scalars of its text.
package struct SentenceMessage: Sendable, Equatable, Encodable {
    package struct Word: Sendable, Equatable, Encodable {
        package var start: Int
        package var end: Int
        package var startMs: Int
        package var endMs: Int
    }

    package var start: Int
    package var end: Int
    package var startMs: Int
    package var endMs: Int
    /// Estimates, all of them.
    package var estimatedWords: [Word]

    /// As it is heard at a speed.
    init(_ sentence: SpokenSentence, speed: Double) {
        func milliseconds(_ seconds: Double) -> Int { Int((seconds * 1000 / speed).rounded()) }
        start = sentence.characters.lowerBound
        end = sentence.characters.upperBound
        startMs = milliseconds(sentence.start)
        endMs = milliseconds(sentence.end)
        estimatedWords = sentence.words.map {
            Word(
                start: $0.characters.lowerBound, end: $0.characters.upperBound, startMs: milliseconds($0.start),
                endMs: milliseconds($0.end))
        }
    }
}

extension ServerMessage {
    package var json: String {
        var object = WireObject()
        switch self {
        case .ready(let sessionId, let voice, let languages):
            object.type = "ready"
            object.sessionId = sessionId
            object.voiceLoaded = voice
            object.capabilities = .init(streaming: true, languages: languages)
        case .started(let started):
            object.type = "started"
            object.sampleRate = started.sampleRate
            object.encoding = started.encoding.rawValue
            object.voice = started.voice
            object.transport = started.transport.rawValue
            object.language = started.language
        case .sentence(let sentence, let index):
            object.type = "sentence"
            object.index = index
            object.set(sentence)
        case .complete(let complete):
            object.type = "complete"
            object.durationMs = complete.durationMs
            object.charactersProcessed = complete.charactersProcessed
            object.audioLengthMs = complete.audioLengthMs
            object.finishReason = complete.finishReason
            object.firstAudioMs = complete.firstAudioMs
            object.firstSoundMs = complete.firstSoundMs
            object.sentences = complete.sentences
            object.realTimeFactor = complete.realTimeFactor
        case .error(let error, let progress):
            object.type = "error"
            object.code = error.code.rawValue
            object.message = error.message
            object.recoverable = error.code.isRecoverable
            object.retryAfterMs = error.retryAfter?.milliseconds
            object.field = error.field
            object.position = error.position
            object.set(progress)
        case .stopped(let reason, let progress):
            object.type = "stopped"
            object.reason = reason
            object.set(progress)
        case .interrupted(let progress):
            object.type = "interrupted"
            object.set(progress)
        case .resumed:
            object.type = "resumed"
        case .buffering(let wait):
            object.type = "buffering"
            object.startsInMs = wait.milliseconds
        case .replaced(let from, let characters):
            object.type = "replaced"
            object.from = from
            object.characters = characters
        }
        return JSON.encode(object)
    }

    /// A piece of sound where the client asked for JSON.
    static func audioChunk(_ bytes: ByteBuffer, sequenceNumber: Int, isFinal: Bool, timestampMs: Int) -> String {
        var object = WireObject()
        object.type = "audioChunk"
        object.data = Data(bytes.readableBytesView).base64EncodedString()
        object.sequenceNumber = sequenceNumber
        object.isFinal = isFinal
        object.timestampMs = timestampMs
        return JSON.encode(object)
    }

    /// Every field a message of ours may have; those that are nil are not written.
    private struct WireObject: Encodable {
        struct Capabilities: Encodable {
            var streaming: Bool
            var languages: [String]
        }
        var type = ""
        var sessionId, voiceLoaded: String?
        var capabilities: Capabilities?
        var sampleRate: Int?
        var encoding, voice, transport, language: String?
        var data: String?
        var sequenceNumber: Int?
        var isFinal: Bool?
        var timestampMs: Int?
        var durationMs, charactersProcessed, audioLengthMs: Int?
        var finishReason: String?
        var firstAudioMs, firstSoundMs: Int?
        var sentences: [SentenceMessage]?
        var index, start, end, startMs, endMs: Int?
        var estimatedWords: [SentenceMessage.Word]?
        var realTimeFactor: Double?
        var code, message: String?
        var recoverable: Bool?
        var retryAfterMs: Int?
        var field: String?
        var reason: String?
        var playedMs, spokenCharacters: Int?
        var startsInMs: Int?
        var from, characters, position: Int?

        mutating func set(_ sentence: SentenceMessage) {
            (start, end) = (sentence.start, sentence.end)
            (startMs, endMs) = (sentence.startMs, sentence.endMs)
            estimatedWords = sentence.estimatedWords
        }

        mutating func set(_ progress: Progress?) {
            playedMs = progress?.playedMs
            spokenCharacters = progress?.spokenCharacters
        }
    }
}
