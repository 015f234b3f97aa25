// What a client of /v1/realtime sends: OpenAI's names, as its SDKs of 2026 know them. Of its events those that have a text
// spoken; the others are refused by name.

import Speech

package struct RealtimeClientEvent: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        case update(RealtimeSettings.Change)
        case createItem(RealtimeItem, after: String?)
        case deleteItem(String)
        case retrieveItem(String)
        case truncateItem(String, end: Duration)
        case createResponse(RealtimeResponseRequest)
        case cancelResponse(String?)
    }

    /// The client's own, for an error to name.
    var id: String?
    var kind: Kind
}

/// What `response.create` asks for.
package struct RealtimeResponseRequest: Equatable, Sendable {
    enum Input: Equatable, Sendable {
        case message(RealtimeItem)
        case reference(String)
    }

    var settings = RealtimeSettings.Change()
    /// nil: the conversation.
    var input: [Input]?
    /// Whether what is said becomes a message of the conversation.
    var joinsConversation = true
    /// The client's notes, which come back.
    var metadata: [String: String]?
}

extension RealtimeClientEvent {
    private static let idLimit = 128
    private static let partLimit = 64

    /// - Parameter textLimit: Unicode scalars of a text.
    package init(_ json: String, textLimit: Int) throws(RealtimeError) {
        let fields = try RealtimeFields(json: json)
        let id = try fields.string("event_id", limit: 512)
        do throws(RealtimeError) {
            self.init(id: id, kind: try Self.kind(fields, textLimit))
        } catch {
            var error = error
            error.eventID = id
            throw error
        }
    }

    private static func kind(_ fields: RealtimeFields, _ textLimit: Int) throws(RealtimeError) -> Kind {
        let type = try fields.needed("type")
        func check(_ names: String...) throws(RealtimeError) {
            try fields.check(known: Set(names + ["type", "event_id"]))
        }
        switch type {
        case "session.update":
            try check("session")
            return .update(try RealtimeSettings.Change(session: try object("session", of: fields)))
        case "conversation.item.create":
            try check("item", "previous_item_id")
            let item = try item(object("item", of: fields), textLimit)
            return .createItem(item, after: try fields.string("previous_item_id", limit: idLimit))
        case "conversation.item.delete":
            try check("item_id")
            return .deleteItem(try fields.needed("item_id", limit: idLimit))
        case "conversation.item.retrieve":
            try check("item_id")
            return .retrieveItem(try fields.needed("item_id", limit: idLimit))
        case "conversation.item.truncate":
            try check("item_id", "content_index", "audio_end_ms")
            return try truncation(fields)
        case "response.create":
            try check("response")
            guard let wishes = try fields.object("response") else { return .createResponse(.init()) }
            return .createResponse(try response(wishes, textLimit))
        case "response.cancel":
            try check("response_id")
            return .cancelResponse(try fields.string("response_id", limit: idLimit))
        default: throw unknown(type)
        }
    }

    private static func unknown(_ type: String) -> RealtimeError {
        if type.hasPrefix("input_audio_buffer.") {
            return .unsupported("type", "\(type.prefix(80)): this server hears nothing, it speaks texts.")
        }
        return RealtimeError(
            "invalid_value",
            "There is no event \(type.prefix(80)). There are: session.update, conversation.item.create, "
                + "conversation.item.delete, conversation.item.retrieve, conversation.item.truncate, response.create, "
                + "response.cancel.", param: "type")
    }

    private static func object(_ name: String, of fields: RealtimeFields) throws(RealtimeError) -> RealtimeFields {
        if let object = try fields.object(name) { return object }
        let param = fields.param(name)
        throw RealtimeError("missing_required_parameter", "\(param) is missing.", param: param)
    }

    private static func truncation(_ fields: RealtimeFields) throws(RealtimeError) -> Kind {
        let id = try fields.needed("item_id", limit: idLimit)
        guard try fields.integer("content_index", 0...Int.max) ?? 0 == 0 else {
            throw RealtimeError(
                "invalid_value", "A message that was spoken has one part, with the index 0.", param: "content_index")
        }
        guard let end = try fields.integer("audio_end_ms", 0...86_400_000) else {
            throw RealtimeError("missing_required_parameter", "audio_end_ms is missing.", param: "audio_end_ms")
        }
        return .truncateItem(id, end: .milliseconds(end))
    }

    // MARK: - Messages

    private static func item(_ fields: RealtimeFields, _ textLimit: Int) throws(RealtimeError) -> RealtimeItem {
        let type = try fields.needed("type")
        guard type == "message" else {
            throw fields.unsupported("type", "Items here are messages; there is no \(type.prefix(80)).")
        }
        try fields.check(known: ["type", "id", "object", "status", "role", "content"])
        let role = try fields.needed("role")
        guard let role = RealtimeItem.Role(rawValue: role) else {
            throw RealtimeError(
                "invalid_value", "A role is user, assistant or system, not \(role.prefix(80)).",
                param: fields.param("role"))
        }
        var parts: [RealtimeItem.Part] = []
        for part in try fields.objects("content", limit: partLimit) ?? [] {
            parts.append(try Self.part(part, of: role, textLimit))
        }
        guard !parts.isEmpty else {
            throw RealtimeError(
                "missing_required_parameter", "\(fields.param("content")) holds no text.",
                param: fields.param("content"))
        }
        let item = RealtimeItem(id: try fields.string("id", limit: idLimit) ?? "", role: role, parts: parts)
        let length = item.text.unicodeScalars.count
        guard length <= textLimit else {
            let error = SpeakError(SynthesisError.textTooLong(characters: length, limit: textLimit))
            throw RealtimeError(error, param: fields.param("content"))
        }
        return item
    }

    private static func part(
        _ fields: RealtimeFields, of role: RealtimeItem.Role, _ textLimit: Int
    ) throws(RealtimeError) -> RealtimeItem.Part {
        let kind: RealtimeItem.Part.Kind = role == .assistant ? .outputText : .inputText
        let type = try fields.needed("type")
        guard type == kind.rawValue else {
            throw fields.unsupported(
                "type", "A message of the \(role.rawValue) here is \(kind.rawValue), not \(type.prefix(80)).")
        }
        try fields.check(known: ["type", "text"])
        return RealtimeItem.Part(kind: kind, text: try fields.needed("text", limit: textLimit))
    }

    // MARK: - Responses

    private static func response(
        _ fields: RealtimeFields, _ textLimit: Int
    ) throws(RealtimeError) -> RealtimeResponseRequest {
        var request = RealtimeResponseRequest()
        request.settings = try RealtimeSettings.Change(fields, known: ["conversation", "input", "metadata"])
        request.metadata = try fields.notes("metadata")
        switch try fields.string("conversation") {
        case "auto", nil: break
        case "none": request.joinsConversation = false
        case let other?:
            throw RealtimeError(
                "invalid_value", "conversation is auto or none, not \(other.prefix(80)).",
                param: fields.param("conversation"))
        }
        if let entries = try fields.objects("input", limit: RealtimeConversation.waitingLimit) {
            var input: [RealtimeResponseRequest.Input] = []
            for entry in entries { input.append(try Self.input(entry, textLimit)) }
            request.input = input
        }
        return request
    }

    private static func input(
        _ fields: RealtimeFields, _ textLimit: Int
    ) throws(RealtimeError) -> RealtimeResponseRequest.Input {
        guard try fields.string("type") == "item_reference" else { return .message(try item(fields, textLimit)) }
        try fields.check(known: ["type", "id"])
        return .reference(try fields.needed("id", limit: idLimit))
    }
}
