// /v1/…: the shapes of OpenAI's speech interface, so that its SDKs and Open WebUI work unchanged.

import Audio
import FoundationEssentials
import NIOCore
import NIOHTTP1
import Speech

extension Router {
    package mutating func addOpenAI(_ service: SpeechService) {
        on(.GET, "/v1/models") { _ in .json(OpenAIModelList(service)) }
        on(.GET, "/v1/models/:id") { request in
            let id = request.parameters["id"] ?? ""
            guard OpenAISpeechRequest.isModel(id, service) else { return .openAIError(.unknownModel(id, service)) }
            return .json(OpenAIModelList.Model(id: id))
        }
        on(.GET, "/v1/audio/models") { _ in .json(["models": OpenAIModelList(service).data]) }
        on(.POST, "/v1/audio/speech") { request in
            do throws(OpenAIError) {
                let wanted = try await OpenAISpeechRequest(request, service)
                do throws(SpeakError) { return try await wanted.answer(service).response() } catch {
                    throw OpenAIError(error)
                }
            } catch {
                return .openAIError(error)
            }
        }
    }
}

// MARK: - Lists

private struct OpenAIModelList: Encodable {
    struct Model: Encodable {
        var id: String
        var object = "model"
        /// Time of the model's release, unknown here; the field has to be there.
        var created = 0
        var owned_by = "makima"
    }

    var object = "list"
    var data: [Model]

    /// The loaded model, and the names that clients send when nobody chose.
    init(_ service: SpeechService) {
        let names = (service.information.map { [$0.name] } ?? []) + OpenAISpeechRequest.modelAliases
        data = names.map { Model(id: $0) }
    }
}

// MARK: - Errors

/// `{"error":{"message":…,"type":…,"param":…,"code":…}}`
struct OpenAIError: Error, Encodable {
    struct Detail: Encodable {
        var message: String
        var type: String
        var param: String?
        var code: String?

        /// The SDKs look for all four keys: null where there is no value.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: Key.self)
            try container.encode(message, forKey: .message)
            try container.encode(type, forKey: .type)
            try container.encode(param, forKey: .param)
            try container.encode(code, forKey: .code)
        }

        private enum Key: String, CodingKey { case message, type, param, code }
    }

    var error: Detail
    var status: HTTPResponseStatus
    var retryAfter: Duration?

    private enum CodingKeys: String, CodingKey { case error }

    init(_ status: HTTPResponseStatus, _ message: String, param: String?, code: String? = nil) {
        error = Detail(message: message, type: "invalid_request_error", param: param, code: code)
        self.status = status
    }

    init(_ cause: SpeakError) {
        status = HTTPResponseStatus(statusCode: cause.code.httpStatus)
        retryAfter = cause.retryAfter
        let type =
            switch cause.code {
            case .rateLimited: "rate_limit_error"
            case .unauthorized: "authentication_error"
            case .invalidText, .voiceNotFound, .tooLate: "invalid_request_error"
            case .modelLoading, .synthesisError, .outOfMemory, .timeout, .cancelled: "server_error"
            }
        error = Detail(
            message: cause.message, type: type, param: Self.parameter(cause.field),
            code: cause.code.rawValue.lowercased())
    }

    /// What this interface calls a field of ours.
    static func parameter(_ field: String?) -> String? {
        switch field {
        case "text": "input"
        case "format": "response_format"
        default: field
        }
    }

    static func unknownModel(_ name: String, _ service: SpeechService) -> OpenAIError {
        let known = OpenAIModelList(service).data.map(\.id).joined(separator: ", ")
        return OpenAIError(
            .notFound, "The model \(name.prefix(80)) does not exist here. There are: \(known).", param: "model",
            code: "model_not_found")
    }
}

extension Response {
    static func openAIError(_ error: OpenAIError) -> Response {
        var response = Response.json(error, error.status)
        if let wait = error.retryAfter {
            response.headers.add(name: "retry-after", value: String(max(1, wait.components.seconds)))
        }
        return response
    }
}

// MARK: - Request

/// What a client wants spoken, checked.
struct OpenAISpeechRequest: Sendable {
    enum Streaming: String, CaseIterable { case audio, sse }

    static let modelAliases = ["tts-1", "tts-1-hd", "gpt-4o-mini-tts"]

    /// Language, seed and whether figures become words are not in OpenAI's interface.
    var speech: SpeakRequest
    var format: AudioFormat
    /// nil for sound.
    var captions: CaptionFormat?
    var streaming: Streaming

    init(_ request: Request, _ service: SpeechService, asCaptions: Bool = false) async throws(OpenAIError) {
        let fields = try await Self.fields(of: request, limit: service.jsonLimit)
        do throws(SpeakError) {
            guard let input = try fields.string("input", limit: .max) else {
                throw SpeakError(
                    .invalidText, "The field input, which is the text to speak, is missing.", field: "text")
            }
            speech = SpeakRequest(text: input, client: request.client)
            speech.voice = OpenAIVoices.voice(try fields.voiceName("voice"), service)
            // Models that take no instruction speak without it.
            let instructions = try fields.string("instructions", limit: 4096)
            speech.instruction = service.information?.takesInstructions == false ? nil : instructions
            speech.language = try fields.string("language", limit: 40) ?? speech.language
            speech.format = try fields.choice("text_format")
            speech.options.seed = try fields.integer("seed", 0...Int.max).map { UInt64($0) }
            speech.options.temperature = try fields.number("temperature", SpeechOptions.temperatures).map { Float($0) }
            speech.options.topP = try fields.number("top_p", 0...1, isOpenBelow: true).map { Float($0) }
            speech.normalizes = try fields.flag("normalize") ?? true
            speech.speed = try fields.number("speed", TimeStretch.speeds)
            speech.tellsSentences = asCaptions
            streaming = try fields.choice("stream_format") ?? .audio
            captions = try asCaptions ? fields.choice("response_format") ?? .srt : nil
            format = try asCaptions ? .pcm : fields.choice("response_format") ?? .mp3
            let model = try fields.string("model", limit: 200) ?? ""
            guard model.isEmpty || service.information == nil || Self.isModel(model, service) else {
                throw SpeakError(.voiceNotFound, model, field: "model")
            }
        } catch {
            throw error.field == "model" && error.code == .voiceNotFound
                ? .unknownModel(error.message, service) : OpenAIError(error)
        }
    }

    func answer(_ service: SpeechService) -> SpokenAnswer {
        SpokenAnswer(speech: speech, format: format, isEvents: streaming == .sse, service: service)
    }

    private static func fields(of request: Request, limit: Int) async throws(OpenAIError) -> MessageFields {
        let body: [UInt8]
        do { body = Array(try await request.body.collect(limit: limit).readableBytesView) } catch is HTTPFailure {
            throw OpenAIError(.payloadTooLarge, "The body is longer than \(limit) bytes.", param: nil)
        } catch {
            throw OpenAIError(.badRequest, "The body could not be read.", param: nil)
        }
        guard let fields = MessageFields(bytes: body) else {
            throw OpenAIError(
                .badRequest, "The body is no JSON object. Send {\"input\": \"text to speak\"}.", param: nil)
        }
        return fields
    }

    /// Whether the name is the loaded model's or one of OpenAI's, also one with a date as in "gpt-4o-mini-tts-2025-12-15".
    static func isModel(_ name: String, _ service: SpeechService) -> Bool {
        if name == service.information?.name { return true }
        return modelAliases.contains { alias in
            guard name.hasPrefix(alias) else { return false }
            let rest = name.utf8.dropFirst(alias.utf8.count)
            return rest.isEmpty
                || (rest.first == UInt8(ascii: "-") && rest.count > 1
                    && rest.allSatisfy { $0 == UInt8(ascii: "-") || (48...57).contains($0) })
        }
    }
}

extension MessageFields {
    /// A voice's name, or `{"id": name}`.
    func voiceName(_ name: String) throws(SpeakError) -> String? {
        struct Voice: Decodable { var id: String }
        if let voice = object(name, as: Voice.self) { return voice.id }
        return try string(name, limit: 200)
    }
}
