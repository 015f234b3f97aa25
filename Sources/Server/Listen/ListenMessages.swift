// The messages of `/api/v1/listen`: any recognizer reports what it hears.

import FoundationEssentials
import JSONText

package enum ListenMessage: Sendable, Equatable {
    case hello(ListenPolicy, contract: String, authToken: String?)
    /// Somebody began to talk; stopped.
    case speechStarted, speechStopped
    /// What was understood so far; for good.
    case partial(String), final(String)
}

/// When talk interrupts speech.
package struct ListenPolicy: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Talk that lasts, or has enough words.
        case speech
        /// One of the keywords.
        case keyword
        /// Never: the recognizer is told when to be deaf.
        case halfDuplex = "half-duplex"
        case off
    }

    package var kind = Kind.speech
    /// How long talk must last; 0 interrupts at its start.
    package var minimumSpeech = Duration.milliseconds(200)
    /// How many words must be understood; 0 asks for none.
    package var minimumWords = 0
    package var keywords: [String] = []
    /// An interruption without a word is taken back this long after the talk stopped; nil never takes back.
    package var resumeAfter: Duration?

    package init() {}
}

extension ListenMessage {
    package init(_ json: String) throws(SpeakError) {
        self = try Wire.read(MessageFields(json: json))
    }

    private enum Wire {
        static func read(_ fields: MessageFields) throws(SpeakError) -> ListenMessage {
            switch try fields.string("type", limit: 40) {
            case "hello": return try hello(fields)
            case "speech_started": return .speechStarted
            case "speech_stopped": return .speechStopped
            case "partial": return .partial(try text(fields))
            case "final": return .final(try text(fields))
            case nil: throw SpeakError(.invalidText, "The message has no type.", field: "type")
            case let other?:
                throw SpeakError(
                    .invalidText,
                    "There is no message type \(other). There is: hello, speech_started, speech_stopped, partial, final.",
                    field: "type")
            }
        }

        private static func text(_ fields: MessageFields) throws(SpeakError) -> String {
            guard let text = try fields.string("text", limit: 10_000) else {
                throw SpeakError(.invalidText, "The message has no text.", field: "text")
            }
            return text
        }

        private static func hello(_ fields: MessageFields) throws(SpeakError) -> ListenMessage {
            guard let contract = try fields.string("contractId", limit: 200), !contract.isEmpty else {
                throw SpeakError(.invalidText, "hello needs the contractId of the speak session.", field: "contractId")
            }
            var policy = ListenPolicy()
            policy.kind = try fields.choice("policy") ?? policy.kind
            policy.minimumSpeech =
                try fields.integer("minSpeechMs", 0...10_000).map { .milliseconds($0) } ?? policy.minimumSpeech
            policy.minimumWords = try fields.integer("minWords", 0...100) ?? policy.minimumWords
            policy.resumeAfter = try fields.integer("resumeAfterMs", 0...60_000).map { .milliseconds($0) }
            let keywords = try fields.strings("keywords", limit: 100) ?? []
            policy.keywords = keywords.map { words(of: $0).joined(separator: " ") }.filter { !$0.isEmpty }
            if policy.kind == .keyword, policy.keywords.isEmpty {
                throw SpeakError(.invalidText, "The policy keyword needs keywords.", field: "keywords")
            }
            return .hello(policy, contract: contract, authToken: try fields.string("authToken", limit: 16_384))
        }
    }
}

/// Letters and digits in runs, in small letters. Writing without spaces counts each ideograph as a word.
package func words(of text: String) -> [String] {
    var words: [String] = []
    var word = ""
    for character in text.lowercased() {
        let isIdeograph = character.unicodeScalars.first?.properties.isIdeographic ?? false
        if isIdeograph || !(character.isLetter || character.isNumber || (character == "'" && !word.isEmpty)) {
            if !word.isEmpty { words.append(word) }
            word = ""
            if isIdeograph { words.append(String(character)) }
        } else {
            word.append(character)
        }
    }
    if !word.isEmpty { words.append(word) }
    return words
}

package enum ListenReply: Sendable, Equatable {
    case ready(sessionId: String, contract: String, policy: ListenPolicy.Kind)
    case speaking(Bool)
    case interrupted(ServerMessage.Progress)
    case resumed
    case error(SpeakError)
    case stopped(reason: String)

    package var json: String {
        var object = WireObject()
        switch self {
        case .ready(let id, let contract, let policy):
            object.type = "ready"
            object.sessionId = id
            object.contractId = contract
            object.policy = policy.rawValue
        case .speaking(let isOn):
            object.type = "speaking"
            object.on = isOn
        case .interrupted(let progress):
            object.type = "interrupted"
            object.playedMs = progress.playedMs
            object.spokenCharacters = progress.spokenCharacters
        case .resumed: object.type = "resumed"
        case .error(let error):
            object.type = "error"
            object.code = error.code.rawValue
            object.message = error.message
            object.recoverable = error.code.isRecoverable
            object.field = error.field
        case .stopped(let reason):
            object.type = "stopped"
            object.reason = reason
        }
        return JSON.encode(object)
    }

    private struct WireObject: Encodable {
        var type = ""
        var sessionId, contractId, policy: String?
        var on: Bool?
        var playedMs, spokenCharacters: Int?
        var code, message: String?
        var recoverable: Bool?
        var field, reason: String?
    }
}
