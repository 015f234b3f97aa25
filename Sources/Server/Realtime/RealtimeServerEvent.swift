// What a client of /v1/realtime is told, in OpenAI's shapes.

import JSONText

enum RealtimeServerEvent: Equatable, Sendable {
    case sessionCreated(RealtimeSettings)
    case sessionUpdated(RealtimeSettings)
    case itemAdded(RealtimeItem, after: String?)
    case itemDone(RealtimeItem, after: String?)
    case itemRetrieved(RealtimeItem)
    case itemDeleted(String)
    case itemTruncated(String, end: Duration)
    case responseCreated(RealtimeResponse)
    case responseDone(RealtimeResponse)
    /// Of the one message of a response, and its one part.
    case outputItemAdded(RealtimeItem, response: String)
    case outputItemDone(RealtimeItem, response: String)
    case partAdded(Place)
    case partDone(Place, transcript: String)
    case transcriptDelta(Place, String)
    case transcriptDone(Place, transcript: String)
    case audioDone(Place)
    case error(RealtimeError)

    /// Where sound and its transcript belong.
    struct Place: Equatable, Sendable {
        var response: String
        var item: String
    }
}

/// A response as the client is told of it.
struct RealtimeResponse: Equatable, Sendable {
    enum Status: Equatable, Sendable {
        case inProgress, completed, cancelled
        /// A guard ended it before its text was said.
        case incomplete
        case failed(RealtimeError)
    }

    struct Usage: Equatable, Sendable {
        /// Unicode scalars of the text, and frames of sound.
        var input: Int
        var output: Int
    }

    var id: String
    var status = Status.inProgress
    var settings: RealtimeSettings
    var output: [RealtimeItem] = []
    var joinsConversation: Bool
    var metadata: [String: String]?
    var usage: Usage?
}

// MARK: - On the wire

/// What of a session is not in its events.
struct RealtimeSessionDescription: Sendable {
    var id: String
    var model: String
    var defaultVoice: String
    /// Of those who name no speed.
    var defaultSpeed: Double
}

extension RealtimeServerEvent {
    func json(number: Int, in session: RealtimeSessionDescription) -> String {
        var object = WireEvent(type: type, event_id: Self.eventID(number))
        switch self {
        case .sessionCreated(let settings), .sessionUpdated(let settings):
            object.session = WireSession(settings, session)
        case .itemAdded(let item, let previous), .itemDone(let item, let previous):
            object.item = WireItem(item)
            object.previous_item_id = previous
        case .itemRetrieved(let item): object.item = WireItem(item)
        case .itemDeleted(let id): object.item_id = id
        case .itemTruncated(let id, let end):
            (object.item_id, object.content_index) = (id, 0)
            object.audio_end_ms = end.milliseconds
        case .responseCreated(let response), .responseDone(let response):
            object.response = WireResponse(response, session)
        case .outputItemAdded(let item, let response), .outputItemDone(let item, let response):
            (object.response_id, object.output_index) = (response, 0)
            object.item = WireItem(item)
        case .partAdded(let place): object.set(place, part: "")
        case .partDone(let place, let transcript): object.set(place, part: transcript)
        case .transcriptDelta(let place, let delta):
            object.set(place)
            object.delta = delta
        case .transcriptDone(let place, let transcript):
            object.set(place)
            object.transcript = transcript
        case .audioDone(let place): object.set(place)
        case .error(let error): object.error = WireError(error)
        }
        return JSON.encode(object)
    }

    /// A piece of sound, in base64.
    static func audioDelta(_ sound: String, at place: Place, number: Int) -> String {
        var object = WireEvent(type: "response.output_audio.delta", event_id: eventID(number))
        object.set(place)
        object.delta = sound
        return JSON.encode(object)
    }

    private static func eventID(_ number: Int) -> String { "event_\(number)" }

    private var type: String {
        switch self {
        case .sessionCreated: "session.created"
        case .sessionUpdated: "session.updated"
        case .itemAdded: "conversation.item.added"
        case .itemDone: "conversation.item.done"
        case .itemRetrieved: "conversation.item.retrieved"
        case .itemDeleted: "conversation.item.deleted"
        case .itemTruncated: "conversation.item.truncated"
        case .responseCreated: "response.created"
        case .responseDone: "response.done"
        case .outputItemAdded: "response.output_item.added"
        case .outputItemDone: "response.output_item.done"
        case .partAdded: "response.content_part.added"
        case .partDone: "response.content_part.done"
        case .transcriptDelta: "response.output_audio_transcript.delta"
        case .transcriptDone: "response.output_audio_transcript.done"
        case .audioDone: "response.output_audio.done"
        case .error: "error"
        }
    }
}

/// Every field an event of ours may have; those that are nil are not written.
private struct WireEvent: Encodable {
    struct Part: Encodable {
        var type = "audio"
        var transcript: String
    }

    var type: String
    var event_id: String
    var session: WireSession?
    var item: WireItem?
    var previous_item_id: String?
    var response: WireResponse?
    var response_id, item_id: String?
    var output_index, content_index: Int?
    var part: Part?
    var delta, transcript: String?
    var audio_end_ms: Int?
    var error: WireError?

    init(type: String, event_id: String) {
        self.type = type
        self.event_id = event_id
    }

    mutating func set(_ place: RealtimeServerEvent.Place, part transcript: String? = nil) {
        (response_id, item_id) = (place.response, place.item)
        (output_index, content_index) = (0, 0)
        part = transcript.map { Part(transcript: $0) }
    }
}

private struct WireAudio: Encodable {
    struct Format: Encodable {
        var type = "audio/pcm"
        var rate = RealtimeSession.sampleRate
    }
    struct Output: Encodable {
        var format = Format()
        var voice: String
        var speed: Double
    }
    var output: Output

    init(_ settings: RealtimeSettings, _ session: RealtimeSessionDescription) {
        output = Output(
            voice: settings.voice ?? session.defaultVoice, speed: settings.speed ?? session.defaultSpeed)
    }
}

private struct WireSession: Encodable {
    var type = "realtime"
    var object = "realtime.session"
    var id, model: String
    var output_modalities = ["audio"]
    var audio: WireAudio
    var instructions: String
    var tools: [String] = []
    var tool_choice = "none"
    var max_output_tokens = "inf"
    var truncation = "auto"

    init(_ settings: RealtimeSettings, _ session: RealtimeSessionDescription) {
        id = session.id
        model = session.model
        audio = WireAudio(settings, session)
        instructions = settings.instructions ?? ""
    }
}

private struct WireItem: Encodable {
    struct Part: Encodable {
        var type: String
        var text, transcript: String?
    }

    var id: String
    var object = "realtime.item"
    var type = "message"
    var status, role: String
    var content: [Part]

    init(_ item: RealtimeItem) {
        id = item.id
        status = item.status.rawValue
        role = item.role.rawValue
        content = item.parts.map {
            $0.kind == .outputAudio
                ? Part(type: $0.kind.rawValue, transcript: $0.text) : Part(type: $0.kind.rawValue, text: $0.text)
        }
    }
}

private struct WireResponse: Encodable {
    struct Details: Encodable {
        var type: String
        var reason: String?
        var error: WireError?
    }
    struct Usage: Encodable {
        struct Tokens: Encodable { var text_tokens, audio_tokens: Int }
        var input_tokens, output_tokens, total_tokens: Int
        var input_token_details, output_token_details: Tokens
    }

    var object = "realtime.response"
    var id, status: String
    var status_details: Details?
    var output: [WireItem]
    var conversation_id: String?
    var output_modalities = ["audio"]
    var max_output_tokens = "inf"
    var audio: WireAudio
    var metadata: [String: String]?
    var usage: Usage?

    init(_ response: RealtimeResponse, _ session: RealtimeSessionDescription) {
        id = response.id
        (status, status_details) = Self.status(response.status)
        output = response.output.map { WireItem($0) }
        conversation_id = response.joinsConversation ? "conv_" + session.id : nil
        audio = WireAudio(response.settings, session)
        metadata = response.metadata
        usage = response.usage.map {
            Usage(
                input_tokens: $0.input, output_tokens: $0.output, total_tokens: $0.input + $0.output,
                input_token_details: .init(text_tokens: $0.input, audio_tokens: 0),
                output_token_details: .init(text_tokens: 0, audio_tokens: $0.output))
        }
    }

    private static func status(_ status: RealtimeResponse.Status) -> (String, Details?) {
        switch status {
        case .inProgress: ("in_progress", nil)
        case .completed: ("completed", Details(type: "completed"))
        case .cancelled: ("cancelled", Details(type: "cancelled", reason: "client_cancelled"))
        case .incomplete: ("incomplete", Details(type: "incomplete", reason: "max_output_tokens"))
        case .failed(let error): ("failed", Details(type: "failed", error: WireError(error)))
        }
    }
}

private struct WireError: Encodable {
    var type, code, message: String
    var param, event_id: String?

    init(_ error: RealtimeError) {
        type = error.type
        code = error.code
        message = error.message
        param = error.param
        event_id = error.eventID
    }
}
