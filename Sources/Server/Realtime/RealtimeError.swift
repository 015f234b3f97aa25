// What a client of /v1/realtime is told when something is wrong: OpenAI's shape, with the field that was wrong in `param`.

package struct RealtimeError: Error, Equatable, Sendable {
    var type = "invalid_request_error"
    var code: String
    var message: String
    /// The field of the client's event, as a path: `session.audio.output.voice`.
    var param: String?
    /// The client's own id of the event that was wrong.
    var eventID: String?

    init(_ code: String, _ message: String, param: String? = nil) {
        self.code = code
        self.message = message
        self.param = param
    }

    /// As OpenAI's other doors say it.
    /// - Parameter param: where the field is that the cause names.
    init(_ cause: SpeakError, param: String? = nil) {
        let detail = OpenAIError(cause).error
        self.init(detail.code ?? detail.type, detail.message, param: param ?? cause.field)
        type = detail.type
    }

    static func unsupported(_ param: String, _ message: String) -> RealtimeError {
        RealtimeError("unsupported", message, param: param)
    }

    static func noItem(_ id: String, param: String) -> RealtimeError {
        RealtimeError("item_not_found", "There is no item \(id.prefix(80)) in this conversation.", param: param)
    }
}
